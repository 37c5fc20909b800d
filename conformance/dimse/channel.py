"""DIMSE messages over a wire: fragments out, whole messages in (PS3.8 Annex E), each noted in the recorder."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from conformance.dimse.command import NO_DATA_SET, decode_command, encode_command, message_name
from conformance.dimse.deadline import Deadline
from conformance.dimse.endings import AssociationEnded, Ending, EndingKind, ProtocolViolation
from conformance.dimse.pdu import Pdu, PduType, Pdv, decode_pdvs, fragment, pdu_name
from conformance.dimse.wire import MAX_OBJECT, Buffer, Wire, ending_of
from conformance.evidence import Direction

MAX_COMMAND = 64 * 1024  # bytes; the largest element, Error Comment, has 64
MAX_EMPTY = 1000  # fragments without a byte in one message: legal, and a way never to end it
DEFAULT_PDU = 128 * 1024  # bytes of the PDUs we send to a peer without a limit


class Sink(Protocol):
    """Where a data set goes while it arrives, if not into memory."""

    def write(self, data: memoryview, /) -> object:
        """Take the next bytes."""


@dataclass(frozen=True, slots=True)
class Message:
    """One DIMSE message. `data` is None where the command announces no data set, and empty where a sink took it."""

    context_id: int
    command: Mapping[str, object]
    data: bytes | None
    size: int

    @property
    def field(self) -> int:
        """The Command Field; 0 where there is none."""
        return self.number("CommandField") or 0

    @property
    def name(self) -> str:
        """The message's name in the standard ("C-STORE-RSP")."""
        return message_name(self.command.get("CommandField"))

    def number(self, keyword: str) -> int | None:
        """The value of an integer element, None where it is absent."""
        value = self.command.get(keyword)
        return value if isinstance(value, int) else None

    def text(self, keyword: str) -> str:
        """The value of a text element, "" where it is absent."""
        return str(self.command.get(keyword, ""))


SinkFor = Callable[[int, Mapping[str, object]], Sink | None]


@dataclass(slots=True)
class _Assembly:
    """A message of which some fragments have come."""

    context_id: int
    command_parts: list[memoryview] = field(default_factory=list)
    command: dict[str, object] | None = None
    data_parts: list[memoryview] = field(default_factory=list)
    sink: Sink | None = None
    size: int = 0
    empty: int = 0


class Channel:
    """Both directions of one association, for either role. `peer_max_pdu` bounds what we send, 0 is no limit."""

    def __init__(self, wire: Wire, peer_max_pdu: int) -> None:
        self.wire = wire
        self._pdv_size = max(2, ((peer_max_pdu or DEFAULT_PDU) - 6) & ~1)  # even, as all DICOM lengths
        self._pdvs: deque[Pdv] = deque()
        self._assembly: _Assembly | None = None

    # --- sending

    def send(
        self, context_id: int, command: Mapping[str, object], data: Buffer | None, deadline: Deadline, *, pdv_size: int | None = None
    ) -> None:
        """Send a whole message in fragments of the negotiated size, or of `pdv_size` data bytes."""
        size = pdv_size or self._pdv_size
        buffers: list[Buffer] = list(fragment(context_id, True, encode_command(command), size))
        if data is not None:
            buffers.extend(fragment(context_id, False, memoryview(data), size))
        self.note("sent", context_id, command, len(data or b""))
        self.wire.send(buffers, deadline)

    def send_start(self, context_id: int, command: Mapping[str, object], data: Buffer, deadline: Deadline) -> None:
        """Send the command set and this beginning of the data set, never marked as its last fragment."""
        buffers: list[Buffer] = list(fragment(context_id, True, encode_command(command), self._pdv_size))
        if len(data):
            buffers.extend(fragment(context_id, False, memoryview(data), self._pdv_size, ends=False))
        self.note("sent", context_id, command, len(data))
        self.wire.send(buffers, deadline)

    def send_rest(self, context_id: int, data: Buffer, deadline: Deadline) -> None:
        """Send the rest of a data set after `send_start`, marked as ending with its last fragment."""
        self.wire.send(list(fragment(context_id, False, memoryview(data), self._pdv_size)), deadline)

    def note(self, direction: Direction, context_id: int, command: Mapping[str, object], size: int) -> None:
        """Note a message in the recorder, if there is one."""
        if self.wire.recorder:
            name = message_name(command.get("CommandField"))
            self.wire.recorder.note(direction, name, context=context_id, size=size, fields=_shown(command))

    # --- receiving

    def receive(self, deadline: Deadline, *, sink_for: SinkFor | None = None, limit: int = MAX_OBJECT) -> Message:
        """Read the next whole message; `limit` bounds its data set in bytes.

        `sink_for` is asked, once the command is known, where to put the data set. Raises AssociationEnded when the peer ends
        the association, ProtocolViolation for fragments that make no message.
        """
        while True:
            while not self._pdvs:
                self._pdvs.extend(self._read_pdvs(deadline))
            message = self._add(self._pdvs.popleft(), sink_for, limit)
            if message:
                return message

    def take(self, pdu: Pdu) -> Iterator[Message]:
        """Give the messages that a P-DATA-TF completes, for who reads PDUs by himself."""
        for pdv in decode_pdvs(pdu.body):
            message = self._add(pdv, None, MAX_OBJECT)
            if message:
                yield message

    def pending(self) -> Message | None:
        """Give a whole message that has already come, without waiting. Raises like `receive`."""
        if not (self._pdvs or self.wire.has_input()):
            return None
        try:
            return self.receive(Deadline(0.0, "the next request"))
        except AssociationEnded as ended:
            if ended.ending.kind is EndingKind.SILENCE:
                return None
            raise

    def _read_pdvs(self, deadline: Deadline) -> list[Pdv]:
        pdu = self.wire.receive(deadline)
        if pdu.type == PduType.DATA:
            return decode_pdvs(pdu.body)
        raise self._unexpected(pdu, deadline)

    def _unexpected(self, pdu: Pdu, deadline: Deadline) -> AssociationEnded | ProtocolViolation:
        ending: Ending | None = None if pdu.type == PduType.ASSOCIATE_RJ else ending_of(pdu, deadline)
        if ending is None:
            return ProtocolViolation("PS3.8 9.2.3", "a P-DATA-TF, A-RELEASE-RQ or A-ABORT in an association", pdu_name(pdu.type))
        note_pdu(self.wire, "received", pdu.name, {"Source": ending.source, "Reason": ending.reason})
        return AssociationEnded(ending)

    def _add(self, pdv: Pdv, sink_for: SinkFor | None, limit: int) -> Message | None:
        assembly = self._assembly or _Assembly(pdv.context_id)
        self._assembly = assembly
        if pdv.context_id != assembly.context_id:
            raise _fragments(f"fragments on context {assembly.context_id}", f"one on context {pdv.context_id}")
        assembly.empty += not pdv.data
        if assembly.empty > MAX_EMPTY:
            raise _fragments("fragments of a message that ends", f"{MAX_EMPTY} fragments without data")
        if assembly.command is None:
            done = self._add_command(assembly, pdv, sink_for)
        else:
            _add_data(assembly, pdv, limit)
            done = pdv.is_last
        return self._finish(assembly) if done else None

    def _add_command(self, assembly: _Assembly, pdv: Pdv, sink_for: SinkFor | None) -> bool:
        """Add a fragment of the command set; True when with it the message is whole."""
        if not pdv.is_command:
            raise _fragments("a command fragment", "a data set fragment before the command set was complete")
        assembly.command_parts.append(pdv.data)
        if sum(map(len, assembly.command_parts)) > MAX_COMMAND:
            raise ProtocolViolation("PS3.7 6.3", f"a command set of at most {MAX_COMMAND} bytes", "a longer one")
        if not pdv.is_last:
            return False
        assembly.command = decode_command(b"".join(assembly.command_parts))
        if not isinstance(assembly.command.get("CommandDataSetType"), int):
            name = message_name(assembly.command.get("CommandField"))
            raise ProtocolViolation("PS3.7 9.3", "a Command Data Set Type", f"a {name} without")
        has_data = assembly.command["CommandDataSetType"] != NO_DATA_SET
        if sink_for and has_data:
            assembly.sink = sink_for(assembly.context_id, assembly.command)
        return not has_data

    def _finish(self, assembly: _Assembly) -> Message:
        self._assembly = None
        command = assembly.command or {}
        has_data = command.get("CommandDataSetType") != NO_DATA_SET
        data = b"".join(assembly.data_parts) if has_data else None
        self.note("received", assembly.context_id, command, assembly.size)
        return Message(assembly.context_id, command, data, assembly.size)


def _add_data(assembly: _Assembly, pdv: Pdv, limit: int) -> None:
    if pdv.is_command:
        raise _fragments("a data set fragment", "a command fragment before the data set was complete")
    assembly.size += len(pdv.data)
    if assembly.size > limit:
        raise ProtocolViolation("PS3.7 6.3", f"a data set of at most {limit} bytes", "a longer one")
    if assembly.sink is None:
        assembly.data_parts.append(pdv.data)
    else:
        assembly.sink.write(pdv.data)


def _fragments(expected: str, got: str) -> ProtocolViolation:
    return ProtocolViolation("PS3.8 E.2", expected, got)


def _shown(command: Mapping[str, object]) -> dict[str, object]:
    """Write a status as the standard does, 4 hexadecimal digits, and leave the rest as it is."""
    status = command.get("Status")
    return {**command, "Status": f"{status:04X}"} if isinstance(status, int) else dict(command)


def note_pdu(wire: Wire, direction: Direction, name: str, fields: Mapping[str, object] | None = None, size: int = 0) -> None:
    """Note an association PDU in the wire's recorder, if there is one."""
    if wire.recorder:
        wire.recorder.note(direction, name, size=size, fields=fields)
