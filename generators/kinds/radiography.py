"""Projection images: radiography, mammography, angiography, fluoroscopy."""

from pydicom import Dataset
from pydicom.tag import Tag

from generators.elements import code, put
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common, grey_pixels, image, numbered, request_attributes
from generators.kinds.painting import grey

CHEST = code("816094009", "SCT", "Chest")
POSTERO_ANTERIOR = code("399348003", "SCT", "postero-anterior")
BREAST = code("76752008", "SCT", "Breast")


def cr(scene: Scene) -> Dataset:
    """Render a computed radiograph of 10 bits."""
    dataset = _projection(scene, "ORIGINAL\\PRIMARY")
    put(dataset, BodyPartExamined="CHEST", ViewPosition="PA", PatientOrientation=["L", "F"], KVP="120")
    put(dataset, ImagerPixelSpacing=["0.2", "0.2"], WindowCenter="512", WindowWidth="1024")
    return grey_pixels(dataset, scene, 10)


def dx(scene: Scene) -> Dataset:
    """Render a digital radiograph for presentation, 14 bits."""
    dataset = _detector(scene)
    put(dataset, BodyPartExamined="CHEST", ViewPosition="PA", PatientOrientation=["L", "F"], ImageLaterality="U")
    put(dataset, AnatomicRegionSequence=[CHEST], ViewCodeSequence=[POSTERO_ANTERIOR], PositionerType="NONE", KVP="120")
    return grey_pixels(dataset, scene, 14)


def mg(scene: Scene) -> Dataset:
    """Render a mammogram for presentation, 14 bits; left and right by turns."""
    dataset = _detector(scene)
    breast(dataset, scene)
    put(dataset, PatientOrientation=["A", "L"], PositionerType="MAMMOGRAPHIC", OrganExposed="BREAST", KVP="28")
    put(dataset, AnatomicRegionSequence=[BREAST], ViewCodeSequence=[view()])
    return grey_pixels(dataset, scene, 14)


def breast(dataset: Dataset, scene: Scene) -> Dataset:
    """Say which breast: that of odd instance numbers is the left."""
    return put(dataset, BodyPartExamined="BREAST", ImageLaterality=laterality(scene))


def laterality(scene: Scene) -> str:
    """Tell the side of an instance."""
    return "RL"[scene.instance.number % 2]


def view() -> Dataset:
    """Give the cranio-caudal view, without modifiers."""
    return put(code("399162004", "SCT", "cranio-caudal"), ViewModifierCodeSequence=[])


def xa(scene: Scene) -> Dataset:
    """Render an angiographic run of 8 bits."""
    dataset = _run(scene)
    put(dataset, BodyPartExamined="HEART", PositionerMotion="STATIC", PositionerPrimaryAngle="0", PositionerSecondaryAngle="0")
    return grey_pixels(dataset, scene, 8, multiframe=True)


def xrf(scene: Scene) -> Dataset:
    """Render a fluoroscopic run of 8 bits."""
    return grey_pixels(put(_run(scene), BodyPartExamined="ABDOMEN"), scene, 8, multiframe=True)


def _projection(scene: Scene, kind: str) -> Dataset:
    dataset = image(common(scene), scene, kind=kind)
    return put(dataset, RequestAttributesSequence=[request_attributes(scene.study.order)])


def _detector(scene: Scene) -> Dataset:
    dataset = _projection(scene, "ORIGINAL\\PRIMARY")
    return put(
        dataset,
        PresentationIntentType="FOR PRESENTATION",
        PixelIntensityRelationship="LOG",
        PixelIntensityRelationshipSign=-1,
        RescaleIntercept="0",
        RescaleSlope="1",
        RescaleType="US",
        PresentationLUTShape="IDENTITY",
        WindowCenter="8192",
        WindowWidth="16384",
        DetectorType="DIRECT",
        ImagerPixelSpacing=["0.1", "0.1"],
        AcquisitionContextSequence=[],
    )


def _run(scene: Scene) -> Dataset:
    dataset = _projection(scene, "ORIGINAL\\PRIMARY\\SINGLE PLANE")
    return put(
        dataset,
        PatientOrientation="",
        PixelIntensityRelationship="LIN",
        KVP="80",
        XRayTubeCurrent="400",
        ExposureTime="8",
        RadiationSetting="GR",
        FrameIncrementPointer=Tag("FrameTime"),
        FrameTime="66.7",
    )


def _varying(scene: Scene) -> dict[str, str]:
    return numbered(scene) | {"ImageLaterality": laterality(scene)}


KINDS = (
    Kind("CR", "CR", "Computed Radiography", "1.2.840.10008.5.1.4.1.1.1", cr, grey(10), varying=numbered),
    Kind("DX", "DX", "Digital X-Ray for Presentation", "1.2.840.10008.5.1.4.1.1.1.1", dx, grey(14), varying=numbered),
    Kind("MG", "MG", "Digital Mammography for Presentation", "1.2.840.10008.5.1.4.1.1.1.2", mg, grey(14), varying=_varying),
    Kind("XA", "XA", "X-Ray Angiography", "1.2.840.10008.5.1.4.1.1.12.1", xa, grey(8, "u1"), True, varying=numbered),
    Kind("XRF", "RF", "X-Ray Radiofluoroscopy", "1.2.840.10008.5.1.4.1.1.12.2", xrf, grey(8, "u1"), True, varying=numbered),
)
