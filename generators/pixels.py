"""Pixels as content: what is the same picture, whatever it is encoded in."""

import hashlib
from collections.abc import Iterator

from pydicom import Dataset
from pydicom.encaps import generate_frames
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian

from generators.errors import GeneratorError
from generators.syntaxes import syntax_named

PIXELS = Tag(0x7FE0, 0x0010)

FOLLOWS_SYNTAX = frozenset({"(0028,0004)", "(0028,0006)", "(7FE0,0001)", "(7FE0,0002)"})
"""Photometric interpretation, planar configuration and the extended offset table describe the encoding, not the picture."""


def syntax_of(dataset: Dataset) -> UID:
    """Give the transfer syntax that the file meta information names; Explicit VR Little Endian where there is none."""
    meta = getattr(dataset, "file_meta", None)
    return UID(str(getattr(meta, "TransferSyntaxUID", None) or ExplicitVRLittleEndian))


def digest_of(dataset: Dataset, *, decoded: bool) -> str | None:
    """Digest the pixel data: as they stand, or `decoded` to native frames so that two encodings can be compared. None: no pixels.

    What cannot be decoded is digested as it stands, so it equals only itself.
    """
    if PIXELS not in dataset:
        return None
    value = bytes(dataset[PIXELS].value or b"")
    if not decoded:
        return hashlib.sha256(value).hexdigest()
    syntax = syntax_of(dataset)
    native = _decompressed(dataset, value) if syntax.is_encapsulated else _interleaved(dataset, value)
    return hashlib.sha256(native.rstrip(b"\0")).hexdigest()


def _interleaved(dataset: Dataset, value: bytes) -> bytes:
    if dataset.get("PlanarConfiguration") != 1:
        return value
    size = dataset.Rows * dataset.Columns
    frames = range(0, len(value) // (3 * size) * 3 * size, 3 * size)
    planes = ((value[at : at + size], value[at + size : at + 2 * size], value[at + 2 * size : at + 3 * size]) for at in frames)
    return b"".join(bytes(sample for pixel in zip(*three, strict=True) for sample in pixel) for three in planes)


def _decompressed(dataset: Dataset, value: bytes) -> bytes:
    try:
        return b"".join(_frames(dataset, value))
    except (AttributeError, GeneratorError, ValueError, RuntimeError):
        return value


def _frames(dataset: Dataset, value: bytes) -> Iterator[bytes]:
    """Decode frame by frame; samples have the size that Bits Allocated says, and colours are interleaved."""
    decode = syntax_named(syntax_of(dataset)).decode
    if decode is None:
        yield dataset.pixel_array.tobytes()
        return
    for frame in generate_frames(value, number_of_frames=int(dataset.get("NumberOfFrames", 1))):
        samples = decode(frame)
        yield samples.astype(f"{samples.dtype.kind}{dataset.BitsAllocated // 8}", copy=False).tobytes()
