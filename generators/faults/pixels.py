"""Faults of pixels against their description (PS3.3 C.7.6.3), native and encapsulated."""

import struct

from pydicom import Dataset
from pydicom.uid import JPEGBaseline8Bit, RLELossless

from generators.encoding import Encoded
from generators.faults.changes import alter, drop, path, rewrite, splice, write
from generators.faults.fault import ABORTED, REFUSED, STORED, WARNED, Fault, Scope
from generators.faults.layout import locate
from generators.pixels import PIXELS

_ANY = (*REFUSED, *WARNED, *STORED)
_UNREADABLE = (*REFUSED, *ABORTED, *WARNED, *STORED)
_DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"
_NEEDS = ("PixelData", "Rows")


def _halved(encoded: Encoded) -> bytes:
    place = locate(encoded, PIXELS)
    half = (place.end - place.value) // 4 * 2
    return splice(encoded, place, encoded.data[place.value : place.value + half])


def _doubled(encoded: Encoded) -> bytes:
    place = locate(encoded, PIXELS)
    return splice(encoded, place, encoded.data[place.value : place.end] * 2)


def _undelimited(encoded: Encoded) -> bytes:
    assert encoded.data.endswith(_DELIMITER)
    return encoded.data[: -len(_DELIMITER)]


def _lying_table(encoded: Encoded) -> bytes:
    """Put the first offset of the basic offset table past the end of the fragments."""
    place = locate(encoded, PIXELS)
    offset = place.value + 8
    return encoded.data[:offset] + struct.pack("<I", 0x00FFFFF0) + encoded.data[offset + 4 :]


def _native_after_all(encoded: Encoded) -> bytes:
    """Give the fragments a defined length, as if they were native."""
    place = locate(encoded, PIXELS)
    value = encoded.data[place.value : place.end]
    return splice(encoded, place, value)


def _frames(dataset: Dataset) -> str:
    return str(int(dataset.NumberOfFrames) + 3)


_DESCRIPTION = (
    ("absent-rows", "Rows is absent", "Rows", drop("Rows")),
    ("zero-columns", "Columns is 0", "Columns", write("Columns", 0)),
    ("twice-the-rows", "Rows is twice what Pixel Data holds", "Rows", alter("Rows", lambda dataset: dataset.Rows * 2)),
    ("absent-bits-allocated", "Bits Allocated is absent", "BitsAllocated", drop("BitsAllocated")),
    ("bits-stored-above-allocated", "more bits stored than allocated", "BitsStored", alter("BitsStored", lambda d: d.BitsAllocated + 4)),
    ("high-bit-apart", "High Bit is not Bits Stored - 1", "HighBit", alter("HighBit", lambda dataset: max(dataset.BitsStored - 3, 0))),
    (
        "unknown-photometric-interpretation",
        "no such photometric interpretation",
        "PhotometricInterpretation",
        write("PhotometricInterpretation", "SEPIA"),
    ),
    ("four-samples-per-pixel", "Samples per Pixel is 4", "SamplesPerPixel", write("SamplesPerPixel", 4)),
    ("third-pixel-representation", "Pixel Representation is neither 0 nor 1", "PixelRepresentation", write("PixelRepresentation", 2)),
)

FAULTS = (
    *(Fault(name, summary, path(keyword), ("REJECT-10",), _ANY, change, needs=_NEEDS) for name, summary, keyword, change in _DESCRIPTION),
    Fault("short-pixel-data", "half of the pixels are there", path("PixelData"), ("REJECT-10",), _ANY, damage=_halved, needs=_NEEDS),
    Fault("long-pixel-data", "the pixels are there twice", path("PixelData"), ("REJECT-10",), _ANY, damage=_doubled, needs=_NEEDS),
    Fault("absent-pixel-data", "an image without Pixel Data", path("PixelData"), ("REJECT-10",), _ANY, drop("PixelData"), needs=_NEEDS),
    Fault(
        "more-frames-than-pixels",
        "Number of Frames is three more than there are",
        path("NumberOfFrames"),
        ("REJECT-10", "XFER-12"),
        _ANY,
        alter("NumberOfFrames", _frames),
        needs=("NumberOfFrames", *_NEEDS),
    ),
    Fault(
        "undelimited-fragments",
        "the fragments of RLE pixels end without a sequence delimiter",
        path("PixelData"),
        ("XFER-12", "REJECT-09"),
        _UNREADABLE,
        damage=_undelimited,
        scope=Scope.CUT,
        needs=_NEEDS,
        syntax=RLELossless,
    ),
    Fault(
        "lying-offset-table",
        "the basic offset table of RLE pixels points past their end",
        path("PixelData"),
        ("XFER-12",),
        _UNREADABLE,
        damage=_lying_table,
        needs=_NEEDS,
        syntax=RLELossless,
    ),
    Fault(
        "defined-length-fragments",
        "encapsulated pixels have a defined length (PS3.5 A.4 demands an undefined one)",
        path("PixelData"),
        ("XFER-12", "REJECT-09"),
        _UNREADABLE,
        damage=_native_after_all,
        needs=_NEEDS,
        syntax=RLELossless,
    ),
    Fault(
        "denied-loss",
        "Lossy Image Compression says 00 of JPEG Baseline pixels",
        path("LossyImageCompression"),
        ("XFER-05", "XFER-14"),
        _ANY,
        damage=rewrite("LossyImageCompression", b"00"),
        needs=_NEEDS,
        syntax=JPEGBaseline8Bit,
    ),
)
