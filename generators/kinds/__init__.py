"""The kinds of object that the generators make: one table, one way to render."""

from collections.abc import Mapping

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from generators.errors import GeneratorError
from generators.kinds import capture, crosssection, derived, documents, enhanced, nuclear, radiography, radiotherapy, ultrasound, waveform
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import check_text

__all__ = ["KINDS", "Kind", "Scene", "kind_named", "render"]

_ROOMS = (crosssection, enhanced, radiography, nuclear, ultrasound, capture, documents, waveform, derived, radiotherapy)

KINDS: Mapping[str, Kind] = {kind.name: kind for room in _ROOMS for kind in room.KINDS}


def kind_named(name: str) -> Kind:
    """Look a kind up; GeneratorError lists those there are."""
    if name not in KINDS:
        raise GeneratorError(f"{name!r} is no kind of object", remedy=f"choose one of {', '.join(KINDS)}")
    return KINDS[name]


def render(scene: Scene) -> Dataset:
    """Render one instance. The data set is written nowhere else and belongs to the caller."""
    check_text(scene.study)
    dataset = KINDS[scene.instance.kind].build(scene)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset
