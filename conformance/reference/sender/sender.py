"""A modality without a detector: it makes studies, queues them, and sends until they are taken, and tells its user what became of them.

Each step of its user is one method, and each decision on the way another, so that a fault is one method that is wrong.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import methodcaller
from typing import Any

from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian, JPEGBaseline8Bit
from pynetdicom.dimse_primitives import C_ECHO
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.reference.sender.keeper import Keeper
from conformance.reference.sender.modality import Modality
from conformance.reference.sender.outbox import SUCCESS
from conformance.reference.wire import Courier
from generators import Encoded, Rejection, Study, encode, rejection_note

ACCENTED = "SYNTHETIC-Lévesque^Zoé"  # text beyond the default repertoire (PS3.5 6.1.2.2)
SIDE = 96  # pixels: an image of 16 bits is longer than 16384 bytes, so it fills more than one PDU


class Sender(Modality, Keeper):
    """One sender, as its user has it."""

    # What its user does

    def verify(self) -> None:
        """Test the connection."""
        courier = self.courier(self.ae, "requestor")
        try:
            status = self.echo(courier) if self.opened(courier, [(str(Verification), str(ImplicitVRLittleEndian))]) else None
        finally:
            courier.close()
        print("verified" if self.is_verified(status) else "not verified")

    def send(self, step: str) -> None:
        """Send the studies of a step, and whatever was left from before, and tell what was not stored at the first attempt."""
        self.failed.clear()
        self.deliver(self.objects(step))
        print(*(f"not stored at first: {uid}" for uid in sorted(self.reported())), sep="\n")

    def commit(self) -> None:
        """Send a study, and keep it until somebody has answered for it."""
        self.keep(self.objects("commit"), "commit")

    def commit_again(self) -> None:
        """Send again what nobody has answered for, if there is anything left of it."""
        if self.kept:
            self.keep(self.kept, "commit-again")

    # How it tests the connection

    def echo(self, courier: Courier) -> int | None:
        """Send a C-ECHO on the first context."""
        request = C_ECHO()
        request.MessageID = 1
        response: Any = courier.ask(request, 1, self.answer_seconds)
        return None if response is None else int(response.Status)

    def is_verified(self, status: int | None) -> bool:
        """Whether the connection is in order; None: no answer came."""
        return status == SUCCESS

    # How it makes studies

    def studies(self, step: str) -> list[Study]:
        """The studies of a step, each of a patient of its own."""
        made = self.synthesizer(step)
        if step == "send":
            return [
                made.study(modalities=("CT", "US-MULTIFRAME"), patient=made.patient(name=ACCENTED), rows=SIDE, columns=SIDE),
                made.study(modalities=("MR", "KO"), rows=SIDE, columns=SIDE),
            ]
        if step == "unscheduled":
            return [made.study("CR", instances=1), made.study("CR", instances=1)]
        return [made.study("CT", instances=4, rows=SIDE, columns=SIDE)]

    def objects(self, step: str) -> list[Encoded]:
        """The objects of a step, encoded; the images of several frames with loss."""
        return [encode(dataset, self.syntax(dataset.Modality)) for dataset in self.datasets(step)]

    def datasets(self, step: str) -> list[Dataset]:
        """The data sets of a step. A correction is copies under new UIDs, and a note that rejects what was sent before."""
        if step in ("correct", "correct-note"):
            wrong = self.studies("send")[0]
            return [*self.corrected(wrong).datasets(), self.note(wrong)]
        return [dataset for study in self.studies(step) for dataset in study.datasets()]

    def corrected(self, wrong: Study) -> Study:
        """The same study under the right Patient ID, and under new UIDs."""
        made = self.synthesizer("correct")
        series = tuple(
            replace(one, uid=made.uid(), instances=tuple(replace(instance, uid=made.uid()) for instance in one.instances))
            for one in wrong.series
        )
        return replace(wrong, uid=made.uid(), patient=replace(wrong.patient, id=made.patient().id), series=series)

    def note(self, wrong: Study) -> Dataset:
        """The note that takes a study back (IHE RAD TF-3 4.66.4.1.3)."""
        return rejection_note(self.synthesizer("correct note"), wrong, wrong.instances, Rejection.WRONG_WORKLIST_ENTRY).dataset()

    def syntax(self, modality: str) -> str:
        """The transfer syntax in which an object is kept and sent."""
        return str(JPEGBaseline8Bit) if modality == "US" else str(ImplicitVRLittleEndian)


SENDING = ("send", "send-small", "unscheduled", "unscheduled-next", "correct", "correct-note", "statuses", "retry", "failing")
STEPS: Mapping[str, Callable[[Sender], None]] = {
    "verify": methodcaller("verify"),
    "verify-refused": methodcaller("verify"),
    "scheduled": methodcaller("scheduled"),
    "commit": methodcaller("commit"),
    "commit-again": methodcaller("commit_again"),
    **{step: methodcaller("send", step) for step in SENDING},
}
