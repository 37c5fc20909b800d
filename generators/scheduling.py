"""Entries of a worklist: what a modality is told of a study before there is one (PS3.4 Table K.6-1)."""

from pydicom import Dataset

from generators.elements import item
from generators.tree import Study


def scheduled_step(study: Study, ae_title: str) -> Dataset:
    """Write the entry that orders a study from the station of this AE title."""
    patient, order = study.patient, study.order
    issued = patient.issuer.name if patient.issuer else ""
    return item(
        AccessionNumber=order.accession,
        IssuerOfAccessionNumberSequence=[item(LocalNamespaceEntityID=order.issuer.name)] if order.issuer else [],
        ReferringPhysicianName=order.referring,
        ReferencedStudySequence=[],
        ReferencedPatientSequence=[],
        PatientName=patient.name,
        PatientID=patient.id,
        IssuerOfPatientID=issued,
        PatientBirthDate=patient.birth_date,
        PatientSex=patient.sex,
        StudyInstanceUID=study.uid,
        RequestedProcedureID=order.procedure_id,
        RequestedProcedureDescription=order.description,
        RequestedProcedurePriority="ROUTINE",
        ScheduledProcedureStepSequence=[
            item(
                Modality=study.series[0].modality,
                ScheduledStationAETitle=ae_title,
                ScheduledProcedureStepStartDate=study.date,
                ScheduledProcedureStepStartTime=study.time,
                ScheduledPerformingPhysicianName="",
                ScheduledProcedureStepDescription=study.description,
                ScheduledProcedureStepID=study.id,
            )
        ],
    )
