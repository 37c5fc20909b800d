"""The HTTPS server before the DICOMweb services: TLS, requests, multipart bodies (RFC 9110, RFC 2046)."""

import email
import email.policy
import logging
import socket
import ssl
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import trustme

from conformance.reference.web import BAD_REQUEST, Request, Response, WebServices

LOGGER = logging.getLogger(__name__)
ROOT = "/dicom-web"
MAX_BODY = 64 << 20
INTERNAL_ERROR, TOO_LARGE = 500, 413


def certified(host: str, ca_file: Path) -> ssl.SSLContext:
    """Make a certificate for this host and leave that of its authority in a file, for those who are to trust it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(host).configure_cert(context)
    authority.cert_pem.write_to_path(str(ca_file))
    return context


class WebServer(ThreadingHTTPServer):
    """Serves one base URL; each connection has a thread, and `patience` seconds to say something."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext, patience: float) -> None:
        super().__init__(address, Handler)
        self.context, self.patience = context, patience
        self.services: WebServices | None = None

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        assert self.services is not None
        connection, address = super().get_request()
        connection.settimeout(self.patience)
        return self.services.secured(connection, self.context), address

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 # the names are those of socketserver
        """A connection that is no TLS, or ends early, is nobody's concern."""
        LOGGER.debug("a connection ended", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """One connection: reads a request, asks the services, writes the response."""

    server: WebServer

    def do_GET(self) -> None:
        """QIDO-RS and WADO-RS."""
        self._serve(())

    def do_POST(self) -> None:
        """STOW-RS."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self._write(Response(TOO_LARGE if length.isdecimal() else BAD_REQUEST))
            return
        self._serve(parts_of(self.headers.get("Content-Type", ""), self.rfile.read(int(length))))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on standard error."""

    def _serve(self, parts: Sequence[bytes]) -> None:
        assert self.server.services is not None
        url = urlsplit(self.path)
        below = url.path.removeprefix(ROOT).strip("/")
        request = Request(
            method=self.command,
            path=tuple(unquote(segment) for segment in below.split("/")),
            query=parse_qsl(url.query, keep_blank_values=True),
            authorization=self.headers.get("Authorization", ""),
            accept=self.headers.get("Accept", ""),
            parts=parts,
            encrypted=isinstance(self.connection, ssl.SSLSocket),
        )
        try:
            response = self.server.services.answer(request)
        except Exception:  # whatever went wrong inside, the peer is owed an answer
            LOGGER.exception("%s failed", self.command)
            response = Response(INTERNAL_ERROR)
        self._write(response)

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        if response.content_type:
            self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)


def parts_of(content_type: str, body: bytes) -> list[bytes]:
    """Take a multipart body apart; anything else has no parts."""
    header = f"MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = email.message_from_bytes(header + body, policy=email.policy.HTTP)
    if not message.is_multipart():
        return []
    return [bytes(part.get_payload(decode=True) or b"") for part in message.iter_parts()]
