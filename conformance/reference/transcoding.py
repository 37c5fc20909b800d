"""Another transfer syntax for a stored object: between the native ones by rewriting, out of lossless compression by decoding.

Never into a compression, never twice through a lossy one: what cannot be delivered faithfully fails (XFER-03, XFER-04, XFER-08).
"""

from io import BytesIO

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from conformance.reference import lossless
from conformance.reference.encoding import decode, encode, part10_header, to_little_endian
from conformance.reference.syntax import NATIVE, syntax_of

# What a destination may be given in place of the stored syntax, best first.
TARGETS: tuple[str, ...] = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


def transcode(data: bytes, stored: str, wanted: str) -> bytes | None:
    """Rewrite a data set in another syntax. Returns None where that cannot be done."""
    if stored == wanted:
        return data
    if wanted not in NATIVE:
        return None
    if stored not in NATIVE:
        data, stored = decompressed(data, stored), ExplicitVRLittleEndian
    source = syntax_of(stored)
    dataset = decode(data, source)
    return encode(dataset if source.little else to_little_endian(dataset), syntax_of(wanted))


def decompressed(data: bytes, stored: str) -> bytes:
    """Decode the frames to Explicit VR Little Endian; whatever pydicom's decoders raise is the caller's failed sub-operation."""
    dataset = dcmread(BytesIO(part10_header("1.2", "1.2", stored, "1.2") + data))
    plugin = lossless.PLUGIN if lossless.is_available(stored) else ""
    dataset.decompress(decoding_plugin=plugin, generate_instance_uid=False)
    widen(dataset)
    written = DicomBytesIO()
    written.is_implicit_VR, written.is_little_endian = False, True
    write_dataset(written, dataset)
    return written.getvalue()


def widen(dataset: Dataset) -> None:
    """Give samples the bytes that Bits Allocated says: some decoders make them as narrow as Bits Stored lets them (PS3.5 8.1.1)."""
    samples = int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel) * int(dataset.get("NumberOfFrames", 1))
    if dataset.BitsAllocated == 16 and samples <= len(dataset.PixelData) <= samples + 1:
        narrow = np.frombuffer(dataset.PixelData[:samples], "i1" if dataset.PixelRepresentation else "u1")
        dataset.PixelData = narrow.astype("<i2" if dataset.PixelRepresentation else "<u2").tobytes()
