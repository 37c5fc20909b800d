"""The reference sender as a keeper of what it sent: nothing is let go before somebody has answered for it (PS3.4 J)."""

import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import N_ACTION
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance  # type: ignore[attr-defined]

from conformance.reference.sender.modality import encoded
from conformance.reference.sender.outbox import SUCCESS, Outbox
from generators import Encoded

LOOPBACK = "127.0.0.1"

Reports = queue.SimpleQueue[Dataset]


class Keeper(Outbox):
    """What asks for commitment, and hears of it at an address of its own."""

    report_seconds = 10.0
    report_status = SUCCESS
    hears_from: tuple[str, ...] = ()
    rounds = 3
    kept: Sequence[Encoded] = ()

    def keep(self, objects: Sequence[Encoded], step: str) -> None:
        """Send the objects of a step until somebody has answered for every object, or until it was asked often enough."""
        transactions = self.synthesizer(f"commitment of {step}")
        with self.hearing() as reports:
            self.kept = list(objects)
            for _ in range(self.rounds):
                self.deliver(self.kept)
                if not self.request(transactions.uid(), self.kept):
                    return
                failed = self.failed_of(self.heard(reports))
                self.kept = [one for one in self.kept if one.sop_instance_uid in failed]
                self.done -= failed
                if not self.kept:
                    return

    @contextmanager
    def hearing(self) -> Iterator[Reports]:
        """Listen for reports for the length of the block."""
        reports: Reports = queue.SimpleQueue()

        def take(event: Any) -> tuple[int, None]:
            self.look_into(event.event_information)
            reports.put(event.event_information)
            return self.report_status, None

        door = AE(self.ae.ae_title)
        door.require_calling_aet = list(self.hears_from)
        door.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
        server = door.start_server((LOOPBACK, self.listen_port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, take)])
        try:
            yield reports
        finally:
            assert server is not None
            server.shutdown()

    def look_into(self, _report: Dataset) -> None:
        """What is done with a report before it is answered: nothing."""

    def request(self, transaction: str, objects: Sequence[Encoded]) -> bool:
        """Ask for the commitment of some objects (PS3.4 J.3.2). Returns whether it was taken on."""
        information = Dataset()
        information.TransactionUID = transaction
        information.ReferencedSOPSequence = [reference(one) for one in objects]
        request = N_ACTION()
        request.RequestedSOPClassUID, request.RequestedSOPInstanceUID = StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        request.ActionTypeID, request.ActionInformation = 1, encoded(information)
        answer = next(self.asked(request, str(StorageCommitmentPushModel)), None)
        return answer is not None and answer.Status == SUCCESS

    def heard(self, reports: Reports) -> Dataset:
        """Await one report; an empty one where none came."""
        try:
            return reports.get(timeout=self.report_seconds)
        except queue.Empty:
            return Dataset()

    def failed_of(self, report: Dataset) -> set[str]:
        """The objects for which nobody answers (PS3.4 Table J.3-2): they are sent again."""
        return {str(item.ReferencedSOPInstanceUID) for item in report.get("FailedSOPSequence") or []}


def reference(one: Encoded) -> Dataset:
    """Name an object."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.sop_class_uid, one.sop_instance_uid
    return item
