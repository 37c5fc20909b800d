"""Faults of C-MOVE and C-GET: what is delivered, and the account of it.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from pynetdicom import build_context
from pynetdicom.dimse_primitives import C_GET, C_MOVE

from conformance.reference.archive import Parts
from conformance.reference.door import Door
from conformance.reference.encoding import Element, decode, encode
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.index import Located
from conformance.reference.keys import tag_of
from conformance.reference.models import CANCELLED, GET, MOVE, PENDING, Identifier, demand_unique_keys
from conformance.reference.retrieve import SUCCESS, WITH_FAILURES, Outlet, Progress, Retriever, Tally
from conformance.reference.services import Address, Request, Services
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


class PendingWithoutFailures(Services):
    """Leaves the failed and the warned out while it sends."""

    def report(self, request: Request, progress: Progress) -> None:
        if progress.status != PENDING:
            return super().report(request, progress)
        tally = progress.tally
        return request.respond(
            Status=PENDING, NumberOfRemainingSuboperations=tally.remaining, NumberOfCompletedSuboperations=tally.completed
        )


class RemainingAtTheEnd(Retriever):
    def final(self, tally: Tally) -> Progress:
        return replace(super().final(tally), show_remaining=True)


class NoneFailed(Services):
    """Has a counter for failures that nobody increments."""

    def report(self, request: Request, progress: Progress) -> None:
        super().report(request, replace(progress, tally=replace(progress.tally, failed=0)))


class SomeIsEnough(Retriever):
    """Ends well where anything arrived at all."""

    def verdict(self, tally: Tally) -> int:
        return SUCCESS if tally.completed else super().verdict(tally)


class NothingIsAWarning(Services):
    def move_to(self, request: Request, destination: str, address: Address, targets: Sequence[Located]) -> None:
        if targets:
            super().move_to(request, destination, address, targets)
        else:
            request.respond(Status=WITH_FAILURES)


class AnyKeyServes(Retriever):
    """Retrieves by what the identifier has: without a unique key, everything."""

    def demand(self, identifier: Identifier, levels: tuple[str, ...]) -> None:
        demand_unique_keys(identifier, levels)


class NoFailedList(Retriever):
    def final(self, tally: Tally) -> Progress:
        progress = super().final(tally)
        return replace(progress, identifier=None) if progress.status == WITH_FAILURES else progress


class SkipsWithoutContext(Retriever):
    """Leaves out, and does not count, what the destination has no presentation context for."""

    def deliver(self, targets: Sequence[Located], outlet: Outlet, cancelled: Callable[[], bool]) -> Iterator[Progress]:
        return super().deliver([located for located in targets if outlet.syntaxes(located.sop_class_uid)], outlet, cancelled)


class KnocksForNothing(Services):
    """Opens the association to the destination before it looks for something to send."""

    def move_to(self, request: Request, destination: str, address: Address, targets: Sequence[Located]) -> None:
        if not targets:
            courier = self.desk.call()
            courier.open(address, destination, [build_context(_MAGNETIC_RESONANCE)], [])
            courier.close()
        super().move_to(request, destination, address, targets)


class OriginatorIsArchive(Services):
    def move_to(self, request: Request, destination: str, address: Address, targets: Sequence[Located]) -> None:
        context = (request.context_id, request.abstract_syntax, request.transfer_syntax)
        super().move_to(Own(request.assoc, request.message, *context), destination, address, targets)


class Own(Request):
    """A request that seems to come from the archive itself."""

    @property
    def calling_ae(self) -> str:
        return str(self.assoc.acceptor.ae_title).strip()


class LastOneLater(Services):
    """Answers a move before its last object is sent, and counts that as delivered; where another one failed, it waits."""

    def run(self, request: Request, targets: Sequence[Located], outlet: Outlet) -> None:
        retriever = self.desk.retriever
        delivery = retriever.deliver(targets, outlet, lambda: request.cancelled or request.assoc.is_over)
        for progress in delivery:
            self.report(request, progress)
            tally = progress.tally
            if request.abstract_syntax in MOVE and tally.remaining == 1 and tally.completed == len(targets) - 1:
                self.report(request, retriever.final(replace(tally, remaining=0, completed=len(targets))))
                for _ in delivery:
                    pass  # nobody waits for it


class MoveIgnoresCancel(Services):
    def move(self, request: Request) -> None:
        super().move(Deaf(request.assoc, request.message, request.context_id, request.abstract_syntax, request.transfer_syntax))


class Deaf(Request):
    """A request that is never cancelled."""

    @property
    def cancelled(self) -> bool:
        return False


class AltersTheCancel(Retriever):
    """Says something else of a cancelled retrieve than what became of it."""

    def deliver(self, targets: Sequence[Located], outlet: Outlet, cancelled: Callable[[], bool]) -> Iterator[Progress]:
        delivery = super().deliver(targets, outlet, cancelled)
        return (self.altered(progress) if progress.status == CANCELLED else progress for progress in delivery)

    def altered(self, progress: Progress) -> Progress:
        return progress


class EndsAsIfDone(AltersTheCancel):
    """Stops over a cancel, and answers as if that had been all."""

    def altered(self, progress: Progress) -> Progress:
        return replace(progress, status=SUCCESS, show_remaining=False)


class CountsWhatIsLeft(AltersTheCancel):
    """Books what a cancel left over as completed."""

    def altered(self, progress: Progress) -> Progress:
        tally = progress.tally
        return replace(progress, tally=replace(tally, completed=tally.completed + tally.remaining, remaining=0))


class ForgetsWhatIsLeft(AltersTheCancel):
    """Says of a cancelled retrieve that nothing remained."""

    def altered(self, progress: Progress) -> Progress:
        return replace(progress, tally=replace(progress.tally, remaining=0))


class NoGet(Door):
    def contexts(self, proposed: Sequence[Any]) -> list[Any]:
        return [context for context in super().contexts(proposed) if context.abstract_syntax not in GET]


class CancelWithoutCounts(Services):
    """Ends what was cancelled with a status and nothing else."""

    def report(self, request: Request, progress: Progress) -> None:
        if progress.status == CANCELLED:
            return request.respond(Status=CANCELLED)
        return super().report(request, progress)


class GetsOneSeries(Services):
    """Delivers the first series of a study that is asked for by C-GET: each series would need a request of its own."""

    def targets(self, request: Request, levels: tuple[str, ...]) -> Sequence[Located] | None:
        found = super().targets(request, levels)
        return [one for one in found if one.series == found[0].series] if found and request.abstract_syntax in GET else found


class SenderServesRetrieves(Services):
    """Names as the place to retrieve from whoever stored last."""

    def store(self, request: Request) -> None:
        super().store(request)
        self.desk.finder.ae_title = request.calling_ae


class SendsToWhoAsks(Services):
    """Takes an unknown destination for another name of the requester."""

    def unknown_destination(self, request: Request) -> None:
        address = self.desk.peers.get(request.calling_ae)
        targets = self.targets(request, MOVE[request.abstract_syntax])
        if address is None or targets is None:
            super().unknown_destination(request)
        else:
            self.move_to(request, str(request.message.MoveDestination).strip(), address, targets)


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
        "pending-without-failures",
        "pending responses of a retrieve count the remaining and the completed only",
        Parts(services=PendingWithoutFailures),
        breaks=rows("RETR-03"),
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
        breaks=rows("RETR-05 RETR-07"),
    ),
    Fault(
        "failures-never-counted",
        "Number of Failed Sub-operations is always 0",
        Parts(services=NoneFailed),
        breaks=rows("RETR-03 RETR-07"),
    ),
    Fault(
        "partial-failure-is-success",
        "a retrieve of which a part arrived ends 0000",
        Parts(retriever=SomeIsEnough),
        breaks=rows("RETR-05 RETR-07"),
        warns=rows("RETR-12"),
    ),
    Fault(
        "unknown-destination-is-the-requester",
        "a move to an unknown destination is sent to whoever asked for it",
        Parts(services=SendsToWhoAsks),
        breaks=rows("RETR-04 SEC-07"),
    ),
    Fault(
        "no-context-no-account",
        "objects for which the destination accepts no context are left out of the retrieve and of its counts",
        Parts(retriever=SkipsWithoutContext),
        breaks=rows("RETR-07"),
    ),
    Fault(
        "nothing-found-is-a-warning",
        "a move that finds nothing ends B000",
        Parts(services=NothingIsAWarning),
        warns=rows("RETR-08"),
    ),
    Fault(
        "association-for-nothing",
        "a move that finds nothing opens an association to the destination",
        Parts(services=KnocksForNothing),
        warns=rows("RETR-08"),
    ),
    Fault(
        "originator-is-the-archive",
        "the C-STORE requests of a move name the archive as their originator",
        Parts(services=OriginatorIsArchive),
        warns=rows("RETR-10"),
    ),
    Fault(
        "answer-before-the-last-object",
        "the final response of a move counts its last object before it is sent",
        Parts(services=LastOneLater),
        breaks=rows("RETR-03"),
    ),
    Fault("move-ignores-cancel", "a cancel does not end a C-MOVE", Parts(services=MoveIgnoresCancel), breaks=rows("RETR-11")),
    Fault("cancel-answered-0000", "a C-MOVE that was cancelled ends 0000", Parts(retriever=EndsAsIfDone), breaks=rows("RETR-11")),
    Fault(
        "cancelled-counted-as-completed",
        "FE00 counts as completed what was never sent",
        Parts(retriever=CountsWhatIsLeft),
        breaks=rows("RETR-11"),
    ),
    Fault(
        "cancelled-leaves-nothing",
        "FE00 says that nothing remained",
        Parts(retriever=ForgetsWhatIsLeft),
        breaks=rows("RETR-11"),
    ),
    Fault(
        "get-not-offered",
        "C-GET is claimed and its context is refused",
        Parts(door=NoGet),
        breaks=rows("DOC-02"),
        warns=rows("RETR-12"),
    ),
    Fault(
        "cancelled-without-counts",
        "FE00 comes without the counts of what was done",
        Parts(services=CancelWithoutCounts),
        breaks=rows("RETR-11"),
    ),
    Fault(
        "retrieve-from-the-sender",
        "matches name the AE that stored as the one to retrieve from",
        Parts(services=SenderServesRetrieves),
        breaks=rows("RETR-13"),
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
    Fault("get-of-one-series", "C-GET delivers the first series of a study", Parts(services=GetsOneSeries), warns=rows("RETR-12")),
    Fault(
        "retrieve-without-key-sends-all",
        "a retrieve without unique key, or with an empty one, sends everything",
        Parts(retriever=AnyKeyServes),
        breaks=rows("RETR-09"),
    ),
)
