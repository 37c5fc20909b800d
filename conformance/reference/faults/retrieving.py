"""Faults of C-MOVE and C-GET: what is delivered, and the account of it.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

from dataclasses import replace

from pynetdicom.dimse_primitives import C_GET, C_MOVE

from conformance.reference.archive import Parts
from conformance.reference.encoding import Element, decode, encode
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.index import Located
from conformance.reference.keys import tag_of
from conformance.reference.models import Identifier
from conformance.reference.retrieve import SUCCESS, WITH_FAILURES, Progress, Retriever, Tally
from conformance.reference.services import Request, Services
from conformance.reference.syntax import syntax_of

_MAGNETIC_RESONANCE = "1.2.840.10008.5.1.4.1.1.4"
REFERRER = tag_of("ReferringPhysicianName")


class ForgetsReferrer(Retriever):
    """Delivers MR objects with an outgoing coercion that somebody forgot to switch off."""

    def payload(self, located: Located, syntax: str) -> bytes | None:
        data = super().payload(located, syntax)
        if data is None or located.sop_class_uid != _MAGNETIC_RESONANCE:
            return data
        layout = syntax_of(syntax)
        return encode(decode(data, layout) | {REFERRER: Element("PN")}, layout)


class WholeStudyForSeries(Retriever):
    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        if identifier.level != "SERIES":
            return found
        return self.index.locate({"StudyInstanceUID": [identifier.text("StudyInstanceUID")]})


class RemainingAtTheEnd(Retriever):
    def final(self, tally: Tally) -> Progress:
        return replace(super().final(tally), show_remaining=True)


class NoFailedList(Retriever):
    def final(self, tally: Tally) -> Progress:
        progress = super().final(tally)
        return replace(progress, identifier=None) if progress.status == WITH_FAILURES else progress


class UnknownDestinationSucceeds(Services):
    def unknown_destination(self, request: Request) -> None:
        self.report(request, self.desk.retriever.unreachable(()))


class MoveNeverFails(Services):
    def report(self, request: Request, progress: Progress) -> None:
        lost = isinstance(request.message, C_MOVE) and progress.tally.failed and not progress.tally.completed
        final = not progress.show_remaining
        super().report(request, replace(progress, status=SUCCESS, identifier=None) if lost and final else progress)


class GetNeverFails(Services):
    def report(self, request: Request, progress: Progress) -> None:
        done = isinstance(request.message, C_GET) and not progress.show_remaining
        super().report(request, replace(progress, status=SUCCESS, identifier=None) if done else progress)


RETRIEVE_FAULTS: tuple[Fault, ...] = (
    Fault(
        "referrer-lost-on-delivery",
        "MR objects are delivered without the referring physician's name",
        Parts(retriever=ForgetsReferrer),
        breaks=rows("RETR-01"),
    ),
    Fault(
        "series-move-sends-the-study",
        "a retrieve at SERIES level delivers the whole study",
        Parts(retriever=WholeStudyForSeries),
        breaks=rows("RETR-02"),
    ),
    Fault(
        "remaining-in-final-response",
        "the final response has Number of Remaining Sub-operations",
        Parts(retriever=RemainingAtTheEnd),
        breaks=rows("RETR-03"),
    ),
    Fault(
        "unknown-destination-succeeds",
        "a move to an unknown destination ends 0000 with no sub-operation",
        Parts(services=UnknownDestinationSucceeds),
        breaks=rows("RETR-04"),
    ),
    Fault(
        "partial-failure-without-list",
        "B000 comes without Failed SOP Instance UID List",
        Parts(retriever=NoFailedList),
        breaks=rows("RETR-05"),
    ),
    Fault(
        "move-never-fails",
        "a move of which nothing arrived ends 0000",
        Parts(services=MoveNeverFails),
        breaks=rows("RETR-06"),
    ),
    Fault(
        "get-never-fails",
        "C-GET ends 0000 whatever became of its sub-operations",
        Parts(services=GetNeverFails),
        warns=rows("RETR-12"),
    ),
)
