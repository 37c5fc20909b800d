"""C-FIND: from an identifier to matches (PS3.4 C.4.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.reference.encoding import DataSet, Element, dictionary_vr
from conformance.reference.index import Index, issuer_of
from conformance.reference.keys import KEYS, LEVELS, QUERY_RETRIEVE_LEVEL, UNIQUE, Attributes, Key, Value, tag_of, value_of
from conformance.reference.matching import Matcher
from conformance.reference.models import PENDING, PENDING_WARNING, Identifier, demand_unique_keys
from conformance.reference.text import SPECIFIC_CHARACTER_SET, UTF8, in_utf8

RETRIEVE_AE_TITLE = tag_of("RetrieveAETitle")
INSTANCE_AVAILABILITY = tag_of("InstanceAvailability")
TIMEZONE = tag_of("TimezoneOffsetFromUTC")

# Elements of an identifier that are no keys.
_CONTROL = frozenset({QUERY_RETRIEVE_LEVEL, SPECIFIC_CHARACTER_SET, RETRIEVE_AE_TITLE, INSTANCE_AVAILABILITY})

# What a computed attribute counts: the level of the entities, or the column whose different values are listed.
_COUNTED: Mapping[str, str] = {
    "NumberOfPatientRelatedStudies": "STUDY",
    "NumberOfPatientRelatedSeries": "SERIES",
    "NumberOfPatientRelatedInstances": "IMAGE",
    "NumberOfStudyRelatedSeries": "SERIES",
    "NumberOfStudyRelatedInstances": "IMAGE",
    "NumberOfSeriesRelatedInstances": "IMAGE",
}
_LISTED: Mapping[str, str] = {"ModalitiesInStudy": "series.modality", "SOPClassesInStudy": "instance.class"}


@dataclass(frozen=True, slots=True)
class Query:
    """An identifier taken apart: the keys that the archive supports with their values, and whether there were others."""

    level: str
    levels: tuple[str, ...]
    keys: Mapping[Key, Value]
    complete: bool
    extras: frozenset[int]


class Finder:
    """Answers queries from the index."""

    def __init__(self, index: Index, matcher: Matcher, ae_title: str) -> None:
        self.index, self.matcher, self.ae_title = index, matcher, ae_title

    def answer(self, identifier: Identifier, levels: tuple[str, ...]) -> Iterator[tuple[int, DataSet]]:
        """Yield status and identifier of each match. Raises IdentifierRefused before the first."""
        self.demand(identifier, levels)
        query = self.query(identifier, levels)
        status = self.pending(query)
        for entity in self.entities(query):
            if self.match(query, entity):
                yield status, self.response(query, entity)

    def demand(self, identifier: Identifier, levels: tuple[str, ...]) -> None:
        """Check what must be said above the level of the query."""
        demand_unique_keys(identifier, levels)

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        """Sort the elements of an identifier into keys of this level or above, and those that cannot be matched."""
        keys, complete = {}, True
        for tag in identifier.dataset:
            if tag in _CONTROL or tag & 0xFFFF == 0:
                continue
            key = self.supported(tag, identifier.level)
            if key is None:
                complete = False
            else:
                keys[key] = value_of(identifier.dataset, key, identifier.terms)
        extras = frozenset(identifier.dataset) & {INSTANCE_AVAILABILITY}
        return Query(identifier.level, levels, keys, complete, extras)

    def supported(self, tag: int, level: str) -> Key | None:
        """Find the key for a tag, where the archive has it at this level: keys of levels above may stand, those below not."""
        key = KEYS.get(tag)
        return key if key is not None and key.depth <= LEVELS.index(level) else None

    def pending(self, query: Query) -> int:
        """FF01 says that a key of the query was not supported (PS3.4 C.4.1.1.4)."""
        return PENDING if query.complete else PENDING_WARNING

    def entities(self, query: Query) -> list[Attributes]:
        """List the entities that may match: unique keys in UI form are exact, so the index narrows by them."""
        scope = {key.keyword: str(value).split("\\") for key, value in query.keys.items() if key.unique and key.vr == "UI" and value}
        return self.index.select(query.level, scope)

    def match(self, query: Query, entity: Attributes) -> bool:
        """Decide whether an entity matches every key."""
        return all(self.matcher.matches(key.vr, value, self.held(key, entity)) for key, value in query.keys.items())

    def held(self, key: Key, entity: Attributes) -> Value:
        """The value of an attribute, counted now where it is not part of any object."""
        return self.computed(key, entity) if key.computed else entity.get(key.keyword, "")

    def computed(self, key: Key, entity: Attributes) -> str:
        """Count or list what lies below the entity (PS3.4 Table C.3-1)."""
        scope = {UNIQUE[key.level]: [str(entity[UNIQUE[key.level]])]}
        if key.level == "PATIENT":
            scope["Issuer"] = [issuer_of(entity)]
        if key.keyword in _LISTED:
            return "\\".join(self.index.distinct(_LISTED[key.keyword], scope))
        return str(self.index.count(_COUNTED[key.keyword], scope))

    def response(self, query: Query, entity: Attributes) -> DataSet:
        """Write a match: level, unique keys above, where to retrieve from, and every key that was asked for (C.4.1.1.3.2)."""
        found: DataSet = {
            QUERY_RETRIEVE_LEVEL: _text(query.level, "CS"),
            RETRIEVE_AE_TITLE: _text(self.ae_title, "AE"),
        }
        found |= {tag: _text("ONLINE", "CS") for tag in query.extras}
        for above in query.levels[: query.levels.index(query.level)]:
            found[tag_of(UNIQUE[above])] = _text(str(entity[UNIQUE[above]]), dictionary_vr(tag_of(UNIQUE[above])))
        for key, wanted in query.keys.items():
            self.put(found, key, wanted, self.held(key, entity))
        self.place_in_time(found, query, entity)
        return declared(found)

    def place_in_time(self, found: DataSet, query: Query, entity: Attributes) -> None:
        """Say in which time zone the times of a match are to be read, where the objects say it (PS3.4 C.4.1.1.3.2)."""
        zone = str(entity.get("TimezoneOffsetFromUTC", ""))
        if zone and any(key.vr == "TM" for key in query.keys):
            found[TIMEZONE] = _text(zone, dictionary_vr(TIMEZONE))

    def put(self, found: DataSet, key: Key, wanted: Value, held: Value) -> None:
        """Put one requested attribute into a match, empty where its value is unknown."""
        if key.tag == TIMEZONE and not held:
            return  # PS3.4 C.4.1.1.3.2: never with zero length
        if key.vr == "SQ":
            found[key.tag] = _items(wanted if isinstance(wanted, list) else [], held if isinstance(held, list) else [])
        else:
            found[key.tag] = _text(str(held), key.vr)


def declared(found: DataSet) -> DataSet:
    """Declare the character set where any text needs one (PS3.4 C.4.1.1.3.2)."""
    if any(not _is_plain(element) for element in found.values()):
        found[SPECIFIC_CHARACTER_SET] = _text(UTF8, "CS")
    return found


def _is_plain(element: Element) -> bool:
    return element.value.isascii() and all(_is_plain(inner) for item in element.items or () for inner in item.values())


def _text(value: str, vr: str) -> Element:
    return Element(vr, in_utf8(value, vr))


def _items(wanted: list[Attributes], held: list[Attributes]) -> Element:
    asked = wanted[0] if wanted else {}
    return Element("SQ", items=[item_of(asked, item) for item in held])


def item_of(asked: Attributes, held: Attributes) -> DataSet:
    """One item, with the parts that were asked for, at every depth; with all parts where none was named."""
    found: DataSet = {}
    for name in asked or held:
        tag, value = int(name, 16), held.get(name, "")
        if isinstance(value, list):
            inner = asked.get(name)
            found[tag] = _items(inner if isinstance(inner, list) else [], value)
        else:
            found[tag] = _text(value, dictionary_vr(tag))
    return found
