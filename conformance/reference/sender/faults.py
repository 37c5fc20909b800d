"""Seeded faults of the reference sender: each is one way in which a sender is wrong, and what the suite must say about it.

What they break was written before any run, from the register's rows and from how real senders break. The faults of objects are those
of the generators, in the second of the two images that the first study begins with.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydicom import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE

from conformance.reference.faults.fault import rows
from conformance.reference.sender.outbox import Pair
from conformance.reference.sender.sender import Sender
from conformance.reference.wire import Courier, Messages
from generators import FAULTS as OBJECT_FAULTS
from generators import Encoded, Study, encode

FAILURE, OUT_OF_RESOURCES = range(0xC000, 0xD000), range(0xA700, 0xA800)  # PS3.4 Table B.2-1


@dataclass(frozen=True, slots=True)
class SenderFault:
    """One way in which a sender is wrong, and the rows that its user or the suite fails, or cannot decide, for it."""

    name: str
    summary: str
    make: Callable[..., Sender]
    breaks: frozenset[str]
    blocks: frozenset[str] = frozenset()


class NoDefaultSyntax(Sender):
    def syntax(self, modality: str) -> str:
        kept = super().syntax(modality)
        return str(ExplicitVRLittleEndian) if kept == ImplicitVRLittleEndian else kept

    def proposals(self, queue: Sequence[Encoded]) -> list[Pair]:
        return list(dict.fromkeys((one.sop_class_uid, one.transfer_syntax_uid) for one in queue))


class SendsMore(Sender):
    def studies(self, step: str) -> list[Study]:
        return [*super().studies(step), self.synthesizer(f"{step} more").study("DX")]


class MalformedImplementation(Sender):
    def __init__(self, *where: Any, **how: Any) -> None:
        super().__init__(*where, **how)
        self.ae._implementation_uid = UID("1.2.826.0.1.03680043")


class LongMessages(Messages):
    maximum_pdu_size = 32768  # whatever the repository announced


class DeafToMaximum(Courier):
    def __init__(self, ae: AE, mode: str) -> None:
        super().__init__(ae, mode)
        self.dimse = LongMessages(self)


class OversizedPdus(Sender):
    courier = DeafToMaximum


class VerifiesByTcp(Sender):
    def is_verified(self, _status: int | None) -> bool:
        return True


class VerifiesByAnswer(Sender):
    def is_verified(self, status: int | None) -> bool:
        return status is not None


class CountsFailuresAsSent(Sender):
    def answered(self, one: Encoded, _status: int) -> None:
        super().answered(one, 0)


class TellsNobody(Sender):
    def reported(self) -> set[str]:
        return set()


class DropsWhatFailed(Sender):
    """Takes Cxxx for the last word, as it may, and tells its user that all is well."""

    def answered(self, one: Encoded, status: int) -> None:
        super().answered(one, 0 if status in FAILURE else status)


class GivesUp(Sender):
    attempts = 1


class DropsWhenOutOfResources(Sender):
    def answered(self, one: Encoded, status: int) -> None:
        super().answered(one, status)
        if status in OUT_OF_RESOURCES:
            self.done.add(one.sop_instance_uid)


class DropsWhatBrokeOff(Sender):
    def broke_off(self, courier: Courier, one: Encoded) -> None:
        super().broke_off(courier, one)
        self.done.add(one.sop_instance_uid)


class DropsWhatWasNotAnswered(Sender):
    def broke_off(self, courier: Courier, one: Encoded) -> None:
        super().broke_off(courier, one)
        if not courier.is_over:
            self.done.add(one.sop_instance_uid)


class NewUidsEachTime(Sender):
    """Makes the UIDs anew whenever it sends, as one does that exports from its own format."""

    def attempt(self, queue: Sequence[Encoded]) -> None:
        made = self.synthesizer(f"attempt {len(self.failed)}")
        renamed = {one.sop_instance_uid: made.uid() for one in queue} if self.failed else {}
        super().attempt([_under(one, renamed.get(one.sop_instance_uid, one.sop_instance_uid)) for one in queue])
        self.done |= {old for old, new in renamed.items() if new in self.done}


def _under(one: Encoded, uid: str) -> Encoded:
    dataset = one.dataset()
    dataset.SOPInstanceUID = uid
    return one if uid == one.sop_instance_uid else encode(dataset, one.transfer_syntax_uid)


class KeepsTheLastPatient(Sender):
    def studies(self, step: str) -> list[Study]:
        made = super().studies(step)
        last = super().studies("send")[-1].patient
        return [replace(study, patient=last) for study in made[:1]] + made[1:] if step == "unscheduled" else made


class OneTemporaryId(Sender):
    def studies(self, step: str) -> list[Study]:
        made, nobody = super().studies(step), super().studies("unscheduled")[0].patient
        return [replace(study, patient=nobody) for study in made] if "unscheduled" in step else made


class NoTemporaryId(Sender):
    def studies(self, step: str) -> list[Study]:
        made = super().studies(step)
        nobody = replace(made[0].patient, id="", issuer=None)
        return [replace(study, patient=nobody) for study in made] if step == "unscheduled" else made


class KeepsTheLastStudy(Sender):
    def studies(self, step: str) -> list[Study]:
        made = super().studies(step)
        return [replace(made[0], uid=super().studies("send")[-1].uid), *made[1:]] if step == "unscheduled" else made


class CorrectsUnderOldUids(Sender):
    def corrected(self, wrong: Study) -> Study:
        return replace(wrong, patient=super().corrected(wrong).patient)

    def deliver(self, objects: Sequence[Encoded]) -> None:
        self.done.clear()
        super().deliver(objects)


class CorrectsWithoutNote(Sender):
    def datasets(self, step: str) -> list[Dataset]:
        return [dataset for dataset in super().datasets(step) if "correct" not in step or dataset.Modality != "KO"]


class OwnStudyUid(Sender):
    def acquired(self, entry: Dataset) -> Study:
        return replace(super().acquired(entry), uid=self.synthesizer("own").uid())


class RetypesThePatient(Sender):
    def acquired(self, entry: Dataset) -> Study:
        made = super().acquired(entry)
        return replace(made, patient=replace(made.patient, name="SYNTHETIC-Sheduled^CT", birth_date="19000101"))


class ForgetsTheAccessionNumber(Sender):
    def acquired(self, entry: Dataset) -> Study:
        made = super().acquired(entry)
        return replace(made, order=replace(made.order, accession=""))


class NoRequest(Sender):
    def requests(self, entry: Dataset) -> list[Dataset]:
        return super().requests(entry)[1:]


class NamesAnotherStep(Sender):
    """Numbers the steps itself, as one does that was edited at the console."""

    def requests(self, entry: Dataset) -> list[Dataset]:
        (request,) = super().requests(entry)
        request.ScheduledProcedureStepID = "1"
        return [request]


class ListsDiscardedImages(Sender):
    def listed(self, ended: Dataset) -> Dataset:
        ended = super().listed(ended)
        images = ended.PerformedSeriesSequence[0].ReferencedImageSequence
        discarded = deepcopy(images[0])
        discarded.ReferencedSOPInstanceUID = self.synthesizer("discarded").uid()
        images.append(discarded)
        return ended


class LeavesAnImageOutOfTheStep(Sender):
    def listed(self, ended: Dataset) -> Dataset:
        ended = super().listed(ended)
        ended.PerformedSeriesSequence[0].ReferencedImageSequence.pop()
        return ended


class ListsNothing(Sender):
    def listed(self, ended: Dataset) -> Dataset:
        ended.PerformedSeriesSequence = []
        return ended


class ImagesWithoutStep(Sender):
    def steps(self, step: str) -> list[Dataset]:
        return super().steps(step)[1:]


class RejectsReports(Sender):
    hears_from = ("SOMEBODYELSE",)
    report_seconds = 0.5


class RefusesReports(Sender):
    report_status = 0x0110  # processing failure


class LetsGoOfWhatWasStored(Sender):
    def failed_of(self, report: Dataset) -> set[str]:
        return super().failed_of(report) - self.done  # all of it was stored


class BreaksAnObject(Sender):
    def __init__(self, fault: str, *where: Any, **how: Any) -> None:
        super().__init__(*where, **how)
        self.fault = OBJECT_FAULTS[fault]

    def objects(self, step: str) -> list[Encoded]:
        sound = super().objects(step)
        if step != "send":
            return sound
        datasets = self.datasets(step)
        place = next(place for place, dataset in enumerate(datasets) if place % 2 and self.fault.applies_to(dataset))
        return [*sound[:place], self.fault.encode(datasets[place], sound[place].transfer_syntax_uid), *sound[place + 1 :]]


class ReusesAnInstanceUid(Sender):
    """Counts its UIDs from the beginning for each study; the last object is one that nothing refers to."""

    def objects(self, step: str) -> list[Encoded]:
        first, *others, last = super().objects(step)
        return [first, *others, _under(last, first.sop_instance_uid)]


class LeavesOutAnImage(Sender):
    """Sends the document, and not all images that it refers to."""

    def objects(self, step: str) -> list[Encoded]:
        *others, _referred_to, document = super().objects(step)
        return [*others, document]


BEHAVIOUR = (
    SenderFault("no-default-syntax", "proposes Explicit VR Little Endian alone", NoDefaultSyntax, rows("ASSOC-13 DOC-02")),
    SenderFault("sends-more", "sends objects of a SOP class that its profile does not declare", SendsMore, rows("DOC-02")),
    SenderFault("malformed-implementation-uid", "its Implementation Class UID is no UID", MalformedImplementation, rows("ASSOC-08")),
    SenderFault("oversized-pdus", "sends PDUs longer than the maximum", OversizedPdus, rows("ASSOC-07")),
    SenderFault("verifies-by-tcp", "reports a C-ECHO as answered whatever comes", VerifiesByTcp, rows("VERIF-03")),
    SenderFault("verifies-by-answer", "reports a C-ECHO as good whatever the status", VerifiesByAnswer, rows("VERIF-03")),
    SenderFault("counts-failures-as-sent", "takes any response for success", CountsFailuresAsSent, rows("STORE-15 STORE-17")),
    SenderFault("tells-nobody", "tries again, and tells its user of no failure", TellsNobody, rows("STORE-15")),
    SenderFault("drops-what-failed", "takes Cxxx for success", DropsWhatFailed, rows("STORE-15")),
    SenderFault("gives-up", "sends once and never again by itself", GivesUp, rows("STORE-17")),
    SenderFault("drops-when-out-of-resources", "forgets what was answered A7xx", DropsWhenOutOfResources, rows("STORE-17")),
    SenderFault("drops-what-broke-off", "counts as sent what an association broke off", DropsWhatBrokeOff, rows("STORE-17 ROBUST-11")),
    SenderFault("drops-what-was-not-answered", "counts as sent what was not answered", DropsWhatWasNotAnswered, rows("ROBUST-11")),
    SenderFault("new-uids-each-time", "sends again under new UIDs", NewUidsEachTime, rows("STORE-17 ROBUST-11")),
    SenderFault("keeps-the-last-patient", "gives an unscheduled case the last patient's identifiers", KeepsTheLastPatient, rows("WORK-03")),
    SenderFault("one-temporary-id", "gives all unscheduled cases one Patient ID", OneTemporaryId, rows("WORK-03")),
    SenderFault("no-temporary-id", "gives an unscheduled case no Patient ID", NoTemporaryId, rows("WORK-03")),
    SenderFault("keeps-the-last-study", "gives an unscheduled case the last Study Instance UID", KeepsTheLastStudy, rows("WORK-03")),
    SenderFault("corrects-under-old-uids", "sends a corrected study under its old UIDs", CorrectsUnderOldUids, rows("IOCM-08")),
    SenderFault("corrects-without-note", "sends corrected copies and no rejection note", CorrectsWithoutNote, rows("IOCM-08")),
)

WORKFLOW = (
    SenderFault("own-study-uid", "makes a Study Instance UID although one was scheduled", OwnStudyUid, rows("WORK-01")),
    SenderFault("retypes-the-patient", "has name and birth date typed in again", RetypesThePatient, rows("WORK-01")),
    SenderFault("forgets-the-accession-number", "leaves out the scheduled Accession Number", ForgetsTheAccessionNumber, rows("WORK-01")),
    SenderFault("no-request", "leaves out Request Attributes Sequence", NoRequest, rows("WORK-02")),
    SenderFault("names-another-step", "names a scheduled step that is not that of the entry", NamesAnotherStep, rows("WORK-02")),
    SenderFault("lists-discarded-images", "completes a step with an image that it never sends", ListsDiscardedImages, rows("WORK-06")),
    SenderFault("leaves-an-image-out-of-the-step", "completes a step without its last image", LeavesAnImageOutOfTheStep, rows("WORK-06")),
    SenderFault("lists-nothing", "completes a step without any series", ListsNothing, rows("WORK-06")),
    SenderFault("images-without-step", "its images do not refer to the step that it reports", ImagesWithoutStep, rows("WORK-06")),
    SenderFault("rejects-reports", "rejects the association of a commitment report", RejectsReports, rows("COMMIT-11")),
    SenderFault("refuses-reports", "answers a commitment report 0110", RefusesReports, rows("COMMIT-11")),
    SenderFault("lets-go-of-what-was-stored", "has no copy when a report says failed", LetsGoOfWhatWasStored, rows("COMMIT-11")),
)
"""The faults of what is ordered, performed and kept."""

SETS = (
    SenderFault("reuses-an-instance-uid", "gives two objects one SOP Instance UID", ReusesAnInstanceUid, rows("INTEG-09")),
    SenderFault("leaves-out-an-image", "sends a document without an image that it refers to", LeavesOutAnImage, rows("INTEG-15")),
)
"""The faults of what is sent together."""

OBJECTS: Mapping[str, str] = {
    "absent-rows": "STORE-16",
    "series-in-another-study": "INTEG-01",
    "study-description-of-another": "INTEG-06",
    "modality-of-another": "INTEG-08",
    "zero-led-sop-instance-uid": "INTEG-10",
    "standard-root-sop-instance-uid": "INTEG-11",
    "series-uid-for-instance": "INTEG-12",
    "instance-not-of-the-command": "INTEG-14",
    "blank-patient-id": "IDENT-01 INTEG-06",
    "blank-accession-number": "IDENT-02 IDENT-16",
    "unissued-patient-id": "IDENT-04 INTEG-06",
    "untyped-issuer-oid": "IDENT-05",
    "two-accession-issuers": "IDENT-09",
    "placeholder-patient-id": "IDENT-13 INTEG-06",
    "health-card-with-version": "IDENT-14 INTEG-06",
    "empty-sex": "IDENT-15 INTEG-06",
    "accession-of-another": "IDENT-16",
    "empty-institution": "IDENT-17",
    "empty-referring-physician": "IDENT-18",
    "dashed-study-date": "IDENT-19 INTEG-06",
    "malformed-time-zone": "IDENT-20",
    "unissued-other-id": "IDENT-22",
    "undeclared-character-set": "CHAR-01",
    "big-endian-in-little": "XFER-07",
    "denied-loss": "XFER-14",
}
"""The faults of objects that a sender is given, and what each breaks in a study of sound objects."""

FAULTS: Mapping[str, SenderFault] = {fault.name: fault for fault in (*BEHAVIOUR, *WORKFLOW, *SETS)} | {
    name: SenderFault(name, OBJECT_FAULTS[name].summary, partial(BreaksAnObject, name), rows(broken)) for name, broken in OBJECTS.items()
}
