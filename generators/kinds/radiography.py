"""Projection images, single frame."""

from pydicom import Dataset

from generators.elements import put
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common, grey_pixels, image, levels, request_attributes


def cr(scene: Scene) -> Dataset:
    """Render a computed radiograph of 10 bits."""
    dataset = image(common(scene), scene)
    put(dataset, RequestAttributesSequence=[request_attributes(scene.study.order)], BodyPartExamined="CHEST", ViewPosition="PA")
    put(dataset, PatientOrientation=["L", "F"], KVP="120", ImagerPixelSpacing=["0.2", "0.2"], WindowCenter="512", WindowWidth="1024")
    return grey_pixels(dataset, levels(scene.grey(), 10), 10)


KINDS = (Kind("CR", "CR", "Computed Radiography", "1.2.840.10008.5.1.4.1.1.1", cr, varying=("InstanceNumber",)),)
