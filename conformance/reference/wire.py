"""pynetdicom's acceptor, made prompt and bounded.

pynetdicom polls: two threads for each association wake a thousand times a second, and a message changes hands three times.
Here the upper layer sleeps in `select` until bytes or an order arrive, the association sleeps on its message queue, and P-DATA
goes out from the thread that made it. Three things are refused that pynetdicom would wait for without end: a P-DATA-TF longer
than the maximum announced (PS3.8 D.1.1), a negotiation PDU of absurd length, and a peer that stops inside a PDU.
"""

import logging
import queue
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.transport import AddressInformation, AssociationServer, AssociationSocket, RequestHandler

# The largest A-ASSOCIATE-RQ with 128 contexts and all sub-items is some 20 KB.
MAX_NEGOTIATION_PDU = 1 << 20
_ASSOCIATE_RQ, _P_DATA_TF = 1, 4
_ABORT = b"\x07\0\0\0\0\x04\0\0\x02\0"  # A-ABORT by the service provider, no reason (PS3.8 9.3.8)
_NAP = 0.25  # seconds between looks at the timers while nothing happens

Serve = Callable[["Acceptor", Any, int], None]


def configure() -> None:
    """Set pynetdicom's process-wide switches: no logging of messages, and UIDs of any length reach the rules of the archive."""
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    # Too long a UID would else end in an abort before a status could name the reason (PS3.7 9.1.1.1.9, 0117).
    _config.VALIDATORS["UI"] = lambda value: (isinstance(value, str) and bool(value), "must be a text")
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)


class Line(AssociationSocket):
    """A socket that reads in large pieces, gives up on a peer that stops inside a PDU, and sends whole PDUs only."""

    patience = 60.0  # seconds for the rest of a PDU whose beginning has come

    def __init__(self, assoc: Association, **kinds: Any) -> None:
        super().__init__(assoc, **kinds)
        self._sending = threading.Lock()
        if self.socket is not None:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def recv(self, nr_bytes: int) -> bytearray:
        """Read exactly `nr_bytes`, or fewer where the peer has closed. Raises TimeoutError when patience ends."""
        line = self.socket
        if line is None:
            return bytearray()
        found, deadline = bytearray(), time.monotonic() + self.patience
        while len(found) < nr_bytes:
            if not select.select([line], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the peer stopped inside a PDU")
            piece = line.recv(min(nr_bytes - len(found), 1 << 18))
            if not piece:
                break
            found += piece
        return found

    def send(self, bytestream: bytes) -> None:
        """Send one PDU whole, whichever thread it comes from; a lost connection is told to the state machine (Evt17)."""
        try:
            with self._sending:
                if self.socket is not None:
                    self.socket.settimeout(self.patience)  # a peer that stops reading holds nobody for ever
                    self.socket.sendall(bytestream)
        except OSError:
            self.event_queue.put("Evt17")

    def peek(self) -> bytes:
        """Look at the header of the next PDU without taking it; empty where there is none."""
        try:
            return self.socket.recv(6, socket.MSG_PEEK) if self.socket is not None else b""
        except OSError:
            return b""


class UpperLayer(DULServiceProvider):
    """The upper layer state machine of pynetdicom, waiting in `select` instead of sleeping."""

    def __init__(self, assoc: Association) -> None:
        super().__init__(assoc)
        self.daemon = True
        self._run_loop_delay = 0
        self._bell, self._ear = socket.socketpair()
        self.titles = "", ""  # called and calling, as they came
        self.to_user_queue = _Announcing(lambda: assoc.dimse.msg_queue.put((None, None)))

    def run_reactor(self) -> None:
        """Run until the connection is closed, then wake whoever still waits for a word from the peer, and give the bell back."""
        try:
            super().run_reactor()
        finally:
            self._ear.close()
            self._bell.close()
            self.to_user_queue.put(cast("Any", None))  # there will be no word

    def ring(self) -> None:
        """Wake the state machine: there is something to send, or to end."""
        with suppress(OSError):
            self._bell.send(b"!")

    def send_pdu(self, primitive: Any) -> None:
        """Send data from this thread; leave the rest to the state machine."""
        if not isinstance(primitive, P_DATA):
            super().send_pdu(primitive)
            self.ring()
        elif self.state_machine.current_state in ("Sta6", "Sta8"):
            self._send(P_DATA_TF(primitive))

    def kill_dul(self) -> None:
        """End the thread."""
        super().kill_dul()
        self.ring()

    def stop_dul(self) -> bool:
        """End the thread once the state machine is idle; returns whether it has ended."""
        if self.state_machine.current_state != "Sta1":
            return False
        self.kill_dul()
        self.join(timeout=1.0)
        return True

    def _is_transport_event(self) -> bool:
        if self.event_queue.empty():
            self._await()
        return bool(super()._is_transport_event())

    def _await(self) -> None:
        line = self.socket.socket if self.socket is not None and self.socket._is_connected else None
        try:
            ready, _, _ = select.select([self._ear, *([line] if line else [])], [], [], _NAP)
        except (OSError, ValueError):
            return
        if self._ear in ready:
            self._ear.recv(64)

    def _read_pdu_data(self) -> None:
        line = cast(Line, self.socket)
        head = line.peek()
        if len(head) == 6 and self._too_long(*struct.unpack(">BxL", head)):
            self.event_queue.put("Evt19")
            line.recv(6)
            return
        super()._read_pdu_data()

    def _decode_pdu(self, bytestream: bytearray) -> tuple[Any, str]:
        if bytestream[0] == _ASSOCIATE_RQ and self.assoc.is_acceptor:
            # pynetdicom strips the titles; whether padding matters is for the door to decide.
            self.titles = bytes(bytestream[10:26]).decode("latin-1"), bytes(bytestream[26:42]).decode("latin-1")
        return super()._decode_pdu(bytestream)

    def _too_long(self, kind: int, length: int) -> bool:
        if kind != _P_DATA_TF:
            return length > MAX_NEGOTIATION_PDU
        announced = (self.assoc.acceptor if self.assoc.is_acceptor else self.assoc.requestor).maximum_length or 0
        return 0 < announced < length


class _Announcing(queue.Queue[Any]):
    """A queue whose reader sleeps elsewhere and is told there."""

    def __init__(self, announce: Callable[[], None]) -> None:
        super().__init__()
        self._announce = announce

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        super().put(item, block, timeout)
        self._announce()


class Messages(DIMSEServiceProvider):
    """Puts messages together; one that cannot be read aborts the association instead of killing its thread."""

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take the next piece of a message (PS3.8 9.3.5.1)."""
        try:
            super().receive_primitive(primitive)
        except Exception:  # pynetdicom lets KeyError, AttributeError and struct.error out of an unknown or broken command
            self.message = None
            self.dul.event_queue.put("Evt19")


class PromptAssociation(Association):
    """An association on the prompt upper layer."""

    layer: type[UpperLayer] = UpperLayer

    def __init__(self, ae: AE, mode: str) -> None:
        super().__init__(ae, mode)
        self.dimse = Messages(self)
        self.dul = self.layer(self)
        # The timers live in the upper layer, which was not there when they were set.
        self.acse_timeout, self.network_timeout = ae.acse_timeout, ae.network_timeout

    @property
    def is_over(self) -> bool:
        """Whether the peer has aborted, closed or asked for release, so that nothing more can be asked or answered."""
        return self.dul.peek_next_pdu() is not None or not self.dul.is_alive()

    def ask(self, primitive: Any, context_id: int, seconds: float) -> Any:
        """Send a request and await its response. Returns None where the peer ends the association or is silent."""
        self.dimse.send_msg(primitive, context_id)
        return self.hear(primitive, seconds)

    def hear(self, primitive: Any, seconds: float) -> Any:
        """Await the next response to a request that was sent. Returns None where the peer ends the association or is silent."""
        deadline = time.monotonic() + seconds
        while not self.is_over and (left := deadline - time.monotonic()) > 0:
            try:
                message: Any = self.dimse.msg_queue.get(timeout=left)[1]
            except queue.Empty:
                break
            # Only the response of the same service: a stray message must not pass for it.
            if type(message) is type(primitive) and message.MessageIDBeingRespondedTo == primitive.MessageID:
                return message
        return None


class Acceptor(PromptAssociation):
    """An association opened by a peer: its requests go to `serve`, one after the other."""

    serve: Callable[[Any, int], None]

    def _run_reactor(self) -> None:
        while not self._kill:
            with suppress(queue.Empty):
                context_id, message = self.dimse.msg_queue.get(timeout=_NAP)
                if message is not None and context_id is not None and self.is_established:
                    self._serve_request(message, context_id)
            if self._has_ended():
                return

    def _serve_request(self, msg: Any, context_id: int) -> None:
        if context_id not in self._accepted_cx:
            self.abort()  # PS3.8 9.3.5.1: data on a context that was not accepted
            return
        self.serve(msg, context_id)
        self.dul._idle_timer.restart()  # a long operation is not idleness
        # A cancel that comes too late belongs to no operation; one that came early was seen by its own.
        self.dimse.cancel_req = {}

    def answer_release(self) -> None:
        """Answer A-RELEASE-RQ with A-RELEASE-RP (PS3.8 7.2.2)."""
        self.acse.send_release(is_response=True)

    def _has_ended(self) -> bool:
        if self.is_established and self.acse.is_release_requested():
            self.answer_release()
            self.is_released, self.is_established = True, False
        elif self.acse.is_aborted():
            self.is_aborted, self.is_established = True, False
        elif self.dul.idle_timer_expired() and self.is_established:
            self.abort()
        elif self.dul.is_alive() and self.is_established:
            return False
        self.kill()
        return True


class Handler(RequestHandler):
    """Turns a connection into an Acceptor. pynetdicom copies every supported context here; they are chosen later, when asked for."""

    server: "Server"

    def _create_association(self) -> Acceptor:
        assoc = self.server.acceptor(self.ae, "acceptor")
        assoc.serve = partial(self.server.serve, assoc)
        assoc._server = self.server
        assoc.name = f"AcceptorThread@{id(assoc)}"
        line = Line(assoc, client_socket=self.request)
        line.patience = self.server.patience
        assoc.set_socket(line)
        assoc.acceptor.maximum_length = self.ae.maximum_pdu_size
        assoc.acceptor.ae_title = self.server.ae_title
        assoc.acceptor.address_info = self.local
        assoc.acceptor.implementation_class_uid = self.ae.implementation_class_uid
        assoc.acceptor.implementation_version_name = self.ae.implementation_version_name
        assoc.requestor.address_info = self.remote
        assoc.bind(evt.EVT_REQUESTED, self.server.on_request)
        assoc.bind(evt.EVT_USER_ID, self.server.on_identity)
        return assoc


class Server(AssociationServer):
    """Listens, and hands each connection to its own threads."""

    request_queue_size = 128

    def __init__(
        self,
        ae: AE,
        address: tuple[str, int],
        acceptor: type[Acceptor],
        serve: Serve,
        on_request: Callable[[evt.Event], None],
        on_identity: Callable[[evt.Event], tuple[bool, bytes | None]],
        patience: float,
    ) -> None:
        self.acceptor, self.serve, self.on_request, self.patience = acceptor, serve, on_request, patience
        self.on_identity = on_identity
        super().__init__(ae, address, ae.ae_title, [], request_handler=Handler)

    def service_actions(self) -> None:
        """Nothing: pynetdicom would collect garbage here, which stops every thread."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a connection that fails while it is opened is the peer's affair."""

    def close(self) -> None:
        """Stop listening, and abort and close what is still open."""
        super(AssociationServer, self).shutdown()
        self.server_close()
        for assoc in self.active_associations:
            line = assoc.dul.socket
            if line is not None and line.socket is not None:
                line.send(_ABORT)
                line._shutdown_socket()


class Courier(PromptAssociation):
    """An association that the archive opens. It has no reactor at all, so no idle thread can take a response away (PS3.7 8.1).

    pynetdicom's own requestor runs one beside the caller; when the processor is busy it now and then serves a response as if it
    were a request, and the response is lost.
    """

    patience = 15.0  # seconds for the answers to A-ASSOCIATE-RQ and A-RELEASE-RQ

    def __init__(self, ae: AE, mode: str) -> None:
        super().__init__(ae, mode)
        self.acse_timeout = self.patience

    def open(self, address: tuple[str, int], called: str, contexts: list[Any], roles: list[Any]) -> bool:
        """Connect and negotiate in this thread. Returns whether the association is established."""
        self.set_socket(Line(self, address=AddressInformation("127.0.0.1" if address[0] == "127.0.0.1" else "", 0)))
        self.acceptor.ae_title, self.acceptor.address_info = called, AddressInformation(*address)
        self.requestor.ae_title, self.requestor.maximum_length = self.ae.ae_title, self.ae.maximum_pdu_size
        self.requestor.address_info = AddressInformation("", 0)
        self.requestor.implementation_class_uid = self.ae.implementation_class_uid
        self.requestor.implementation_version_name = self.ae.implementation_version_name
        for item in roles:
            self.requestor.add_negotiation_item(item)
        for number, context in enumerate(contexts):
            context.context_id = 2 * number + 1
        self.requestor.requested_contexts = contexts
        self._is_paused = True
        self.request()
        # The confirmation comes a moment before the state machine is ready to send (AE-3 in PS3.8 9.2.1).
        while self.is_established and self.dul.state_machine.current_state == "Sta5":
            time.sleep(0.0005)
        return bool(self.is_established)

    def close(self) -> None:
        """Release, or let a dead association go."""
        if self.is_established:
            self.release()
        self.kill()
        if self.dul.socket is not None:
            self.dul.socket._shutdown_socket()
