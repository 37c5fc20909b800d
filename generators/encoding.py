"""Data sets to bytes: the data set alone, as C-STORE carries it, and Part 10 around it."""

import zlib
from dataclasses import dataclass
from io import BytesIO

from pydicom import Dataset, dcmread
from pydicom.charset import convert_encodings
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from generators.byteorder import swapped_words
from generators.compression import compressed
from generators.elements import put
from generators.syntaxes import syntax_named

IMPLEMENTATION_CLASS_UID = "2.25.312140867245103987106547236417836405811"
IMPLEMENTATION_VERSION = "ONTCONFORM 1"


@dataclass(frozen=True, slots=True)
class Encoded:
    """One object as bytes. `data` is the data set without any file header: what travels in C-STORE."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data: bytes

    def part10(self) -> bytes:
        """Give the bytes of the file (PS3.10 7.1)."""
        return part10_header(self.sop_class_uid, self.sop_instance_uid, self.transfer_syntax_uid) + self.data

    def dataset(self) -> Dataset:
        """Decode, with file meta information. Raises what pydicom raises where a fault broke the encoding."""
        return dcmread(BytesIO(self.part10()), force=True)


def part10_header(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Give preamble, prefix and file meta information."""
    meta = FileMetaDataset()
    meta.FileMetaInformationGroupLength = 0  # pydicom fills it in where it is there
    meta.FileMetaInformationVersion = b"\0\1"
    put(meta, MediaStorageSOPClassUID=sop_class_uid, MediaStorageSOPInstanceUID=sop_instance_uid)
    meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    stream = DicomBytesIO(b"")
    write_file_meta_info(stream, meta, enforce_standard=False)
    return b"\0" * 128 + b"DICM" + stream.getvalue()


def encode(
    dataset: Dataset,
    transfer_syntax_uid: str = ExplicitVRLittleEndian,
    *,
    fragments_per_frame: int = 1,
    offset_table: bool = True,
) -> Encoded:
    """Encode a data set with native pixels in a transfer syntax. The data set is not changed.

    `fragments_per_frame` and `offset_table` (whether the basic offset table is filled) count for compressed syntaxes only.
    GeneratorError where the syntax cannot carry its pixels.
    """
    syntax = UID(transfer_syntax_uid)
    made = syntax_named(syntax)
    if made.encode:
        written = compressed(dataset, made, fragments_per_frame=fragments_per_frame, offset_table=offset_table)
    else:
        written = dataset if syntax.is_little_endian else swapped_words(dataset)
    data = dataset_bytes(written, syntax)
    if syntax == DeflatedExplicitVRLittleEndian:
        data = deflate(data)
    return Encoded(str(dataset.get("SOPClassUID", "")), str(dataset.get("SOPInstanceUID", "")), str(syntax), data)


def dataset_bytes(dataset: Dataset, syntax: UID, character_set: str | list[str] = "ISO_IR 6") -> bytes:
    """Encode a data set whose pixels are as the syntax wants them. `character_set` holds where the data set names none."""
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = syntax.is_implicit_VR, syntax.is_little_endian
    write_dataset(stream, dataset, convert_encodings(character_set))
    return stream.getvalue()


def deflate(data: bytes) -> bytes:
    """Compress as Deflated Explicit VR Little Endian does (PS3.5 A.5): no header, even length."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = compressor.compress(data) + compressor.flush()
    return deflated + b"\0" * (len(deflated) % 2)


def inflate(data: bytes) -> bytes:
    """Undo `deflate`."""
    return zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(data)
