"""Systems that hang, die or talk nonsense in the middle of a run: nobody is blamed, and the run ends."""

import contextlib
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

INCOMPLETE = 6
GOOD_CONNECTIONS = 40
SOME = ["-k", "VERIF or STORE or QUERY"]
GARBAGE = bytes(range(256)) * 4


def hang(client: socket.socket) -> None:
    """Take everything and say nothing."""
    with contextlib.suppress(OSError):
        while client.recv(65536):
            pass


def close(client: socket.socket) -> None:
    client.close()


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def talk_nonsense(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        client.sendall(GARBAGE)
        client.recv(65536)
    client.close()


@pytest.mark.parametrize("disturb", [hang, close, reset, talk_nonsense])
def test_a_system_that_goes_wrong_in_the_middle_is_not_blamed(
    tmp_path: Path, run_suite: Callable[..., Any], archive: Any, disturbed_line: Any, disturb: Callable[[socket.socket], None]
) -> None:
    with disturbed_line(GOOD_CONNECTIONS, disturb) as port:
        short = ["--associate-timeout=0.5", "--response-timeout=0.5", "--subop-timeout=1", "--release-timeout=0.5"]
        seen = run_suite(tmp_path, *archive.options(port), *short, *SOME, seconds=200)
    assert seen.judged("FAIL") | seen.judged("WARN") == set(), seen.output
    assert seen.judged("INCONCLUSIVE") | seen.judged("BLOCKED")
    assert seen.footer["certification"] == "INCOMPLETE"
    assert seen.code == INCOMPLETE, seen.output


def test_a_run_gives_up_on_a_system_that_is_gone(tmp_path: Path, run_suite: Callable[..., Any], archive: Any, disturbed_line: Any) -> None:
    with disturbed_line(GOOD_CONNECTIONS, close) as port:
        seen = run_suite(tmp_path, *archive.options(port), *SOME, "--associate-timeout=0.5")
    assert any("no longer answers" in reason for reason in seen.footer["reasons"])
    assert len(seen.of_kind("check")) < len(seen.verdicts)
