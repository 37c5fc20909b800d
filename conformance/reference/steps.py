"""Modality Performed Procedure Step as a provider (PS3.4 F.7): steps begin in progress, end once, and then stay as they are."""

from dataclasses import dataclass
from typing import Any

from conformance.reference.encoding import DataSet, decode
from conformance.reference.errors import UndecodableDataSet, UndecodableText
from conformance.reference.keys import tag_of
from conformance.reference.rejection import items
from conformance.reference.rules import valid_uid
from conformance.reference.syntax import Syntax
from conformance.reference.text import element_text

PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3"
SUCCESS, INVALID_VALUE, PROCESSING_FAILURE = 0x0000, 0x0106, 0x0110
DUPLICATE, NO_SUCH_INSTANCE, INVALID_INSTANCE, MISSING_ATTRIBUTE = 0x0111, 0x0112, 0x0117, 0x0120
NO_LONGER_UPDATED = 0xA710  # Error ID (PS3.4 F.7.2.2.3)
IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"

_STATUS, _SERIES = tag_of("PerformedProcedureStepStatus"), tag_of("PerformedSeriesSequence")
_OBJECTS = tuple(tag_of(k) for k in ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence"))
_SERIES_UID, _CLASS, _INSTANCE = (tag_of(k) for k in ("SeriesInstanceUID", "ReferencedSOPClassUID", "ReferencedSOPInstanceUID"))


@dataclass(frozen=True, slots=True)
class Performed:
    """An object that a step made, as the step lists it."""

    series: str
    sop_class: str
    uid: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an N-CREATE or N-SET. `finished` lists the objects of a step that this request completed."""

    status: int
    comment: str = ""
    error_id: int | None = None
    finished: tuple[Performed, ...] = ()


class Steps:
    """The steps that were begun, and how each stands. They are forgotten when the archive ends."""

    final = frozenset({COMPLETED, DISCONTINUED})

    def __init__(self) -> None:
        self.states: dict[str, str] = {}

    def create(self, instance: str, stream: Any, syntax: Syntax) -> Reply:
        """Begin a step (PS3.4 F.7.2.1.3)."""
        attributes = read(stream, syntax)
        if isinstance(attributes, Reply):
            return attributes
        if not valid_uid(instance):
            return Reply(INVALID_INSTANCE, "the SOP Instance UID is missing or not valid")
        if instance in self.states:
            return Reply(DUPLICATE, "a step of this SOP Instance UID was begun before")
        status = text(attributes, _STATUS)
        if not self.may_begin(status):
            return Reply(INVALID_VALUE if status else MISSING_ATTRIBUTE, "a step begins with the status IN PROGRESS")
        self.states[instance] = status
        return Reply(SUCCESS)

    def may_begin(self, status: str) -> bool:
        """Whether a step may begin in this state."""
        return status == IN_PROGRESS

    def set(self, instance: str, stream: Any, syntax: Syntax) -> Reply:
        """Change a step, as long as it is in progress (PS3.4 F.7.2.2.3)."""
        modifications = read(stream, syntax)
        if isinstance(modifications, Reply):
            return modifications
        if instance not in self.states:
            return Reply(NO_SUCH_INSTANCE, "no step of this SOP Instance UID was begun")
        if not self.may_change(self.states[instance]):
            return Reply(PROCESSING_FAILURE, "Performed Procedure Step Object may no longer be updated", NO_LONGER_UPDATED)
        status = text(modifications, _STATUS) or IN_PROGRESS
        if status not in self.final | {IN_PROGRESS}:
            return Reply(INVALID_VALUE, "the status is none of IN PROGRESS, COMPLETED and DISCONTINUED")
        self.states[instance] = status
        return Reply(SUCCESS, finished=performed(modifications) if status == COMPLETED else ())

    def may_change(self, state: str) -> bool:
        """Whether a step in this state may change."""
        return state not in self.final


def read(stream: Any, syntax: Syntax) -> DataSet | Reply:
    """Read an attribute or modification list; a reply where there is none that can be read."""
    if stream is None:
        return Reply(MISSING_ATTRIBUTE, "the request has no data set")
    try:
        return decode(stream.getvalue(), syntax)
    except UndecodableDataSet as broken:
        return Reply(PROCESSING_FAILURE, broken.what)


def text(dataset: DataSet, tag: int) -> str:
    """Read a code string; one that cannot be read is empty."""
    try:
        return element_text(dataset.get(tag), "CS", ())
    except UndecodableText:
        return ""


def performed(modifications: DataSet) -> tuple[Performed, ...]:
    """List the objects of the series that were performed."""
    return tuple(
        Performed(*(element_text(element, "UI", ()) for element in (series.get(_SERIES_UID), *map(referenced.get, (_CLASS, _INSTANCE)))))
        for series in items(modifications, _SERIES)
        for tag in _OBJECTS
        for referenced in items(series, tag)
    )
