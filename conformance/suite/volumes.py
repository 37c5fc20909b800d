"""Images too large for memory: written to a file, sent from it, received into another, and their pixels compared there."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

from pydicom import dcmread
from pydicom.dataelem import RawDataElement

from conformance.dimse import Answer, NotAccepted, Received
from conformance.findings import require
from conformance.suite.queries import study_query
from conformance.suite.system import UNCOMPRESSED, Delivery, System, storage_contexts
from generators import Encoded, Study, encode, write_instance
from generators.encoding import part10_header

CLASSES = ("BTO", "CT-ENHANCED", "MR-ENHANCED")
"""What comes as large as that, by the names of `KINDS`: volumes of two bytes a pixel."""

SIDE = 1024  # pixels
FRAME = 2 * SIDE * SIDE  # bytes
COPIES = 3  # what is sent, what comes back, and air
PIECE = 1 << 20  # bytes that are looked at at a time
DEFERRED = 1024  # bytes from which on a value is left in the file


@dataclass(frozen=True, slots=True)
class Pixels:
    """The value of Pixel Data: how long it is, and its fingerprint."""

    octets: int
    digest: str

    def __str__(self) -> str:
        return f"{self.octets} bytes of pixels, SHA-256 {self.digest[:8]}…"


@dataclass(frozen=True, slots=True)
class Volume:
    """One image in a file. `data` is its data set, read from there as it is sent; `head` is the part that stands before the pixels."""

    study: Study
    head: Encoded
    data: memoryview
    pixels: Pixels

    @property
    def sop_class_uid(self) -> str:
        return self.head.sop_class_uid

    @property
    def sop_instance_uid(self) -> str:
        return self.head.sop_instance_uid

    @property
    def transfer_syntax_uid(self) -> str:
        return self.head.transfer_syntax_uid


@contextmanager
def volume(system: System, kind: str, octets: int) -> Iterator[Volume]:
    """Make an image with at least so many bytes of pixels; its file goes with the context.

    Raises:
        NotExercised: our own disk has no room for it and for what comes back.
    """
    frames = -(-octets // FRAME)
    study = system.synthesizer.study(kind, instances=1, rows=SIDE, columns=SIDE, frames=frames)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        require(disk_usage(folder).free > COPIES * octets, f"{folder} has no room for {COPIES} objects of {octets} bytes")
        path = Path(folder, "volume.dcm")
        with path.open("w+b") as file:
            write_instance(study, study.series[0].instances[0], file)
            file.seek(0)
            head = encode(dcmread(file, stop_before_pixels=True))
            start = len(part10_header(head.sop_class_uid, head.sop_instance_uid, head.transfer_syntax_uid))
            data = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))[start:]
            yield Volume(study, head, data, pixels_in(file))


def pixels_in(file: BinaryIO) -> Pixels:
    """Measure the native Pixel Data of a Part 10 file, as far as it is there."""
    file.seek(0)
    dataset = dcmread(file, defer_size=DEFERRED, specific_tags=["PixelData"], force=True)
    digest, octets = hashlib.sha256(), 0
    if "PixelData" in dataset:
        value = cast(RawDataElement, dataset.get_item("PixelData", keep_deferred=True))
        file.seek(value.value_tell)
        while piece := file.read(min(PIECE, value.length - octets)):
            digest.update(piece)
            octets += len(piece)
    return Pixels(octets, digest.hexdigest())


def send(system: System, sent: Volume) -> Answer:
    """Store a volume on a fresh association."""
    system.ledger.note_sent(sent.head)
    with system.associate(storage_contexts([sent.head])) as association:
        answer = association.store(sent)
    system.ledger.note_answer(sent.head, answer)
    return answer


def bring_back(system: System, sent: Volume) -> tuple[Delivery, list[Pixels]]:
    """Retrieve a volume, by C-MOVE into a file where the system offers that, and measure every object that comes."""
    query = study_query(sent.study)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            delivery = system.move(query, policy=system.policy(directory=Path(folder), transfer_syntaxes=UNCOMPRESSED))
        except NotAccepted:
            delivery = system.get(query, [sent.head])
        return delivery, [_measured(received) for received in delivery.objects]


def _measured(received: Received) -> Pixels:
    if received.path is None:
        whole = Encoded(received.sop_class_uid, received.sop_instance_uid, received.transfer_syntax_uid, received.data)
        return pixels_in(BytesIO(whole.part10()))
    with received.path.open("rb") as file:
        return pixels_in(file)
