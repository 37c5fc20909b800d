"""The driver against its peers: sending, receiving, C-ECHO, and small messages to a peer that keeps Nagle's algorithm on.

    python -m bench.store

Prints each ratio of our time to the peer's with its bound, and exits 1 where a bound is missed. Runs are interleaved in pairs, so
that what else the machine does falls on both; a ratio is the median of the pairs. Needs DCMTK and Orthanc. Data stands in memory
where /dev/shm exists, else in a temporary directory.
"""

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE

from conformance.dimse import VERIFICATION, Association, Buffer, Context, Endpoint, Listener, Policy, associate, wire

INSTANCES, PAIRS, ROUND_TRIPS = 500, 5, 200
PIXELS = (512, 512)
START = Path(__file__).parents[1] / "fixtures" / "systems" / "start.py"
CT, EXPLICIT = str(CTImageStorage), str(ExplicitVRLittleEndian)


@dataclass(frozen=True, slots=True)
class Instance:
    """What the driver stores: a data set's bytes."""

    sop_instance_uid: str
    data: Buffer
    sop_class_uid: str = CT
    transfer_syntax_uid: str = EXPLICIT


@dataclass(frozen=True, slots=True)
class Measure:
    """One comparison: `ours` and `theirs` give seconds; the median ratio must not exceed `bound`."""

    name: str
    bound: float
    ours: Callable[[], float]
    theirs: Callable[[], float]

    def ratio(self) -> float:
        """Run the pairs and give the median ratio."""
        pairs = [(self.ours(), self.theirs()) for _ in range(PAIRS)]
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        medians = [statistics.median(side) * 1000 for side in zip(*pairs, strict=True)]
        verdict = "ok" if ratio <= self.bound else "MISSED"
        print(f"{self.name}: {ratio:.2f} (bound {self.bound}) {verdict}; medians {medians[0]:.2f} and {medians[1]:.2f} ms", flush=True)
        return ratio


def main() -> int:
    """Measure everything once."""
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="bench-store-", dir=base) as name:
        os.environ["TMPDIR"] = name  # the systems keep their files in it too
        source = Path(name) / "source"
        write_instances(source, INSTANCES)
        with started_storescp() as port:
            measures = [_sending(source, port), _receiving(source, Path(name), port), _echo(port)]
            met = [measure.ratio() <= measure.bound for measure in measures]
        with _system("orthanc") as port:
            quickack = _small_messages(port)
            met.append(quickack.ratio() <= quickack.bound)
    return 0 if all(met) else 1


# --- data and systems


def ct_dataset(shape: tuple[int, int]) -> Dataset:
    """Build a CT image of 16 bit pixels."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CT, generate_uid()
    dataset.PatientName, dataset.PatientID = "SYNTHETIC^BENCH", "SYN-BENCH"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.Modality, dataset.AccessionNumber, dataset.StudyDate, dataset.StudyTime = "CT", "SYN1", "20240101", "120000"
    dataset.Rows, dataset.Columns = shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelData = np.random.default_rng(1).integers(0, 4096, shape, dtype=np.uint16).tobytes()
    return dataset


def write_instances(folder: Path, count: int, shape: tuple[int, int] = PIXELS) -> None:
    """Write Part 10 files, each under a UID of its own."""
    folder.mkdir()
    dataset = ct_dataset(shape)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for number in range(count):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.save_as(folder / f"{number:04}.dcm", enforce_file_format=True)


def small_instances(count: int) -> list[Instance]:
    """Make instances of about 1 KiB."""
    dataset = ct_dataset((16, 16))
    instances = []
    for _ in range(count):
        dataset.SOPInstanceUID = generate_uid()
        buffer = BytesIO()
        dataset.save_as(buffer, implicit_vr=False, little_endian=True)
        instances.append(Instance(str(dataset.SOPInstanceUID), buffer.getvalue()))
    return instances


@contextlib.contextmanager
def _system(name: str, *options: str) -> Iterator[int]:
    """Start a known real system on loopback; gives its port."""
    process = subprocess.Popen([sys.executable, str(START), name, *options], stdout=subprocess.PIPE, text=True)
    try:
        ready = process.stdout.readline().split() if process.stdout else []
        if ready[:1] != ["ready"]:
            raise SystemExit(f"{name} did not start")
        yield int(ready[2])
    finally:
        process.terminate()
        process.wait()


def started_storescp() -> contextlib.AbstractContextManager[int]:
    """Start DCMTK's storescp; gives its port."""
    return _system("storescp", "--no-delay")


def _associate(port: int, called: str, *abstract_syntaxes: str) -> Association:
    contexts = [Context(uid, (EXPLICIT, "1.2.840.10008.1.2")) for uid in abstract_syntaxes]
    return associate(Endpoint("127.0.0.1", port, called, "BENCH"), contexts)


def dcmsend_command(source: Path, port: str) -> list[str]:
    """The command that sends a folder to a port of this machine."""
    return [shutil.which("dcmsend") or "dcmsend", "--scan-directories", "--no-halt", "127.0.0.1", port, str(source)]


def dcmsend(source: Path, port: int) -> float:
    """Send a folder; gives seconds."""
    began = time.perf_counter()
    subprocess.run(dcmsend_command(source, str(port)), check=True, env={**os.environ, "TCP_NODELAY": "1"}, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


# --- measures


def _sending(source: Path, port: int) -> Measure:
    """Both read the same files and send them to the same storescp."""
    files = sorted(source.iterdir())
    room = bytearray(max(file.stat().st_size for file in files))

    def ours() -> float:
        began = time.perf_counter()
        with _associate(port, "STORESCP", CT) as association:
            for file in files:
                _expect(association.store(_read(file, room)).status == 0, "storescp refused an instance")
        return time.perf_counter() - began

    return Measure(f"send {INSTANCES} CT to storescp, against dcmsend", 1.0, ours, lambda: dcmsend(source, port))


def _read(file: Path, room: bytearray) -> Instance:
    """Read a file of `write_instances`: its SOP Instance UID and where its data set starts are found without a parser."""
    with file.open("rb", buffering=0) as stream:
        content = memoryview(room)[: stream.readinto(room)]
    start = 144 + int.from_bytes(content[140:144], "little")  # File Meta Information Group Length is always the first element
    at = room.index(b"\x02\x00\x03\x00UI") + 8
    size = int.from_bytes(content[at - 2 : at], "little")
    return Instance(bytes(content[at : at + size]).rstrip(b"\0").decode(), content[start:])


def _receiving(source: Path, folder: Path, port: int) -> Measure:
    """dcmsend to us, against dcmsend to storescp; both write the files."""

    def ours() -> float:
        with tempfile.TemporaryDirectory(dir=folder) as target, Listener("127.0.0.1", 0, "BENCH") as listener:
            with listener.reception(Policy(directory=Path(target))) as reception:
                seconds = dcmsend(source, listener.port)
                _expect(reception.wait_for(INSTANCES, 10), "not everything arrived")
            return seconds

    return Measure(f"receive {INSTANCES} CT from dcmsend, against storescp", 2.0, ours, lambda: dcmsend(source, port))


def _echo(port: int) -> Measure:
    def ours() -> float:
        with _associate(port, "STORESCP", VERIFICATION) as association:
            return _median(lambda: _expect(association.echo().status == 0, "C-ECHO failed"))

    return Measure("C-ECHO on an open association, against pynetdicom", 0.1, ours, lambda: _echo_by_pynetdicom(port))


def _echo_by_pynetdicom(port: int) -> float:
    """Its median. It loses a response now and then, on a busy machine, and waits for it: such an echo is timed like any other."""
    entity = AE("BENCH")
    entity.dimse_timeout = 1
    entity.add_requested_context(VERIFICATION)
    association = entity.associate("127.0.0.1", port, ae_title="STORESCP")

    def echo() -> None:
        nonlocal association
        if not association.is_established:
            association = entity.associate("127.0.0.1", port, ae_title="STORESCP")
        association.send_c_echo()

    try:
        return _median(echo)
    finally:
        association.release()


def _small_messages(port: int) -> Measure:
    """The same requests to an Orthanc that keeps Nagle's algorithm on, with TCP_QUICKACK and without."""

    def store() -> float:
        instances = iter(small_instances(ROUND_TRIPS))
        with _associate(port, "ORTHANC", CT) as association:
            return _median(lambda: _expect(association.store(next(instances)).status == 0, "Orthanc refused an instance"))

    def without() -> float:
        option, wire.TCP_QUICKACK = wire.TCP_QUICKACK, None
        try:
            return store()
        finally:
            wire.TCP_QUICKACK = option

    return Measure("C-STORE of 1 KiB to stock Orthanc, TCP_QUICKACK on against off", 0.3, store, without)


def _median(operation: Callable[[], None]) -> float:
    times = []
    for _ in range(ROUND_TRIPS):
        began = time.perf_counter()
        operation()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SystemExit(otherwise)


if __name__ == "__main__":
    sys.exit(main())
