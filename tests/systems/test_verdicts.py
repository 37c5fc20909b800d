"""The judge judged: each known real system gets the verdicts that people have adjudicated for it, whatever the seed."""

import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
AE_TITLE, CALLING_AE = "TESTED", "CONFORMANCE"
NOTEWORTHY = ("FAIL", "WARN", "INFO", "INCONCLUSIVE", "BLOCKED")
STOP_SECONDS = 60  # it has ten to end by itself, and then leaves what it stored to be removed
WEB_USER, WEB_PASSWORD = "conformance", "synthetic"  # those of the recipe
PROFILES = {name: FIXTURES / "systems" / f"{name}.toml" for name in ("qrscp", "pixelmed", "wlmscpfs")}


@dataclass(frozen=True, slots=True)
class Ask:
    """One run against one system. `slow` also waits for its timers, `web` also asks its DICOMweb service.

    `only` selects a row, for a system that is no archive.
    """

    system: str
    slow: bool = False
    web: bool = False
    only: str = ""


ASKED = (
    Ask("orthanc", web=True),
    Ask("dcmqrscp"),
    Ask("qrscp"),
    Ask("pixelmed"),
    Ask("storescp"),
    Ask("wlmscpfs", only="WORK-04"),
)
ASKED_SLOWLY = tuple(replace(ask, slow=True) for ask in ASKED if not ask.only)


@contextmanager
def started(system: str, port: int, listen_port: int, *options: str) -> Iterator[None]:
    """Start a real system by its recipe, and stop it."""
    command = [sys.executable, str(FIXTURES / "systems" / "start.py"), system, "--port", str(port), "--ae", AE_TITLE]
    command += ["--peer", f"{CALLING_AE}=127.0.0.1:{listen_port}", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready"), f"{system} did not start"
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    free_port: Callable[[], int],
    run_suite: Callable[..., Any],
) -> Iterator[dict[tuple[Ask, int], "Future[Any]"]]:
    """All runs that the selected tests look at, at once: much of their time is spent waiting for the systems."""

    def run(ask: Ask, seed: int) -> object:
        port, listen_port = free_port(), free_port()
        arguments = [f"--target-ae={AE_TITLE}", "--host=127.0.0.1", f"--port={port}", f"--listen-port={listen_port}", f"--seed={seed}"]
        arguments += ["--slow"] * ask.slow + ["-k", ask.only] * bool(ask.only)
        if ask.system in PROFILES:
            arguments.append(f"--target-profile={PROFILES[ask.system]}")
        options: list[str] = []
        if ask.web:
            web_port = free_port()
            options = ["--web-port", str(web_port)]
            arguments += [f"--web-url=http://127.0.0.1:{web_port}/dicom-web", f"--web-user={WEB_USER}"]
        with started(ask.system, port, listen_port, *options):
            return run_suite(tmp_path_factory.mktemp(ask.system), *arguments, secret=WEB_PASSWORD)

    looking = [item for item in request.session.items if isinstance(item, pytest.Function) and item.path == Path(__file__)]
    asked = dict.fromkeys(
        (item.callspec.params["ask"], item.callspec.params.get("seed", 1)) for item in looking if "runs" in item.fixturenames
    )
    alone = request.config.getoption("--seeds") == 1
    with ThreadPoolExecutor(len(ASKED)) as pool:
        yield {(ask, seed): pool.submit(run, ask, seed) for ask, seed in asked if not (ask.slow and alone)}


def adjudicated(ask: Ask, passed: set[str]) -> dict[str, str]:
    """The rows of a system's file, without those that only a slow run, or one with DICOMweb, decides where this one is not.

    What happens `sometimes` only, in a race of the system's own, may also have `passed`.
    """
    document = tomllib.loads((FIXTURES / "verdicts" / f"{ask.system}.toml").read_text(encoding="utf-8"))
    asked = {"slow": ask.slow, "web": ask.web}
    decided = [row for row in document["verdict"] if all(asked[key] for key in asked if row.get(key, False))]
    return {row["requirement"]: row["verdict"] for row in decided if not (row.get("sometimes", False) and row["requirement"] in passed)}


@pytest.mark.parametrize("ask", ASKED_SLOWLY, ids=str)
def test_a_real_system_gets_its_adjudicated_verdicts_with_time(
    request: pytest.FixtureRequest, runs: dict[tuple[Ask, int], "Future[Any]"], ask: Ask
) -> None:
    if request.config.getoption("--seeds") == 1:
        pytest.skip("the timers of a system take minutes: more than one seed, as in make proof")
    test_a_real_system_gets_its_adjudicated_verdicts(runs, ask, seed=1)


@pytest.mark.parametrize("ask", ASKED, ids=str)
def test_a_real_system_gets_its_adjudicated_verdicts(runs: dict[tuple[Ask, int], "Future[Any]"], ask: Ask, seed: int) -> None:
    seen = runs[ask, seed].result()
    noteworthy = (*NOTEWORTHY, "PASS") if ask.only else NOTEWORTHY
    verdicts = adjudicated(ask, seen.judged("PASS"))
    assert {id_: word for word in noteworthy for id_ in seen.judged(word)} == verdicts, seen.output
    failed = "FAIL" in verdicts.values()
    assert (seen.code, seen.footer["certification"]) == ((1, "NOT CERTIFIED") if failed else (6, "INCOMPLETE"))


@pytest.mark.parametrize("system", sorted({ask.system for ask in ASKED}))
def test_each_adjudicated_verdict_says_why(system: str) -> None:
    document = tomllib.loads((FIXTURES / "verdicts" / f"{system}.toml").read_text(encoding="utf-8"))
    for row in document["verdict"]:
        assert row["why"].endswith("."), row
        assert row["verdict"] == "BLOCKED" or row["clause"], row
