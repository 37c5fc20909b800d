"""What the tests of the plugin run against: the embedded archive, and a line to it that can be disturbed."""

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from conformance.embedded import PROFILE, embedded_archive

CALLING_AE, AE_TITLE = "CONFORMANCE", "EMBEDDED"
STRANGER = "STRANGER"  # may call, and is no destination
CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Archive:
    """An embedded archive under test, and the options that name it. `listen_port` is where it sends what is moved."""

    host: str
    port: int
    listen_port: int

    def options(self, port: int | None = None) -> list[str]:
        return [
            f"--target-ae={AE_TITLE}",
            f"--host={self.host}",
            f"--port={port or self.port}",
            f"--listen-port={self.listen_port}",
            f"--target-profile={PROFILE}",
        ]


@pytest.fixture(scope="session")
def archive(free_port: Callable[[], int]) -> Iterator[Archive]:
    listen_port = free_port()
    with embedded_archive(AE_TITLE, f"{CALLING_AE}=127.0.0.1:{listen_port}", ["--calling", STRANGER]) as (host, port):
        yield Archive(host, port, listen_port)


@dataclass
class Line:
    """A TCP proxy to an archive that behaves until so many connections were made, and then disturbs every later one."""

    archive: Archive
    good: int
    disturb: Callable[[socket.socket], None]
    _stop: threading.Event = field(default_factory=threading.Event)
    _made: int = 0

    @contextmanager
    def open(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as stack:
            listening.settimeout(0.1)
            thread = threading.Thread(target=self._accept, args=(listening, stack), daemon=True)
            thread.start()
            try:
                yield int(listening.getsockname()[1])
            finally:
                self._stop.set()
                thread.join(5)

    def _accept(self, listening: socket.socket, stack: ExitStack) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                client = stack.enter_context(listening.accept()[0])
                self._made += 1
                serve = self._forward if self._made <= self.good else self.disturb
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection((self.archive.host, self.archive.port)) as server:
            ways = {client: server, server: client}
            while not self._stop.is_set():
                for source in select.select(list(ways), [], [], 0.1)[0]:
                    data = source.recv(CHUNK)
                    if not data:
                        return
                    ways[source].sendall(data)


@pytest.fixture
def disturbed_line(archive: Archive) -> Callable[[int, Callable[[socket.socket], None]], Any]:
    """Open a line to the archive that is disturbed after so many connections."""
    return lambda good, disturb: Line(archive, good, disturb).open()


@pytest.fixture
def failing_archive() -> Callable[..., Any]:
    """Start an embedded archive with a fault, one that excludes the last day of a range, and give the options that name it."""

    @contextmanager
    def start(listen_port: int, fault: str = "date-range-excludes-end") -> Iterator[list[str]]:
        peer = f"{CALLING_AE}=127.0.0.1:{listen_port}"
        with embedded_archive(AE_TITLE, peer, ["--fault", fault]) as (host, port):
            yield Archive(host, port, listen_port).options()

    return start
