"""A small picture of a series for the report: 8-bit PNG, decoded only from syntaxes that need no foreign decoder."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.utils import pixel_array
from pydicom.uid import RLELossless

from conformance.judging.pixels import pixel_element
from conformance.judging.reading import Instance

LONGEST_SIDE = 96
MOST_SAMPLES = 16_000_000


def thumbnail(instance: Instance) -> bytes:
    """Give the first frame as a PNG of at most 96 pixels a side; empty where there is none or it is not decoded here.

    An object that does not say that nothing is burned into its pixels (0028,0301) gets none: they may show whose they are.
    """
    if instance.dataset.get("BurnedInAnnotation") != "NO":
        return b""
    if pixel_element(instance) is None or (instance.syntax.is_encapsulated and instance.syntax != RLELossless):
        return b""
    try:
        rows, columns = int(instance.dataset.Rows), int(instance.dataset.Columns)
        samples = int(instance.dataset.SamplesPerPixel)
        if not 0 < rows * columns * samples <= MOST_SAMPLES:
            return b""
        return _png(_grey(pixel_array(instance.path, index=0)))
    except Exception:  # pixels that do not fit their description, for which other rules speak
        return b""


def _grey(frame: NDArray[np.generic]) -> NDArray[np.uint8]:
    step = max(1, -(-max(frame.shape[:2]) // LONGEST_SIDE))
    small = frame[::step, ::step].astype(float)
    if small.ndim == 3:
        small = small.mean(axis=2)
    low, high = float(small.min()), float(small.max())
    scaled: NDArray[np.uint8] = ((small - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8)
    return scaled


def _png(grey: NDArray[np.uint8]) -> bytes:
    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
