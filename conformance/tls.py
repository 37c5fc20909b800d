"""TLS towards the system under test: the contexts of a client, and a ClientHello by hand for what a current library cannot offer.

A ClientHello offers one version of the protocol and a list of cipher suites, and the first record of the answer tells what the server
takes (RFC 5246 7.4.1, 7.2). Nothing is agreed on and no key is made: the connection is closed after that record.
"""

import os
import socket
import ssl
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.dimse import Endpoint

TLS_1_2, TLS_1_1, TLS_1_0, SSL_3 = 0x0303, 0x0302, 0x0301, 0x0300
SOUND = (0xC02F, 0xC02B, 0xC030, 0xC02C, 0x009E, 0x009F, 0xCCA8, 0xCCA9, 0x009C, 0x002F)
OLD = (0xC013, 0xC014, 0xC009, 0xC00A, 0x0033, 0x0039, 0x002F, 0x0035, 0x000A)
HANDSHAKE, ALERT, SERVER_HELLO = 22, 21, 2
_EXTENSIONS = (
    (0x000A, struct.pack(">HHHH", 6, 0x001D, 0x0017, 0x0018)),  # groups: X25519, P-256, P-384
    (0x000B, b"\1\0"),  # points are uncompressed
    (0x000D, struct.pack(">H7H", 14, 0x0804, 0x0403, 0x0401, 0x0503, 0x0501, 0x0203, 0x0201)),  # signatures
)


@dataclass(frozen=True, slots=True)
class TlsService:
    """The port of DIMSE over TLS, the certificates to trust there, and ours with its key where the server demands one; files in PEM."""

    port: int
    ca: str = ""
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a ClientHello offers: one version and its cipher suites, by the name of the whole offer."""

    name: str
    version: int
    suites: tuple[int, ...]


SOUND_HELLO = Hello("TLS 1.2 with suites of today", TLS_1_2, SOUND)
WEAK_HELLOS: tuple[Hello, ...] = (
    Hello("SSL 3.0", SSL_3, OLD),
    Hello("TLS 1.0", TLS_1_0, OLD),
    Hello("TLS 1.1", TLS_1_1, OLD),
    Hello("suites without encryption", TLS_1_2, (0x0001, 0x0002, 0x003B, 0xC001, 0xC006, 0xC00B, 0xC010, 0xC015)),
    Hello("export suites", TLS_1_2, (0x0003, 0x0006, 0x0008, 0x000B, 0x000E, 0x0011, 0x0014, 0x0017, 0x0019)),
    Hello("RC4 suites", TLS_1_2, (0x0004, 0x0005, 0xC002, 0xC007, 0xC00C, 0xC011)),
    Hello("3DES suites", TLS_1_2, (0x000A, 0x000D, 0x0010, 0x0013, 0x0016, 0xC003, 0xC008, 0xC00D, 0xC012)),
)


def client_context(
    service: TlsService, version: ssl.TLSVersion | None = None, *, certificate: tuple[str, str] | None = None
) -> ssl.SSLContext:
    """Make the context of a client that trusts what the service names; the server's name is not compared, for AEs are known by address.

    `certificate` is a certificate and its key instead of ours; ("", "") shows none.

    Raises:
        ssl.SSLError, OSError: a file is none of PEM.
    """
    context = ssl.create_default_context(cafile=service.ca or None)
    context.check_hostname = False
    if version is not None:
        context.minimum_version = context.maximum_version = version
    shown, key = (service.certificate, service.key) if certificate is None else certificate
    if shown:
        context.load_cert_chain(shown, key or None)
    return context


def client_hello(hello: Hello) -> bytes:
    """Write a ClientHello in its record (RFC 5246 7.4.1.2)."""
    suites = b"".join(struct.pack(">H", suite) for suite in hello.suites)
    extensions = b"".join(struct.pack(">HH", kind, len(value)) + value for kind, value in _EXTENSIONS)
    body = struct.pack(">H", hello.version) + os.urandom(32) + b"\0" + struct.pack(">H", len(suites)) + suites + b"\1\0"
    if hello.version > SSL_3:  # SSL 3.0 knows no extensions
        body += struct.pack(">H", len(extensions)) + extensions
    message = b"\1" + len(body).to_bytes(3) + body
    return struct.pack(">BHH", HANDSHAKE, min(hello.version, TLS_1_0), len(message)) + message


def takes(endpoint: Endpoint, hello: Hello, seconds: float) -> bool | None:
    """Offer a ClientHello and say whether the server takes it; None where it answers nothing at all, neither record nor end.

    Raises:
        OSError: no connection.
    """
    with socket.create_connection((endpoint.host, endpoint.port), timeout=seconds) as line:
        line.sendall(client_hello(hello))
        try:
            record = _read(line, 11)
        except TimeoutError:
            return None
        except ConnectionError:
            return False
    return _accepted(record, hello)


def _read(line: socket.socket, octets: int) -> bytes:
    record = b""
    while len(record) < octets and (more := line.recv(octets - len(record))):
        record += more
        if record[0] != HANDSHAKE:
            break
    return record


def _accepted(record: Sequence[int], hello: Hello) -> bool:
    """A ServerHello of the version that was offered: record header, type, length, version."""
    if len(record) < 11 or record[0] != HANDSHAKE or record[5] != SERVER_HELLO:
        return False
    return (record[9] << 8 | record[10]) == hello.version
