"""Archives whose doors beside DIMSE are out: DICOMweb, and the port of TLS. Their outages stand in the table of `outages_serving.py`."""

import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO

from pydicom import dcmread

from conformance.reference.front import CHUNK, Front
from conformance.reference.web import CONFLICTED, JSON, NO_CONTENT, Outcome, Request, Response, WebServices, packed

UNAVAILABLE = 503
NOT_STORED = 0x0110  # Failure Reason
SSL_3_HELLO = slice(9, 11), b"\x03\x00"  # the version that a ClientHello offers, behind the heads of record and message


class PostsUnavailable(WebServices):
    def store(self, _parts: Sequence[bytes], _study: str = "") -> Response:
        return Response(UNAVAILABLE)


class PartlyWeb(WebServices):
    """Says that everything is stored, finds nothing where further fields are asked for, and delivers nothing."""

    def take(self, part: bytes, study: str) -> Outcome:
        return replace(super().take(part, study), reason=0)

    def search(self, request: Request) -> Response:
        return Response(NO_CONTENT) if "includefield" in dict(request.query) else super().search(request)

    def retrieve(self, _scope: Mapping[str, Sequence[str]], _accept: str) -> Response:
        return Response(UNAVAILABLE)


class StoresAllOrNothing(WebServices):
    """Finds no study by its UID, and stores nothing of a request in which one object has no study."""

    def search(self, request: Request) -> Response:
        return Response(NO_CONTENT) if "StudyInstanceUID" in dict(request.query) else super().search(request)

    def store(self, parts: Sequence[bytes], study: str = "") -> Response:
        read = [dcmread(BytesIO(part)) for part in parts]
        if all(each.get("StudyInstanceUID") for each in read):
            return super().store(parts, study)
        failed = [Outcome(str(each.SOPClassUID), str(each.SOPInstanceUID), NOT_STORED) for each in read]
        return Response(CONFLICTED, JSON, packed(self.report(failed)))


class LockedByStrangers(WebServices):
    """Lets nobody in any more once somebody came without the token."""

    locked = False

    def admits(self, request: Request) -> bool:
        self.locked = self.locked or not super().admits(request)
        return not self.locked


class NoHandshakes(Front):
    def secured(self, connection: socket.socket) -> socket.socket:
        connection.recv(1, socket.MSG_PEEK)  # what is left unread makes the end a reset
        raise ConnectionAbortedError


class TodayAlone(Front):
    minimum = ssl.TLSVersion.TLSv1_3


class SilentFront(Front):
    """Says nothing to an offer of SSL 3.0, nor to a client that shows no certificate."""

    demands = ssl.CERT_OPTIONAL

    def secured(self, connection: socket.socket) -> socket.socket:
        where, version = SSL_3_HELLO
        if connection.recv(where.stop, socket.MSG_PEEK)[where] == version:
            until_closed(connection)
        secured = self.context.wrap_socket(connection, server_side=True)
        if not secured.getpeercert():
            until_closed(secured)
        return secured


def until_closed(connection: socket.socket) -> None:
    """Take whatever comes, and then end as the connection did."""
    while connection.recv(CHUNK):
        pass
    raise ConnectionAbortedError


class StartledByClients(Front):
    """Turns away the first client after one that it refused."""

    startled = False

    def secured(self, connection: socket.socket) -> socket.socket:
        if self.startled:
            self.startled = False
            raise ConnectionAbortedError
        self.startled = True  # before the refusal can be seen
        secured = super().secured(connection)
        self.startled = False
        return secured
