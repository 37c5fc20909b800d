"""The command set codec (PS3.7 6.3, Annex E): Implicit VR Little Endian, group 0000, exact.

A command set is a mapping of element keyword to value: str for UI, AE and LO, int for US and UL, a tuple of ints for AT.
What is encoded is sent as given: bytes stand for themselves, so that a wrong value can be sent on purpose.
"""

import struct
from collections.abc import Iterator, Mapping
from enum import IntEnum

from conformance.dimse.endings import ProtocolViolation

NO_DATA_SET = 0x0101  # PS3.7 9.3: the value of Command Data Set Type that announces no data set
DATA_SET = 0x0001

RESPONSE = 0x8000  # the bit of Command Field that marks a response
_CLAUSE = "PS3.7 6.3.1"
_ELEMENT = struct.Struct("<HHI")


class Field(IntEnum):
    """The values of Command Field (PS3.7 Annex E.1)."""

    C_STORE_RQ = 0x0001
    C_STORE_RSP = 0x8001
    C_GET_RQ = 0x0010
    C_GET_RSP = 0x8010
    C_FIND_RQ = 0x0020
    C_FIND_RSP = 0x8020
    C_MOVE_RQ = 0x0021
    C_MOVE_RSP = 0x8021
    C_ECHO_RQ = 0x0030
    C_ECHO_RSP = 0x8030
    C_CANCEL_RQ = 0x0FFF
    N_EVENT_REPORT_RQ = 0x0100
    N_EVENT_REPORT_RSP = 0x8100
    N_GET_RQ = 0x0110
    N_GET_RSP = 0x8110
    N_SET_RQ = 0x0120
    N_SET_RSP = 0x8120
    N_ACTION_RQ = 0x0130
    N_ACTION_RSP = 0x8130
    N_CREATE_RQ = 0x0140
    N_CREATE_RSP = 0x8140
    N_DELETE_RQ = 0x0150
    N_DELETE_RSP = 0x8150

    @property
    def response(self) -> "Field":
        """The field of the response to this request."""
        return Field(self | RESPONSE)


_NAMES = {field.value: field.name.replace("_", "-") for field in Field}

_ELEMENTS: Mapping[str, tuple[int, str]] = {  # PS3.7 Annex E: keyword -> element number, VR
    "CommandGroupLength": (0x0000, "UL"),
    "AffectedSOPClassUID": (0x0002, "UI"),
    "RequestedSOPClassUID": (0x0003, "UI"),
    "CommandField": (0x0100, "US"),
    "MessageID": (0x0110, "US"),
    "MessageIDBeingRespondedTo": (0x0120, "US"),
    "MoveDestination": (0x0600, "AE"),
    "Priority": (0x0700, "US"),
    "CommandDataSetType": (0x0800, "US"),
    "Status": (0x0900, "US"),
    "OffendingElement": (0x0901, "AT"),
    "ErrorComment": (0x0902, "LO"),
    "ErrorID": (0x0903, "US"),
    "AffectedSOPInstanceUID": (0x1000, "UI"),
    "RequestedSOPInstanceUID": (0x1001, "UI"),
    "EventTypeID": (0x1002, "US"),
    "AttributeIdentifierList": (0x1005, "AT"),
    "ActionTypeID": (0x1008, "US"),
    "NumberOfRemainingSuboperations": (0x1020, "US"),
    "NumberOfCompletedSuboperations": (0x1021, "US"),
    "NumberOfFailedSuboperations": (0x1022, "US"),
    "NumberOfWarningSuboperations": (0x1023, "US"),
    "MoveOriginatorApplicationEntityTitle": (0x1030, "AE"),
    "MoveOriginatorMessageID": (0x1031, "US"),
}
_KEYWORDS = {number: (keyword, vr) for keyword, (number, vr) in _ELEMENTS.items()}
_PADDING = {"UI": b"\0", "AE": b" ", "LO": b" "}
_INTEGERS = {"US": struct.Struct("<H"), "UL": struct.Struct("<I")}


def message_name(command_field: object) -> str:
    """Name a message as the standard does ("C-STORE-RSP"), or by its number where PS3.7 has no such field."""
    if not isinstance(command_field, int):
        return "message without Command Field"
    return _NAMES.get(command_field, f"message {command_field:04X}H")


def encode_command(elements: Mapping[str, object]) -> bytes:
    """Encode a command set with its group length, elements in ascending order.

    Give CommandGroupLength only to send a wrong one. Raises KeyError for a keyword that PS3.7 Annex E does not hold.
    """
    rows = sorted((_ELEMENTS[keyword], value) for keyword, value in elements.items() if keyword != "CommandGroupLength")
    body = b"".join([_encode_element(number, _encode_value(vr, value)) for (number, vr), value in rows])
    length = _encode_value("UL", elements.get("CommandGroupLength", len(body)))
    return _encode_element(0, length) + body


def _encode_element(number: int, value: bytes) -> bytes:
    return _ELEMENT.pack(0, number, len(value)) + value


def _encode_value(vr: str, value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, int):
        return _INTEGERS[vr].pack(value)
    if isinstance(value, tuple):
        return b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in value)
    text = str(value).encode()
    return text + _PADDING[vr] if len(text) % 2 else text


def decode_command(data: bytes) -> dict[str, object]:
    """Decode a command set. An element that PS3.7 does not define is kept as bytes under its number, "0000,ABCD".

    Raises ProtocolViolation for bytes that are no command set: a length past the end, another group, elements not in
    ascending order, a value whose length its VR does not allow, a group length that does not fit.
    """
    command: dict[str, object] = {}
    last = -1
    for number, value in _elements(data):
        if number <= last:
            raise _violation("command elements in ascending order", f"element (0000,{number:04X}) after (0000,{last:04X})")
        last = number
        keyword, vr = _KEYWORDS.get(number, (f"0000,{number:04X}", ""))
        command[keyword] = _decode_value(keyword, vr, value)
    _check_group_length(command.pop("CommandGroupLength", None), len(data) - 12)
    return command


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    at, end = 0, len(data)
    while at < end:
        if end - at < 8:
            raise _violation("whole command elements", f"{end - at} bytes after the last element")
        group, number, length = _ELEMENT.unpack_from(data, at)
        at += 8
        if group or length > end - at:
            raise _violation("command elements of group 0000", f"element ({group:04X},{number:04X}) of {length} bytes, {end - at} left")
        yield number, data[at : at + length]
        at += length


def _decode_value(keyword: str, vr: str, value: bytes) -> object:
    if vr in _INTEGERS:
        codec = _INTEGERS[vr]
        if len(value) != codec.size:
            raise _violation(f"{keyword} of {codec.size} bytes", f"{len(value)} bytes")
        return codec.unpack(value)[0]
    if vr == "AT":
        if len(value) % 4:
            raise _violation(f"{keyword} of whole tags", f"{len(value)} bytes")
        return tuple(group << 16 | number for group, number in struct.iter_unpack("<HH", value))
    if not vr:
        return value
    text = value.decode("ascii", "backslashreplace")
    return text.rstrip("\0 ") if vr == "UI" else text.strip(" ")


def _check_group_length(announced: object, actual: int) -> None:
    if announced != actual:
        got = "no Command Group Length" if announced is None else f"Command Group Length {announced}"
        raise _violation(f"Command Group Length {max(actual, 0)}", got)


def _violation(expected: str, got: str) -> ProtocolViolation:
    return ProtocolViolation(_CLAUSE, expected, got)
