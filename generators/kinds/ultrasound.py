"""Ultrasound, in colour: one image and runs."""

from pydicom import Dataset
from pydicom.tag import Tag

from generators.elements import put
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import colour_pixels, common, image, numbered, request_attributes
from generators.kinds.painting import tinted


def us(scene: Scene) -> Dataset:
    """Render an ultrasound image in RGB."""
    return colour_pixels(_ultrasound(scene), scene)


def us_multiframe(scene: Scene) -> Dataset:
    """Render an ultrasound run in RGB."""
    dataset = put(_ultrasound(scene), FrameIncrementPointer=Tag("FrameTime"), FrameTime="40")
    return colour_pixels(dataset, scene, multiframe=True)


def _ultrasound(scene: Scene) -> Dataset:
    dataset = image(common(scene), scene, kind="ORIGINAL\\PRIMARY\\ABDOMINAL\\0001")
    put(dataset, RequestAttributesSequence=[request_attributes(scene.study.order)], BodyPartExamined="ABDOMEN", PatientOrientation="")
    return put(dataset, UltrasoundColorDataPresent=1)


KINDS = (
    Kind("US", "US", "Ultrasound Image", "1.2.840.10008.5.1.4.1.1.6.1", us, tinted, varying=numbered),
    Kind("US-MULTIFRAME", "US", "Ultrasound Multi-frame", "1.2.840.10008.5.1.4.1.1.3.1", us_multiframe, tinted, True, varying=numbered),
)
