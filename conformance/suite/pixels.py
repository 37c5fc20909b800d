"""Pixels as a viewer sees them: frames decoded by what the object itself says of them (PS3.5 8.2, A.4)."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import generate_fragments, generate_frames, parse_basic_offsets
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import JPEGLossless, JPEGLosslessSV1

Frame = NDArray[Any]

LOST_AT_MOST = 0.1  # of the range: a larger difference is no loss of quality but another picture


JPEG_LOSSLESS = frozenset({JPEGLossless, JPEGLosslessSV1})


class Undecodable(ValueError):
    """Pixel data that this installation cannot decode: broken, or of a codec that is not installed."""


def frames_of(dataset: Dataset, *, raw: bool = True) -> list[Frame]:
    """Decode every frame. `raw` leaves the samples as they are encoded; otherwise colour comes as RGB.

    Raises:
        Undecodable: for whatever reason.
    """
    try:
        if dataset.file_meta.TransferSyntaxUID in JPEG_LOSSLESS:
            return list(_jpeg_lossless(dataset))
        return [np.array(frame) for frame in iter_pixels(dataset, raw=raw)]
    except Exception as error:  # each codec raises its own
        raise Undecodable(f"{type(error).__name__}: {error}") from error


def _jpeg_lossless(dataset: Dataset) -> Iterator[Frame]:
    """Decode JPEG Lossless, for which pydicom has no decoder of a permissive licence."""
    from imagecodecs import jpeg8_decode

    for data in generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames") or 1)):
        frame: Frame = jpeg8_decode(data)
        yield frame.view(f"i{frame.itemsize}") if dataset.PixelRepresentation else frame


def same_frames(one: Sequence[Frame], two: Sequence[Frame]) -> bool:
    """Whether there are as many frames, and each sample has the same value."""
    return len(one) == len(two) and all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def distance(one: Sequence[Frame], two: Sequence[Frame]) -> float:
    """The mean difference of samples, as a part of the range that the first has; 1 where the shapes differ."""
    if [frame.shape for frame in one] != [frame.shape for frame in two]:
        return 1.0
    a, b = (np.concatenate([frame.ravel() for frame in frames]).astype(np.float64) for frames in (one, two))
    span = float(a.max() - a.min()) or 1.0
    return float(np.abs(a - b).mean()) / span


def is_encapsulated(dataset: Dataset) -> bool:
    """Whether the pixel data are fragments, as a compressed syntax has them (PS3.5 A.4)."""
    return "PixelData" in dataset and bool(dataset["PixelData"].is_undefined_length)


def bitstream(dataset: Dataset) -> bytes:
    """The compressed data, without their offset table, which an archive may fill or empty (PS3.5 A.4)."""
    encapsulated = BytesIO(dataset.PixelData)
    parse_basic_offsets(encapsulated)
    return b"".join(generate_fragments(encapsulated))


def native_length(dataset: Dataset) -> int:
    """Bytes that native pixel data have by their description (PS3.5 8.1.1), padded."""
    samples = 2 if dataset.get("PhotometricInterpretation") == "YBR_FULL_422" else int(dataset.SamplesPerPixel)
    bits = int(dataset.Rows) * int(dataset.Columns) * samples * int(dataset.get("NumberOfFrames") or 1) * int(dataset.BitsAllocated)
    size = (bits + 7) // 8
    return size + size % 2
