"""The harness's own archive as a system under test: a process of its own, started for one run."""

import importlib.util
import random
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from pathlib import Path
from socket import create_server

from conformance.errors import ConformanceError
from conformance.guide import Role
from conformance.reference.front import CA, CLIENT, CLIENT_KEY
from conformance.tls import TlsService
from conformance.web import WebService

_REFERENCE = Path(__file__).parent / "reference"
PROFILE = _REFERENCE / "profile.toml"
PROFILES: Mapping[str, Path] = {
    Role.ARCHIVE: PROFILE,
    Role.SOURCE: _REFERENCE / "sender" / "profile.toml",
    Role.CONSUMER: _REFERENCE / "consumer" / "profile.toml",
}
"""The profile of the harness's own system, for each role that it can be tested in."""
_STEP = "--host {host} --port {port} --ae {ae} --calling {calling} {step}"
LOOPBACK = "127.0.0.1"
SEND_ONLY_AE, USER, PASSCODE = "SENDSONLY", "conformance", "synthetic"
"""The title of the embedded archive that may only send, and its one user: no secret, for it is open to this machine alone."""
PORTS, PORTS_TRIED = range(20000, 32768), 50  # below those that systems give to outgoing connections
_FIRST = random.SystemRandom().randrange(len(PORTS))
_PORTS_IN_TURN: "cycle[int]" = cycle((*PORTS[_FIRST:], *PORTS[:_FIRST]))  # none is given twice before it can have been used
SILENCE_SECONDS = 1
STOP_SECONDS = 10


class EmbeddedArchiveError(ConformanceError):
    """The embedded archive did not start."""


@contextmanager
def embedded_archive(ae_title: str, peer: str, options: Sequence[str] = ()) -> Iterator[tuple[str, int]]:
    """Start the embedded archive and give the host and port on which it listens.

    `peer` is our own Storage SCP as `AE=HOST:PORT`: its title is the only one that may call. The archive drops silent connections
    after `SILENCE_SECONDS`, as its profile declares. It ends, and what it stored goes, with the context, and also when this process
    is killed.
    """
    command = [sys.executable, "-m", "conformance.reference", "--port", "0", "--ae", ae_title, "--peer", peer]
    command += ["--calling", peer.partition("=")[0], "--calling", SEND_ONLY_AE, "--send-only", SEND_ONLY_AE, f"--user={USER}={PASSCODE}"]
    command += ["--attached", "--artim", str(SILENCE_SECONDS), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _ready(process)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def embedded_web(folder: Path) -> tuple[list[str], WebService | None]:
    """The options that give the embedded archive a DICOMweb door, and that door; neither where the extra `web` is not installed.

    The certificate to trust is left in `folder`.
    """
    if importlib.util.find_spec("trustme") is None:
        return [], None
    port = free_port()
    ca, token = folder / "web-ca.pem", secrets.token_urlsafe()
    service = WebService(f"https://{LOOPBACK}:{port}/dicom-web", ca=str(ca), secret=token)
    return ["--web-port", str(port), "--web-ca", str(ca), f"--web-token={token}"], service


def embedded_tls(folder: Path) -> tuple[list[str], TlsService | None]:
    """The options that give the embedded archive a port of TLS, and that port; neither where the extra `tls` is not installed.

    The certificates for a client are left in `folder`.
    """
    if importlib.util.find_spec("trustme") is None:
        return [], None
    port = free_port()
    service = TlsService(port, *(str(folder / name) for name in (CA, CLIENT, CLIENT_KEY)))
    return ["--tls-port", str(port), "--tls-folder", str(folder)], service


def sender_trigger(listen_port: int) -> str:
    """What does each step of a source, where the harness's own is the one to test; it hears of commitment on this port."""
    return f"{_reference('sender', listen_port)} --answer-seconds 2 {_STEP}"


def consumer_trigger(listen_port: int) -> str:
    """What does each step of a consumer, where the harness's own is the one to test; it receives on this port."""
    return f"{_reference('consumer', listen_port)} {_STEP}"


def _reference(role: str, listen_port: int) -> str:
    return shlex.join([sys.executable, "-m", f"conformance.reference.{role}", "--listen-port", str(listen_port)])


def free_port() -> int:
    """Find a port of loopback that is free now, and that no outgoing connection is given before it is used.

    Raises:
        EmbeddedArchiveError: none of the ports that were tried is free.
    """
    for port in islice(_PORTS_IN_TURN, PORTS_TRIED):
        with suppress(OSError), create_server((LOOPBACK, port)):
            return port
    raise EmbeddedArchiveError(
        f"no free port among {PORTS_TRIED} from {PORTS[0]} to {PORTS[-1]}", where="loopback", remedy="end what listens there"
    )


def _ready(process: "subprocess.Popen[str]") -> tuple[str, int]:
    assert process.stdout is not None
    word, _, address = process.stdout.readline().strip().partition(" ")
    host, _, port = address.partition(" ")
    if word != "ready" or not port.isdecimal():
        raise EmbeddedArchiveError(
            "did not start", where="conformance.reference", remedy="run `python -m conformance.reference --port 0 --ae TEST` to see why"
        )
    return host, int(port)
