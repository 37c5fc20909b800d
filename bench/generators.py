"""The generators against what else makes DICOM objects, and their memory.

    python -m bench.generators [--peers PYTHON] [--quick]

Prints objects and megabytes per second for every kind, beside a bare `pydicom.dcmwrite` of the same data sets prepared beforehand; a large
CT series spliced and encoded whole; the peers of the Python package index that write Part 10 files at all, in the same run; the peak memory
of a study of 10,000 instances; and an object of 2 GiB streamed. Exits 1 where a bound is missed. Rounds are interleaved and medians
taken, so that what else the machine does falls on all alike. PYTHON is an interpreter with `dicom-maker`, `dicomgenerator` and
`dicom-factory` installed, which want an older pydicom than ours; a peer that it does not have is said to be missing.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from pydicom import Dataset, dcmwrite

from generators import KINDS, Study, Synthesizer, encode, iterate_study, write_instance

SIDE = 128
"""Rows and columns in the comparison of kinds."""
PEER_INSTANCES, LARGE_INSTANCES, HUGE_FRAMES = 100, 10_000, 128
SPLICED_BOUND, WRITE_BOUND, MEMORY_BOUND, STREAMING_BOUND = 8.0, 0.8, 40.0, 640.0
PEER_BOUNDS = {"dicom-maker": 5.0, "dicomgenerator": 5.0, "dicom-factory": 0.3}
"""dicom-factory writes 15 elements and neither a class nor a UID: no archive takes that, and no bound worth the name can be set on it."""

PEERS = {
    "dicom-maker": """
import sys
from make_dicom.main import cli_main
def make(folder, count):
    sys.argv = ["", "--output-dir", folder, "--modality", "CT", "--body-part", "CHEST", "--num-instances", str(count)]
    cli_main()
""",
    "dicomgenerator": """
from pathlib import Path
from dicomgenerator.export import export
from dicomgenerator.templates import CTDatasetFactory
def make(folder, count):
    for number in range(count):
        export(CTDatasetFactory(), Path(folder, f"{number}.dcm"))
""",
    "dicom-factory": """
from dicom_factory.factory import DicomFactory
def make(folder, count):
    for number in range(count):
        DicomFactory.build({"Rows": 16, "Columns": 16}).save_as(f"{folder}/{number}.dcm")
""",
}
TIMED = """
import contextlib, io, sys, time
began = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    make(sys.argv[1], int(sys.argv[2]))
print(time.perf_counter() - began)
"""
PEAK = """
import resource
from generators import Synthesizer, iterate_study
study = Synthesizer(1, "LARGE").study("CT", instances={count}, rows=64, columns=64)
sum(len(each.data) for each in iterate_study(study))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure that was measured, and what it may not fall below or exceed."""

    name: str
    figure: float
    bound: float
    at_most: bool = False

    @property
    def missed(self) -> bool:
        return self.figure > self.bound if self.at_most else self.figure < self.bound

    def __str__(self) -> str:
        judged, side = "MISSED" if self.missed else "kept", "at most" if self.at_most else "at least"
        return f"{judged:6}  {self.name}: {self.figure:.2f} ({side} {self.bound})"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.generators", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON", help="an interpreter that has the peers")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and instances: for a look, not for figures")
    options = parser.parse_args(arguments)
    rounds = 3 if options.quick else 7
    bounds = [*kinds(rounds), splicing(rounds), *peers(options.peers, rounds), memory(), streaming(8 if options.quick else HUGE_FRAMES)]
    print("\n".join(str(bound) for bound in bounds))
    return int(any(bound.missed for bound in bounds))


def kinds(rounds: int) -> list[Bound]:
    """Measure every kind against dcmwrite of prepared data sets."""
    print(f"{'kind':18}{'objects/s':>11}{'MB/s':>9}{'dcmwrite/s':>12}{'ratio':>8}   {SIDE} x {SIDE}, 10 instances a series, 4 frames")
    ratios = []
    for kind in KINDS:
        study = Synthesizer(1, "BENCH").study(kind, instances=10, rows=SIDE, columns=SIDE, frames=4)
        prepared = list(study.datasets())
        size = sum(len(each.part10()) for each in iterate_study(study))
        ours, bare = interleaved([partial(generate, study), partial(write, prepared)], rounds)
        ratios.append(bare / ours)
        count = len(prepared)
        print(f"{kind:18}{count / ours:11.0f}{size / ours / 1e6:9.1f}{count / bare:12.0f}{bare / ours:8.2f}")
    return [Bound("median over the kinds: rate against bare dcmwrite of prepared data sets", statistics.median(ratios), WRITE_BOUND)]


def splicing(rounds: int) -> Bound:
    """Measure a CT series spliced against the same encoded object by object from rendered data sets."""
    study = Synthesizer(1, "BENCH").study("CT", instances=300, rows=16, columns=16)
    spliced, whole = interleaved([lambda: generate(study), lambda: sum(len(encode(each).data) for each in study.datasets())], rounds)
    print(f"\nspliced {300 / spliced:.0f}/s, rendered and encoded {300 / whole:.0f}/s")
    return Bound("splicing a series against encoding it", whole / spliced, SPLICED_BOUND)


def peers(python: str, rounds: int) -> list[Bound]:
    """Measure each peer that is there against our writing as many CT files of 16 x 16 pixels."""
    bounds = []
    for name, code in PEERS.items():
        took = [pair(python, code) for _ in range(rounds)]
        measured = [theirs / ours for ours, theirs in took if theirs]
        if not measured:
            print(f"{name}: not installed in {python}, not measured")
            continue
        rate = PEER_INSTANCES / statistics.median(theirs for _, theirs in took if theirs)
        print(f"{name}: {rate:.0f} files/s")
        bounds.append(Bound(f"files a second against {name}", statistics.median(measured), PEER_BOUNDS[name]))
    return bounds


def pair(python: str, code: str) -> tuple[float, float | None]:
    """Give the seconds that we and a peer take for PEER_INSTANCES files, one after the other; None where the peer is not there."""
    with tempfile.TemporaryDirectory() as folder:
        ours = timed(lambda: write_files(Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        command = [python, "-W", "ignore", "-c", code + TIMED, folder, str(PEER_INSTANCES)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        made = len(list(Path(folder).rglob("*.dcm")))
    return ours, float(done.stdout) if done.returncode == 0 and made == PEER_INSTANCES else None


def write_files(folder: Path) -> None:
    study = Synthesizer(1, "BENCH").study("CT", instances=PEER_INSTANCES, rows=16, columns=16)
    for number, each in enumerate(iterate_study(study)):
        (folder / f"{number}.dcm").write_bytes(each.part10())


def memory() -> Bound:
    """Measure the peak of a process that makes 10,000 instances above one that makes 100."""
    small, large = (peak(count) for count in (100, LARGE_INSTANCES))
    print(f"\npeak memory: 100 instances {small:.0f} MiB, {LARGE_INSTANCES} instances {large:.0f} MiB")
    return Bound(f"MiB more at the peak for {LARGE_INSTANCES} instances", large - small, MEMORY_BOUND, at_most=True)


def peak(count: int) -> float:
    done = subprocess.run([sys.executable, "-c", PEAK.format(count=count)], capture_output=True, text=True, timeout=300, check=True)
    return int(done.stdout) / 1024


def streaming(frames: int) -> Bound:
    """Measure the writing of one multi-frame object, 2 GiB unless quick, and what it holds in memory."""
    study = Synthesizer(1, "HUGE").study("XA", instances=1, rows=4096, columns=4096, frames=frames)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Path(os.devnull).open("wb") as sink:
        written: list[int] = []
        seconds = timed(lambda: written.append(write_instance(study, study.instances[0], sink)))
    held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"streamed {written[0] / 2**30:.2f} GiB at {written[0] / seconds / 1e6:.0f} MB/s, {held:.0f} MiB more in memory at the peak")
    return Bound("MiB more at the peak while streaming frames of 16 MiB", held, STREAMING_BOUND, at_most=True)


def generate(study: Study) -> int:
    return sum(len(each.data) for each in iterate_study(study))


def write(prepared: Iterable[Dataset]) -> None:
    for dataset in prepared:
        dcmwrite(BytesIO(), dataset, enforce_file_format=True)


def interleaved(tasks: list[Callable[[], object]], rounds: int) -> list[float]:
    """Give the median seconds of each task over rounds in which all are run in turn, after one round that does not count."""
    took = [[timed(task) for task in tasks] for _ in range(rounds + 1)][1:]
    return [statistics.median(column) for column in zip(*took, strict=True)]


def timed(task: Callable[[], object]) -> float:
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
