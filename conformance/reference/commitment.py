"""Storage commitment, push model (PS3.4 J.3): taking a request on, and reporting on a new association."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pynetdicom import build_context, build_role
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance  # type: ignore[attr-defined]

from conformance.reference.door import STORAGE
from conformance.reference.encoding import DataSet, Element, decode, encode
from conformance.reference.errors import UndecodableDataSet, UndecodableText
from conformance.reference.index import Index
from conformance.reference.keys import tag_of
from conformance.reference.rules import valid_uid
from conformance.reference.syntax import Syntax, syntax_of
from conformance.reference.text import element_text, in_utf8
from conformance.reference.wire import Courier

SUCCESS, NO_SUCH_INSTANCE, INVALID_ARGUMENT, NO_SUCH_ACTION = 0x0000, 0x0112, 0x0115, 0x0123
PROCESSING_FAILURE = 0x0110
# Failure Reason (0008,1197), PS3.3 C.14.1.1
UNKNOWN_INSTANCE, CLASS_CONFLICT, UNSUPPORTED_CLASS = 0x0112, 0x0119, 0x0122
ALL_COMMITTED, SOME_FAILED = 1, 2
REPORT_SECONDS = 30.0

TRANSACTION, REFERENCED, FAILED = (tag_of(k) for k in ("TransactionUID", "ReferencedSOPSequence", "FailedSOPSequence"))
CLASS, INSTANCE, REASON = (tag_of(k) for k in ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID", "FailureReason"))

Reference = tuple[str, str]  # (SOP class, SOP instance)


@dataclass(frozen=True, slots=True)
class Order:
    """One commitment request that was taken on."""

    transaction: str
    references: tuple[Reference, ...]
    requester: str


class Committer:
    """Takes orders and reports on them. A requester that cannot be reached is tried again (COMMIT-10)."""

    # Seconds between attempts: never more than the profile declares, for some minutes in all.
    pauses: tuple[float, ...] = (1.0, 2.0, *(3.0,) * 100)

    def __init__(self, index: Index, peers: Mapping[str, tuple[str, int]], call: Callable[[], Courier]) -> None:
        self.index, self.peers, self.call = index, peers, call
        self.active: set[str] = set()
        self.lock, self.closing = threading.Lock(), threading.Event()

    def take(self, message: Any, syntax: Syntax, requester: str) -> tuple[int, str]:
        """Take a request on, or say why not. Returns the status and a comment; the report follows by itself."""
        if message.RequestedSOPInstanceUID != StorageCommitmentPushModelInstance:
            return NO_SUCH_INSTANCE, "storage commitment has one well-known instance"
        if message.ActionTypeID != 1:
            return NO_SUCH_ACTION, "the action type is not 1"
        if requester not in self.peers:
            return PROCESSING_FAILURE, "no address is registered for the requester's AE title"
        try:
            order = self.order(message.ActionInformation, syntax, requester)
        except (UndecodableDataSet, UndecodableText, ValueError) as malformed:
            return INVALID_ARGUMENT, getattr(malformed, "what", str(malformed))
        return self.begin(order)

    def order(self, stream: Any, syntax: Syntax, requester: str) -> Order:
        """Read the action information (PS3.4 Table J.3-1). Raises ValueError where something is missing."""
        information = decode(stream.getvalue(), syntax) if stream is not None else {}
        transaction = element_text(information.get(TRANSACTION), "UI", ())
        sequence = information.get(REFERENCED)
        references = tuple(reference(item) for item in (sequence.items or ())) if sequence else ()
        if not valid_uid(transaction):
            raise ValueError("the Transaction UID is missing or not valid")
        if not references or not all(part for one in references for part in one):
            raise ValueError("the Referenced SOP Sequence is missing, empty or incomplete")
        return Order(transaction, references, requester)

    def begin(self, order: Order) -> tuple[int, str]:
        """Start the work on an order, unless its Transaction UID is in use (PS3.4 J.3.2.1.2)."""
        with self.lock:
            if order.transaction in self.active:
                return PROCESSING_FAILURE, "the Transaction UID is in use"
            self.active.add(order.transaction)
        threading.Thread(target=self.report, args=(order,), daemon=True).start()
        return SUCCESS, ""

    def report(self, order: Order) -> None:
        """Deliver the result, again and again until it is received or the archive closes."""
        try:
            for pause in (*self.pauses, 0.0):
                if self.delivered(order) or self.closing.wait(pause):
                    return
        finally:
            with self.lock:
                self.active.discard(order.transaction)

    def delivered(self, order: Order) -> bool:
        """Open an association under our own title, in the SCP role, and send the report (PS3.4 J.3.3)."""
        courier = self.call()
        role = build_role(StorageCommitmentPushModel, scu_role=False, scp_role=True)
        try:
            if not courier.open(self.peers[order.requester], order.requester, [build_context(StorageCommitmentPushModel)], [role]):
                return False
            context = courier.accepted_contexts[0]
            event, information = self.result(order)
            report = event_report(event, encode(information, syntax_of(context.transfer_syntax[0])))
            answer = courier.ask(report, context.context_id or 0, REPORT_SECONDS)
            return answer is not None and answer.Status == SUCCESS
        finally:
            courier.close()

    def result(self, order: Order) -> tuple[int, DataSet]:
        """Write event type and event information: each reference once, as committed or as failed (PS3.4 Table J.3-2)."""
        reasons = [(one, self.reason(one)) for one in order.references]
        committed = [one for one, reason in reasons if reason is None]
        failed = [(one, reason) for one, reason in reasons if reason is not None]
        information: DataSet = {TRANSACTION: Element("UI", in_utf8(self.transaction(order), "UI"))}
        if committed:
            information[REFERENCED] = Element("SQ", items=[_item(one) for one in committed])
        if failed:
            information[FAILED] = Element("SQ", items=[_item(one, reason) for one, reason in failed])
        return (SOME_FAILED if failed else ALL_COMMITTED), information

    def transaction(self, order: Order) -> str:
        """The report repeats the Transaction UID."""
        return order.transaction

    def reason(self, one: Reference) -> int | None:
        """Say why an instance cannot be committed; None where it is stored as named."""
        sop_class, uid = one
        stored = self.index.instance(uid)
        if sop_class not in STORAGE:
            return UNSUPPORTED_CLASS
        if stored is None:
            return UNKNOWN_INSTANCE
        return None if stored.sop_class_uid == sop_class else CLASS_CONFLICT


def reference(item: DataSet) -> Reference:
    """Read one item of a Referenced SOP Sequence."""
    return element_text(item.get(CLASS), "UI", ()), element_text(item.get(INSTANCE), "UI", ())


def _item(one: Reference, reason: int | None = None) -> DataSet:
    item: DataSet = {CLASS: Element("UI", in_utf8(one[0], "UI")), INSTANCE: Element("UI", in_utf8(one[1], "UI"))}
    if reason is not None:
        item[REASON] = Element("US", reason.to_bytes(2, "little"))
    return item


def event_report(event: int, information: bytes) -> N_EVENT_REPORT:
    """Write an N-EVENT-REPORT of the one instance that storage commitment has."""
    primitive = N_EVENT_REPORT()
    primitive.MessageID = 1
    primitive.AffectedSOPClassUID = StorageCommitmentPushModel
    primitive.AffectedSOPInstanceUID = StorageCommitmentPushModelInstance
    primitive.EventTypeID = event
    primitive.EventInformation = BytesIO(information)
    return primitive
