"""Transfer syntaxes: what each can carry, and how a frame is encoded in it."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from generators.errors import GeneratorError

Frame = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Depth:
    """How the samples of a frame are stored. `signed` is Pixel Representation 1."""

    bits: int
    signed: bool


FrameEncoder = Callable[[Frame, Depth], bytes]
FrameDecoder = Callable[[bytes], Frame]


@dataclass(frozen=True, slots=True)
class Syntax:
    """One transfer syntax.

    `encode` is None where pixels stay native, `decode` where pydicom itself decodes them. `most_bits` bounds Bits Stored; `colour` is the
    photometric interpretation of colour pixels in it; `method` is what Lossy Image Compression Method says (PS3.3 C.7.6.1.1.5.1), empty
    where nothing is lost.
    """

    name: str
    uid: str
    title: str
    encode: FrameEncoder | None = None
    decode: FrameDecoder | None = None
    most_bits: int = 16
    colour: str = "RGB"
    method: str = ""

    @property
    def lossless(self) -> bool:
        return not self.method


def by_pydicom(uid: str, plugin: str, **options: Any) -> FrameEncoder:
    """Encode frames with one plugin of pydicom: another would give other bytes."""

    def encode(frame: Frame, depth: Depth) -> bytes:
        from pydicom.pixels.encoders.base import get_encoder

        samples = frame.shape[2] if frame.ndim == 3 else 1
        described: dict[str, Any] = {
            "rows": frame.shape[0],
            "columns": frame.shape[1],
            "samples_per_pixel": samples,
            "bits_allocated": frame.dtype.itemsize * 8,
            "bits_stored": depth.bits,
            "pixel_representation": int(depth.signed),
            "photometric_interpretation": "RGB" if samples == 3 else "MONOCHROME2",
            "number_of_frames": 1,
        }
        if samples == 3:
            described["planar_configuration"] = 0
        return bytes(get_encoder(uid).encode(frame, encoding_plugin=plugin, **described, **options))

    return encode


def by_libjpeg(*, lossless: bool, predictor: int | None = None) -> FrameEncoder:
    """Encode frames with libjpeg-turbo: 8 bits, 12 bits, or lossless to 16."""

    def encode(frame: Frame, depth: Depth) -> bytes:
        from imagecodecs import jpeg8_encode

        options: dict[str, Any] = {"lossless": True, "predictor": predictor} if lossless else {"level": 90}
        if frame.ndim == 3:
            options |= {"colorspace": "RGB", "outcolorspace": "RGB" if lossless else "YCBCR"}
            options |= {} if lossless else {"subsampling": "422"}
        if depth.bits > 8:
            options["bitspersample"] = depth.bits if lossless else 12
        return bytes(jpeg8_encode(frame.view(f"u{frame.dtype.itemsize}"), **options))

    return encode


def by_openjpeg(*, reversible: bool) -> FrameEncoder:
    """Encode frames with OpenJPEG. pydicom's plugin always asks for six resolutions, which images under 32 pixels do not have."""

    def encode(frame: Frame, depth: Depth) -> bytes:
        from imagecodecs import jpeg2k_encode

        level = None if reversible else 60
        resolutions = max(1, min(6, min(frame.shape[:2]).bit_length()))
        options: dict[str, Any] = {"codecformat": "j2k", "bitspersample": depth.bits, "reversible": reversible, "mct": frame.ndim == 3}
        return bytes(jpeg2k_encode(frame, level, resolutions=resolutions, **options))

    return encode


def by_openjph(*, reversible: bool) -> FrameEncoder:
    """Encode frames with OpenJPH."""

    def encode(frame: Frame, depth: Depth) -> bytes:
        from imagecodecs import htj2k_encode

        width = frame.dtype.itemsize * 8
        if depth.bits == width or depth.signed:
            return bytes(htj2k_encode(frame, reversible=reversible, rgb=frame.ndim == 3))
        level = frame.dtype.type(2 ** (width - 1) - 2 ** (depth.bits - 1))
        moved = frame + level if reversible else frame << (width - depth.bits)
        return _declare_depth(bytes(htj2k_encode(moved, reversible=reversible)), depth.bits)

    return encode


def _declare_depth(stream: bytes, bits: int) -> bytes:
    """Write Bits Stored into the SIZ marker (ISO/IEC 15444-1 A.5.1).

    The encoder knows 8 and 16 bits only. Samples were moved beforehand, so that what a decoder does for the declared depth brings them
    back: reversibly it adds half the range, irreversibly it multiplies by the range.
    """
    siz = stream.index(b"\xff\x51")
    count = struct.unpack_from(">H", stream, siz + 38)[0]
    patched = bytearray(stream)
    for component in range(count):
        patched[siz + 40 + 3 * component] = bits - 1
    return bytes(patched)


def _jpeg(stream: bytes) -> Frame:
    from imagecodecs import jpeg8_decode

    return jpeg8_decode(stream)


def _jpeg_ls(stream: bytes) -> Frame:
    from imagecodecs import jpegls_decode

    return jpegls_decode(stream)


def _jpeg_2000(stream: bytes) -> Frame:
    from imagecodecs import jpeg2k_decode

    return jpeg2k_decode(stream)


_JPEG, _NEAR_LOSSLESS, _WAVELET, _HTJ2K = "ISO_10918_1", "ISO_14495_1", "ISO_15444_1", "ISO_15444_15"
_LOSSLESS, _SV1 = by_libjpeg(lossless=True, predictor=6), by_libjpeg(lossless=True, predictor=1)
_RCT, _ICT = "YBR_RCT", "YBR_ICT"
_REVERSIBLE, _IRREVERSIBLE = by_openjpeg(reversible=True), by_openjpeg(reversible=False)
_NEAR = by_pydicom(JPEGLSNearLossless, "pyjpegls", jls_error=2)

_TABLE = (
    Syntax("implicit", ImplicitVRLittleEndian, "Implicit VR Little Endian"),
    Syntax("explicit", ExplicitVRLittleEndian, "Explicit VR Little Endian"),
    Syntax("deflated", DeflatedExplicitVRLittleEndian, "Deflated Explicit VR Little Endian"),
    Syntax("big-endian", ExplicitVRBigEndian, "Explicit VR Big Endian (retired)"),
    Syntax("rle", RLELossless, "RLE Lossless", by_pydicom(RLELossless, "pylibjpeg")),
    Syntax("jpeg-baseline", JPEGBaseline8Bit, "JPEG Baseline", by_libjpeg(lossless=False), _jpeg, 8, "YBR_FULL_422", _JPEG),
    Syntax("jpeg-extended", JPEGExtended12Bit, "JPEG Extended", by_libjpeg(lossless=False), _jpeg, 12, "YBR_FULL_422", _JPEG),
    Syntax("jpeg-lossless", JPEGLossless, "JPEG Lossless, Process 14", _LOSSLESS, _jpeg),
    Syntax("jpeg-lossless-sv1", JPEGLosslessSV1, "JPEG Lossless, Process 14, Selection Value 1", _SV1, _jpeg),
    Syntax("jpeg-ls", JPEGLSLossless, "JPEG-LS Lossless", by_pydicom(JPEGLSLossless, "pyjpegls"), _jpeg_ls),
    Syntax("jpeg-ls-near", JPEGLSNearLossless, "JPEG-LS Near-lossless", _NEAR, _jpeg_ls, method=_NEAR_LOSSLESS),
    Syntax("jpeg2000-lossless", JPEG2000Lossless, "JPEG 2000 Lossless", _REVERSIBLE, _jpeg_2000, colour=_RCT),
    Syntax("jpeg2000", JPEG2000, "JPEG 2000", _IRREVERSIBLE, _jpeg_2000, colour=_ICT, method=_WAVELET),
    Syntax("htj2k-lossless", HTJ2KLossless, "High-Throughput JPEG 2000 Lossless", by_openjph(reversible=True), _jpeg_2000, colour=_RCT),
    Syntax("htj2k", HTJ2K, "High-Throughput JPEG 2000", by_openjph(reversible=False), _jpeg_2000, colour=_ICT, method=_HTJ2K),
)

SYNTAXES: Mapping[str, Syntax] = {syntax.name: syntax for syntax in _TABLE}
_BY_UID: Mapping[str, Syntax] = {syntax.uid: syntax for syntax in _TABLE}


def syntax_named(name: str) -> Syntax:
    """Look a syntax up by its name or its UID; GeneratorError lists those there are."""
    found = SYNTAXES.get(name) or _BY_UID.get(name)
    if found is None:
        raise GeneratorError(f"{name!r} is no transfer syntax that can be made", remedy=f"choose one of {', '.join(SYNTAXES)}")
    return found
