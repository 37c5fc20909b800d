"""The worklist as the checks ask it: for the one order that the profile names, and for no other (PS3.4 K)."""

import shlex

from pydicom import Dataset
from pynetdicom.sop_class import ModalityWorklistInformationFind  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.acts import Act
from conformance.dimse import FindAnswer
from conformance.suite.system import System, query_context

MODEL = str(ModalityWorklistInformationFind)
STEP = "ScheduledProcedureStepSequence"
ISSUER = "IssuerOfAccessionNumberSequence"
LINKING = ("PatientName", "PatientID", "StudyInstanceUID", "RequestedProcedureID")  # of type 1 in Table K.6-1
STEP_KEYS = ("ScheduledStationAETitle", "ScheduledProcedureStepStartDate", "Modality")


class Worklist:
    """Questions to the worklist, each bounded by the Patient ID of the scheduled order."""

    def __init__(self, system: System) -> None:
        self._system = system

    def offered(self) -> bool:
        """Whether the system accepts queries of its worklist."""
        return bool(self._system.accepts([query_context(MODEL)]))

    def find(self, **keys: str) -> FindAnswer:
        """Ask for the order, with further matching keys at the top or in the scheduled step, by keyword."""
        patient = self._system.target.scheduled.patient_id
        shown = {"PatientID": patient} | {f"{STEP}[0].{name}" if name in STEP_KEYS else name: value for name, value in keys.items()}
        written = " ".join(f"-k {shlex.quote(name + '=' + value)}" for name, value in shown.items())
        self._system.acts.append(Act(f"findscu -W {written} {{peer}}"))
        with self._system.associate((query_context(MODEL),)) as association:
            return association.find(MODEL, identifier(patient, keys))


def identifier(patient: str, keys: dict[str, str]) -> Dataset:
    """Write an identifier that asks for what links images to an order (PS3.4 K.4.1.1.3, Table K.6-1)."""
    asked, step, issuer = Dataset(), Dataset(), Dataset()
    for keyword in (*LINKING, "AccessionNumber", "IssuerOfPatientID"):
        setattr(asked, keyword, keys.get(keyword, ""))
    for keyword in STEP_KEYS:
        setattr(step, keyword, keys.get(keyword, ""))
    asked.PatientID = patient
    issuer.LocalNamespaceEntityID = ""
    setattr(asked, ISSUER, [issuer])
    setattr(asked, STEP, [step])
    return asked
