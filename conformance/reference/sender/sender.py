"""A modality without a detector: it makes studies, queues them, and sends until they are taken, and tells its user what became of them.

Each step of its user is one method, and each decision on the way another, so that a fault is one method that is wrong.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from operator import methodcaller
from typing import Any

from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian, JPEGBaseline8Bit
from pynetdicom import AE, build_context
from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.reference.services import Address
from conformance.reference.wire import Courier, configure
from generators import Encoded, Rejection, Study, Synthesizer, encode, rejection_note

SUCCESS = 0x0000
WARNINGS = range(0xB000, 0xC000)  # PS3.4 Table B.2-1
ATTEMPTS = 12
PAUSE_SECONDS = 0.1
ACCENTED = "SYNTHETIC-Lévesque^Zoé"  # text beyond the default repertoire (PS3.5 6.1.2.2)
SIDE = 96  # pixels: an image of 16 bits is longer than 16384 bytes, so it fills more than one PDU

Pair = tuple[str, str]  # (SOP class, transfer syntax)


class Sender:
    """One sender. What was taken is remembered, so that an order to send a study again sends what is left of it."""

    courier: type[Courier] = Courier
    attempts = ATTEMPTS

    def __init__(self, repository: Address, called: str, calling: str, seed: int, *, answer_seconds: float = 10.0) -> None:
        configure()
        self.repository, self.called, self.seed, self.answer_seconds = repository, called, seed, answer_seconds
        self.ae = AE(calling)
        self.done: set[str] = set()
        self.failed: set[str] = set()

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

    # How it makes studies

    def synthesizer(self, step: str) -> Synthesizer:
        """What the studies of a step are made from: the same at each call."""
        return Synthesizer(self.seed, f"{self.seed} {step}")

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
        if step == "correct":
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

    # How it sends

    def deliver(self, objects: Sequence[Encoded]) -> None:
        """Send until everything was taken, or until it was tried often enough."""
        for _ in range(self.attempts):
            queue = [one for one in objects if one.sop_instance_uid not in self.done]
            if not queue:
                return
            self.attempt(queue)
            time.sleep(PAUSE_SECONDS)

    def attempt(self, queue: Sequence[Encoded]) -> None:
        """Send the queue on one association, as far as that goes."""
        courier = self.courier(self.ae, "requestor")
        try:
            if not self.opened(courier, self.proposals(queue)):
                return
            contexts = {
                (str(context.abstract_syntax), str(context.transfer_syntax[0])): context.context_id for context in courier.accepted_contexts
            }
            for one in queue:
                context = contexts.get((one.sop_class_uid, one.transfer_syntax_uid))
                if context is not None and not self.store(courier, one, context):
                    return
        finally:
            courier.close()

    def opened(self, courier: Courier, pairs: Sequence[Pair]) -> bool:
        """Open an association that proposes these pairs, one syntax to a context."""
        try:
            return courier.open(self.repository, self.called, [build_context(*pair) for pair in pairs], [])
        except OSError:
            return False

    def proposals(self, queue: Sequence[Encoded]) -> list[Pair]:
        """What to propose: what the objects are in, and the default for each class (PS3.5 10.1)."""
        pairs = dict.fromkeys((one.sop_class_uid, one.transfer_syntax_uid) for one in queue)
        return list(pairs | dict.fromkeys((sop_class, str(ImplicitVRLittleEndian)) for sop_class, _ in pairs))

    def store(self, courier: Courier, one: Encoded, context: int) -> bool:
        """Send one object, and book what was answered. False where the association is over."""
        request = C_STORE()
        request.MessageID, request.Priority = 1, 2
        request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = one.sop_class_uid, one.sop_instance_uid
        request.DataSet = BytesIO(one.data)
        response = courier.ask(request, context, self.answer_seconds)
        if response is None:
            self.broke_off(courier, one)
            return False
        self.answered(one, response.Status)
        return True

    def answered(self, one: Encoded, status: int) -> None:
        """Count an object as sent where it was taken, with or without a warning; else it stays in the queue."""
        if status == SUCCESS or status in WARNINGS:
            self.done.add(one.sop_instance_uid)
        else:
            self.failed.add(one.sop_instance_uid)

    def broke_off(self, _courier: Courier, one: Encoded) -> None:
        """The association ended, or nothing was answered: the object stays in the queue."""
        self.failed.add(one.sop_instance_uid)

    def reported(self) -> set[str]:
        """What the user is told of."""
        return self.failed

    def echo(self, courier: Courier) -> int | None:
        """Send a C-ECHO on the first context."""
        request = C_ECHO()
        request.MessageID = 1
        response: Any = courier.ask(request, 1, self.answer_seconds)
        return None if response is None else int(response.Status)

    def is_verified(self, status: int | None) -> bool:
        """Whether the connection is in order; None: no answer came."""
        return status == SUCCESS


STEPS: Mapping[str, Callable[[Sender], None]] = {
    "verify": methodcaller("verify"),
    "verify-refused": methodcaller("verify"),
    **{step: methodcaller("send", step) for step in ("send", "send-small", "unscheduled", "correct", "statuses", "retry", "failing")},
}
