"""Where a peer is and how long to wait for it."""

import ssl
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for each kind of wait. `response` is above 30 s: a slow abort would else pass for silence."""

    connect: float = 5.0
    associate: float = 15.0
    response: float = 45.0
    subop: float = 60.0  # between two responses of a retrieve
    operation: float = 1800.0  # a whole C-FIND or retrieve, however many responses come
    release: float = 5.0
    report: float = 30.0
    send: float = 30.0  # without a single byte taken by the peer


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the peer listens and the AE titles to use. `tls` makes the connection a TLS one."""

    host: str
    port: int
    called_ae: str
    calling_ae: str
    tls: ssl.SSLContext | None = None
