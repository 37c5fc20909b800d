"""The judge of sources judged: real clients, worked by `--trigger`, get the verdicts that people have adjudicated for them.

What a client shows its user is attested in its profile, from its output; what it sends is seen.
"""

import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
SENDERS = ("dcmtk-storescu", "dcmtk-dcmsend", "pynetdicom-storescu")
NOTEWORTHY = ("FAIL", "WARN", "INFO", "INCONCLUSIVE", "BLOCKED")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, run_suite: Callable[..., Any]) -> Iterator[dict[str, "Future[Any]"]]:
    """All runs at once: much of their time is spent waiting for the clients."""

    def run(sender: str) -> object:
        words = [sys.executable, str(FIXTURES / "systems" / "senders.py"), sender, "{step}"]
        words += ["--host", "{host}", "--port", "{port}", "--ae", "{ae}", "--calling", "{calling}"]
        arguments = ["--role=source", "--target-ae=TESTED", "--host=127.0.0.1", "--listen-port=0", "--slow"]
        arguments += [f"--target-profile={FIXTURES / 'systems' / sender}.toml", f"--trigger={shlex.join(words)}"]
        return run_suite(tmp_path_factory.mktemp(sender), *arguments)

    with ThreadPoolExecutor(len(SENDERS)) as pool:
        yield {sender: pool.submit(run, sender) for sender in SENDERS}


@pytest.mark.parametrize("sender", SENDERS)
def test_a_real_sender_gets_its_adjudicated_verdicts(runs: dict[str, "Future[Any]"], sender: str) -> None:
    seen = runs[sender].result()
    document = tomllib.loads((FIXTURES / "verdicts" / f"{sender}.toml").read_text(encoding="utf-8"))
    adjudicated = {row["requirement"]: row["verdict"] for row in document["verdict"]}
    assert {id_: word for word in NOTEWORTHY for id_ in seen.judged(word)} == adjudicated, seen.output
    assert all(row["why"].endswith(".") and (row["clause"] or row["verdict"] == "BLOCKED") for row in document["verdict"])
