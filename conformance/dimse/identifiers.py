"""Identifiers and other small data sets: encoded and decoded with pydicom in the transfer syntax that was accepted."""

import threading
import warnings
import zlib
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from conformance.dimse.endings import ProtocolViolation
from conformance.dimse.structure import Walk

MAX_IDENTIFIER = 16 << 20  # bytes, also of an inflated one: 2,000 references of a commitment request take 300 KiB

_warnings_lock = threading.Lock()


def items_of(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence in a peer's data set; none where there is no sequence, whatever stands in its place."""
    value = dataset.get(keyword)
    return list(value) if isinstance(value, Sequence) else []


def encode_dataset(dataset: Dataset, transfer_syntax: str) -> bytes:
    """Encode a data set without preamble and file meta information. Raises ValueError where pydicom cannot encode it."""
    syntax = UID(transfer_syntax)
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = syntax.is_little_endian, syntax.is_implicit_VR
    write_dataset(buffer, dataset)
    data = buffer.getvalue()
    return _deflate(data) if syntax.is_deflated else data


def decode_dataset(data: bytes, transfer_syntax: str, *, clause: str) -> Dataset:
    """Decode a peer's data set whole, every value of it. Raises ProtocolViolation, under `clause`, for what cannot be decoded."""
    syntax = UID(transfer_syntax)
    try:
        plain = _inflate(data) if syntax.is_deflated else data
        return _read(plain, implicit=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)
    except Exception as error:  # pydicom raises whatever the bytes lead it into
        raise ProtocolViolation(clause, f"a data set in {syntax.name}", f"bytes that cannot be decoded ({error})") from error


def _read(data: bytes, *, implicit: bool, little_endian: bool) -> Dataset:
    """Read all of it. pydicom's warnings about a peer's values are no concern of whoever runs us with warnings as errors."""
    Walk(data, implicit, little_endian).check()
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = read_dataset(BytesIO(data), implicit, little_endian, bytelength=len(data))
        for _ in dataset.iterall():
            pass
    return dataset


def _deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = deflater.compress(data) + deflater.flush()
    return deflated + b"\0" * (len(deflated) % 2)


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = inflater.decompress(data, MAX_IDENTIFIER)
    if not inflater.eof:
        raise ValueError("the deflated data set is cut short or too large")
    return plain
