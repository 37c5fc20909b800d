"""Reading one received file without trusting it: bounded in size, checked in structure, never executed or followed.

A deflated data set is inflated into a file of our own first, up to a bound, so that no tool after this has to.
"""

import mmap
import os
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset, dcmread
from pydicom.filereader import read_dataset, read_preamble
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from conformance.dimse.part10 import write_head
from conformance.dimse.structure import Walk
from conformance.errors import ConformanceError
from conformance.judging.arrivals import Arrival
from conformance.judging.raw import Raw, raw_values

MAX_OCTETS = 4 << 30
MAX_INFLATED = 1 << 30
MAX_META = 64 << 10
DEFERRED = 64 << 10
"""Values longer than this stay on the disk until somebody asks for them."""

_CHUNK = 1 << 20
TEXTS = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))
BY_BYTES = TEXTS | {"UI"}
"""The VRs of what is judged by its bytes."""


class UnreadableFileError(ConformanceError):
    """A file that cannot be judged; its text names no value of it."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One object, as it is judged. `path` holds it in `syntax`: inflated, where it was `sent_in` a deflated one.

    `raw` holds text and UIDs as their bytes stand; `broken` says where the bytes stop being a data set of that syntax, and is empty
    where they do not. Of a broken data set `dataset` holds what could be read, perhaps nothing.
    """

    arrival: Arrival
    path: Path
    syntax: UID
    sent_in: UID
    octets: int
    dataset: Dataset
    raw: tuple[Raw, ...]
    broken: str = ""

    def text(self, keyword: str) -> str:
        """Give a value as text, without padding; empty where it is absent."""
        return text_of(self.dataset, keyword)


def text_of(dataset: Dataset, keyword: str) -> str:
    """Give a value of a data set or an item as text, without padding; empty where it is absent."""
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip(" \0")


@contextmanager
def opened(arrival: Arrival) -> Iterator[Instance]:
    """Read the object of one file.

    Raises:
        UnreadableFileError: it is no regular file, too large, no Part 10 file, or pydicom cannot read what its structure allows.
    """
    if arrival.refused:
        raise UnreadableFileError(arrival.refused)
    with inflated(arrival.path) as (path, sent_in, octets):
        syntax = UID(str(ExplicitVRLittleEndian)) if path != arrival.path else sent_in
        broken = _broken(path, syntax)
        dataset, raw = _decoded(path, broken)
        yield Instance(arrival, path, syntax, sent_in, octets, dataset, raw, broken)


@contextmanager
def inflated(path: Path) -> Iterator[tuple[Path, UID, int]]:
    """Give a file of the object in which nothing is deflated, the transfer syntax that it came in, and how many octets came.

    Raises:
        UnreadableFileError: it is no regular file, too large, or no Part 10 file.
    """
    with _regular_file(path) as stream, tempfile.TemporaryDirectory() as folder:
        sent_in, start = syntax_and_start(stream)
        plain = _inflated(stream, start, Path(folder) / "inflated.dcm") if sent_in == DeflatedExplicitVRLittleEndian else path
        yield plain, sent_in, os.fstat(stream.fileno()).st_size


def _decoded(path: Path, broken: str) -> tuple[Dataset, tuple[Raw, ...]]:
    """Read what can be read; of a data set that is known to be broken, perhaps nothing."""
    try:
        dataset = dcmread(path, defer_size=DEFERRED)
        return dataset, tuple(raw for raw in raw_values(dataset) if raw.vr in BY_BYTES)
    except Exception as error:  # whatever pydicom raises over bytes that are not ours
        if not broken:
            raise UnreadableFileError(f"its data set cannot be read ({type(error).__name__})") from error
        return Dataset(), ()


@contextmanager
def _regular_file(path: Path) -> Iterator[BinaryIO]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise UnreadableFileError(f"cannot be opened ({error.strerror})") from error
    with os.fdopen(descriptor, "rb") as stream:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise UnreadableFileError("is no regular file")
        if about.st_size > MAX_OCTETS:
            raise UnreadableFileError(f"has {about.st_size} bytes, more than the {MAX_OCTETS} that are read")
        yield stream


def syntax_and_start(stream: BinaryIO) -> tuple[UID, int]:
    """Read the file meta information: the transfer syntax that it names, and where the data set begins."""
    try:
        if read_preamble(stream, force=True) is None:
            raise UnreadableFileError("is no DICOM file: no prefix DICM at byte 128 (PS3.10 7.1)")
        meta = read_dataset(stream, False, True, bytelength=MAX_META, stop_when=lambda tag, _vr, _length: tag >> 16 != 2)
        syntax = UID(str(meta.get("TransferSyntaxUID", "")).strip(" \0"))
    except UnreadableFileError:
        raise
    except Exception as error:
        raise UnreadableFileError(f"its file meta information cannot be read ({type(error).__name__})") from error
    if str(meta.get("MediaStorageSOPClassUID", "")).strip(" \0") == MediaStorageDirectoryStorage:
        raise UnreadableFileError("is the directory of a medium (DICOMDIR), no object")
    if not syntax:
        raise UnreadableFileError("its file meta information names no transfer syntax (PS3.10 7.1)")
    return syntax, stream.tell()


def _inflated(stream: BinaryIO, start: int, path: Path) -> Path:
    """Inflate a data set into a file of its own, as Explicit VR Little Endian (PS3.5 A.5)."""
    stream.seek(start)
    inflater, total = zlib.decompressobj(wbits=-zlib.MAX_WBITS), 0
    with path.open("wb") as out:
        write_head(out, "", "", str(ExplicitVRLittleEndian))
        pending = stream.read(_CHUNK)
        while pending and not inflater.eof:
            try:
                made = inflater.decompress(pending, _CHUNK)
            except zlib.error as error:
                raise UnreadableFileError("its deflated data set does not inflate") from error
            total += len(made)
            if total > MAX_INFLATED:
                raise UnreadableFileError(f"its deflated data set inflates to more than {MAX_INFLATED} bytes")
            out.write(made)
            pending = inflater.unconsumed_tail or stream.read(_CHUNK)
    return path


def _broken(path: Path, syntax: UID) -> str:
    """Walk the bytes by the one syntax that was said, and say where they break it."""
    if not syntax.is_transfer_syntax or syntax.is_private:
        return ""
    with path.open("rb") as stream:
        _, start = syntax_and_start(stream)
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)  # closed when the last view of it is gone
    try:
        Walk(memoryview(mapped)[start:], syntax.is_implicit_VR, syntax.is_little_endian).check()  # type: ignore[arg-type] # read like bytes
    except ValueError as error:
        return str(error)
    except RecursionError:
        return "sequences are nested deeper than can be followed"
    return ""
