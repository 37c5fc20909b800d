"""Modality Performed Procedure Step as our repository provides it (PS3.4 F.7): by the rules of states, and with what each step lists."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from io import BytesIO
from itertools import repeat

from pydicom import Dataset

from conformance.dimse import Field, Inquiry, Reply
from conformance.dimse.identifiers import decode_dataset, items_of
from conformance.reference.errors import UndecodableText
from conformance.reference.steps import COMPLETED, IN_PROGRESS, PROCESSING_FAILURE, SUCCESS, Steps
from conformance.reference.syntax import syntax_of

CLAUSE = "PS3.4 F.7.2"
MAX_STEPS = 1000
OBJECTS = ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence")


@dataclass(slots=True)
class PerformedStep:
    """One step that was begun: the studies that it is for, and per series the SOP Instance UIDs that were listed last."""

    uid: str
    studies: frozenset[str]
    series: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def listed(self) -> frozenset[str]:
        """The SOP Instance UIDs of all its series."""
        return frozenset().union(*self.series.values())

    def missing(self, came: Set[str]) -> frozenset[str]:
        """What it lists of series that came, and that did not come. Another series may have another destination."""
        return frozenset().union(*(listed - came for listed in self.series.values() if not listed.isdisjoint(came)))


class PerformedSteps:
    """The steps of this run. `refused` is what was answered to requests that the rules do not allow."""

    def __init__(self) -> None:
        self.begun: dict[str, PerformedStep] = {}
        self.refused: list[str] = []
        self._steps = Steps()

    @property
    def completed(self) -> list[PerformedStep]:
        """The steps that were completed."""
        return [step for uid, step in list(self.begun.items()) if self._steps.states[uid] == COMPLETED]

    def rests(self, came: Callable[[], Set[str]], *, since: int) -> bool:
        """Whether every step has ended, and what it lists has come; the steps that were begun first, `since` of them, do not count."""
        steps = list(self.begun.values())[since:]
        if any(self._steps.states[step.uid] == IN_PROGRESS for step in steps):
            return False
        return not steps or not any(map(PerformedStep.missing, steps, repeat(came())))

    def provide(self, inquiry: Inquiry) -> Iterator[Reply]:
        """Answer one N-CREATE or N-SET."""
        message, begins = inquiry.message, inquiry.message.field == Field.N_CREATE_RQ
        uid = message.text("AffectedSOPInstanceUID" if begins else "RequestedSOPInstanceUID")
        stream = None if message.data is None else BytesIO(message.data)
        decide = self._steps.create if begins else self._steps.set
        if begins and len(self.begun) >= MAX_STEPS:
            yield Reply(PROCESSING_FAILURE)
            return
        attributes = decode_dataset(message.data or b"", inquiry.transfer_syntax, clause=CLAUSE)  # before the state changes
        try:
            reply = decide(uid, stream, syntax_of(inquiry.transfer_syntax))
        except UndecodableText:
            if uid in self.begun:
                self._steps.states[uid] = IN_PROGRESS  # it ends when what ends it can be read
            self.refused.append(f"{message.name.removesuffix('-RQ')} has text that cannot be read")
            yield Reply(PROCESSING_FAILURE)
            return
        if reply.status == SUCCESS:
            self._keep(uid, attributes)
        else:
            self.refused.append(f"{message.name.removesuffix('-RQ')} was answered {reply.status:04X}: {reply.comment}")
        yield Reply(reply.status, {} if reply.error_id is None else {"ErrorID": reply.error_id})

    def _keep(self, uid: str, attributes: Dataset) -> None:
        scheduled = items_of(attributes, "ScheduledStepAttributesSequence")
        step = self.begun.setdefault(uid, PerformedStep(uid, frozenset(str(item.get("StudyInstanceUID") or "") for item in scheduled)))
        if "PerformedSeriesSequence" in attributes:
            performed = items_of(attributes, "PerformedSeriesSequence")
            step.series = {str(series.get("SeriesInstanceUID") or ""): _objects(series) for series in performed}


def _objects(series: Dataset) -> frozenset[str]:
    return frozenset(str(one.get("ReferencedSOPInstanceUID") or "") for keyword in OBJECTS for one in items_of(series, keyword))
