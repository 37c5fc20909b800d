"""Structured reports."""

from pydicom import Dataset

from generators.elements import code, item, put
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common

FINDING = "SYNTHETIC finding: the phantom shows two lungs and one wandering lesion."


def document(scene: Scene) -> Dataset:
    """Write the SR document series and general modules (PS3.3 C.17.1 and C.17.2)."""
    study, order = scene.study, scene.study.order
    dataset = put(common(scene), InstanceNumber=str(scene.instance.number), ContentDate=study.date, ContentTime=study.time)
    request = item(
        StudyInstanceUID=study.uid,
        ReferencedStudySequence=[],
        AccessionNumber=order.accession,
        PlacerOrderNumberImagingServiceRequest="",
        FillerOrderNumberImagingServiceRequest="",
        RequestedProcedureID=order.procedure_id,
        RequestedProcedureDescription=order.description,
        RequestedProcedureCodeSequence=[],
    )
    return put(
        dataset,
        ReferencedPerformedProcedureStepSequence=[],
        PerformedProcedureCodeSequence=[],
        ReferencedRequestSequence=[request],
        CompletionFlag="COMPLETE",
        VerificationFlag="UNVERIFIED",
    )


def text(concept: Dataset, value: str) -> Dataset:
    """Give a TEXT content item that its parent contains."""
    return item(RelationshipType="CONTAINS", ValueType="TEXT", ConceptNameCodeSequence=[concept], TextValue=value)


def basic_text(scene: Scene) -> Dataset:
    """Render a Basic Text SR: a report with one finding."""
    return put(
        document(scene),
        ValueType="CONTAINER",
        ConceptNameCodeSequence=[code("18748-4", "LN", "Diagnostic Imaging Report")],
        ContinuityOfContent="SEPARATE",
        ContentSequence=[text(code("121071", "DCM", "Finding"), FINDING)],
    )


KINDS = (Kind("SR", "SR", "Basic Text SR", "1.2.840.10008.5.1.4.1.1.88.11", basic_text, pixels=False, varying=("InstanceNumber",)),)
