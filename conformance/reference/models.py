"""The information models of Query/Retrieve: which classes offer them, which levels they have, what an identifier must say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.errors import ConformanceError
from conformance.reference.encoding import DataSet, decode
from conformance.reference.errors import UndecodableDataSet
from conformance.reference.keys import LEVELS, QUERY_RETRIEVE_LEVEL, UNIQUE, tag_of
from conformance.reference.syntax import Syntax
from conformance.reference.text import character_set, element_text

PENDING, PENDING_WARNING, CANCELLED = 0xFF00, 0xFF01, 0xFE00
IDENTIFIER_MISMATCH = 0xA900
UNABLE_TO_PROCESS = 0xC000

PATIENT_ROOT, STUDY_ROOT = LEVELS, LEVELS[1:]

# SOP class -> the levels of its information model (PS3.4 C.6.1, C.6.2)
FIND: Mapping[str, tuple[str, ...]] = {
    "1.2.840.10008.5.1.4.1.2.1.1": PATIENT_ROOT,
    "1.2.840.10008.5.1.4.1.2.2.1": STUDY_ROOT,
}
MOVE: Mapping[str, tuple[str, ...]] = {
    "1.2.840.10008.5.1.4.1.2.1.2": PATIENT_ROOT,
    "1.2.840.10008.5.1.4.1.2.2.2": STUDY_ROOT,
}
GET: Mapping[str, tuple[str, ...]] = {
    "1.2.840.10008.5.1.4.1.2.1.3": PATIENT_ROOT,
    "1.2.840.10008.5.1.4.1.2.2.3": STUDY_ROOT,
}


class IdentifierRefused(ConformanceError):
    """The identifier of a query or retrieve breaks the rules of its model; `status` is the answer."""

    def __init__(self, what: str, status: int = IDENTIFIER_MISMATCH) -> None:
        super().__init__(what)
        self.status = status


@dataclass(frozen=True, slots=True)
class Identifier:
    """A decoded identifier: the level, and every other element as it came."""

    level: str
    dataset: DataSet
    terms: tuple[str, ...]

    def text(self, keyword: str) -> str:
        """Read one key; an absent one is empty. Raises UndecodableText."""
        tag = tag_of(keyword)
        element = self.dataset.get(tag)
        return element_text(element, element.vr if element else "LO", self.terms)


def read_identifier(stream: Any, syntax: Syntax, levels: tuple[str, ...]) -> Identifier:
    """Decode an identifier and check its level (PS3.4 C.4.1.1.3.1). Raises IdentifierRefused."""
    if stream is None:
        raise IdentifierRefused("the request has no identifier")
    try:
        dataset = decode(stream.getvalue(), syntax)
    except UndecodableDataSet as broken:
        raise IdentifierRefused("the identifier cannot be read", UNABLE_TO_PROCESS) from broken
    level = element_text(dataset.get(QUERY_RETRIEVE_LEVEL), "CS", ())
    if level not in levels:
        raise IdentifierRefused("the Query/Retrieve Level is missing or not one of this model")
    return Identifier(level, dataset, character_set(dataset))


def demand_unique_keys(identifier: Identifier, levels: tuple[str, ...]) -> None:
    """Demand one plain value in the unique key of every level above (PS3.4 C.4.1.2.1, no relational queries)."""
    for level in levels[: levels.index(identifier.level)]:
        value = identifier.text(UNIQUE[level])
        if not value or any(sign in value for sign in "*?\\"):
            raise IdentifierRefused(f"{UNIQUE[level]} must be one single value at level {identifier.level}")
