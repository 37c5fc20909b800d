"""A socket to or from a peer that is not trusted: a deadline on every wait, bounded PDUs, and reading while it sends.

Steps and what they raise: `connect` (Ending REFUSED, UNREACHABLE, TLS), `send` (ABORT, CLOSE, RESET, SILENCE), `receive` (CLOSE,
RESET, SILENCE, TLS; ProtocolViolation for a PDU that PS3.8 does not define or that is longer than allowed).

Small messages wait 40 ms for one another where a peer keeps Nagle's algorithm on and we delay our acknowledgements. So
TCP_NODELAY is always set, and on Linux TCP_QUICKACK is armed before each receive: the kernel clears it by itself.
"""

import contextlib
import select
import socket
import ssl
import struct
import time
from collections.abc import Sequence

from conformance.dimse.deadline import MIN_RATE, Deadline
from conformance.dimse.endings import AssociationEnded, Ending, EndingKind, ProtocolViolation
from conformance.dimse.endpoint import Endpoint, Timeouts
from conformance.dimse.pdu import HEADER, PDU_NAMES, Pdu, PduType, encode_abort, pdu_name
from conformance.evidence import Recorder

Buffer = bytes | bytearray | memoryview

TLS_HANDSHAKE = "TLS handshake"  # what an ending during it names

MAX_OBJECT = 1 << 30  # bytes of one data set, and of a PDU where we announced no limit
MAX_PDU = 16 << 20  # bytes of a P-DATA-TF where we announced nothing
PDU_SLACK = 1 << 20  # a peer that exceeds what we announced is measured, up to here, not cut off
_MAX_ASSOCIATE = 1 << 20  # 128 contexts with every known transfer syntax need 300 KiB
_SHORT = 4  # bytes of the body of A-ASSOCIATE-RJ, A-RELEASE and A-ABORT
_CAPACITY = 256 * 1024
_TLS_CHUNK = 256 * 1024
_MAX_UNREAD = 1 << 20  # bytes taken while sending: an early response or abort is small
_MAX_DRAINED = 64  # receives
_MAX_VECTOR = 512  # buffers of one gathering send; the kernel takes 1024

TCP_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


def connect(endpoint: Endpoint, timeouts: Timeouts | None = None, recorder: Recorder | None = None) -> "Wire":
    """Open a TCP (and TLS) connection and send nothing on it. Raises AssociationEnded: REFUSED, UNREACHABLE, RESET or TLS."""
    timeouts = timeouts or Timeouts()
    deadline = Deadline(timeouts.connect, "connect")
    try:
        plain = socket.create_connection((endpoint.host, endpoint.port), timeout=timeouts.connect)
    except OSError as error:
        kinds: dict[type[OSError], EndingKind] = {ConnectionRefusedError: EndingKind.REFUSED, ConnectionResetError: EndingKind.RESET}
        raise _ended(kinds.get(type(error), EndingKind.UNREACHABLE), deadline, str(error)) from error
    if recorder:
        recorder.waited(deadline.elapsed())
    if endpoint.tls is None:
        return Wire(plain, timeouts, recorder)
    return _secure(plain, endpoint, endpoint.tls, timeouts, recorder)


def _secure(plain: socket.socket, endpoint: Endpoint, tls: ssl.SSLContext, timeouts: Timeouts, recorder: Recorder | None) -> "Wire":
    deadline = Deadline(timeouts.connect, TLS_HANDSHAKE)
    try:
        secured = tls.wrap_socket(plain, server_hostname=endpoint.host, do_handshake_on_connect=False)
    except OSError as error:  # the peer has ended the connection already
        plain.close()
        raise _ended(EndingKind.RESET, deadline, _reason(error)) from error
    wire = Wire(secured, timeouts, recorder)
    wire.shake_hands(deadline)
    return wire


class Wire:
    """One connection. `largest_pdu` is the greatest P-DATA-TF length field seen, the measure of PS3.8 D.1."""

    def __init__(self, sock: socket.socket, timeouts: Timeouts, recorder: Recorder | None = None, *, counts_waiting: bool = True) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeouts, self.recorder = timeouts, recorder
        self._waits_for = recorder if counts_waiting else None  # a thread of the listener waits beside a check, not in it
        self.largest_pdu = 0
        self.max_data_pdu = MAX_PDU
        self.is_open = True
        self.read_while_sending = False  # during the last send
        self._socket = sock
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._buffer, self._start, self._end = bytearray(_CAPACITY), 0, 0
        self._ended_by: EndingKind | None = None

    # --- for checks

    def send_bytes(self, data: Buffer) -> None:
        """Send these bytes as they are. Raises AssociationEnded when the peer ends the connection or takes nothing."""
        self.send([data], Deadline(self.timeouts.send, "sending bytes"))

    def read_pdu(self, seconds: float) -> Pdu:
        """Read the next PDU within so many seconds. Raises AssociationEnded, ProtocolViolation for what is no PDU."""
        return self.receive(Deadline(seconds, "a PDU"))

    def await_ending(self, seconds: float) -> Ending:
        """Read until the peer ends the connection; SILENCE when it has not within `seconds`. What else it sends is dropped."""
        deadline = Deadline(seconds, "the wait for the end", fixed=True)
        while True:
            try:
                ending = ending_of(self.receive(deadline), deadline)
            except AssociationEnded as ended:
                return ended.ending
            except ProtocolViolation:
                self._start = self._end  # no PDU that could be read: only the end of the stream is of interest
                continue
            if ending:
                return ending

    # --- sending

    def send(self, buffers: Sequence[Buffer], deadline: Deadline) -> None:
        """Send all buffers, reading meanwhile so that an abort is seen at once and neither side can lock the other out.

        `deadline` restarts with each byte the peer takes; beside it MIN_RATE bounds the whole.
        """
        pending = [memoryview(buffer) for buffer in buffers if len(buffer)]
        self.read_while_sending = False
        allowed = deadline.remaining()
        whole = Deadline(allowed + sum(map(len, pending)) / MIN_RATE, deadline.awaiting)
        while pending:
            sent = self._send_some(pending, whole)
            if sent:
                deadline = Deadline(allowed, deadline.awaiting)
                pending = _advance(pending, sent)
            if pending:
                self._await_writable(min(deadline, whole, key=Deadline.remaining), whole)

    def _send_some(self, pending: list[memoryview], deadline: Deadline) -> int:
        try:
            if self._tls is None:
                return self._socket.sendmsg(pending[:_MAX_VECTOR])
            return self._tls.send(_gather(pending))
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0
        except OSError as error:
            raise self._broken(error, deadline) from error

    def _await_writable(self, deadline: Deadline, whole: Deadline) -> None:
        listens = self._end - self._start < _MAX_UNREAD
        readable, writable = self._wait(deadline, read=listens, write=True)
        if readable:
            self.read_while_sending |= self._fill_now(whole)
            self._raise_if_aborted(whole)
        if not (readable or writable):
            raise _ended(EndingKind.SILENCE, whole, "the peer does not read")

    def _raise_if_aborted(self, deadline: Deadline) -> None:
        """End at an A-ABORT that waits in the buffer, behind other PDUs or not, or at the end of the stream."""
        aborts = (pdu for pdu in self._buffered() if pdu.type == PduType.ABORT and len(pdu.body) == _SHORT)
        for ending in (ending_of(pdu, deadline) for pdu in aborts):
            if ending:
                raise AssociationEnded(ending)
        if self._ended_by:
            raise _ended(self._ended_by, deadline)

    def _buffered(self) -> list[Pdu]:
        at, pdus = self._start, []
        while self._end - at >= HEADER.size:
            pdu_type, length = HEADER.unpack_from(self._buffer, at)
            after = at + HEADER.size + length
            if after > self._end:
                break
            if pdu_type != PduType.DATA:
                pdus.append(Pdu(pdu_type, bytes(self._buffer[at + HEADER.size : after])))
            at = after
        return pdus

    def _broken(self, error: OSError, deadline: Deadline) -> AssociationEnded:
        """Say how a connection broke: what the peer sent before that, an abort, is still in the receive queue."""
        with contextlib.suppress(AssociationEnded):
            for _ in range(_MAX_DRAINED):
                if not self._fill_now(deadline):
                    break
        try:
            self._raise_if_aborted(deadline)
        except AssociationEnded as ended:
            return ended
        if isinstance(error, ssl.SSLError):
            return _ended(EndingKind.TLS, deadline, _reason(error))
        return _ended(EndingKind.RESET, deadline)

    # --- receiving

    def receive(self, deadline: Deadline) -> Pdu:
        """Read one whole PDU. What has come of it stays for the next call when the deadline passes."""
        while True:
            pdu = self._take()
            if pdu:
                return pdu
            self._fill(deadline)

    def has_input(self) -> bool:
        """Say whether there is something to read, without waiting for it."""
        return self._end > self._start or self._wait(Deadline(0.0, "input"))[0]

    def _take(self) -> Pdu | None:
        have = self._end - self._start
        if have < HEADER.size:
            return None
        pdu_type, length = HEADER.unpack_from(self._buffer, self._start)
        self._check_length(pdu_type, length)
        if have < HEADER.size + length:
            return None
        begin = self._start + HEADER.size
        self._start = begin + length
        if pdu_type == PduType.DATA:
            self.largest_pdu = max(self.largest_pdu, length)
        return Pdu(pdu_type, bytes(memoryview(self._buffer)[begin : self._start]))

    def _check_length(self, pdu_type: int, length: int) -> None:
        if pdu_type not in PDU_NAMES:
            raise ProtocolViolation("PS3.8 9.3.1", "a PDU of type 01H to 07H", pdu_name(pdu_type))
        if pdu_type == PduType.DATA:
            if length > self.max_data_pdu:
                raise ProtocolViolation("PS3.8 D.1", f"a P-DATA-TF of at most {self.max_data_pdu} bytes", f"{length} bytes announced")
        elif pdu_type in (PduType.ASSOCIATE_RQ, PduType.ASSOCIATE_AC):
            if length > _MAX_ASSOCIATE:
                raise ProtocolViolation("PS3.8 9.3", f"an {pdu_name(pdu_type)} below 1 MiB", f"{length} bytes announced")
        elif length != _SHORT:
            raise ProtocolViolation("PS3.8 9.3", f"an {pdu_name(pdu_type)} of {_SHORT} bytes", f"{length} bytes announced")

    def _fill(self, deadline: Deadline) -> None:
        """Wait for more bytes. Raises AssociationEnded when they cannot come any more or did not in time."""
        if self._ended_by:
            raise _ended(self._ended_by, deadline)
        while not self._fill_now(deadline):
            if self._ended_by:
                raise _ended(self._ended_by, deadline)
            if not self._wait(deadline)[0]:
                raise _ended(EndingKind.SILENCE, deadline)

    def _fill_now(self, deadline: Deadline) -> bool:
        """Take what has arrived; False when nothing has, or at the end of the stream, which is kept in mind."""
        self._make_room()
        try:
            if TCP_QUICKACK is not None:
                self._socket.setsockopt(socket.IPPROTO_TCP, TCP_QUICKACK, 1)
            size = self._socket.recv_into(memoryview(self._buffer)[self._end :])
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except ssl.SSLEOFError:
            size = 0
        except ssl.SSLError as error:
            raise _ended(EndingKind.TLS, deadline, _reason(error)) from error
        except OSError:
            self._ended_by = EndingKind.RESET
            return False
        if size == 0:
            self._ended_by = EndingKind.CLOSE
            return False
        self._end += size
        deadline.earn(size)
        return True

    def _make_room(self) -> None:
        capacity = len(self._buffer)
        if self._start == self._end:
            self._start = self._end = 0
        elif capacity - self._end < capacity // 4:
            kept = bytes(memoryview(self._buffer)[self._start : self._end])
            if len(kept) > capacity // 2:  # grow with what has come, never with what is announced
                self._buffer = bytearray(2 * capacity)
            self._buffer[: len(kept)] = kept
            self._start, self._end = 0, len(kept)

    def _wait(self, deadline: Deadline, *, read: bool = True, write: bool = False) -> tuple[bool, bool]:
        """Wait until there is something to read, or room to write. Gives (readable, writable), both False at the deadline."""
        if read and self._tls is not None and self._tls.pending():
            return True, False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN * read | select.POLLOUT * write)
        began = time.monotonic()
        events = poll.poll(deadline.remaining() * 1000)
        if self._waits_for:
            self._waits_for.waited(time.monotonic() - began)
        mask = events[0][1] if events else 0
        return bool(mask & ~select.POLLOUT), bool(mask & select.POLLOUT)

    # --- ending

    def shake_hands(self, deadline: Deadline) -> None:
        """Do the TLS handshake within the deadline. Raises AssociationEnded of kind TLS, RESET, CLOSE or SILENCE."""
        while self._tls is not None:
            try:
                return self._tls.do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as want:
                if not any(self._wait(deadline, write=isinstance(want, ssl.SSLWantWriteError))):
                    self.close()
                    raise _ended(EndingKind.SILENCE, deadline) from want
            except OSError as error:
                self.close()
                kind = EndingKind.TLS if isinstance(error, ssl.SSLError) else EndingKind.RESET
                raise _ended(kind, deadline, _reason(error)) from error
        return None

    def abort(self, source: int = 0, reason: int = 0) -> None:
        """Send an A-ABORT if the peer still takes it, and close."""
        with contextlib.suppress(AssociationEnded):
            self.send([encode_abort(source, reason)], Deadline(min(1.0, self.timeouts.send), "A-ABORT"))
        self.close()

    def close(self) -> None:
        """Close with a FIN: what was not read is read first, since closing over unread bytes sends a reset."""
        if not self.is_open:
            return
        self.is_open = False
        self._start = self._end = 0
        with contextlib.suppress(OSError, ValueError):  # ValueError: no TLS was set up, or `interrupt` has torn it down
            if self._tls is not None:
                self._tls.unwrap()
        with contextlib.suppress(AssociationEnded, OSError):
            self._socket.shutdown(socket.SHUT_WR)
            for _ in range(_MAX_DRAINED):
                if not self._fill_now(Deadline(0.0, "close")):
                    break
                self._start = self._end
        self._socket.close()

    def reset(self) -> None:
        """Close with a RST (SO_LINGER 0)."""
        if not self.is_open:
            return
        self.is_open = False
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def interrupt(self) -> None:
        """Make a wait in another thread end, as if the peer had closed."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def data_pdu_limit(announced: int) -> int:
    """The P-DATA-TF length that is still read when we announced this maximum (0: no limit)."""
    return min(announced + PDU_SLACK, MAX_OBJECT) if announced else MAX_OBJECT


def ending_of(pdu: Pdu, deadline: Deadline) -> Ending | None:
    """Say how a PDU ends the association it comes on; None for one that does not."""
    awaiting, seconds = deadline.awaiting, deadline.elapsed()
    if pdu.type == PduType.ASSOCIATE_RJ:
        _, result, source, reason = pdu.body
        return Ending(EndingKind.REJECT, awaiting, seconds, result, source, reason)
    if pdu.type == PduType.ABORT:
        return Ending(EndingKind.ABORT, awaiting, seconds, source=pdu.body[2], reason=pdu.body[3])
    if pdu.type == PduType.RELEASE_RQ:
        return Ending(EndingKind.RELEASE, awaiting, seconds)
    return None


def _ended(kind: EndingKind, deadline: Deadline, detail: str = "") -> AssociationEnded:
    return AssociationEnded(Ending(kind, deadline.awaiting, deadline.elapsed(), detail=detail))


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", "") or error)


def _advance(pending: list[memoryview], sent: int) -> list[memoryview]:
    for index, view in enumerate(pending):
        if sent < len(view):
            return [view[sent:], *pending[index + 1 :]]
        sent -= len(view)
    return []


def _gather(pending: list[memoryview]) -> bytes | memoryview:
    """Join the first buffers for a TLS record layer that has no gathering send."""
    if len(pending[0]) >= _TLS_CHUNK:
        return pending[0][:_TLS_CHUNK]
    size = 0
    parts: list[memoryview] = []
    for view in pending:
        if size + len(view) > _TLS_CHUNK and parts:
            break
        parts.append(view)
        size += len(view)
    return b"".join(parts)
