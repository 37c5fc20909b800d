"""Fixtures of the driver's tests: a scripted acceptor, presentation contexts, TLS certificates."""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from conformance.dimse import Context, Endpoint, Listener

from .peers import CT, IMPLICIT, STUDY_FIND, VERIFICATION, Script, ScriptedPeer


@pytest.fixture
def scripted() -> Iterator[Callable[[Script], Endpoint]]:
    """Start an acceptor that plays a script on its first connection; gives the endpoint to call."""
    over = threading.Event()
    with contextlib.ExitStack() as stack:

        def play(script: Script) -> Endpoint:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def run() -> None:
                with contextlib.suppress(OSError):
                    connection = listening.accept()[0]
                    with connection:
                        script(ScriptedPeer(connection, over))

            thread = threading.Thread(target=run)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(lambda: listening.shutdown(socket.SHUT_RDWR))
            stack.callback(over.set)
            return Endpoint("127.0.0.1", listening.getsockname()[1], "PEER", "HARNESS")

        yield play


@pytest.fixture
def contexts() -> list[Context]:
    """Verification, CT storage and Study Root FIND, each in Implicit VR Little Endian: context ids 1, 3 and 5."""
    return [Context(uid, (IMPLICIT,)) for uid in (VERIFICATION, CT, STUDY_FIND)]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Our listener on a free port."""
    with Listener("127.0.0.1", 0, "HARNESS") as running:
        yield running


@dataclass(frozen=True)
class Certificates:
    """TLS contexts of both ends, for 127.0.0.1 and mutual authentication; `stranger` trusts the server but is not known to it."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    stranger: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Self-signed certificates, made with the openssl program."""
    folder = tmp_path_factory.mktemp("tls")
    for name in ("server", "client"):
        files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")]
        names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
        subprocess.run(command, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem", folder / "server.key")
    server.load_verify_locations(folder / "client.pem")
    server.verify_mode = ssl.CERT_REQUIRED
    client, stranger = (ssl.create_default_context(cafile=str(folder / "server.pem")) for _ in range(2))
    client.load_cert_chain(folder / "client.pem", folder / "client.key")
    return Certificates(server, client, stranger)
