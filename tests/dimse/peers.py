"""Peers for the driver's tests: scripted acceptors, the known real systems, DCMTK's clients."""

import contextlib
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from conformance.dimse import AssociatePdu, Endpoint, Listener, PduType, PresentationContext, encode_associate, encode_command
from conformance.dimse.command import NO_DATA_SET, decode_command
from conformance.dimse.pdu import Pdu, Pdv, decode_associate, decode_pdvs, encode_pdvs

CT = str(CTImageStorage)
IMPLICIT, EXPLICIT = str(ImplicitVRLittleEndian), str(ExplicitVRLittleEndian)
VERIFICATION = "1.2.840.10008.1.1"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3"
UNHURRIED = settings(deadline=None)  # a busy machine is no failure
NOT_INSTALLED = 2  # exit code of start.py
START = Path(__file__).parents[2] / "fixtures" / "systems" / "start.py"


@dataclass(frozen=True)
class Stored:
    """An instance to store."""

    sop_instance_uid: str = "1.2.3.4"
    data: bytes = b"\x08\x00\x18\x00\x08\x00\x00\x001.2.3.4\0"
    sop_class_uid: str = CT
    transfer_syntax_uid: str = IMPLICIT


class ScriptedPeer:
    """The acceptor's end of one connection, for a script that answers as it likes."""

    def __init__(self, connection: socket.socket, over: threading.Event) -> None:
        self.connection, self._over = connection, over

    def read_pdu(self) -> Pdu:
        """Read one PDU of any type."""
        pdu_type, length = struct.unpack(">BxI", self._exactly(6))
        return Pdu(pdu_type, self._exactly(length))

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.connection.recv(size - len(data))
            if not part:
                raise ConnectionError("the requestor has gone")
            data += part
        return data

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.connection.sendall(data)

    def acceptance(self, change: Callable[[AssociatePdu], AssociatePdu] = lambda pdu: pdu) -> bytes:
        """Read the A-ASSOCIATE-RQ and give the A-ASSOCIATE-AC for all of it, after a change."""
        request = decode_associate(self.read_pdu())
        contexts = tuple(PresentationContext(c.id, "", c.transfer_syntaxes[:1], 0) for c in request.contexts)
        return encode_associate(PduType.ASSOCIATE_AC, change(replace(request, contexts=contexts)))

    def accept(self, change: Callable[[AssociatePdu], AssociatePdu] = lambda pdu: pdu) -> None:
        """Accept the association, after a change to the answer."""
        self.send(self.acceptance(change))

    def read_message(self) -> tuple[int, dict[str, object]]:
        """Read one message; gives its context id and command set."""
        context_id, command = 0, None
        while True:
            for pdv in decode_pdvs(self.read_pdu().body):
                if pdv.is_command:
                    context_id, command = pdv.context_id, decode_command(bytes(pdv.data))
                if command is not None and pdv.is_last and (not pdv.is_command or command["CommandDataSetType"] == NO_DATA_SET):
                    return context_id, command

    def answer(self, context_id: int, request: Mapping[str, object], **changes: object) -> None:
        """Answer a request with Success, after changes to the command set; a value of None leaves the element out."""
        self.send(response(context_id, request, **changes))

    def hold(self) -> None:
        """Keep the connection open until the test is over."""
        self._over.wait(30)

    def pause(self, seconds: float) -> None:
        """Let some time pass; the end of the test ends it."""
        if self._over.wait(seconds):
            raise ConnectionError("the test is over")

    def close(self) -> None:
        """Close with a FIN."""
        self.connection.close()

    def reset(self) -> None:
        """Close with a RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def response(context_id: int, request: Mapping[str, object], **changes: object) -> bytes:
    """Encode the response to a request as one P-DATA-TF."""
    command = {
        "AffectedSOPClassUID": request.get("AffectedSOPClassUID"),
        "AffectedSOPInstanceUID": request.get("AffectedSOPInstanceUID"),
        "CommandField": int(str(request["CommandField"])) | 0x8000,
        "MessageIDBeingRespondedTo": request["MessageID"],
        "CommandDataSetType": NO_DATA_SET,
        "Status": 0,
        **changes,
    }
    data = encode_command({name: value for name, value in command.items() if value is not None})
    return encode_pdvs([Pdv(context_id, True, True, memoryview(data))])


Script = Callable[[ScriptedPeer], None]


def endpoint_of(listener: Listener) -> Endpoint:
    """Where our own listener is called by our own requestor."""
    return Endpoint("127.0.0.1", listener.port, "HARNESS", "SENDER")


@contextlib.contextmanager
def running(system: str, *options: str) -> Iterator[int]:
    """Start a known real system on loopback; gives its port."""
    process = subprocess.Popen([sys.executable, str(START), system, *options], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        if not words and process.wait(10) == NOT_INSTALLED:
            pytest.skip(f"{system} is not installed")
        assert words[:1] == ["ready"], f"{system} did not start"
        yield int(words[2])
    finally:
        process.terminate()
        process.communicate()


def dcmtk(name: str) -> str:
    """Find a DCMTK client, past pynetdicom's programs of the same name."""
    own = str(Path(sys.executable).parent)
    path = ":".join(folder for folder in ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"] if folder != own)
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"{name} of DCMTK is not installed")
    return found
