"""Faults of the port of TLS."""

import socket
import ssl

from conformance.reference.archive import Parts
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.front import Front

ASSOCIATE_RQ = b"\1"
LARGE = 4096


class OldVersions(Front):
    minimum = ssl.TLSVersion.TLSv1
    ciphers = "DEFAULT:@SECLEVEL=0"


class SuitesWithoutEncryption(Front):
    ciphers = "ALL:eNULL:@SECLEVEL=0"


class AnybodyMayCome(Front):
    demands = ssl.CERT_NONE


class SniffsTheProtocol(Front):
    def secured(self, connection: socket.socket) -> socket.socket:
        plain = connection.recv(1, socket.MSG_PEEK) == ASSOCIATE_RQ
        return connection.dup() if plain else super().secured(connection)


class DropsWhatIsLarge(Front):
    def carry(self, data: bytes, sink: socket.socket) -> None:
        if len(data) > LARGE:
            raise ConnectionAbortedError
        super().carry(data, sink)


SECURING_FAULTS: tuple[Fault, ...] = (
    Fault(
        "tunnel-drops-large-records", "TLS ends in a tunnel that drops what is large", Parts(front=DropsWhatIsLarge), warns=rows("SEC-03")
    ),
    Fault("tls-1.0-taken", "TLS 1.0 and 1.1 are still negotiated", Parts(front=OldVersions), breaks=rows("SEC-04")),
    Fault(
        "suites-without-encryption-taken",
        "suites without encryption are taken",
        Parts(front=SuitesWithoutEncryption),
        breaks=rows("SEC-04"),
    ),
    Fault("no-client-certificate-demanded", "whoever speaks TLS is let in", Parts(front=AnybodyMayCome), breaks=rows("SEC-05")),
    Fault("plain-dicom-beside-tls", "the port of TLS answers plain DICOM too", Parts(front=SniffsTheProtocol), breaks=rows("SEC-06")),
)
