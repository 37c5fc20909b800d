"""Slices: CT and MR, one image an object."""

from pydicom import Dataset

from generators.elements import decimals, put
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common, grey_pixels, image, levels, request_attributes

SLICE = 2.5
"""Distance of the slices in mm."""


def place(dataset: Dataset, scene: Scene) -> Dataset:
    """Write frame of reference and image plane modules: axial slices, 1 mm pixels, instance number upwards."""
    above = scene.instance.number * SLICE
    return put(
        dataset,
        FrameOfReferenceUID=scene.frame_of_reference,
        PositionReferenceIndicator="",
        PixelSpacing=decimals((1, 1)),
        ImageOrientationPatient=decimals((1, 0, 0, 0, 1, 0)),
        ImagePositionPatient=decimals((-scene.instance.columns / 2, -scene.instance.rows / 2, above)),
        SliceThickness=str(SLICE),
        SliceLocation=str(above),
    )


def _slice(scene: Scene, kind: str) -> Dataset:
    dataset = image(common(scene), scene, kind=kind)
    put(dataset, RequestAttributesSequence=[request_attributes(scene.study.order)], PatientPosition="HFS", AcquisitionNumber="1")
    put(dataset, BodyPartExamined="CHEST", WindowCenter="40", WindowWidth="400")
    return place(dataset, scene)


def ct(scene: Scene) -> Dataset:
    """Render a CT image of 12 bits."""
    dataset = _slice(scene, "ORIGINAL\\PRIMARY\\AXIAL")
    put(dataset, RescaleIntercept="-1024", RescaleSlope="1", RescaleType="HU", KVP="120", XRayTubeCurrent="200", ExposureTime="500")
    return grey_pixels(dataset, levels(scene.grey(), 11), 12)


def mr(scene: Scene) -> Dataset:
    """Render an MR image of 12 bits."""
    dataset = _slice(scene, "ORIGINAL\\PRIMARY\\M\\SE")
    put(dataset, ScanningSequence="SE", SequenceVariant="NONE", ScanOptions="", MRAcquisitionType="2D", RepetitionTime="500", EchoTime="15")
    put(dataset, EchoTrainLength="1", MagneticFieldStrength="1.5", FlipAngle="90")
    return grey_pixels(dataset, levels(scene.grey(), 12), 12)


_VARYING = ("InstanceNumber", "ImagePositionPatient", "SliceLocation")

KINDS = (
    Kind("CT", "CT", "CT Image", "1.2.840.10008.5.1.4.1.1.2", ct, varying=_VARYING),
    Kind("MR", "MR", "MR Image", "1.2.840.10008.5.1.4.1.1.4", mr, varying=_VARYING),
)
