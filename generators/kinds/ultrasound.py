"""Ultrasound, in colour."""

from pydicom import Dataset

from generators.elements import put
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import colour_pixels, common, image, request_attributes
from generators.phantom import colour


def us(scene: Scene) -> Dataset:
    """Render an ultrasound image in RGB."""
    dataset = image(common(scene), scene, kind="ORIGINAL\\PRIMARY\\ABDOMINAL\\0001")
    put(dataset, RequestAttributesSequence=[request_attributes(scene.study.order)], BodyPartExamined="ABDOMEN", PatientOrientation="")
    put(dataset, UltrasoundColorDataPresent=1)
    return colour_pixels(dataset, colour(scene.grey(), scene.instance.number))


KINDS = (Kind("US", "US", "Ultrasound Image", "1.2.840.10008.5.1.4.1.1.6.1", us, varying=("InstanceNumber",)),)
