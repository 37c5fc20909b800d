"""Transfer syntaxes: how the bytes of a data set are laid out (PS3.5 Annex A)."""

import zlib
from dataclasses import dataclass
from functools import lru_cache

from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from conformance.reference import lossless
from conformance.reference.errors import UndecodableDataSet

# No object of the archive comes near this; a deflated bomb must not take the memory (PS3.5 A.5).
MAX_INFLATED = 2 << 30

NATIVE: tuple[str, ...] = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian)

LOSSLESS = frozenset({"1.2.840.10008.1.2.5", *(f"1.2.840.10008.1.2.4.{tail}" for tail in ("57", "70", "80", "90", "201", "202"))})

# In the order in which the acceptor prefers them: what keeps private value representations first.
ENCAPSULATED: tuple[str, ...] = (
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.70",  # JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.57",  # JPEG lossless, any selection value
    "1.2.840.10008.1.2.5",  # RLE lossless
    "1.2.840.10008.1.2.4.201",  # HTJ2K lossless
    "1.2.840.10008.1.2.4.202",  # HTJ2K lossless, RPCL
    "1.2.840.10008.1.2.4.203",  # HTJ2K
    "1.2.840.10008.1.2.4.91",  # JPEG 2000
    "1.2.840.10008.1.2.4.81",  # JPEG-LS near-lossless
    "1.2.840.10008.1.2.4.50",  # JPEG baseline
    "1.2.840.10008.1.2.4.51",  # JPEG extended
    "1.2.840.10008.1.2.4.100",  # MPEG-2 main profile, main level
    "1.2.840.10008.1.2.4.101",  # MPEG-2 main profile, high level
    "1.2.840.10008.1.2.4.102",  # MPEG-4 AVC/H.264 high profile
    "1.2.840.10008.1.2.4.103",  # MPEG-4 AVC/H.264 BD-compatible
    "1.2.840.10008.1.2.4.107",  # HEVC/H.265 main profile
)

lossless.teach_pydicom()

# A lossless object must reach destinations that know the default syntax only (XFER-06): what cannot be decoded here is not taken.
_UNREADABLE = frozenset(uid for uid in ENCAPSULATED if uid in LOSSLESS and not get_decoder(uid).is_available)

STORABLE: tuple[str, ...] = NATIVE + tuple(uid for uid in ENCAPSULATED if uid not in _UNREADABLE)


@dataclass(frozen=True, slots=True)
class Syntax:
    """The layout that one transfer syntax gives to a data set."""

    uid: str
    explicit: bool
    little: bool
    deflated: bool
    encapsulated: bool


@lru_cache(maxsize=64)
def syntax_of(uid: str) -> Syntax:
    """Look a transfer syntax up by its UID; anything that is not one of the four native ones is Explicit VR Little Endian."""
    return Syntax(
        uid=uid,
        explicit=uid != ImplicitVRLittleEndian,
        little=uid != ExplicitVRBigEndian,
        deflated=uid == DeflatedExplicitVRLittleEndian,
        encapsulated=uid not in NATIVE and UID(uid).is_compressed,
    )


IMPLICIT = syntax_of(ImplicitVRLittleEndian)
EXPLICIT = syntax_of(ExplicitVRLittleEndian)


def inflate(data: bytes) -> bytes:
    """Undo the deflate of PS3.5 A.5. Raises UndecodableDataSet where the stream is broken, cut off or without end."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = stream.decompress(data, MAX_INFLATED)
    except zlib.error as broken:
        raise UndecodableDataSet("the deflated data set cannot be inflated") from broken
    if not stream.eof:
        raise UndecodableDataSet("the deflated data set is cut off")
    return plain


def deflate(data: bytes) -> bytes:
    """Deflate a data set without zlib header, padded to an even length (PS3.5 A.5)."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = stream.compress(data) + stream.flush()
    return packed + b"\0" * (len(packed) % 2)
