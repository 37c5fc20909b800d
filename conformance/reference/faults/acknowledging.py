"""Faults of what a C-STORE is answered for: the answer itself, silent changes, late and partial keeping.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from pydicom.uid import DeflatedExplicitVRLittleEndian
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import PresentationContext

from conformance.reference.archive import Parts
from conformance.reference.door import Door
from conformance.reference.encoding import DataSet, Element, encode
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.faults.losing import Loses
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.keys import tag_of
from conformance.reference.models import Identifier
from conformance.reference.retrieve import Retriever
from conformance.reference.rules import CANNOT_UNDERSTAND, COERCED, Candidate, Refusal, series_has_one_study, study_has_one_patient, without
from conformance.reference.services import Request, Services
from conformance.reference.wire import Acceptor

_NUCLEAR_MEDICINE = "1.2.840.10008.5.1.4.1.1.20"
_ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_DUPLICATE_INSTANCE = 0x0111  # PS3.7 C.5.7
_LATE_SECONDS = 3.0  # one more than the profile of the embedded archive declares
_PATIENCE_SECONDS = 0.4

ISSUER, ORIGINAL = tag_of("IssuerOfPatientID"), tag_of("OriginalAttributesSequence")
ACCESSION_ISSUER, ISSUER_QUALIFIERS = (tag_of(k) for k in ("IssuerOfAccessionNumberSequence", "IssuerOfPatientIDQualifiersSequence"))


class MessageIdInOneByte(Services):
    def stored(self, request: Request, refusal: Refusal | None) -> None:
        request.message.MessageID = request.message_id & 0xFF
        super().stored(request, refusal)


class LongIdsForgotten(Services):
    """Knows of a request whose Message ID is longer than a byte what the one before it was about."""

    before: Any = None

    def stored(self, request: Request, refusal: Refusal | None) -> None:
        named = request.message.AffectedSOPInstanceUID
        if request.message_id > 0xFF:
            request.message.AffectedSOPInstanceUID = self.before
        self.before = named
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
        return encode(candidate.dataset | {ISSUER: Element("LO", b"REGIONAL")} | self.told(candidate), candidate.syntax)

    def told(self, _candidate: Candidate, /) -> DataSet:
        """What else is written, so that the change can be traced."""
        return {}


# What an item of the trail says beside the earlier values (PS3.3 C.12.1.1.9). The source of those is not known, which Type 2 allows.
TRAIL: Mapping[str, tuple[str, bytes]] = {
    "AttributeModificationDateTime": ("DT", b"20240301120000"),
    "ModifyingSystem": ("LO", b"REGION"),
    "SourceOfPreviousValues": ("LO", b""),
    "ReasonForTheAttributeModification": ("CS", b"COERCE"),
}


class WritesTrail(AddsIssuer):
    """Adds an item to the trail that says what it replaced."""

    item = TRAIL

    def told(self, candidate: Candidate) -> DataSet:
        return {ORIGINAL: Element("SQ", items=[*self.earlier(candidate), self.written()])}

    def earlier(self, candidate: Candidate) -> Sequence[DataSet]:
        return candidate.dataset.get(ORIGINAL, Element("SQ", items=[])).items or ()

    def written(self) -> DataSet:
        item = {tag_of(keyword): Element(vr, value) for keyword, (vr, value) in self.item.items()}
        return item | {tag_of("ModifiedAttributesSequence"): Element("SQ", items=[{ISSUER: Element("LO")}])}


class TrailWithoutReason(WritesTrail):
    """Adds an item to the trail that does not say why."""

    item: Mapping[str, tuple[str, bytes]] = {
        keyword: value for keyword, value in TRAIL.items() if keyword != "ReasonForTheAttributeModification"
    }


class TrailBeginsAnew(WritesTrail):
    """Writes a trail of its own over the one that was there."""

    def earlier(self, _candidate: Candidate) -> Sequence[DataSet]:
        return ()


class TrailOfIssuerOnly(WritesTrail):
    """Replaces the institution as well, and tells of the issuer."""

    def told(self, candidate: Candidate) -> DataSet:
        return super().told(candidate) | {tag_of("InstitutionName"): Element("LO", b"SYNTHETIC-REGION")}


class LosesAttribute(Intake):
    """Keeps the attributes of an older edition of the standard, which does not have this one."""

    lost = ACCESSION_ISSUER

    def stored_bytes(self, candidate: Candidate) -> bytes:
        return self.rewritten(candidate, {tag: element for tag, element in candidate.dataset.items() if tag != self.lost})


class LosesPatientIssuer(LosesAttribute):
    lost = ISSUER


class LosesIssuerQualifiers(LosesAttribute):
    lost = ISSUER_QUALIFIERS


class OrphansStudies(Intake):
    """Files a study under a patient whom nobody knows when an object claims it for another one, with a warning."""

    rules = without("one-patient")
    conflict = staticmethod(study_has_one_patient)

    def settle(self, candidate: Candidate) -> Refusal | None:
        conflict = self.conflict(candidate)
        refusal = super().settle(candidate)
        if conflict is None or refusal is not None:
            return refusal
        self.move(candidate)
        return replace(conflict, status=COERCED)

    def move(self, candidate: Candidate) -> None:
        patient, study = candidate.levels["PATIENT"], candidate.levels["STUDY"]
        nobodys = json.dumps({**patient, **study, "PatientID": "UNKNOWN"})
        self.index._all("UPDATE study SET attributes = ? WHERE uid = ?", [nobodys, str(study["StudyInstanceUID"])])


class MovesSeries(OrphansStudies):
    """Hangs a series where its last object says, with a warning."""

    rules = without("one-study")
    conflict = staticmethod(series_has_one_study)

    def move(self, candidate: Candidate) -> None:
        study, series = candidate.text("StudyInstanceUID"), candidate.text("SeriesInstanceUID")
        self.index._all("UPDATE series SET study = ? WHERE uid = ?", [study, series])


class RefusesDeflated(Intake):
    """Inflates nothing, whatever was negotiated."""

    def judge(self, candidate: Candidate) -> Refusal | None:
        deflated = candidate.syntax.uid == DeflatedExplicitVRLittleEndian
        return Refusal(CANNOT_UNDERSTAND, "the data set cannot be read") if deflated else super().judge(candidate)


class TakesTheLast(Intake):
    """Puts whatever comes last under a SOP Instance UID in the place of what was there."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        self.index.remove(stored.sop_instance_uid)
        self.keep(candidate)
        return None


class LosesStrayObjects(Loses):
    """Takes an object whose series belongs to another study, and fails at its own table of series without a word."""

    rules = without("one-study")

    def loses(self, candidate: Candidate) -> bool:
        return series_has_one_study(candidate) is not None


class LosesDeflated(Loses):
    """Takes a deflated data set, and fails behind the answer."""

    def loses(self, candidate: Candidate) -> bool:
        return candidate.syntax.uid == DeflatedExplicitVRLittleEndian


class RefusesRepeats(Intake):
    """Takes what comes again for a mistake of the sender."""

    def again(self, _candidate: Candidate, _stored: Located) -> Refusal | None:
        return Refusal(_DUPLICATE_INSTANCE, "the object is stored already")


class WarnsOfCoercion(Services):
    def take(self, request: Request, data: bytes) -> Refusal | None:
        refusal = super().take(request, data)
        changed = str(request.message.AffectedSOPInstanceUID) in cast(AddsIssuer, self.desk.intake).coerced
        return Refusal(COERCED, "coerced", ISSUER) if refusal is None and changed else refusal


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
        "response-names-the-object-before",
        "the response to a C-STORE whose Message ID is longer than a byte names the object before",
        Parts(services=LongIdsForgotten),
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
        "trail-without-reason",
        "the item that an archive adds to the trail of an object does not say why",
        Parts(intake=TrailWithoutReason, services=WarnsOfCoercion),
        warns=rows("STORE-12"),
    ),
    Fault(
        "earlier-trail-overwritten",
        "the trail of an earlier correction is replaced",
        Parts(intake=TrailBeginsAnew, services=WarnsOfCoercion),
        warns=rows("STORE-12"),
    ),
    Fault(
        "trail-tells-half",
        "two attributes are changed, with B000, and the trail names one",
        Parts(intake=TrailOfIssuerOnly, services=WarnsOfCoercion),
        breaks=rows("WEB-06"),
        warns=rows("STORE-12"),
    ),
    Fault(
        "patient-issuer-lost",
        "objects are stored without the issuer of their Patient ID, with 0000",
        Parts(intake=LosesPatientIssuer),
        breaks=rows("IDENT-07 WEB-06"),
    ),
    Fault(
        "issuer-qualifiers-lost",
        "objects are stored without the qualifiers of the issuer of their Patient ID, with 0000",
        Parts(intake=LosesIssuerQualifiers),
        breaks=rows("IDENT-07 WEB-06"),
    ),
    Fault(
        "accession-issuer-lost",
        "objects are stored without the issuer of their accession number, with 0000",
        Parts(intake=LosesAttribute),
        breaks=rows("IDENT-07 WEB-06"),
    ),
    Fault(
        "study-orphaned-with-a-warning",
        "an object of another patient puts its study under the Patient ID UNKNOWN, and is answered B000",
        Parts(intake=OrphansStudies),
        breaks=rows("INTEG-02"),
    ),
    Fault(
        "series-moved-with-a-warning",
        "an object of another study moves its series to that study, and is answered B000",
        Parts(intake=MovesSeries),
        breaks=rows("INTEG-03"),
    ),
    Fault(
        "last-content-taken",
        "another content under the same UID replaces the first, though the profile declares that it is refused",
        Parts(intake=TakesTheLast),
        breaks=rows("INTEG-05"),
    ),
    Fault(
        "object-of-another-study-lost",
        "an object whose series belongs to another study is answered 0000, and not kept",
        Parts(intake=LosesStrayObjects),
        breaks=rows("INTEG-03"),
    ),
    Fault("deflated-objects-refused", "deflated objects are negotiated and refused", Parts(intake=RefusesDeflated), warns=rows("XFER-13")),
    Fault("deflated-objects-lost", "deflated objects are acknowledged and lost", Parts(intake=LosesDeflated), warns=rows("XFER-13")),
    Fault("identical-object-refused", "an object that comes again is refused", Parts(intake=RefusesRepeats), breaks=rows("STORE-08")),
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
