"""Performed procedure steps: what a modality tells of the step that made a study (PS3.4 Table F.7.2-1)."""

from pydicom import Dataset

from generators.elements import item, put
from generators.tree import Series, Study

IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"


def begun_step(study: Study, ae_title: str, status: str = IN_PROGRESS) -> Dataset:
    """Write the attributes of an N-CREATE for the step of a study at a station of this AE title."""
    step = item(
        SpecificCharacterSet=study.character_set,
        ScheduledStepAttributesSequence=[_scheduled(study)],
        PatientName=study.patient.name,
        PatientID=study.patient.id,
        PatientBirthDate=study.patient.birth_date,
        PatientSex=study.patient.sex,
        ReferencedPatientSequence=[],
        PerformedProcedureStepID=study.id,
        PerformedStationAETitle=ae_title,
        PerformedStationName="SYNTHETIC",
        PerformedLocation="",
        PerformedProcedureStepStartDate=study.date,
        PerformedProcedureStepStartTime=study.time,
        PerformedProcedureStepStatus=status,
        PerformedProcedureStepDescription=study.description,
        PerformedProcedureTypeDescription="",
        ProcedureCodeSequence=[],
        PerformedProcedureStepEndDate="",
        PerformedProcedureStepEndTime="",
        Modality=study.series[0].modality,
        StudyID=study.id,
        PerformedProtocolCodeSequence=[],
        PerformedSeriesSequence=[],
    )
    return step if status == IN_PROGRESS else put(step, **_end(study))


def ended_step(study: Study, status: str) -> Dataset:
    """Write the modifications of the N-SET that ends the step of a study: every object of it is listed."""
    return item(SpecificCharacterSet=study.character_set, PerformedProcedureStepStatus=status, **_end(study))


def _end(study: Study) -> dict[str, object]:
    return {
        "PerformedProcedureStepEndDate": study.date,
        "PerformedProcedureStepEndTime": study.time,
        "PerformedSeriesSequence": [_performed(series) for series in study.series],
    }


def _scheduled(study: Study) -> Dataset:
    return item(
        StudyInstanceUID=study.uid,
        ReferencedStudySequence=[],
        AccessionNumber=study.order.accession,
        RequestedProcedureID=study.order.procedure_id,
        RequestedProcedureDescription=study.order.description,
        ScheduledProcedureStepID=study.id,
        ScheduledProcedureStepDescription=study.description,
        ScheduledProtocolCodeSequence=[],
    )


def _performed(series: Series) -> Dataset:
    return item(
        RetrieveAETitle="",
        SeriesDescription=series.description,
        PerformingPhysicianName="",
        OperatorsName="",
        ProtocolName="SYNTHETIC",
        SeriesInstanceUID=series.uid,
        ReferencedImageSequence=[
            item(ReferencedSOPClassUID=instance.sop_class_uid, ReferencedSOPInstanceUID=instance.uid) for instance in series.instances
        ],
        ReferencedNonImageCompositeSOPInstanceSequence=[],
    )
