"""The PDU codec (PS3.8 9.3, Annex D): association PDUs and their items, P-DATA-TF and its presentation data values.

Decoding is strict about structure (lengths that contradict each other, items cut short) and keeps what it reads as sent:
AE titles as their 16 bytes, every user information sub-item in order. Encoding writes what it is given, right or wrong.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from conformance.dimse.endings import ProtocolViolation

HEADER = struct.Struct(">BxI")  # type, reserved, length
_ITEM = struct.Struct(">BxH")
_FIXED = struct.Struct(">H2x16s16s32x")  # protocol version, called and calling AE title
_PDV = struct.Struct(">IBB")  # length, presentation context id, message control header

COMMAND, LAST = 0x01, 0x02  # bits of the message control header (PS3.8 E.2)


class PduType(IntEnum):
    """PDU types (PS3.8 9.3.1)."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


PDU_NAMES: Mapping[int, str] = {
    PduType.ASSOCIATE_RQ: "A-ASSOCIATE-RQ",
    PduType.ASSOCIATE_AC: "A-ASSOCIATE-AC",
    PduType.ASSOCIATE_RJ: "A-ASSOCIATE-RJ",
    PduType.DATA: "P-DATA-TF",
    PduType.RELEASE_RQ: "A-RELEASE-RQ",
    PduType.RELEASE_RP: "A-RELEASE-RP",
    PduType.ABORT: "A-ABORT",
}


class UserItem(IntEnum):
    """User information sub-item types (PS3.8 Annex D, PS3.7 Annex D)."""

    MAXIMUM_LENGTH = 0x51
    IMPLEMENTATION_CLASS_UID = 0x52
    ASYNCHRONOUS_WINDOW = 0x53
    ROLE_SELECTION = 0x54
    IMPLEMENTATION_VERSION = 0x55
    EXTENDED_NEGOTIATION = 0x56
    USER_IDENTITY_RQ = 0x58
    USER_IDENTITY_AC = 0x59


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU as it came: its type byte and what follows the 6-byte header."""

    type: int
    body: bytes

    @property
    def name(self) -> str:
        """The standard's name, or the type byte of a PDU that PS3.8 does not define."""
        return pdu_name(self.type)


def pdu_name(pdu_type: int) -> str:
    """Name a PDU type; one that PS3.8 does not define is shown by its number."""
    return PDU_NAMES.get(pdu_type, f"PDU of type {pdu_type:02X}H")


@dataclass(frozen=True, slots=True)
class PresentationContext:
    """A presentation context item: proposed (result None, an abstract syntax) or answered (a result, no abstract syntax)."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    result: int | None = None


@dataclass(frozen=True, slots=True)
class AssociatePdu:
    """An A-ASSOCIATE-RQ or -AC (PS3.8 9.3.2, 9.3.3). `user_items` are (sub-item type, value) in the order sent."""

    called: bytes
    calling: bytes
    contexts: tuple[PresentationContext, ...]
    user_items: tuple[tuple[int, bytes], ...]
    application_context: str = "1.2.840.10008.3.1.1.1"
    protocol_version: int = 1

    def values(self, item: UserItem) -> tuple[bytes, ...]:
        """Give the value of every sub-item of this type, in order."""
        return tuple(value for kind, value in self.user_items if kind == item)

    @property
    def max_pdu(self) -> int:
        """The maximum length of the PDV list that the sender will receive; 0, or no such item, is no limit (PS3.8 D.1)."""
        return next((int.from_bytes(value) for value in self.values(UserItem.MAXIMUM_LENGTH)), 0)

    @property
    def roles(self) -> dict[str, tuple[bool, bool]]:
        """SOP class UID -> (SCU role, SCP role), from the role selection sub-items (PS3.7 D.3.3.4)."""
        return dict(_role(value) for value in self.values(UserItem.ROLE_SELECTION))

    @property
    def extended(self) -> dict[str, bytes]:
        """SOP class UID -> service class application information, from the extended negotiation sub-items (PS3.7 D.3.3.5)."""
        return dict(_extended(value) for value in self.values(UserItem.EXTENDED_NEGOTIATION))


def encode_pdu(pdu_type: int, body: bytes) -> bytes:
    """Put the 6-byte header before a PDU's body."""
    return HEADER.pack(pdu_type, len(body)) + body


def encode_associate(pdu_type: PduType, pdu: AssociatePdu) -> bytes:
    """Encode a whole A-ASSOCIATE-RQ or -AC, header included. The AE titles must be 16 bytes."""
    items = [
        _item(0x10, pdu.application_context.encode()),
        *(_encode_context(context) for context in pdu.contexts),
        _item(0x50, b"".join(_item(kind, value) for kind, value in pdu.user_items)),
    ]
    return encode_pdu(pdu_type, _FIXED.pack(pdu.protocol_version, pdu.called, pdu.calling) + b"".join(items))


def _encode_context(context: PresentationContext) -> bytes:
    proposed = context.result is None
    head = bytes((context.id, 0, context.result or 0, 0))
    abstract = _item(0x30, context.abstract_syntax.encode()) if proposed else b""
    syntaxes = b"".join(_item(0x40, syntax.encode()) for syntax in context.transfer_syntaxes)
    return _item(0x20 if proposed else 0x21, head + abstract + syntaxes)


def _item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value


def decode_associate(pdu: Pdu) -> AssociatePdu:
    """Decode an A-ASSOCIATE-RQ or -AC. Raises ProtocolViolation where its lengths contradict each other."""
    clause = "PS3.8 9.3.2" if pdu.type == PduType.ASSOCIATE_RQ else "PS3.8 9.3.3"
    if len(pdu.body) < _FIXED.size:
        raise ProtocolViolation(clause, f"an {pdu.name} of at least {_FIXED.size} bytes", f"{len(pdu.body)} bytes")
    version, called, calling = _FIXED.unpack_from(pdu.body)
    application_context = ""
    contexts: list[PresentationContext] = []
    user_items: list[tuple[int, bytes]] = []
    for kind, value in _items(pdu.body[_FIXED.size :], clause):
        if kind == 0x10:
            application_context = uid_text(value)
        elif kind in (0x20, 0x21):
            contexts.append(_decode_context(kind, value, clause))
        elif kind == 0x50:
            user_items.extend(_items(value, "PS3.8 9.3.2.3"))
    return AssociatePdu(called, calling, tuple(contexts), tuple(user_items), application_context, version)


def _items(data: bytes, clause: str) -> Iterator[tuple[int, bytes]]:
    at, end = 0, len(data)
    while at < end:
        if end - at < 4:
            raise ProtocolViolation(clause, "whole items", f"{end - at} bytes after the last item")
        kind, length = _ITEM.unpack_from(data, at)
        at += 4
        if length > end - at:
            raise ProtocolViolation(clause, "an item within its PDU", f"item {kind:02X}H of {length} bytes, {end - at} left")
        yield kind, data[at : at + length]
        at += length


def _decode_context(kind: int, value: bytes, clause: str) -> PresentationContext:
    if len(value) < 4:
        raise ProtocolViolation(clause, "a presentation context item of at least 4 bytes", f"{len(value)} bytes")
    abstract, syntaxes = "", []
    for inner, uid in _items(value[4:], clause):
        if inner == 0x30:
            abstract = uid_text(uid)
        elif inner == 0x40:
            syntaxes.append(uid_text(uid))
    return PresentationContext(value[0], abstract, tuple(syntaxes), value[2] if kind == 0x21 else None)


def uid_text(value: bytes) -> str:
    """Read the text of an item: trailing NUL and space are taken as padding, which PS3.8 F forbids and many send."""
    return value.decode("ascii", "backslashreplace").rstrip("\0 ")


def encode_role(abstract_syntax: str, scu: bool, scp: bool) -> bytes:
    """Encode the value of a role selection sub-item (PS3.7 D.3.3.4)."""
    uid = abstract_syntax.encode()
    return struct.pack(">H", len(uid)) + uid + bytes((scu, scp))


def _role(value: bytes) -> tuple[str, tuple[bool, bool]]:
    length = int.from_bytes(value[:2])
    if len(value) != length + 4:
        raise ProtocolViolation("PS3.7 D.3.3.4", f"a role selection sub-item of {length + 4} bytes", f"{len(value)} bytes")
    return uid_text(value[2:-2]), (bool(value[-2]), bool(value[-1]))


def encode_extended(abstract_syntax: str, information: bytes) -> bytes:
    """Encode the value of an extended negotiation sub-item (PS3.7 D.3.3.5)."""
    uid = abstract_syntax.encode()
    return struct.pack(">H", len(uid)) + uid + information


def _extended(value: bytes) -> tuple[str, bytes]:
    length = int.from_bytes(value[:2])
    if len(value) < length + 2:
        raise ProtocolViolation("PS3.7 D.3.3.5", f"an extended negotiation sub-item of at least {length + 2} bytes", f"{len(value)} bytes")
    return uid_text(value[2 : length + 2]), value[length + 2 :]


def encode_reject(result: int, source: int, reason: int) -> bytes:
    """Encode a whole A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
    return encode_pdu(PduType.ASSOCIATE_RJ, bytes((0, result, source, reason)))


def encode_abort(source: int = 0, reason: int = 0) -> bytes:
    """Encode a whole A-ABORT (PS3.8 9.3.8)."""
    return encode_pdu(PduType.ABORT, bytes((0, 0, source, reason)))


RELEASE_RQ = encode_pdu(PduType.RELEASE_RQ, bytes(4))
RELEASE_RP = encode_pdu(PduType.RELEASE_RP, bytes(4))


@dataclass(frozen=True, slots=True)
class Pdv:
    """One presentation data value: a fragment of a command set or of a data set."""

    context_id: int
    is_command: bool
    is_last: bool
    data: memoryview


def encode_pdvs(pdvs: Iterable[Pdv]) -> bytes:
    """Encode one P-DATA-TF PDU that holds these fragments, header included."""
    parts = []
    for pdv in pdvs:
        control = COMMAND * pdv.is_command | LAST * pdv.is_last
        parts += [_PDV.pack(len(pdv.data) + 2, pdv.context_id, control), bytes(pdv.data)]
    return encode_pdu(PduType.DATA, b"".join(parts))


def decode_pdvs(body: bytes) -> list[Pdv]:
    """Take a P-DATA-TF apart without copying. Raises ProtocolViolation where lengths contradict each other or nothing is in it."""
    view, at, end, pdvs = memoryview(body), 0, len(body), []
    while at < end:
        if end - at < 6:
            raise ProtocolViolation("PS3.8 9.3.5.1", "whole presentation data values", f"{end - at} bytes after the last one")
        length, context_id, control = _PDV.unpack_from(body, at)
        if length < 2 or length > end - at - 4:
            raise ProtocolViolation("PS3.8 9.3.5.1", "a PDV within its PDU", f"a PDV length of {length}, {end - at - 4} bytes left")
        pdvs.append(Pdv(context_id, bool(control & COMMAND), bool(control & LAST), view[at + 6 : at + 4 + length]))
        at += 4 + length
    if not pdvs:
        raise ProtocolViolation("PS3.8 9.3.5", "one or more presentation data values", "a P-DATA-TF without any")
    return pdvs


def fragment(
    context_id: int, is_command: bool, data: bytes | memoryview, pdv_size: int, *, ends: bool = True
) -> Iterator[bytes | memoryview]:
    """Cut a command or data set into P-DATA-TF PDUs of one PDV each, as buffers for a gathering send: header, slice, header, ...

    `pdv_size` is the number of data bytes in a fragment. Nothing is copied; an empty data set is one empty fragment. Where the
    data set does not end here, the final fragment is not marked as the last.
    """
    view, total = memoryview(data), len(data)
    full = _fragment_header(context_id, COMMAND * is_command, pdv_size)
    last_start = max(0, (total - 1) // pdv_size * pdv_size)
    for start in range(0, last_start, pdv_size):
        yield full
        yield view[start : start + pdv_size]
    yield _fragment_header(context_id, COMMAND * is_command | LAST * ends, total - last_start)
    yield view[last_start:]


def _fragment_header(context_id: int, control: int, size: int) -> bytes:
    return HEADER.pack(PduType.DATA, size + 6) + _PDV.pack(size + 2, context_id, control)
