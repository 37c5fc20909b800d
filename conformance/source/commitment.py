"""Storage Commitment as our repository provides it (PS3.4 J): a request is taken on, and its report comes on an association of ours.

1. `provide` answers the N-ACTION, and puts the report into the queue of the one thread that reports;
2. what was not taken is reported as failed, and while a step is `withholding`, so is one object that was, until it comes again;
3. the report goes to the title that asked, at the address of the profile, in the role of the provider (PS3.7 D.3.3.4).
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from pydicom import Dataset

from conformance.dimse import (
    PUSH_MODEL,
    PUSH_MODEL_INSTANCE,
    Association,
    AssociationEnded,
    Context,
    Ending,
    EndingKind,
    Endpoint,
    Field,
    Inquiry,
    ProtocolViolation,
    Reply,
    Timeouts,
    associate,
)
from conformance.dimse.commitment import commitment_information, references_of
from conformance.dimse.identifiers import decode_dataset, encode_dataset
from conformance.evidence import Recorder
from conformance.source.intake import Attempt

# PS3.7 Annex C
SUCCESS, NO_SUCH_INSTANCE, INVALID_ARGUMENT, NO_SUCH_ACTION, RESOURCE_LIMITATION = 0x0000, 0x0112, 0x0115, 0x0123, 0x0213
ALL_COMMITTED, SOME_FAILED = 1, 2
SPOKEN = (EndingKind.REJECT, EndingKind.ABORT)
MAX_ORDERS, MAX_REFERENCES = 1000, 200_000  # of one run: what waits for its report is kept
PAUSES = (0.5, 2.0)  # seconds before a source that nobody reached, or that was busy, is tried again
SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")

CALLED_AE_UNKNOWN = (1, 7)  # source and reason of A-ASSOCIATE-RJ (PS3.8 9.3.4): the port is that of another application


@dataclass(frozen=True, slots=True)
class Order:
    """One request for commitment: its Transaction UID, the (SOP class, instance) pairs that it names, and who asks."""

    transaction: str
    references: tuple[tuple[str, str], ...]
    requester: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a report was received. `trouble` is empty where it was answered 0000.

    Not `answered`: no DICOM application spoke there, another one than was called, or none that had time; `busy`: it may have time later.
    """

    trouble: str = ""
    answered: bool = True
    busy: bool = False


class Commitments:
    """The requests of this run. `taken` gives every object that was taken so far; `source` is where its reports are received.

    `recorder_for` is asked at each report for the recorder of the check that runs.
    """

    def __init__(
        self, source: Endpoint, timeouts: Timeouts, taken: Callable[[], Sequence[Attempt]], recorder_for: Callable[[], Recorder | None]
    ) -> None:
        self.source, self.timeouts, self._recorder_for = source, timeouts, recorder_for
        self.withheld = self.refused = ""
        self.delivery: Delivery | None = None
        self._taken, self._withholding = taken, False
        self._times_before: int | None = None
        self._orders = self._references = 0
        self._lock = threading.Lock()
        self._reports: list[Future[None]] = []
        self._reporter = ThreadPoolExecutor(1, "commitment reports")

    def close(self) -> None:
        """Let the report that is under way end, and send no more."""
        self._reporter.shutdown(cancel_futures=True)

    # --- for the operator and the checks

    def withhold(self, *, one: bool) -> None:
        """From now on report the first object that is asked for as not committed, once; or report everything as it is."""
        self._withholding = one

    @property
    def came_again(self) -> bool:
        """Whether the object that was withheld came again since it was reported: a source need not answer the report first."""
        return self._times_before is not None and self._times(self.withheld) > self._times_before

    @property
    def reporting(self) -> bool:
        """Whether a report waits, or is under way."""
        return not all(report.done() for report in tuple(self._reports))

    @property
    def mishap(self) -> BaseException | None:
        """What kept us from reporting, where neither the network nor the source did."""
        over = (report for report in tuple(self._reports) if report.done() and not report.cancelled())
        return next((error for report in over if (error := report.exception())), None)

    @property
    def rests(self) -> bool:
        """Whether nothing is to be reported, and the withheld object not awaited any more."""
        answered = self.came_again or (self.delivery is not None and bool(self.delivery.trouble))
        return not self.reporting and (answered or not self._withholding)

    # --- called by the listener's threads

    def provide(self, inquiry: Inquiry) -> Iterator[Reply]:
        """Answer one N-ACTION."""
        message = inquiry.message
        if message.text("RequestedSOPInstanceUID") != PUSH_MODEL_INSTANCE:
            yield Reply(NO_SUCH_INSTANCE)
        elif message.number("ActionTypeID") != 1:
            yield Reply(NO_SUCH_ACTION)
        else:
            order = _order(inquiry)
            if not order.transaction or not order.references:
                self.refused = "a request for commitment came without a Transaction UID, or without references"
                yield Reply(INVALID_ARGUMENT)
            elif not self._has_room(order):
                self.refused = f"more commitment was asked for than we take on: {MAX_ORDERS} requests, {MAX_REFERENCES} references"
                yield Reply(RESOURCE_LIMITATION)
            else:
                yield Reply(SUCCESS)  # a peer that is gone takes no answer, and waits for no report
                with suppress(RuntimeError):  # of a request that came while the run ends
                    self._reports.append(self._reporter.submit(self._report, order))

    def _has_room(self, order: Order) -> bool:
        with self._lock:
            orders, references = self._orders + 1, self._references + len(order.references)
            if orders > MAX_ORDERS or references > MAX_REFERENCES:
                return False
            self._orders, self._references = orders, references
            return True

    # --- in the thread that reports

    def _report(self, order: Order) -> None:
        withholds = self._withholding and not self.withheld and self._choose(order)
        delivery = self._deliver(order)
        for pause in PAUSES:
            if not delivery.busy:
                break
            time.sleep(pause)
            delivery = self._deliver(order)
        self.delivery = delivery if withholds else self.delivery

    def _choose(self, order: Order) -> bool:
        held = self._held()
        self.withheld = next((instance for sop_class, instance in order.references if (sop_class, instance) in held), "")
        return bool(self.withheld)

    def _deliver(self, order: Order) -> Delivery:
        """Send one report on an association of its own. How that ends after the answer is no matter."""
        context = Context(PUSH_MODEL, SYNTAXES, scu_role=False, scp_role=True)
        where, recorder = replace(self.source, called_ae=order.requester), self._recorder_for()
        delivery: Delivery | None = None
        try:
            with associate(where, (context,), timeouts=self.timeouts, recorder=recorder) as association:
                delivery = self._send(association, order)
        except AssociationEnded as error:
            return delivery or _undelivered(error.ending)
        except ProtocolViolation as error:
            return delivery or Delivery(str(error))
        return delivery

    def _send(self, association: Association, order: Order) -> Delivery:
        """Send the N-EVENT-REPORT (PS3.4 J.3.3), and read its answer."""
        accepted = association.accepted(PUSH_MODEL)
        if accepted is None:
            return Delivery("it accepts no presentation context of Storage Commitment", answered=False)
        event, data = self._event(order)
        association.send_message(accepted.id, event, encode_dataset(data, accepted.transfer_syntax))
        answered = association.await_message(self.timeouts.response)
        status = answered.number("Status")
        right = answered.field == Field.N_EVENT_REPORT_RSP and status == SUCCESS
        return Delivery("" if right else f"{answered.name} with status {'none' if status is None else f'{status:04X}'}")

    def _event(self, order: Order) -> tuple[dict[str, object], Dataset]:
        """The command set and the information of a report (PS3.4 Table J.3-2)."""
        held = self._held()
        if self.withheld and self._times_before is None:
            self._times_before = self._times(self.withheld)
        withheld = self.withheld if self._withholding and not self.came_again else ""
        committed = [one for one in order.references if one in held and one[1] != withheld]
        failed = [one for one in order.references if one not in committed]
        information = commitment_information(order.transaction, committed)
        if failed:
            information.FailedSOPSequence = commitment_information(order.transaction, failed).ReferencedSOPSequence
            for item in information.FailedSOPSequence:
                item.FailureReason = NO_SUCH_INSTANCE
        if not committed:
            del information.ReferencedSOPSequence
        event = {
            "AffectedSOPClassUID": PUSH_MODEL,
            "CommandField": int(Field.N_EVENT_REPORT_RQ),
            "AffectedSOPInstanceUID": PUSH_MODEL_INSTANCE,
            "EventTypeID": SOME_FAILED if failed else ALL_COMMITTED,
        }
        return event, information

    def _held(self) -> set[tuple[str, str]]:
        return {(attempt.received.sop_class_uid, attempt.uid) for attempt in self._taken()}

    def _times(self, uid: str) -> int:
        return sum(attempt.uid == uid for attempt in self._taken())


def _order(inquiry: Inquiry) -> Order:
    information = decode_dataset(inquiry.message.data or b"", inquiry.transfer_syntax, clause="PS3.4 J.3.2.1.1")
    return Order(str(information.get("TransactionUID") or ""), references_of(information), inquiry.calling_ae)


def _undelivered(ending: Ending) -> Delivery:
    busy = ending.kind is EndingKind.REFUSED or ending.is_transient
    elsewhere = (ending.kind, ending.source, ending.reason) == (EndingKind.REJECT, *CALLED_AE_UNKNOWN)
    return Delivery(str(ending), answered=ending.kind in SPOKEN and not busy and not elsewhere, busy=busy)
