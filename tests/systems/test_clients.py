"""The judge of sources and consumers judged: real clients, worked by `--trigger`, get the verdicts that people have adjudicated for them.

What a client shows its user is attested in its profile, from its output; what it sends is seen.
"""

import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conformance.consumer.content import ACCENTED_NAME

FIXTURES = Path(__file__).parents[2] / "fixtures"
AE_TITLE, HOST = "TESTED", "127.0.0.1"
SENDERS = ("dcmtk-storescu", "dcmtk-dcmsend", "pynetdicom-storescu", "orthanc-move")
CONSUMERS = ("dcmtk-move", "dcmtk-get", "pynetdicom-move", "pynetdicom-get")
CLIENTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(SENDERS, ("--role=source", "--slow")),
    **dict.fromkeys(CONSUMERS, ("--role=consumer",)),
}
NOTEWORTHY = ("FAIL", "WARN", "INFO", "INCONCLUSIVE", "BLOCKED")
AT_ONCE = 4


def trigger(client: str, listen_port: int) -> str:
    """The command that has a client take a step."""
    script = "senders.py" if client in SENDERS else "consumers.py"
    words = [sys.executable, str(FIXTURES / "systems" / script), client, "{step}", "--host", "{host}", "--port", "{port}"]
    words += ["--ae", "{ae}", "--calling", "{calling}"]
    words += ["--listen-port", str(listen_port), "--name", ACCENTED_NAME] if client in CONSUMERS else []
    return shlex.join(words)


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int], run_suite: Callable[..., Any]
) -> Iterator[dict[str, "Future[Any]"]]:
    """Several runs at once: much of their time is spent waiting for the clients."""

    def run(client: str) -> object:
        port = free_port()
        arguments = [f"--target-ae={AE_TITLE}", f"--host={HOST}", f"--port={port}", "--listen-port=0", *CLIENTS[client]]
        arguments += [f"--target-profile={FIXTURES / 'systems' / client}.toml", f"--trigger={trigger(client, port)}"]
        return run_suite(tmp_path_factory.mktemp(client), *arguments)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {client: pool.submit(run, client) for client in CLIENTS}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_real_client_gets_its_adjudicated_verdicts(runs: dict[str, "Future[Any]"], client: str) -> None:
    seen = runs[client].result()
    document = tomllib.loads((FIXTURES / "verdicts" / f"{client}.toml").read_text(encoding="utf-8"))
    adjudicated = {row["requirement"]: row["verdict"] for row in document["verdict"]}
    assert {id_: word for word in NOTEWORTHY for id_ in seen.judged(word)} == adjudicated, seen.output
    assert all(row["why"].endswith(".") and (row["clause"] or row["verdict"] == "BLOCKED") for row in document["verdict"])
