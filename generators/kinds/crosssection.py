"""Slices: CT, MR and PET, one image an object."""

from pydicom import Dataset

from generators.elements import code, decimal, decimals, item, put
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common, grey_pixels, image, numbered, request_attributes
from generators.kinds.painting import grey

SLICE = 2.5
"""Distance of the slices in mm."""

HEAD_FIRST = code("102540001", "SCT", "headfirst")
SUPINE = code("40199007", "SCT", "supine")


def placed(scene: Scene) -> dict[str, str]:
    """Say where a slice lies; instance number upwards."""
    above = scene.instance.number * SLICE
    corner = decimals((-scene.instance.columns / 2, -scene.instance.rows / 2, above))
    return {"ImagePositionPatient": "\\".join(corner), "SliceLocation": decimal(above)}


def place(dataset: Dataset, scene: Scene) -> Dataset:
    """Write frame of reference and image plane modules: axial slices, 1 mm pixels."""
    return put(
        dataset,
        **placed(scene),
        FrameOfReferenceUID=scene.frame_of_reference,
        PositionReferenceIndicator="",
        PixelSpacing=decimals((1, 1)),
        ImageOrientationPatient=decimals((1, 0, 0, 0, 1, 0)),
        SliceThickness=decimal(SLICE),
    )


def lying(dataset: Dataset) -> Dataset:
    """Write the NM/PET patient orientation module: on the back, head first."""
    position = put(code("102538003", "SCT", "recumbent"), PatientOrientationModifierCodeSequence=[SUPINE])
    return put(dataset, PatientOrientationCodeSequence=[position], PatientGantryRelationshipCodeSequence=[HEAD_FIRST])


def tracer(dataset: Dataset, isotope: Dataset, agent: str, dose: str) -> Dataset:
    """Write what the patient was given: an isotope, on an agent, in `dose` (Bq for PET, MBq for NM)."""
    given = item(RadionuclideCodeSequence=[isotope], Radiopharmaceutical=agent, RadionuclideTotalDose=dose)
    return put(dataset, RadiopharmaceuticalInformationSequence=[given])


def ct(scene: Scene) -> Dataset:
    """Render a CT image of 12 bits."""
    dataset = _slice(scene, "ORIGINAL\\PRIMARY\\AXIAL")
    put(dataset, RescaleIntercept="-1024", RescaleSlope="1", RescaleType="HU", KVP="120", XRayTubeCurrent="200", ExposureTime="500")
    put(dataset, PatientPosition="HFS", AcquisitionNumber="1", BodyPartExamined="CHEST", WindowCenter="40", WindowWidth="400")
    return grey_pixels(dataset, scene, 12)


def mr(scene: Scene) -> Dataset:
    """Render an MR image of 12 bits."""
    dataset = _slice(scene, "ORIGINAL\\PRIMARY\\OTHER")
    put(dataset, ScanningSequence="SE", SequenceVariant="NONE", ScanOptions="", MRAcquisitionType="2D", RepetitionTime="500", EchoTime="15")
    put(dataset, EchoTrainLength="1", MagneticFieldStrength="1.5", FlipAngle="90", PatientPosition="HFS", AcquisitionNumber="1")
    put(dataset, BodyPartExamined="HEAD", WindowCenter="2048", WindowWidth="4096")
    return grey_pixels(dataset, scene, 12)


def pt(scene: Scene) -> Dataset:
    """Render a PET image of 16 signed bits in Bq/ml."""
    dataset = lying(_slice(scene, "ORIGINAL\\PRIMARY"))
    tracer(dataset, code("77004003", "SCT", "^18^Fluorine"), "Fluorodeoxyglucose F^18^", "350000000")
    put(
        dataset,
        Units="BQML",
        CountsSource="EMISSION",
        SeriesType=["STATIC", "IMAGE"],
        CorrectedImage=["DECY", "ATTN"],
        DecayCorrection="START",
    )
    put(
        dataset, NumberOfSlices=len(scene.series.instances), CollimatorType="NONE", FrameReferenceTime="0", ImageIndex=scene.instance.number
    )
    put(dataset, ActualFrameDuration="120000", DecayFactor="1", RescaleIntercept="0", RescaleSlope="2", BodyPartExamined="CHEST")
    put(dataset, WindowCenter="8192", WindowWidth="16384")
    return grey_pixels(dataset, scene, 16, signed=True)


def _slice(scene: Scene, kind: str) -> Dataset:
    dataset = image(common(scene), scene, kind=kind)
    put(dataset, RequestAttributesSequence=[request_attributes(scene.study.order)])
    return place(dataset, scene)


def _varying(scene: Scene) -> dict[str, str]:
    return numbered(scene) | placed(scene)


def _varying_in_pet(scene: Scene) -> dict[str, str | int]:
    return {**_varying(scene), "ImageIndex": scene.instance.number}


KINDS = (
    Kind("CT", "CT", "CT Image", "1.2.840.10008.5.1.4.1.1.2", ct, grey(11), varying=_varying),
    Kind("MR", "MR", "MR Image", "1.2.840.10008.5.1.4.1.1.4", mr, grey(12), varying=_varying),
    Kind("PT", "PT", "Positron Emission Tomography", "1.2.840.10008.5.1.4.1.1.128", pt, grey(14, "<i2"), varying=_varying_in_pet),
)
