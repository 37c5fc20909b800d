"""Text as its bytes stand: read by the character set that is declared, and by nothing else (PS3.5 6.1, PS3.3 C.12.1.1.2)."""

import warnings
from collections.abc import Iterator
from typing import Any

from pydicom import Dataset
from pydicom.charset import decode_bytes
from pydicom.datadict import dictionary_VR
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS, VR, PersonName

from generators.charsets import python_encodings
from generators.content import path_of

TEXT_VRS = frozenset({VR.LO, VR.LT, VR.PN, VR.SH, VR.ST, VR.UC, VR.UT})
DECLARABLE = ("ISO_IR 192", "ISO_IR 100", "GB18030", "ISO_IR 101", "ISO_IR 6")
CHARACTER_SET = Tag("SpecificCharacterSet")


class Misdeclared(ValueError):
    """Bytes that do not fit the character set that is declared for them."""


def characters(value: bytes, declared: str, *, name: bool = False) -> str:
    """Decode text without padding, by the declared character set and no other.

    Raises:
        Misdeclared: the bytes do not fit it, or it is none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # how pydicom tells that it guesses
            codecs = python_encodings(declared)
            text = value.decode(codecs[0]) if len(codecs) == 1 else decode_bytes(value, codecs, PN_DELIMS if name else TEXT_VR_DELIMS)
    except (LookupError, UnicodeError, UserWarning) as unfit:
        raise Misdeclared(f"bytes that do not fit {declared or 'the default repertoire'}") from unfit
    return text.rstrip(" \0")


def fitting(value: bytes, expected: str) -> str:
    """Name the character set in which the bytes spell what was expected; empty where none does."""
    for declared in DECLARABLE:
        try:
            if same_name(characters(value, declared), expected):
                return declared
        except Misdeclared:
            continue
    return ""


def declared_in(dataset: Dataset, outer: str = "") -> str:
    """Read (0008,0005) as one text; an item without it inherits what holds around it."""
    declared = dataset.get("SpecificCharacterSet")
    if declared is None:
        return outer
    return declared if isinstance(declared, str) else "\\".join(declared)


def same_name(one: str, two: str) -> bool:
    """Compare PN values by groups and components; delimiters after the last of either say nothing (PS3.5 6.2)."""
    return name_parts(one) == name_parts(two)


def name_parts(text: str) -> list[str]:
    return [group.rstrip("^ ") for group in text.rstrip("= ").split("=")]


def raw_name(dataset: Dataset) -> bytes:
    """The bytes of Patient's Name, whether it has been decoded before or not."""
    held: Any = dataset.get_item("PatientName")
    value = held.value if held is not None else b""
    if isinstance(value, PersonName):
        return bytes(value.original_string or b"")
    return bytes(value or b"")


def foreign_texts(dataset: Dataset, outer: str = "", prefix: str = "") -> Iterator[tuple[str, bytes, str]]:
    """Give the path, the bytes and the declared character set of each text with more than the default repertoire.

    The data set must not have been looked into before: what pydicom has decoded has lost its bytes.
    """
    declared = declared_in(dataset, outer)
    for tag in sorted(dataset.keys()):
        held: Any = dataset.get_item(tag)
        vr = held.VR or known_vr(tag)
        if vr == VR.SQ:
            for place, item in enumerate(dataset[tag].value):
                yield from foreign_texts(item, declared, f"{prefix}{path_of(tag)}[{place}].")
        elif vr in TEXT_VRS and isinstance(held.value, bytes) and not is_plain(held.value):
            yield prefix + path_of(tag), held.value, declared


def is_plain(value: bytes) -> bool:
    """Whether bytes are of the default repertoire: seven bits, and no code extension (PS3.5 6.1.2.1)."""
    return value.isascii() and b"\x1b" not in value


def known_vr(tag: BaseTag) -> str:
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return VR.UN
