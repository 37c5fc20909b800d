"""How the reference sender sends: associations, and a queue that is sent until it is taken.

Each decision on the way is a method, so that a fault is one method that is wrong.
"""

import time
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import AE, build_context
from pynetdicom.dimse_primitives import C_STORE

from conformance.reference.services import Address
from conformance.reference.wire import Courier, configure
from generators import Encoded, Synthesizer

SUCCESS = 0x0000
WARNINGS = range(0xB000, 0xC000)  # PS3.4 Table B.2-1
ATTEMPTS = 12
PAUSE_SECONDS = 0.1

Pair = tuple[str, str]  # (SOP class, transfer syntax)


class Outbox:
    """Where objects wait. What was taken is remembered, so that an order to send a study again sends what is left of it."""

    courier: type[Courier] = Courier
    attempts = ATTEMPTS

    def __init__(
        self, repository: Address, called: str, calling: str, seed: int, *, answer_seconds: float = 10.0, listen_port: int = 0
    ) -> None:
        configure()
        self.repository, self.called, self.seed = repository, called, seed
        self.answer_seconds, self.listen_port = answer_seconds, listen_port
        self.ae = AE(calling)
        self.done: set[str] = set()
        self.failed: set[str] = set()

    def synthesizer(self, step: str) -> Synthesizer:
        """What the studies of a step are made from: the same at each call."""
        return Synthesizer(self.seed, f"{self.seed} {step}")

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

    def asked(self, request: Any, sop_class: str) -> Iterator[Any]:
        """Send a request on an association of its own, in the default syntax, and give its responses until the association is over."""
        courier = self.courier(self.ae, "requestor")
        try:
            if not self.opened(courier, [(sop_class, str(ImplicitVRLittleEndian))]):
                return
            request.MessageID = 1
            answer = courier.ask(request, 1, self.answer_seconds)
            while answer is not None:
                yield answer
                answer = courier.hear(request, self.answer_seconds)
        finally:
            courier.close()
