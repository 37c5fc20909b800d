"""The judge of consumers judged: real clients, worked by `--trigger`, get the verdicts that people have adjudicated for them.

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

from conformance.consumer.content import ACCENTED_NAME

FIXTURES = Path(__file__).parents[2] / "fixtures"
AE_TITLE = "TESTED"
CONSUMERS = ("dcmtk-move", "dcmtk-get", "pynetdicom-move", "pynetdicom-get")
NOTEWORTHY = ("FAIL", "WARN", "INFO", "INCONCLUSIVE", "BLOCKED")


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int], run_suite: Callable[..., Any]
) -> Iterator[dict[str, "Future[Any]"]]:
    """All runs at once: much of their time is spent waiting for the clients."""

    def run(consumer: str) -> object:
        port = free_port()
        words = [sys.executable, str(FIXTURES / "systems" / "consumers.py"), consumer, "{step}", "--host", "{host}", "--port", "{port}"]
        words += ["--ae", "{ae}", "--calling", "{calling}", "--listen-port", str(port), "--name", ACCENTED_NAME]
        arguments = ["--role=consumer", f"--target-ae={AE_TITLE}", "--host=127.0.0.1", f"--port={port}", "--listen-port=0"]
        arguments += [f"--target-profile={FIXTURES / 'systems' / consumer}.toml", f"--trigger={shlex.join(words)}"]
        return run_suite(tmp_path_factory.mktemp(consumer), *arguments)

    with ThreadPoolExecutor(len(CONSUMERS)) as pool:
        yield {consumer: pool.submit(run, consumer) for consumer in CONSUMERS}


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_a_real_consumer_gets_its_adjudicated_verdicts(runs: dict[str, "Future[Any]"], consumer: str) -> None:
    seen = runs[consumer].result()
    document = tomllib.loads((FIXTURES / "verdicts" / f"{consumer}.toml").read_text(encoding="utf-8"))
    adjudicated = {row["requirement"]: row["verdict"] for row in document["verdict"]}
    assert {id_: word for word in NOTEWORTHY for id_ in seen.judged(word)} == adjudicated, seen.output
    assert all(row["why"].endswith(".") and (row["clause"] or row["verdict"] == "BLOCKED") for row in document["verdict"])
