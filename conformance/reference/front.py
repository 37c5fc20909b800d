"""DIMSE over TLS before the archive: a port that takes TLS with certificates and carries what it holds to the plain port (PS3.15 B.12)."""

import select
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 16
CA, CLIENT, CLIENT_KEY = "tls-ca.pem", "tls-client.pem", "tls-client-key.pem"


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """The port of TLS, 0 for a free one, and the folder in which the certificates for a client are to be left."""

    port: int
    folder: Path


class Front:
    """Accepts TLS connections, each in a thread of its own, and connects them with the archive behind."""

    minimum = ssl.TLSVersion.TLSv1_2
    ciphers = ""
    demands = ssl.CERT_REQUIRED

    def __init__(self, settings: TlsSettings, host: str, behind: tuple[str, int], patience: float) -> None:
        self.behind, self.patience = behind, patience
        self.context = self._context(settings.folder, host)
        self.listener = socket.create_server((host, settings.port))

    @property
    def port(self) -> int:
        """The port that was bound."""
        return int(self.listener.getsockname()[1])

    def serve_forever(self) -> None:
        """Accept until closed."""
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def secured(self, connection: socket.socket) -> socket.socket:
        """Shake hands. Raises OSError where the peer is refused."""
        return self.context.wrap_socket(connection, server_side=True)

    def _context(self, folder: Path, host: str) -> ssl.SSLContext:
        import trustme  # here, since it needs the extra `tls`

        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self.minimum
        if self.ciphers:
            context.set_ciphers(self.ciphers)
        context.verify_mode = self.demands
        authority.issue_cert(host).configure_cert(context)
        authority.configure_trust(context)
        client = authority.issue_cert("client.invalid")
        authority.cert_pem.write_to_path(str(folder / CA))
        client.private_key_pem.write_to_path(str(folder / CLIENT_KEY))
        for number, part in enumerate(client.cert_chain_pems):
            part.write_to_path(str(folder / CLIENT), append=number > 0)
        return context

    def _carry(self, connection: socket.socket) -> None:
        connection.settimeout(self.patience)
        with suppress(OSError), connection, self.secured(connection) as outside, socket.create_connection(self.behind) as inside:
            self._relay(outside, inside)

    def _relay(self, outside: socket.socket, inside: socket.socket) -> None:
        """Carry both ways until an end is silent or gone: in one thread, since a TLS connection is not for two at a time."""
        sinks = {outside: inside, inside: outside}
        while sources := self._ready(outside, inside):
            for source in sources:
                data = source.recv(CHUNK)
                if not data:
                    return
                self.carry(data, sinks[source])

    def _ready(self, outside: socket.socket, inside: socket.socket) -> list[socket.socket]:
        if isinstance(outside, ssl.SSLSocket) and outside.pending():
            return [outside]  # what is decrypted already makes no socket readable
        return select.select([outside, inside], [], [], self.patience)[0]

    def carry(self, data: bytes, sink: socket.socket) -> None:
        """Pass on what came. Raises OSError where the connection is to end."""
        sink.sendall(data)
