"""The reference sender at its worklist: it takes an entry, makes the study as a performed step, and tells what the step brought."""

from datetime import date
from io import BytesIO
from typing import Any

from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom.dimse_primitives import C_FIND, N_CREATE, N_SET
from pynetdicom.dsutils import decode
from pynetdicom.dsutils import encode as encode_keys

from conformance.reference.sender.outbox import SUCCESS, Outbox
from conformance.reference.steps import PERFORMED_STEP
from conformance.reference.worklist import WORKLIST
from generators import COMPLETED, Issuer, Order, Patient, Study, begun_step, encode, ended_step

PENDING = (0xFF00, 0xFF01)
MODALITY, DOSE = "CT", "SR-DOSE"
RETURNED = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyInstanceUID",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "ReferringPhysicianName",
)


class Modality(Outbox):
    """What makes a study for an entry."""

    def scheduled(self) -> None:
        """Take the first entry of today's worklist, make its study, send it, and tell of the step before and after."""
        entries = self.entries()
        if not entries:
            print("the worklist is empty")
            return
        entry = entries[0]
        study, step = self.acquired(entry), self.synthesizer("step").uid()
        self.begin(study, step)
        datasets = [self.tied(dataset, entry, step) for dataset in study.datasets()]
        self.deliver([encode(dataset, str(ImplicitVRLittleEndian)) for dataset in datasets])
        self.end(study, step)

    def entries(self) -> list[Dataset]:
        """Ask for today's entries of this station."""
        request = C_FIND()
        request.AffectedSOPClassUID, request.Priority, request.Identifier = WORKLIST, 0, encoded(self.keys())
        found = []
        for answer in self.asked(request, WORKLIST):
            if answer.Status not in PENDING:
                break
            found.append(decode(answer.Identifier, True, True))
        return found

    def keys(self) -> Dataset:
        """The identifier of the query (PS3.4 Table K.6-1)."""
        step = Dataset()
        step.Modality, step.ScheduledStationAETitle = MODALITY, self.ae.ae_title
        step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepID = f"{date.today():%Y%m%d}", ""
        keys = Dataset()
        for keyword in RETURNED:
            setattr(keys, keyword, "")
        keys.ScheduledProcedureStepSequence = [step]
        return keys

    def acquired(self, entry: Dataset) -> Study:
        """Make the study that an entry orders."""
        return self.synthesizer("scheduled").study(
            modalities=(MODALITY, DOSE),
            patient=Patient(
                entry.PatientID, str(entry.PatientName), entry.PatientBirthDate, entry.PatientSex, Issuer(entry.IssuerOfPatientID)
            ),
            order=Order(
                entry.AccessionNumber,
                procedure_id=entry.RequestedProcedureID,
                description=entry.RequestedProcedureDescription,
                referring=str(entry.ReferringPhysicianName),
            ),
            uid=entry.StudyInstanceUID,
            id=entry.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID,
        )

    def tied(self, dataset: Dataset, entry: Dataset, step: str) -> Dataset:
        """Say in an object in which step it was made, and in an image what requested it (PS3.3 C.7.3.1, C.17.1)."""
        if dataset.Modality == MODALITY:
            dataset.RequestAttributesSequence = self.requests(entry)
        dataset.ReferencedPerformedProcedureStepSequence = self.steps(step)
        return dataset

    def requests(self, entry: Dataset) -> list[Dataset]:
        """The items of Request Attributes Sequence."""
        request = Dataset()
        request.RequestedProcedureID = entry.RequestedProcedureID
        request.ScheduledProcedureStepID = entry.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID
        return [request]

    def steps(self, step: str) -> list[Dataset]:
        """The items of Referenced Performed Procedure Step Sequence."""
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = PERFORMED_STEP, step
        return [reference]

    def begin(self, study: Study, step: str) -> None:
        """Tell that the step has begun (PS3.4 F.7.2.1)."""
        request = N_CREATE()
        request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = PERFORMED_STEP, step
        request.AttributeList = encoded(begun_step(study, self.ae.ae_title))
        self.tell("begun", request)

    def end(self, study: Study, step: str) -> None:
        """Tell that the step is completed, and what it made (PS3.4 F.7.2.2)."""
        request = N_SET()
        request.RequestedSOPClassUID, request.RequestedSOPInstanceUID = PERFORMED_STEP, step
        request.ModificationList = encoded(self.listed(ended_step(study, COMPLETED)))
        self.tell("completed", request)

    def listed(self, ended: Dataset) -> Dataset:
        """What the end of a step says: its documents apart from its images (PS3.4 Table F.7.2-1)."""
        *_, dose = ended.PerformedSeriesSequence
        dose.ReferencedNonImageCompositeSOPInstanceSequence, dose.ReferencedImageSequence = dose.ReferencedImageSequence, []
        return ended

    def tell(self, what: str, request: Any) -> None:
        """Send one message about a step, and show what became of it."""
        answer = next(self.asked(request, PERFORMED_STEP), None)
        print(f"step {what}" if answer is not None and answer.Status == SUCCESS else f"step not {what}")


def encoded(dataset: Dataset) -> BytesIO:
    """Encode a data set in the one transfer syntax that is proposed."""
    return BytesIO(encode_keys(dataset, True, True) or b"")
