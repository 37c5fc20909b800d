"""The kinds of object that the generators make: one table, one way to render."""

from collections.abc import Mapping

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from generators.elements import put
from generators.errors import GeneratorError
from generators.kinds import capture, crosssection, derived, documents, enhanced, nuclear, radiography, radiotherapy, ultrasound, waveform
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import check_text

__all__ = ["KINDS", "Kind", "Scene", "described", "kind_named", "pixel_vr", "render"]

_ROOMS = (crosssection, enhanced, radiography, nuclear, ultrasound, capture, documents, waveform, derived, radiotherapy)

KINDS: Mapping[str, Kind] = {kind.name: kind for room in _ROOMS for kind in room.KINDS}


def kind_named(name: str) -> Kind:
    """Look a kind up; GeneratorError lists those there are."""
    if name not in KINDS:
        raise GeneratorError(f"{name!r} is no kind of object", remedy=f"choose one of {', '.join(KINDS)}")
    return KINDS[name]


def render(scene: Scene) -> Dataset:
    """Render one instance. The data set is written nowhere else and belongs to the caller."""
    dataset = described(scene)
    if paint := KINDS[scene.instance.kind].paint:
        data = b"".join(paint(scene, frame).tobytes() for frame in range(1, scene.instance.frames + 1))
        put(dataset, PixelData=data + b"\0" * (len(data) % 2))
        dataset["PixelData"].VR = pixel_vr(dataset)
    return dataset


def described(scene: Scene) -> Dataset:
    """Render one instance without its pixels."""
    check_text(scene.study)
    dataset = KINDS[scene.instance.kind].build(scene)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def pixel_vr(dataset: Dataset) -> str:
    """Choose the VR of native pixels in an explicit syntax (PS3.5 A.2)."""
    return "OB" if dataset.BitsAllocated <= 8 else "OW"
