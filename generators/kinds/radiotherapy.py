"""A radiotherapy structure set drawn on the CT images of its study."""

import math

from pydicom import Dataset

from generators.elements import decimals, item, put
from generators.kinds.crosssection import SLICE
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common, numbered, request_attributes

_CORNERS = 8


def structure_set(scene: Scene) -> Dataset:
    """Render one structure, an octagon on each CT image."""
    study, images = scene.study, scene.sources("CT")
    return put(
        common(scene),
        RequestAttributesSequence=[request_attributes(study.order)],
        OperatorsName="",
        **numbered(scene),
        FrameOfReferenceUID=scene.frame_of_reference,
        PositionReferenceIndicator="",
        StructureSetLabel="SYNTHETIC",
        StructureSetDate=study.date,
        StructureSetTime=study.time,
        ReferencedFrameOfReferenceSequence=[_referenced(scene, images)],
        StructureSetROISequence=[
            item(
                ROINumber="1", ReferencedFrameOfReferenceUID=scene.frame_of_reference, ROIName="LESION", ROIGenerationAlgorithm="AUTOMATIC"
            )
        ],
        ROIContourSequence=[item(ReferencedROINumber="1", ROIDisplayColor=["255", "0", "0"], ContourSequence=list(map(_contour, images)))],
        RTROIObservationsSequence=[item(ObservationNumber="1", ReferencedROINumber="1", RTROIInterpretedType="GTV", ROIInterpreter="")],
        ApprovalStatus="UNAPPROVED",
    )


def _referenced(scene: Scene, images: list[Scene]) -> Dataset:
    series = item(SeriesInstanceUID=images[0].series.uid, ContourImageSequence=[_reference(image) for image in images])
    study = item(
        ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1",  # Detached Study Management (retired), as PS3.3 C.8.8.5 asks
        ReferencedSOPInstanceUID=scene.study.uid,
        RTReferencedSeriesSequence=[series],
    )
    return item(FrameOfReferenceUID=scene.frame_of_reference, RTReferencedStudySequence=[study])


def _reference(image: Scene) -> Dataset:
    return item(ReferencedSOPClassUID=image.instance.sop_class_uid, ReferencedSOPInstanceUID=image.instance.uid)


def _contour(image: Scene) -> Dataset:
    radius, above = min(image.instance.rows, image.instance.columns) / 4, image.instance.number * SLICE
    points: list[float] = []
    for corner in range(_CORNERS):
        angle = 2 * math.pi * corner / _CORNERS
        points += [round(radius * math.cos(angle), 3), round(radius * math.sin(angle), 3), above]
    return item(
        ContourImageSequence=[_reference(image)],
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=str(_CORNERS),
        ContourData=decimals(points),
    )


KINDS = (
    Kind(
        "RTSTRUCT",
        "RTSTRUCT",
        "RT Structure Set",
        "1.2.840.10008.5.1.4.1.1.481.3",
        structure_set,
        source="CT",
        many=False,
    ),
)
