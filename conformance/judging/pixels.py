"""Pixels against their description, and loss that is marked (STORE-16, XFER-14)."""

import struct
from collections.abc import Iterator

from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.uid import JPEG2000, JPEG2000MC, JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless

from conformance.judging.arrivals import Expected
from conformance.judging.reading import Instance
from conformance.judging.rules import Breach, Rule

PIXELS = Tag(0x7FE0, 0x0010)
UNDEFINED = 0xFFFFFFFF
_ITEM = 0xE000FFFE  # as its four bytes read in little endian, group first
_MOST_FRAGMENTS = 1_000_000
_LOSES = frozenset((str(JPEGBaseline8Bit), str(JPEGExtended12Bit)))
_MAY_LOSE = frozenset((str(JPEG2000), str(JPEG2000MC), str(JPEGLSNearLossless), "1.2.840.10008.1.2.4.203"))
"""JPEG 2000, JPEG-LS and HTJ2K, whose streams under these UIDs may be lossless too (PS3.5 A.4.3, A.4.4)."""

_VIDEO = tuple(f"1.2.840.10008.1.2.4.{number}" for number in range(100, 109))
"""MPEG-2, H.264 and H.265 always lose, and hold all frames in one stream (PS3.5 A.4.5 to A.4.9)."""


def pixel_element(instance: Instance) -> RawDataElement | None:
    """Give Pixel Data as it stands, its value perhaps still on the disk; None where there is none."""
    held = instance.dataset.get_item(PIXELS) if PIXELS in instance.dataset else None
    return held if isinstance(held, RawDataElement) else None


def is_video(syntax: str) -> bool:
    """Say whether the frames are one stream of video."""
    return syntax in _VIDEO or any(syntax == f"{uid}.1" for uid in _VIDEO)


def _compressed_with_loss(instance: Instance, _expected: Expected) -> bool:
    if pixel_element(instance) is None:
        return False
    syntax = str(instance.sent_in)
    return syntax in _LOSES or is_video(syntax) or (syntax in _MAY_LOSE and instance.text("LossyImageCompression") == "01")


def _marks(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    said = instance.text("LossyImageCompression")
    if said != "01":
        yield Breach(
            "01 in Lossy Image Compression (0028,2110) of pixels that were compressed with loss",
            f"the transfer syntax {instance.sent_in.name} loses, and (0028,2110) {f'says {said}' if said == '00' else 'does not say so'}",
        )
        return
    for keyword, name in (("LossyImageCompressionRatio", "ratio (0028,2112)"), ("LossyImageCompressionMethod", "method (0028,2114)")):
        if not instance.text(keyword):
            yield Breach("ratio and method of the lossy compression", f"Lossy Image Compression is 01, and its {name} has no value")


def missing_frames(instance: Instance) -> Iterator[Breach]:
    """Compare the frames that are described with the fragments, of which each frame needs one at least (PS3.5 A.4).

    The length of native pixels is for dciodvfy to tell.
    """
    held, said = pixel_element(instance), instance.text("NumberOfFrames") or "1"
    if held is None or held.length != UNDEFINED or is_video(str(instance.syntax)):
        return
    if said.isdigit() and fragments(instance) < int(said):
        yield Breach("a fragment or more for each of Number of Frames (0028,0008)", "Pixel Data has fewer fragments than frames")


def fragments(instance: Instance) -> int:
    """Count the fragments of encapsulated Pixel Data, without the offset table before them."""
    held, count = pixel_element(instance), -1
    if held is None:
        return 0
    with instance.path.open("rb") as stream:
        stream.seek(held.value_tell)
        while count < _MOST_FRAGMENTS:
            head = stream.read(8)
            if len(head) < 8:
                break
            tag, length = struct.unpack("<II", head)
            if tag != _ITEM:
                break
            count += 1
            stream.seek(length, 1)
    return max(count, 0)


RULES = (Rule("XFER-14", _marks, _compressed_with_loss),)
