"""Faults of the upper layer and of messages: what is let through that should end the association, and what is not that should.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import struct
from typing import Any, cast

from pynetdicom import evt
from pynetdicom.dimse_primitives import C_STORE

from conformance.reference.archive import Parts
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.services import PROCESSING_FAILURE, SUCCESS, Request, Services
from conformance.reference.wire import Acceptor, Line, Messages, UpperLayer

_HEADER = struct.Struct(">BxL")
_P_DATA_TF = 4
# PS3.8 Table 9-10: what has no place in a state, and leads to an abort there. Sta2 awaits a request, Sta6 is an association. In Sta1 is
# still a connection of which the first bytes came before pynetdicom has taken note of it.
_BEFORE_REQUEST = frozenset({4, 5})
_UNEXPECTED = {"Sta1": _BEFORE_REQUEST, "Sta2": _BEFORE_REQUEST, "Sta6": frozenset({1, 2, 6, 0x42})}
_PATIENCE, _NO_END = 0.3, 3600.0  # seconds
_LARGE_BUFFER = 1 << 30  # bytes


class WithLayer(Acceptor):
    """Stands on an upper layer of its own."""

    layer: type[UpperLayer] = UpperLayer

    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.dul = self.layer(self)
        self.acse_timeout, self.network_timeout = ae.acse_timeout, ae.network_timeout


class DropsUnexpected(UpperLayer):
    """Reads a PDU that its state does not allow, and forgets it."""

    def _read_pdu_data(self) -> None:
        line = cast(Line, self.socket)
        head = line.peek()
        if len(head) == _HEADER.size and head[0] in _UNEXPECTED.get(str(self.state_machine.current_state), ()):
            line.recv(_HEADER.size + _HEADER.unpack(head)[1])
        else:
            super()._read_pdu_data()


class UnexpectedDropped(WithLayer):
    layer = DropsUnexpected


class TakesAnyLength(UpperLayer):
    def _too_long(self, kind: int, length: int) -> bool:
        return kind != _P_DATA_TF and super()._too_long(kind, length)


class AnyLengthTaken(WithLayer):
    layer = TakesAnyLength


class OneLargeBuffer(TakesAnyLength):
    """Makes room for a PDU as long as it says it is, of which there is enough for one at a time, and awaits all of it."""

    def _read_pdu_data(self) -> None:
        line, server = cast(Line, self.socket), cast(Any, self.assoc)._server
        head = line.peek()
        if len(head) < _HEADER.size or _HEADER.unpack(head)[1] < _LARGE_BUFFER:
            return super()._read_pdu_data()
        line.patience, server.full = _NO_END, True
        super()._read_pdu_data()
        server.full = False
        return None


class BusyWithOne(WithLayer):
    """Turns everybody away while its large buffer is being filled."""

    layer = OneLargeBuffer

    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.bind(evt.EVT_REQUESTED, self.consider)

    def consider(self, _: evt.Event) -> None:
        if getattr(self._server, "full", False):
            self.acse.send_reject(2, 3, 1)
            self.kill()


class FailsAfterAFall(Services):
    """Answers the first C-ECHO after a fall with a failure, for its worker has not come up again."""

    def echo(self, request: Request) -> None:
        server: Any = request.assoc._server
        fallen, server.fallen = getattr(server, "fallen", False), False
        request.respond(Status=PROCESSING_FAILURE if fallen else SUCCESS)


class FallsOverLyingValues(UpperLayer):
    def _decode_pdu(self, bytestream: bytearray) -> tuple[Any, str]:
        try:
            return super()._decode_pdu(bytestream)
        except Exception:  # whatever pynetdicom's decoder stumbles over; it goes on to whoever handles it
            cast(Any, self.assoc)._server.fallen = bytestream[0] == _P_DATA_TF
            raise


class FallenOverLyingValues(WithLayer):
    layer = FallsOverLyingValues


class FallsOverLongPdus(UpperLayer):
    """Falls over a PDU that it has room for and must not take."""

    def _too_long(self, kind: int, length: int) -> bool:
        too_long = super()._too_long(kind, length)
        if too_long and kind == _P_DATA_TF and length < _LARGE_BUFFER:
            cast(Any, self.assoc)._server.fallen = True
        return too_long


class FallenOverLongPdus(WithLayer):
    layer = FallsOverLongPdus


class ClipsValues(UpperLayer):
    """Takes a presentation data value that is longer than its PDU for one that ends with it."""

    def _decode_pdu(self, bytestream: bytearray) -> tuple[Any, str]:
        if bytestream[0] == _P_DATA_TF and len(bytestream) >= 12:
            rest = len(bytestream) - 10
            length = min(int.from_bytes(bytestream[6:10]), rest)
            bytestream[6:10] = length.to_bytes(4)
        return super()._decode_pdu(bytestream)


class ValuesClipped(WithLayer):
    layer = ClipsValues


class AnyContextServed(Acceptor):
    """Serves a request in whatever context it comes, as if it had come in the first that was accepted."""

    def _serve_request(self, msg: Any, context_id: int) -> None:
        self._accepted_cx.setdefault(context_id, next(iter(self._accepted_cx.values())))
        super()._serve_request(msg, context_id)


class StoresBeforeItLooks(AnyContextServed):
    """Serves a request, and aborts instead of answering where its context was not accepted."""

    def _serve_request(self, msg: Any, context_id: int) -> None:
        if context_id not in self._accepted_cx:
            self.dimse.send_msg = lambda *_: self.abort()  # type: ignore[method-assign] # of this one association
        super()._serve_request(msg, context_id)


class AnyContextAcknowledged(Acceptor):
    """Answers 0000 to a C-STORE in a context that was not accepted, and does nothing more."""

    def _serve_request(self, msg: Any, context_id: int) -> None:
        if context_id in self._accepted_cx or not isinstance(msg, C_STORE):
            super()._serve_request(msg, context_id)
        else:
            Request(cast(Any, self), msg, context_id, "", "").respond(Status=0x0000, AffectedSOPInstanceUID=msg.AffectedSOPInstanceUID)


class UnknownCommandsDropped(Services):
    def unrecognized(self, _request: Request) -> None:
        """Log it, and answer nothing."""


class OneValueInAPdu(Messages):
    def receive_primitive(self, primitive: Any) -> None:
        if len(primitive.presentation_data_value_list) > 1:
            self.dul.event_queue.put("Evt19")
        else:
            super().receive_primitive(primitive)


class SeveralValuesAborted(Acceptor):
    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.dimse = OneValueInAPdu(self)


class Impatient(Acceptor):
    """Closes on a peer that pauses inside a PDU."""

    def set_socket(self, socket: Any) -> None:
        socket.patience = _PATIENCE
        super().set_socket(socket)


PDU_FAULTS: tuple[Fault, ...] = (
    Fault(
        "unexpected-pdus-dropped",
        "a PDU that the state does not allow, or of unknown type, is dropped and nothing follows from it",
        Parts(acceptor=UnexpectedDropped),
        breaks=rows("ROBUST-03"),
    ),
    Fault(
        "overlong-pdus-taken",
        "P-DATA-TF of any length are taken, whatever maximum was announced",
        Parts(acceptor=AnyLengthTaken),
        breaks=rows("ROBUST-04"),
    ),
    Fault(
        "one-large-pdu-at-a-time",
        "while a PDU of which 1 GiB or more was announced is awaited, every other association is rejected",
        Parts(acceptor=BusyWithOne),
        breaks=rows("ROBUST-04"),
    ),
    Fault(
        "lying-value-lengths-clipped",
        "a presentation data value that is longer than its PDU is cut to it and served",
        Parts(acceptor=ValuesClipped),
        breaks=rows("ROBUST-04"),
    ),
    Fault(
        "fallen-over-lying-lengths",
        "the first C-ECHO after a presentation data value that contradicts its PDU fails",
        Parts(acceptor=FallenOverLyingValues, services=FailsAfterAFall),
        breaks=rows("ROBUST-04"),
    ),
    Fault(
        "fallen-over-overlong-pdus",
        "the first C-ECHO after a PDU beyond the announced maximum fails",
        Parts(acceptor=FallenOverLongPdus, services=FailsAfterAFall),
        breaks=rows("ROBUST-04"),
    ),
    Fault(
        "unaccepted-context-served",
        "a request in a presentation context that was not accepted is served",
        Parts(acceptor=AnyContextServed),
        breaks=rows("ROBUST-05"),
    ),
    Fault(
        "unaccepted-context-stores",
        "an object in a presentation context that was not accepted is stored before the association is aborted",
        Parts(acceptor=StoresBeforeItLooks),
        breaks=rows("ROBUST-05"),
    ),
    Fault(
        "unaccepted-context-acknowledged",
        "an object in a presentation context that was not accepted is answered 0000, and not kept",
        Parts(acceptor=AnyContextAcknowledged),
        breaks=rows("ROBUST-05"),
    ),
    Fault(
        "unknown-commands-dropped",
        "an operation that the context does not have is not answered at all",
        Parts(services=UnknownCommandsDropped),
        warns=rows("ROBUST-06"),
    ),
    Fault(
        "several-values-in-a-pdu-aborted",
        "a PDU with more than one presentation data value ends the association",
        Parts(acceptor=SeveralValuesAborted),
        breaks=rows("ROBUST-07"),
    ),
    Fault(
        "pause-inside-a-pdu-closed",
        "the connection is closed on a sender that pauses for a third of a second inside a PDU",
        Parts(acceptor=Impatient),
        breaks=rows("ROBUST-07"),
    ),
)
