"""Projection images: radiography, mammography, angiography, fluoroscopy."""

import numpy as np
from pydicom import Dataset
from pydicom.tag import Tag

from generators.elements import code, put
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common, grey_pixels, image, levels, request_attributes

CHEST = code("816094009", "SCT", "Chest")
POSTERO_ANTERIOR = code("399348003", "SCT", "postero-anterior")
BREAST = code("76752008", "SCT", "Breast")


def cr(scene: Scene) -> Dataset:
    """Render a computed radiograph of 10 bits."""
    dataset = _projection(scene, "ORIGINAL\\PRIMARY")
    put(dataset, BodyPartExamined="CHEST", ViewPosition="PA", PatientOrientation=["L", "F"], KVP="120")
    put(dataset, ImagerPixelSpacing=["0.2", "0.2"], WindowCenter="512", WindowWidth="1024")
    return grey_pixels(dataset, levels(scene.grey(), 10), 10)


def dx(scene: Scene) -> Dataset:
    """Render a digital radiograph for presentation, 14 bits."""
    dataset = _detector(scene)
    put(dataset, BodyPartExamined="CHEST", ViewPosition="PA", PatientOrientation=["L", "F"], ImageLaterality="U")
    put(dataset, AnatomicRegionSequence=[CHEST], ViewCodeSequence=[POSTERO_ANTERIOR], PositionerType="NONE", KVP="120")
    return grey_pixels(dataset, levels(scene.grey(), 14), 14)


def mg(scene: Scene) -> Dataset:
    """Render a mammogram for presentation, 14 bits; left and right by turns."""
    dataset = _detector(scene)
    breast(dataset, scene)
    put(dataset, PatientOrientation=["A", "L"], PositionerType="MAMMOGRAPHIC", OrganExposed="BREAST", KVP="28")
    put(dataset, AnatomicRegionSequence=[BREAST], ViewCodeSequence=[view()])
    return grey_pixels(dataset, levels(scene.grey(), 14), 14)


def breast(dataset: Dataset, scene: Scene) -> Dataset:
    """Say which breast: that of odd instance numbers is the left."""
    return put(dataset, BodyPartExamined="BREAST", ImageLaterality="RL"[scene.instance.number % 2])


def view() -> Dataset:
    """Give the cranio-caudal view, without modifiers."""
    return put(code("399162004", "SCT", "cranio-caudal"), ViewModifierCodeSequence=[])


def xa(scene: Scene) -> Dataset:
    """Render an angiographic run of 8 bits."""
    dataset = _run(scene)
    put(dataset, BodyPartExamined="HEART", PositionerMotion="STATIC", PositionerPrimaryAngle="0", PositionerSecondaryAngle="0")
    return grey_pixels(dataset, _frames(scene), 8)


def xrf(scene: Scene) -> Dataset:
    """Render a fluoroscopic run of 8 bits."""
    return grey_pixels(put(_run(scene), BodyPartExamined="ABDOMEN"), _frames(scene), 8)


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


def _frames(scene: Scene) -> np.ndarray:
    return np.stack([levels(scene.grey(frame), 8) for frame in range(1, scene.instance.frames + 1)])


_VARYING = ("InstanceNumber",)

KINDS = (
    Kind("CR", "CR", "Computed Radiography", "1.2.840.10008.5.1.4.1.1.1", cr, varying=_VARYING),
    Kind("DX", "DX", "Digital X-Ray for Presentation", "1.2.840.10008.5.1.4.1.1.1.1", dx, varying=_VARYING),
    Kind("MG", "MG", "Digital Mammography for Presentation", "1.2.840.10008.5.1.4.1.1.1.2", mg, varying=(*_VARYING, "ImageLaterality")),
    Kind("XA", "XA", "X-Ray Angiography", "1.2.840.10008.5.1.4.1.1.12.1", xa, multiframe=True, varying=_VARYING),
    Kind("XRF", "RF", "X-Ray Radiofluoroscopy", "1.2.840.10008.5.1.4.1.1.12.2", xrf, multiframe=True, varying=_VARYING),
)
