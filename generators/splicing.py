"""Large series: encode what its instances share once, and write only what differs anew.

Encoding a data set whole costs a hundred times more than writing a UID, a few numbers and the pixels between bytes that are there.
"""

import struct
from collections.abc import Mapping

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from generators.encoding import Encoded, dataset_bytes
from generators.kinds import KINDS, Scene, described, pixel_vr
from generators.pixels import PIXELS
from generators.tree import Instance, Series, Study

SPLICED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
"""The syntaxes in which bytes can be spliced: native, little endian, not deflated."""


def can_splice(instance: Instance, transfer_syntax_uid: str) -> bool:
    """Say whether instances of this kind differ in nothing but what can be written anew."""
    return KINDS[instance.kind].varying is not None and transfer_syntax_uid in SPLICED


class SeriesEncoder:
    """Encodes the instances of one series that share kind and size. `like` is any of them."""

    def __init__(self, study: Study, series: Series, like: Instance, transfer_syntax_uid: str) -> None:
        self._study, self._series, self._syntax = study, series, UID(transfer_syntax_uid)
        scene = Scene(study, series, like)
        self._kind = KINDS[like.kind]
        dataset = described(scene)
        self._pixel_vr = pixel_vr(dataset) if self._kind.paint else ""
        tags = {int(tag_for_keyword(keyword) or 0): keyword for keyword in self._values(scene)}
        self._parts = self._split(dataset, tags)

    def encode(self, instance: Instance) -> Encoded:
        """Give the bytes that encoding the rendered instance would give."""
        scene = Scene(self._study, self._series, instance)
        values = self._values(scene)
        written = [part if isinstance(part, bytes) else self._element(part, values[part]) for part in self._parts]
        return Encoded(instance.sop_class_uid, instance.uid, str(self._syntax), b"".join([*written, *self._pixels(scene)]))

    def _values(self, scene: Scene) -> Mapping[str, str | int]:
        assert self._kind.varying is not None
        return {"SOPInstanceUID": scene.instance.uid, **self._kind.varying(scene)}

    def _split(self, dataset: Dataset, varying: Mapping[int, str]) -> list[bytes | str]:
        """Part the data set at its varying elements: bytes that stay, keywords where something is written."""
        parts: list[bytes | str] = []
        shared = Dataset()
        for element in dataset:
            if element.tag in varying:
                parts += [self._encoded(shared, dataset), varying[element.tag]]
                shared = Dataset()
            else:
                shared[element.tag] = element
        return [*parts, self._encoded(shared, dataset)]

    def _encoded(self, shared: Dataset, whole: Dataset) -> bytes:
        return dataset_bytes(shared, self._syntax, whole.get("SpecificCharacterSet", "ISO_IR 6"))

    def _element(self, keyword: str, value: str | int) -> bytes:
        tag, vr = tag_for_keyword(keyword) or 0, dictionary_VR(keyword)
        data = struct.pack("<H", value) if isinstance(value, int) else _even(value, b"\0" if vr == "UI" else b" ")
        if self._syntax.is_implicit_VR:
            return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(data)) + data
        return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(data)) + data

    def _pixels(self, scene: Scene) -> list[bytes]:
        if self._kind.paint is None:
            return []
        frames = [self._kind.paint(scene, frame).tobytes() for frame in range(1, scene.instance.frames + 1)]
        size = sum(map(len, frames))
        header = pixel_header(self._pixel_vr, size + size % 2, implicit=self._syntax.is_implicit_VR)
        return [header, *frames, b"\0" * (size % 2)]


def _even(text: str, padding: bytes) -> bytes:
    return text.encode("ascii") + padding * (len(text) % 2)


def pixel_header(vr: str, length: int, *, implicit: bool) -> bytes:
    """Give tag, VR and length of native Pixel Data in little endian."""
    if implicit:
        return struct.pack("<HHI", PIXELS.group, PIXELS.element, length)
    return struct.pack("<HH2sHI", PIXELS.group, PIXELS.element, vr.encode(), 0, length)
