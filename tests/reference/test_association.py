"""Associations with the archive: who is let in, on which terms, and what becomes of strange callers (PS3.8)."""

import socket
import struct
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest

from conformance.dimse import AssociationEnded, Context, EndingKind
from conformance.reference.archive import Archive, Settings

from .client import STUDY_FIND, VERIFICATION, Client, identifier
from .objects import BIG, CT, DEFLATED, EXPLICIT, IMPLICIT, encoded, image

PATIENCE = 8.0
J2K, JPEG_LL, JLS, RLE, BASELINE = (f"1.2.840.10008.1.2.{tail}" for tail in ("4.90", "4.70", "4.80", "5", "4.50"))


def rejection(client: Client, **how: object) -> tuple[int, int, int] | None:
    """Result, source and reason of the rejection; None where the association was accepted."""
    try:
        client.associate(**how).release()
    except AssociationEnded as error:
        if error.ending.kind is not EndingKind.REJECT:
            raise
        return error.ending.result, error.ending.source, error.ending.reason
    return None


def test_rejects_an_unknown_called_title(client: Client) -> None:
    assert rejection(client, endpoint=replace(client.endpoint, called_ae="OTHER")) == (1, 1, 7)


def test_rejects_an_unknown_application_context(client: Client) -> None:
    assert rejection(client, application_context="1.2.3") == (1, 1, 2)


@pytest.mark.parametrize("raw", [b"REFERENCE       ", b"       REFERENCE", b"   REFERENCE    "])
def test_padding_of_a_title_is_not_significant(client: Client, raw: bytes) -> None:
    assert rejection(client, raw_called=raw) is None
    assert rejection(client, raw_calling=raw.replace(b"REFERENCE", b"TESTER   ")) is None


def test_rejects_a_calling_title_that_is_not_on_the_list(client: Client) -> None:
    with Archive(Settings(calling=frozenset({"KNOWN"}))) as archive:
        strict = replace(client, archive=archive)
        assert rejection(strict) == (1, 1, 3)
        assert rejection(replace(strict, title="KNOWN")) is None


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED, BIG, J2K, JPEG_LL, JLS, RLE, BASELINE])
def test_accepts_each_storage_syntax_alone(client: Client, syntax: str) -> None:
    with client.associate(Context(CT, (syntax,))) as association:
        assert association.accepted(CT, syntax)


def test_answers_each_of_128_contexts(client: Client) -> None:
    strange = [Context(f"2.25.1.{number}", (IMPLICIT,)) for number in range(1, 127)]
    with client.associate(Context(VERIFICATION, (IMPLICIT,)), *strange, Context(CT, (EXPLICIT,))) as association:
        results = {context.id: context.result for context in association.acceptance.contexts}
        assert [results[number] for number in range(1, 256, 2)] == [0, *[3] * 126, 0]
        assert association.echo().status == 0


def test_prefers_explicit_value_representations(client: Client) -> None:
    with client.associate(Context(CT, (IMPLICIT, EXPLICIT))) as association:
        assert association.accepted(CT, EXPLICIT)


def test_serves_many_associations_at_once(client: Client) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(client.associate()) for _ in range(30)]
        assert [association.echo().status for association in held] == [0] * 30


@pytest.mark.parametrize("end", ["release", "abort", "reset", "close"])
def test_goes_on_after_many_endings(client: Client, end: str) -> None:
    for _ in range(30):
        getattr(client.associate(), end)()
    assert client.echo() == 0


def bare(client: Client) -> socket.socket:
    return socket.create_connection(("127.0.0.1", client.archive.port), timeout=PATIENCE)


def received_until_closed(connection: socket.socket) -> bytes:
    """Everything until the archive closes; a time-out fails the test."""
    found = b""
    try:
        while piece := connection.recv(4096):
            found += piece
    except ConnectionResetError:
        pass
    return found


ABORT = b"\x07\0\0\0\0\4"
NOISE: dict[str, bytes] = {
    "nothing, and waits": b"",
    "half a request": b"\x01\0\0\0\0\xc0\0\1",
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100310100002d0303") + bytes(44),
    "an unknown PDU": b"\x42\0\0\0\0\4\0\0\0\0",
    "data before an association": b"\x04\0\0\0\0\x04\0\0\0\0",
    "a request of 4 GiB": b"\x01\0\xff\xff\xff\xff\0\1",
}


@pytest.mark.parametrize("noise", NOISE)
def test_drops_strange_callers_and_serves_others_meanwhile(noise: str) -> None:
    with Archive(Settings(artim=0.5, idle=0.5)) as archive:
        silent = Client(archive, None, "TESTER")  # type: ignore[arg-type] # nothing is delivered here
        with bare(silent) as connection:
            connection.sendall(NOISE[noise])
            assert silent.echo() == 0
            answer = received_until_closed(connection)
        assert answer[:6] in (b"", ABORT)
        assert silent.echo() == 0


def test_ends_an_idle_association_and_no_busy_one() -> None:
    with Archive(Settings(artim=0.5, idle=0.8)) as archive:
        quick = Client(archive, None, "TESTER")  # type: ignore[arg-type] # nothing is delivered here
        idle, busy = quick.associate(), quick.associate()
        deadline = time.monotonic() + PATIENCE
        ending = None
        while ending is None and time.monotonic() < deadline:
            assert busy.echo().status == 0
            seen = idle.await_ending(0.1)
            ending = None if seen.kind is EndingKind.SILENCE else seen
        assert ending is not None
        busy.release()


def test_a_hundred_dead_connections_take_no_place() -> None:
    with Archive(Settings(artim=20.0)) as archive:
        client = Client(archive, None, "TESTER")  # type: ignore[arg-type] # nothing is delivered here
        for _ in range(120):
            bare(client).close()
        with ExitStack() as stack:
            held = [stack.enter_context(client.associate()) for _ in range(50)]
            assert held[-1].echo().status == 0


def pdata(body: bytes, context: int = 1, control: int = 3) -> bytes:
    item = struct.pack(">LBB", len(body) + 2, context, control) + body
    return struct.pack(">BxL", 4, len(item)) + item


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "a PDU longer than announced": lambda limit: struct.pack(">BxL", 4, limit + 1),
    "a PDU of 4 GiB": lambda _: struct.pack(">BxL", 4, 0xFFFFFFF0) + bytes(100),
    "a PDV beyond its PDU": lambda _: struct.pack(">BxLLBB", 4, 6, 0xFFFFFFFF, 1, 3),
    "data on a context never proposed": lambda _: pdata(echo_command(), context=99),
    "a second request": lambda _: b"\x01\0\0\0\0\x44\0\1\0\0" + b"A" * 64,
    "an unknown PDU": lambda _: b"\x99\0\0\0\0\4\0\0\0\0",
    "garbage as a command": lambda _: pdata(bytes(range(200))),
    "an unknown command field": lambda _: pdata(echo_command(field=0x7777)),
}


def echo_command(field: int = 0x0030) -> bytes:
    """A C-ECHO request, or another without data set (PS3.7 9.3.5)."""
    parts = [(0x0002, b"1.2.840.10008.1.1\0"), (0x0100, struct.pack("<H", field)), (0x0110, b"\1\0"), (0x0800, b"\1\1")]
    body = b"".join(struct.pack("<HHL", 0, number, len(value)) + value for number, value in parts)
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


@pytest.mark.parametrize("what", HOSTILE)
def test_aborts_a_peer_that_breaks_the_protocol(client: Client, what: str) -> None:
    association = client.associate()
    association.send_bytes(HOSTILE[what](association.acceptance.max_pdu))
    ending = association.await_ending(PATIENCE)
    assert ending.kind in (EndingKind.ABORT, EndingKind.CLOSE, EndingKind.RESET), str(ending)
    assert client.echo() == 0


def test_answers_a_service_that_the_context_does_not_offer(client: Client) -> None:
    with client.associate() as association:
        command = {
            "AffectedSOPClassUID": VERIFICATION,
            "CommandField": 0x0001,
            "MessageID": 7,
            "Priority": 0,
            "CommandDataSetType": 0x0001,
            "AffectedSOPInstanceUID": "1.2.3",
        }
        association.send_message(association.acceptance.contexts[0].id, command, encoded(image()).data)
        message = association.await_message(PATIENCE)
        assert message.command["Status"] == 0x0211
        assert association.echo().status == 0


@pytest.mark.parametrize("limit", [64, 4096])
def test_honours_a_small_maximum_pdu_length(client: Client, limit: int) -> None:
    sent = image(StudyDescription="X" * 60)
    assert client.store(encoded(sent))[0].status == 0
    with client.associate(Context(STUDY_FIND, (EXPLICIT,)), max_pdu=limit) as association:
        answer = association.find(STUDY_FIND, identifier("STUDY", {"StudyInstanceUID": sent.StudyInstanceUID, "StudyDescription": ""}))
        assert len(answer.matches) == 1
        assert association.largest_pdu <= limit


def test_reads_no_maximum_length_as_no_limit(client: Client) -> None:
    with client.associate(max_pdu=0) as association:
        assert association.echo().status == 0
