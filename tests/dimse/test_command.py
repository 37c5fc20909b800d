"""The command set codec against pynetdicom's, which is independent of it, and what it refuses to read."""

import contextlib
import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom.dsutils import decode, encode

from conformance.dimse import Field, ProtocolViolation, decode_command, encode_command
from conformance.dimse.command import message_name

from .peers import UNHURRIED

US = st.integers(0, 0xFFFF)
UIDS = st.from_regex(r"[1-2](\.[1-9][0-9]{0,5}){1,8}", fullmatch=True)
TITLES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\"), min_size=1, max_size=16)
COMMANDS = st.fixed_dictionaries(
    {"CommandField": st.sampled_from([int(field) for field in Field]), "CommandDataSetType": US},
    optional={
        "AffectedSOPClassUID": UIDS,
        "RequestedSOPClassUID": UIDS,
        "MessageID": US,
        "MessageIDBeingRespondedTo": US,
        "MoveDestination": TITLES,
        "Priority": US,
        "Status": US,
        "ErrorComment": TITLES,
        "ErrorID": US,
        "AffectedSOPInstanceUID": UIDS,
        "RequestedSOPInstanceUID": UIDS,
        "EventTypeID": US,
        "ActionTypeID": US,
        "NumberOfRemainingSuboperations": US,
        "NumberOfCompletedSuboperations": US,
        "NumberOfFailedSuboperations": US,
        "NumberOfWarningSuboperations": US,
        "MoveOriginatorApplicationEntityTitle": TITLES,
        "MoveOriginatorMessageID": US,
    },
)


def by_pynetdicom(command: dict[str, object]) -> bytes:
    """Encode a command set as pynetdicom does, group length included."""
    dataset = Dataset()
    for keyword, value in command.items():
        setattr(dataset, keyword, value)
    dataset.CommandGroupLength = 0
    data = encode(dataset, True, True)
    assert data is not None
    dataset.CommandGroupLength = len(data) - 12
    return encode(dataset, True, True) or b""


@UNHURRIED
@given(COMMANDS)
def test_encodes_as_pynetdicom_does(command: dict[str, object]) -> None:
    assert encode_command(command) == by_pynetdicom(command)


@UNHURRIED
@given(COMMANDS)
def test_decodes_what_pynetdicom_encodes(command: dict[str, object]) -> None:
    assert decode_command(by_pynetdicom(command)) == command


@UNHURRIED
@given(st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=5))
def test_tags_are_read_and_written_as_pynetdicom_does(tags: list[int]) -> None:
    data = encode_command({"AttributeIdentifierList": tuple(tags)})
    dataset = Dataset()
    dataset.AttributeIdentifierList = [Tag(tag) for tag in tags]
    assert data[12:] == encode(dataset, True, True)
    assert decode_command(data)["AttributeIdentifierList"] == tuple(tags)


@UNHURRIED
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_command_set_or_a_violation(data: bytes) -> None:
    with contextlib.suppress(ProtocolViolation):
        decode_command(data)


def element(number: int, value: bytes, group: int = 0) -> bytes:
    """Encode one element."""
    return struct.pack("<HHI", group, number, len(value)) + value


def command_set(*elements: bytes) -> bytes:
    """Encode elements behind a right group length."""
    body = b"".join(elements)
    return element(0, struct.pack("<I", len(body))) + body


@pytest.mark.parametrize(
    ("data", "got"),
    [
        (b"", "no Command Group Length"),
        (command_set(element(0x0100, b"\1\0"))[12:], "no Command Group Length"),
        (command_set(element(0x0100, b"\1\0")) + b"\0", "1 bytes after the last element"),
        (command_set(element(0x0100, b"\1\0\0\0")), "4 bytes"),
        (command_set(element(0x0901, b"\1\0")), "2 bytes"),
        (command_set(element(0x0010, b"", group=8)), "element (0008,0010) of 0 bytes, 0 left"),
        (command_set(element(0x0110, b"\1\0"), element(0x0100, b"\1\0")), "element (0000,0100) after (0000,0110)"),
        (command_set(element(0x0100, b"\1\0"), element(0x0100, b"\1\0")), "element (0000,0100) after (0000,0100)"),
        (command_set(element(0x0100, b"\1\0")[:-1]), "element (0000,0100) of 2 bytes, 1 left"),
    ],
)
def test_what_is_no_command_set_is_a_violation(data: bytes, got: str) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        decode_command(data)
    assert caught.value.got == got


def test_an_unknown_element_is_kept_as_bytes() -> None:
    assert decode_command(command_set(element(0x5110, b"AB"))) == {"0000,5110": b"AB"}


def test_what_is_given_is_sent_even_where_it_is_wrong() -> None:
    data = encode_command({"CommandGroupLength": 7, "MessageID": b"\1\2\3\4", "AffectedSOPClassUID": "not a UID"})
    assert data == element(0, struct.pack("<I", 7)) + element(2, b"not a UID\0") + element(0x110, b"\1\2\3\4")


def test_trailing_padding_is_no_part_of_a_value() -> None:
    data = command_set(element(0x0002, b"1.2.3 "), element(0x0600, b" DEST   "))
    assert decode_command(data) == {"AffectedSOPClassUID": "1.2.3", "MoveDestination": "DEST"}


def test_decoding_is_the_same_for_pynetdicom() -> None:
    data = encode_command({"CommandField": int(Field.C_ECHO_RQ), "MessageID": 7, "CommandDataSetType": 0x0101})
    dataset = decode(BytesIO(data), True, True)
    assert (dataset.CommandField, dataset.MessageID, dataset.CommandGroupLength) == (0x0030, 7, len(data) - 12)


@pytest.mark.parametrize("field", list(Field))
def test_each_message_has_its_name(field: Field) -> None:
    assert message_name(int(field)) == field.name.replace("_", "-")


@pytest.mark.parametrize(("value", "name"), [(0x0777, "message 0777H"), (None, "message without Command Field")])
def test_what_is_no_message_is_named_too(value: int | None, name: str) -> None:
    assert message_name(value) == name
