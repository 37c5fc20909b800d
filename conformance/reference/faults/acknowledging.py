"""Faults of what a C-STORE is answered for: the answer itself, silent changes, late and partial keeping.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import threading
import time
from collections.abc import Sequence
from typing import Any, cast

from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import PresentationContext

from conformance.reference.archive import Parts
from conformance.reference.door import Door
from conformance.reference.encoding import Element, encode
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.keys import tag_of
from conformance.reference.models import Identifier
from conformance.reference.retrieve import Retriever
from conformance.reference.rules import Candidate, Refusal
from conformance.reference.services import Request, Services
from conformance.reference.wire import Acceptor

_NUCLEAR_MEDICINE = "1.2.840.10008.5.1.4.1.1.20"
_ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_COERCED = 0xB000
_LATE_SECONDS = 3.0  # one more than the profile of the embedded archive declares
_PATIENCE_SECONDS = 0.4

ISSUER = tag_of("IssuerOfPatientID")


class MessageIdInOneByte(Services):
    def stored(self, request: Request, refusal: Refusal | None) -> None:
        request.message.MessageID = request.message_id & 0xFF
        super().stored(request, refusal)


class AnswersAhead(Acceptor):
    """Answers 0000 for an object whose end is slow to come, lest the sender give up."""

    waiting: Any = None
    since = 0.0

    def _has_ended(self) -> bool:
        half: Any = self.dimse.message
        if half is None or half is not self.waiting:
            self.waiting, self.since = half, time.monotonic()
        elif time.monotonic() - self.since > _PATIENCE_SECONDS:
            self.since = float("inf")
            self.answer_ahead(half)
        return super()._has_ended()

    def answer_ahead(self, half: Any) -> None:
        command, response = half.command_set, C_STORE()
        response.MessageIDBeingRespondedTo = command.MessageID
        response.AffectedSOPClassUID = command.AffectedSOPClassUID
        response.AffectedSOPInstanceUID = command.AffectedSOPInstanceUID
        response.Status = 0x0000
        self.dimse.send_msg(response, half.context_id)


class NoDocuments(Door):
    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        return super().contexts([context for context in proposed if context.abstract_syntax != _ENCAPSULATED_PDF])


class AddsIssuer(Intake):
    """Adds its own issuer to a Patient ID that came without one."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type]
        self.coerced: set[str] = set()

    def stored_bytes(self, candidate: Candidate) -> bytes:
        if candidate.text("IssuerOfPatientID"):
            return candidate.data
        self.coerced.add(candidate.command_instance)
        return encode(candidate.dataset | {ISSUER: Element("LO", b"REGIONAL")}, candidate.syntax)


class WarnsOfCoercion(Services):
    def take(self, request: Request, data: bytes) -> Refusal | None:
        refusal = super().take(request, data)
        changed = str(request.message.AffectedSOPInstanceUID) in cast(AddsIssuer, self.desk.intake).coerced
        return Refusal(_COERCED, "coerced", ISSUER) if refusal is None and changed else refusal


class WaitsForOrder(Intake):
    """Keeps nuclear medicine aside until an order would have come."""

    def keep(self, candidate: Candidate) -> None:
        if candidate.command_class != _NUCLEAR_MEDICINE:
            return super().keep(candidate)
        timer = threading.Timer(_LATE_SECONDS, super().keep, [candidate])
        timer.daemon = True
        return timer.start()


class LeavesDocuments(Retriever):
    """Files documents where a retrieve of the study does not look."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        return found if identifier.level != "STUDY" else [located for located in found if located.sop_class_uid != _ENCAPSULATED_PDF]


ACKNOWLEDGING_FAULTS: tuple[Fault, ...] = (
    Fault(
        "message-id-in-one-byte",
        "the response to a C-STORE repeats the low byte of the Message ID only",
        Parts(services=MessageIdInOneByte),
        breaks=rows("STORE-02"),
    ),
    Fault(
        "answers-ahead-of-the-data",
        "a C-STORE whose data set is slow to come is answered 0000 before its end",
        Parts(acceptor=AnswersAhead),
        breaks=rows("STORE-03"),
    ),
    Fault("documents-not-negotiated", "Encapsulated PDF is refused in negotiation", Parts(door=NoDocuments), warns=rows("STORE-06")),
    Fault(
        "issuer-added-in-silence",
        "a Patient ID without issuer is given one, with 0000 and without a trail",
        Parts(intake=AddsIssuer),
        breaks=rows("STORE-11"),
        warns=rows("STORE-12"),
    ),
    Fault(
        "issuer-added-without-trail",
        "a Patient ID without issuer is given one, with B000 and without a trail",
        Parts(intake=AddsIssuer, services=WarnsOfCoercion),
        warns=rows("STORE-12"),
    ),
    Fault(
        "nuclear-medicine-waits-for-its-order",
        "nuclear medicine is shown a second later than the profile declares",
        Parts(intake=WaitsForOrder),
        warns=rows("STORE-14"),
    ),
    Fault(
        "documents-left-behind",
        "a retrieve of a study leaves its documents out",
        Parts(retriever=LeavesDocuments),
        warns=rows("STORE-18"),
    ),
)
