"""Faults of storage commitment: requests taken on that should not be, and reports that do not tell the truth.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any, cast

from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined]

from conformance.reference.archive import Parts
from conformance.reference.commitment import (
    ALL_COMMITTED,
    CLASS_CONFLICT,
    FAILED,
    INVALID_ARGUMENT,
    PROCESSING_FAILURE,
    REFERENCED,
    REPORT_SECONDS,
    SOME_FAILED,
    SUCCESS,
    TRANSACTION,
    UNKNOWN_INSTANCE,
    Committer,
    Order,
    Reference,
    event_report,
)
from conformance.reference.door import Door
from conformance.reference.encoding import DataSet, decode, encode
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.services import Request, Services
from conformance.reference.syntax import Syntax, syntax_of
from conformance.reference.text import element_text
from conformance.reference.wire import Courier

LONGEST_LIST = 64  # references that the table of one fault holds


class NoCommitment(Door):
    def contexts(self, proposed: Sequence[Any]) -> list[Any]:
        return [context for context in super().contexts(proposed) if context.abstract_syntax != StorageCommitmentPushModel]


class WithoutRole(Courier):
    """Proposes the contexts of a report and no role for them."""

    def open(self, address: tuple[str, int], called: str, contexts: list[Any], _roles: list[Any]) -> bool:
        return super().open(address, called, contexts, [])


class AnotherTitle(Courier):
    """Reports from another node of a cluster, under a title of its own."""

    def open(self, address: tuple[str, int], called: str, contexts: list[Any], roles: list[Any]) -> bool:
        if roles:
            self._ae = copy(self.ae)
            self.ae.ae_title = "NODE2"
        return super().open(address, called, contexts, roles)


class RefusesRequests(Committer):
    def take(self, _message: Any, _syntax: Syntax, _requester: str) -> tuple[int, str]:
        return PROCESSING_FAILURE, "no licence for storage commitment"


class NoReferences(Committer):
    """Leaves the references out where all is well."""

    def result(self, order: Order) -> tuple[int, DataSet]:
        event, information = super().result(order)
        if event == ALL_COMMITTED:
            del information[REFERENCED]
        return event, information


class AlwaysAllCommitted(Committer):
    """Reports event type 1 whatever the references say."""

    def result(self, order: Order) -> tuple[int, DataSet]:
        return ALL_COMMITTED, super().result(order)[1]


class AlwaysSomeFailed(Committer):
    """Reports event type 2 whatever the references say."""

    def result(self, order: Order) -> tuple[int, DataSet]:
        return SOME_FAILED, super().result(order)[1]


class CommitsUnknown(Committer):
    """Takes an object that it does not find for one that is still on its way in."""

    def reason(self, one: Reference) -> int | None:
        reason = super().reason(one)
        return None if reason == UNKNOWN_INSTANCE else reason


class UnknownForAnyReason(Committer):
    """Fails whatever it cannot commit for one reason."""

    def reason(self, one: Reference) -> int | None:
        return PROCESSING_FAILURE if super().reason(one) == UNKNOWN_INSTANCE else super().reason(one)


class ClassIgnored(Committer):
    def reason(self, one: Reference) -> int | None:
        reason = super().reason(one)
        return None if reason == CLASS_CONFLICT else reason


class ShortList(Committer):
    def result(self, order: Order) -> tuple[int, DataSet]:
        event, information = super().result(order)
        for sequence in (REFERENCED, FAILED):
            if sequence in information:
                information[sequence] = replace(information[sequence], items=(information[sequence].items or [])[:LONGEST_LIST])
        return event, information


class NoTransaction(Committer):
    def transaction(self, _order: Order) -> str:
        return ""


class TransactionsReused(Committer):
    def begin(self, order: Order) -> tuple[int, str]:
        with self.lock:
            self.active.discard(order.transaction)
        return super().begin(order)


class EmptyMeansAll(Committer):
    """Reads a request without references as one about everything that it holds."""

    def order(self, stream: Any, syntax: Syntax, requester: str) -> Order:
        try:
            return super().order(stream, syntax, requester)
        except ValueError as malformed:
            if "Referenced SOP Sequence" not in str(malformed):
                raise
        transaction = element_text(decode(stream.getvalue(), syntax).get(TRANSACTION), "UI", ())
        return Order(transaction, tuple((one.sop_class_uid, one.sop_instance_uid) for one in self.index.locate({})), requester)


class MalformedAcknowledged(Committer):
    """Answers 0000 before it reads what was asked, and then finds nothing to do."""

    def take(self, message: Any, syntax: Syntax, requester: str) -> tuple[int, str]:
        status, comment = super().take(message, syntax, requester)
        return (SUCCESS, "") if status == INVALID_ARGUMENT else (status, comment)


class LeavesOrders(Committer):
    """Takes orders, and leaves it to the association of the request to report on them."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.orders: list[Order] = []

    def begin(self, order: Order) -> tuple[int, str]:
        answer = super().begin(order)
        self.orders += [order] if answer[0] == SUCCESS else []
        return answer

    def report(self, _order: Order) -> None:
        pass


class ReportsWhereAsked(Services):
    """Reports on the association of the request only, as long as it is there."""

    def commit(self, request: Request) -> None:
        super().commit(request)
        committer = cast(LeavesOrders, self.desk.committer)
        while committer.orders:
            event, information = committer.result(committer.orders.pop())
            report = event_report(event, encode(information, syntax_of(request.transfer_syntax)))
            request.assoc.ask(report, request.context_id, REPORT_SECONDS)


class CommitsThenLoses(Committer):
    """Commits from a cache that is cleared before it was written: the row stays, its file is gone."""

    def report(self, order: Order) -> None:
        for _, uid in order.references:
            self.index._all("UPDATE instance SET path = 'never-written' WHERE uid = ?", [uid])
        super().report(order)


class TiersIntoOneFile(Committer):
    """Moves what it commits to a slower tier, each file upon the one before."""

    def report(self, order: Order) -> None:
        stored = [located for _, uid in order.references if (located := self.index.instance(uid)) is not None]
        for one in stored:
            last = (stored[-1].path, str(stored[-1].start))
            self.index._all("UPDATE instance SET path = ?, start = ? WHERE uid = ?", [*last, one.sop_instance_uid])
        super().report(order)


class OneAttempt(Committer):
    """Forgets a report that it could not deliver."""

    pauses = ()


COMMITMENT_FAULTS: tuple[Fault, ...] = (
    Fault(
        "commitment-not-offered",
        "the Storage Commitment Push Model is claimed and its context is refused",
        Parts(door=NoCommitment),
        breaks=rows("DOC-02"),
        warns=rows("COMMIT-01"),
        blocks=rows("COMMIT-02 COMMIT-03 COMMIT-04 COMMIT-05 COMMIT-06 COMMIT-07 COMMIT-09"),
    ),
    Fault(
        "commitment-requests-refused",
        "every request for storage commitment is answered 0110",
        Parts(committer=RefusesRequests),
        warns=rows("COMMIT-01"),
        blocks=rows("COMMIT-02 COMMIT-03 COMMIT-04 COMMIT-05 COMMIT-06 COMMIT-07 COMMIT-09"),
    ),
    Fault(
        "report-under-another-title",
        "the association for a report is opened under another AE title",
        Parts(courier=AnotherTitle),
        breaks=rows("COMMIT-02"),
    ),
    Fault(
        "report-without-role-selection",
        "the association for a report proposes no SCP role",
        Parts(courier=WithoutRole),
        breaks=rows("COMMIT-02"),
    ),
    Fault(
        "committed-without-references",
        "a report of event type 1 has no Referenced SOP Sequence",
        Parts(committer=NoReferences),
        breaks=rows("COMMIT-03"),
        blocks=rows("COMMIT-09"),
    ),
    Fault(
        "success-under-event-type-2",
        "a report of which no reference failed has event type 2",
        Parts(committer=AlwaysSomeFailed),
        breaks=rows("COMMIT-03"),
        blocks=rows("COMMIT-05"),
    ),
    Fault(
        "failures-under-event-type-1",
        "a report of which some references failed has event type 1",
        Parts(committer=AlwaysAllCommitted),
        breaks=rows("COMMIT-04"),
    ),
    Fault(
        "unknown-instances-committed", "objects that are not there are committed", Parts(committer=CommitsUnknown), breaks=rows("COMMIT-04")
    ),
    Fault(
        "unknown-instances-fail-without-their-reason",
        "objects that are not there fail with 0110",
        Parts(committer=UnknownForAnyReason),
        breaks=rows("COMMIT-04"),
    ),
    Fault("class-ignored-in-commitment", "an object is committed under any class", Parts(committer=ClassIgnored), breaks=rows("COMMIT-05")),
    Fault(
        "commitment-list-cut",
        "a report names 64 objects and leaves the others out",
        Parts(committer=ShortList),
        breaks=rows("COMMIT-06"),
    ),
    Fault("report-without-transaction", "a report has an empty Transaction UID", Parts(committer=NoTransaction), breaks=rows("COMMIT-07")),
    Fault(
        "transaction-uid-reused",
        "a second request under an active Transaction UID is taken on as one of its own",
        Parts(committer=TransactionsReused),
        breaks=rows("COMMIT-07"),
    ),
    Fault(
        "empty-request-commits-all",
        "a request without references is read as one about everything",
        Parts(committer=EmptyMeansAll),
        breaks=rows("COMMIT-08"),
    ),
    Fault(
        "malformed-request-acknowledged",
        "a request for commitment without its Transaction UID or its references is answered 0000, and nothing follows",
        Parts(committer=MalformedAcknowledged),
        breaks=rows("COMMIT-08"),
    ),
    Fault(
        "reported-where-asked",
        "a report comes on the association of its request, or not at all",
        Parts(committer=LeavesOrders, services=ReportsWhereAsked),
        breaks=rows("COMMIT-02"),
        blocks=rows("COMMIT-07"),
    ),
    Fault(
        "committed-and-lost",
        "objects are committed, and their files were never written",
        Parts(committer=CommitsThenLoses),
        breaks=rows("COMMIT-09"),
    ),
    Fault(
        "committed-into-one-file",
        "objects that are committed are delivered with the content of the last of them",
        Parts(committer=TiersIntoOneFile),
        breaks=rows("COMMIT-09"),
    ),
    Fault("report-tried-once", "a report that cannot be delivered is not repeated", Parts(committer=OneAttempt), warns=rows("COMMIT-10")),
)
