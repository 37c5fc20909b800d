"""Whether an identifier is legal: what a consumer may ask of any archive that supports no more than the baseline (PS3.4 C.4).

Pure functions over the bytes that came. A breach shows tag, keyword, VR, length and the kind of matching, never a value: an operator
may have typed the name of a real patient.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pydicom.datadict import keyword_for_tag

from conformance.consumer.models import level_of
from conformance.reference.encoding import DataSet, Element, decode
from conformance.reference.errors import UndecodableDataSet, UndecodableText
from conformance.reference.keys import QUERY_RETRIEVE_LEVEL, UNIQUE, tag_of
from conformance.reference.matching import WILD
from conformance.reference.syntax import syntax_of
from conformance.reference.text import SPECIFIC_CHARACTER_SET, character_set, characters

_NO_WILD_CARDS = frozenset({"AS", "DA", "DS", "DT", "IS", "TM", "UI"})  # text VRs that PS3.4 C.2.2.2.4 leaves out
_NO_KEYS = frozenset(  # PS3.4 C.4.1.1.3: what says how, whence and whether, and is matched with nothing
    {QUERY_RETRIEVE_LEVEL, SPECIFIC_CHARACTER_SET}
    | {tag_of(keyword) for keyword in ("QueryRetrieveView", "TimezoneOffsetFromUTC", "RetrieveAETitle", "InstanceAvailability")}
    | {tag_of(keyword) for keyword in ("StorageMediaFileSetID", "StorageMediaFileSetUID")}
)
_RETRIEVE_CLAUSES: Mapping[str, tuple[str, str]] = {  # structure of the identifier, behaviour of the SCU
    "C-MOVE": ("PS3.4 C.4.2.1.4.1", "PS3.4 C.4.2.2.1"),
    "C-GET": ("PS3.4 C.4.3.1.3.1", "PS3.4 C.4.3.2.1"),
}
_UID_CHARACTERS = frozenset("0123456789.\\")


@dataclass(frozen=True, slots=True)
class Breach:
    """One way in which an identifier breaks a clause, in words that hold no value of it."""

    clause: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An identifier taken apart: its level ("" where there is none), the levels of its model, and its elements."""

    level: str
    levels: tuple[str, ...]
    elements: DataSet

    @property
    def keys(self) -> dict[int, Element]:
        """The keys that stand in it: neither control elements, nor group lengths, nor private ones."""
        return {tag: one for tag, one in self.elements.items() if tag not in _NO_KEYS and tag & 0xFFFF and not tag >> 16 & 1}

    @property
    def above(self) -> tuple[str, ...]:
        """The levels above its own."""
        return self.levels[: self.levels.index(self.level)]

    def unique(self, level: str) -> str:
        """The unique key of a level as it came, without padding; "" where it is absent or empty."""
        element = self.elements.get(tag_of(UNIQUE[level]))
        return "" if element is None else _plain(element)


def read(data: bytes, transfer_syntax: str, levels: tuple[str, ...]) -> Asked:
    """Take an identifier apart. Raises UndecodableDataSet where it is not encoded in its transfer syntax."""
    elements = decode(data, syntax_of(transfer_syntax))
    level = elements.get(QUERY_RETRIEVE_LEVEL)
    return Asked("" if level is None else _plain(level), levels, elements)


def encoding_breaches(data: bytes, transfer_syntax: str) -> list[Breach]:
    """Hold the bytes of an identifier against the transfer syntax of their presentation context."""
    try:
        decode(data, syntax_of(transfer_syntax))
    except UndecodableDataSet as broken:
        return [Breach("PS3.5 10", "an identifier encoded in the transfer syntax of its presentation context", broken.what)]
    return []


def query_breaches(asked: Asked) -> list[Breach]:
    """Hold a C-FIND identifier against the baseline: hierarchical search, no extended negotiation."""
    if asked.level not in asked.levels:
        return [_wrong_level(asked, "PS3.4 C.4.1.1.3.1")]
    return [*_above(asked, "PS3.4 C.4.1.2.1"), *_own_unique_key(asked), *_other_levels(asked), *_wild(asked)]


def retrieve_breaches(asked: Asked, message: str, ambiguous: Collection[str]) -> list[Breach]:
    """Hold a C-MOVE or C-GET identifier against the baseline. `ambiguous`: Patient IDs that two patients of ours share."""
    structure, behaviour = _RETRIEVE_CLAUSES[message]
    if asked.level not in asked.levels:
        return [_wrong_level(asked, structure)]
    broken = [*_above(asked, behaviour), *_what_to_retrieve(asked, behaviour), *_only_unique_keys(asked)]
    if asked.level == "PATIENT" and asked.unique("PATIENT") in ambiguous:
        expected = "a retrieve at STUDY level, where a Patient ID stands for patients of two issuers"
        broken.append(Breach(structure, expected, "a retrieve at PATIENT level"))
    return broken


def _wrong_level(asked: Asked, clause: str) -> Breach:
    got = "a level that the model has not" if asked.level else "no Query/Retrieve Level (0008,0052)"
    return Breach(clause, f"Query/Retrieve Level {' or '.join(asked.levels)}", got)


def _above(asked: Asked, clause: str) -> Iterator[Breach]:
    for level in asked.above:
        tag = tag_of(UNIQUE[level])
        value = asked.unique(level)
        if not value or any(sign in value for sign in "*?\\"):
            got = shown(tag, asked.elements[tag]) if tag in asked.elements else f"no {_named(tag)}"
            yield Breach(clause, f"a single value in {_named(tag)} at {asked.level} level", got)


def _own_unique_key(asked: Asked) -> Iterator[Breach]:
    tag = tag_of(UNIQUE[asked.level])
    if tag not in asked.elements:
        yield Breach(
            "PS3.4 C.4.1.2.1", f"{_named(tag)} among the keys at {asked.level} level, with or without a value", "a query without it"
        )


def _other_levels(asked: Asked) -> Iterator[Breach]:
    unique_above = {tag_of(UNIQUE[level]) for level in asked.above}
    for tag, element in asked.keys.items():
        level = level_of(tag, asked.levels)
        if level and level != asked.level and tag not in unique_above:
            yield Breach("PS3.4 C.4.1.2.1", f"keys of the {asked.level} level", f"{shown(tag, element)}, a key of the {level} level")


def _wild(asked: Asked) -> Iterator[Breach]:
    for tag, element in asked.keys.items():
        if element.vr == "UI" and not _UID_CHARACTERS.issuperset(_plain(element)):
            yield Breach("PS3.4 C.2.2.2.2", "UIDs of digits and points in a key of VR UI", shown(tag, element))
        elif element.vr in _NO_WILD_CARDS and is_wild(element):
            yield Breach("PS3.4 C.2.2.2.4", f"no wild card in a key of VR {element.vr}", shown(tag, element))
        elif element.items is not None and len(element.items) > 1:
            yield Breach("PS3.4 C.2.2.2.6", "at most one item in a sequence key", f"{_named(tag)} with {len(element.items)} items")


def has_extended_text(asked: Asked) -> bool:
    """Whether any key has text beyond the default repertoire."""
    return any(_is_extended(element) for element in asked.keys.values())


def _is_extended(element: Element) -> bool:
    inner = (one for item in element.items or () for one in item.values())
    return not element.value.isascii() or b"\x1b" in element.value or any(map(_is_extended, inner))


def text_breaches(asked: Asked) -> Iterator[Breach]:
    """Hold the text of every key against the Specific Character Set of the identifier."""
    terms = character_set(asked.elements)
    expected = "text that can be read by its Specific Character Set (0008,0005), which is present where it is needed"
    for tag, element in asked.keys.items():
        try:
            _read_text(element, terms)
        except UndecodableText:
            declared = "no character set" if not terms else f"{len(terms)} declared"
            yield Breach("PS3.4 C.4.1.1.3.1", expected, f"{shown(tag, element)} that cannot be read, and {declared}")


def _read_text(element: Element, terms: tuple[str, ...]) -> None:
    """Decode the text of an element at every depth. Raises UndecodableText."""
    for item in element.items or ():
        for inner in item.values():
            _read_text(inner, character_set(item, terms))
    if element.vr in WILD:
        characters(element.value, element.vr, terms)


def _what_to_retrieve(asked: Asked, clause: str) -> Iterator[Breach]:
    tag, value = tag_of(UNIQUE[asked.level]), asked.unique(asked.level)
    wanted = "a single value" if asked.level == "PATIENT" else "one UID, or a list of UIDs,"
    refused = "*?\\" if asked.level == "PATIENT" else "*?"
    if not value or not all(value.split("\\")) or any(sign in value for sign in refused):
        got = shown(tag, asked.elements[tag]) if tag in asked.elements else f"no {_named(tag)}"
        yield Breach(clause, f"{wanted} in {_named(tag)}", got)


def _only_unique_keys(asked: Asked) -> Iterator[Breach]:
    unique = {tag_of(keyword) for keyword in UNIQUE.values()}
    for tag, element in asked.keys.items():
        if tag not in unique:
            yield Breach("PS3.4 C.2.2.1.2", "the level and unique keys alone", shown(tag, element))


def is_wild(element: Element) -> bool:
    """Whether a key asks for wild card matching."""
    return any(sign in _plain(element) for sign in "*?")


def shown(tag: int, element: Element) -> str:
    """Show a key without its value."""
    if element.items is not None:
        return f"{_named(tag)} with {len(element.items)} items"
    manner = f"{len(element.value)} bytes{' with a wild card' if is_wild(element) else ''}" if _plain(element) else "no value"
    return f"{_named(tag)} {element.vr} of {manner}" if _plain(element) else f"{_named(tag)} {element.vr} with {manner}"


def _named(tag: int) -> str:
    return f"{keyword_for_tag(tag) or 'an element'} ({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _plain(element: Element) -> str:
    return element.value.decode("latin-1").strip(" \0")
