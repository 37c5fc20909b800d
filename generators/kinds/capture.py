"""Secondary capture and photographs, in true colour."""

from pydicom import Dataset
from pydicom.tag import Tag

from generators.elements import put
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import colour_pixels, common, image, numbered, request_attributes
from generators.kinds.painting import tinted


def sc(scene: Scene) -> Dataset:
    """Render a secondary capture in RGB."""
    dataset = put(_captured(scene, "DERIVED\\SECONDARY"), ConversionType="SYN")
    return colour_pixels(dataset, scene)


def sc_multiframe(scene: Scene) -> Dataset:
    """Render a multi-frame true colour secondary capture: its frames are pages."""
    frames = scene.instance.frames
    dataset = put(_captured(scene, "DERIVED\\SECONDARY"), ConversionType="SYN")
    if frames > 1:
        put(dataset, FrameIncrementPointer=Tag("PageNumberVector"), PageNumberVector=[str(page) for page in range(1, frames + 1)])
    return colour_pixels(dataset, scene, multiframe=True)


def vl(scene: Scene) -> Dataset:
    """Render a visible light photograph in RGB."""
    dataset = put(_captured(scene, "ORIGINAL\\PRIMARY"), AcquisitionContextSequence=[])
    return colour_pixels(dataset, scene)


def _captured(scene: Scene, kind: str) -> Dataset:
    dataset = image(common(scene), scene, kind=kind)
    return put(dataset, RequestAttributesSequence=[request_attributes(scene.study.order)], PatientOrientation="", BodyPartExamined="CHEST")


_MULTIFRAME = "Multi-frame True Color Secondary Capture"

KINDS = (
    Kind("SC", "OT", "Secondary Capture", "1.2.840.10008.5.1.4.1.1.7", sc, tinted, varying=numbered),
    Kind("SC-MULTIFRAME", "OT", _MULTIFRAME, "1.2.840.10008.5.1.4.1.1.7.4", sc_multiframe, tinted, True, varying=numbered),
    Kind("VL", "XC", "VL Photographic Image", "1.2.840.10008.5.1.4.1.1.77.1.4", vl, tinted, varying=numbered),
)
