"""How the tests run the suite: as its users do, in a process of its own, against a system that is really there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.embedded import free_port

RUN_SECONDS = 900
IDLE_PLUGINS = ("randomly", "xdist", "xdist.looponfail", "timeout", "faker", "hypothesispytest")
"""Plugins of pytest that our own tests need, or that come with what the suite needs: no run of it asks them for anything, and each
start of some hundreds would pay for them."""


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """A run of the suite that ended: its exit code, what it printed, and the folder of its report."""

    code: int
    output: str
    folder: Path

    @property
    def records(self) -> list[dict[str, Any]]:
        results = self.folder / "results.jsonl"
        assert results.exists(), f"the run recorded nothing and ended with exit code {self.code}:\n{self.output}"
        lines = results.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [record for record in self.records if record["kind"] == kind]

    @property
    def verdicts(self) -> dict[str, str]:
        return {row["id"]: row["verdict"] for row in self.of_kind("requirement")}

    @property
    def footer(self) -> dict[str, Any]:
        return self.of_kind("footer")[0]

    def judged(self, verdict: str) -> set[str]:
        """The rows with this verdict, but for those that no check decides yet, nobody attested to, or this run left out or cut short."""
        untested = {row["id"] for row in self.records[0]["register"] if row.get("untested")}
        judged = [row for row in self.of_kind("requirement") if row["verdict"] == verdict and row["id"] not in untested]
        return {row["id"] for row in judged if not row.get("reason", "").startswith(("not selected", "not attested", "not asked in full"))}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--whole-matrix", action="store_true", help="prove every fault against every check, not against its own and a fixed set"
    )
    parser.addoption("--seeds", type=int, default=1, help="how many seeds the clean archive and each real system are judged with")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(1, metafunc.config.getoption("--seeds") + 1))


@pytest.fixture(scope="session", name="free_port")
def port_chooser() -> Callable[[], int]:
    """Give what finds a port that is free now."""
    return free_port


@pytest.fixture(scope="session")
def small_sizes() -> list[str]:
    """Give the options by which a slow run asks little of a system, and yet more than the faults of size bear."""
    return ["--study-instances=120", "--object-megabytes=8"]


@pytest.fixture(scope="session")
def run_suite() -> Callable[..., SuiteRun]:
    """Run `pytest` with these arguments in a folder, as a user does, and give what came of it."""

    def run(folder: Path, *arguments: str, seconds: float = RUN_SECONDS, secret: str = "", passcode: str = "") -> SuiteRun:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment |= {"CONFORMANCE_WEB_SECRET": secret, "CONFORMANCE_PASSCODE": passcode}
        process = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(f"-pno:{name}" for name in IDLE_PLUGINS), *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return SuiteRun(process.returncode, process.stdout + process.stderr, folder / "conformance-report")

    return run
