"""Each misbehaving acceptor ends within its deadline and as what it is: never as an answer, never as a hang.

The scripts are played by a socket server that is not bound to any state machine. Where silence is expected the driver's times
are short; elsewhere they are long, so that a slow machine changes nothing.
"""

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydicom.dataset import Dataset

from conformance.dimse import (
    Association,
    AssociationEnded,
    Context,
    EndingKind,
    Endpoint,
    PduType,
    ProtocolViolation,
    Timeouts,
    associate,
    encode_pdu,
)
from conformance.dimse.pdu import AssociatePdu, Pdv, encode_abort, encode_pdvs, encode_reject

from .peers import EXPLICIT, IMPLICIT, STUDY_FIND, Script, ScriptedPeer, Stored, response

SHORT = Timeouts(connect=0.5, associate=0.5, response=0.5, subop=0.5, operation=1.0, release=0.5, report=0.5, send=0.5)
LONG = Timeouts(*[20.0] * 8)
BOUND = 15.0  # seconds: far above SHORT, far below what a hang would take
LARGE = Stored(data=bytes(64 << 20))  # more than any socket buffer takes

Operation = Callable[[Association], object]
Expected = EndingKind | str  # an ending, or the clause of a protocol violation

pytestmark = pytest.mark.timeout(60)


@dataclass(frozen=True)
class Case:
    """A script of the acceptor, what the requestor does, and how that must end."""

    name: str
    script: Script
    expected: Expected
    operation: Operation = Association.echo
    timeouts: Timeouts = LONG
    abort: tuple[int, int] = (0, 0)


def _store(association: Association) -> object:
    return association.store(Stored())


def _store_much(association: Association) -> object:
    return association.store(LARGE)


def _find(association: Association) -> object:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    return association.find(STUDY_FIND, query, limit=50)


def _echo_twice(association: Association) -> object:
    association.echo()
    return association.echo()


# --- scripts before the association


def _silent(peer: ScriptedPeer) -> None:
    peer.hold()


def _silent_after_request(peer: ScriptedPeer) -> None:
    peer.read_pdu()
    peer.hold()


def _half_acceptance(peer: ScriptedPeer) -> None:
    acceptance = peer.acceptance()
    peer.send(acceptance[: len(acceptance) // 2])
    peer.hold()


def _dripping_acceptance(peer: ScriptedPeer) -> None:
    for byte in peer.acceptance():
        peer.send(bytes([byte]))
        peer.pause(0.05)
    peer.hold()


def _closing_after_request(peer: ScriptedPeer) -> None:
    peer.read_pdu()
    peer.close()


def _resetting_after_request(peer: ScriptedPeer) -> None:
    peer.read_pdu()
    peer.reset()


def _sending(data: bytes) -> Script:
    """Answer the A-ASSOCIATE-RQ with these bytes."""

    def script(peer: ScriptedPeer) -> None:
        peer.read_pdu()
        peer.send(data)
        peer.hold()

    return script


def _accepting(change: Callable[[AssociatePdu], AssociatePdu]) -> Script:
    def script(peer: ScriptedPeer) -> None:
        peer.accept(change)
        peer.hold()

    return script


def _context(index: int, **changes: Any) -> Callable[[AssociatePdu], AssociatePdu]:
    def change(pdu: AssociatePdu) -> AssociatePdu:
        contexts = list(pdu.contexts)
        contexts[index] = replace(contexts[index], **changes)
        return replace(pdu, contexts=tuple(contexts))

    return change


def _twice(pdu: AssociatePdu) -> AssociatePdu:
    return replace(pdu, contexts=(*pdu.contexts, pdu.contexts[0]))


def _item_past_the_end(peer: ScriptedPeer) -> None:
    acceptance = bytearray(peer.acceptance())
    acceptance[76:78] = b"\xff\xff"  # the length of the application context item
    peer.send(bytes(acceptance))
    peer.hold()


BEFORE = [
    Case("silence after connect", _silent, EndingKind.SILENCE, timeouts=SHORT),
    Case("silence after A-ASSOCIATE-RQ", _silent_after_request, EndingKind.SILENCE, timeouts=SHORT),
    Case("half an A-ASSOCIATE-AC", _half_acceptance, EndingKind.SILENCE, timeouts=SHORT),
    Case("an A-ASSOCIATE-AC byte by byte", _dripping_acceptance, EndingKind.SILENCE, timeouts=SHORT),
    Case("close after A-ASSOCIATE-RQ", _closing_after_request, EndingKind.CLOSE),
    Case("reset after A-ASSOCIATE-RQ", _resetting_after_request, EndingKind.RESET),
    Case("rejection", _sending(encode_reject(1, 1, 7)), EndingKind.REJECT),
    Case("abort by the service user", _sending(encode_abort(0, 0)), EndingKind.ABORT),
    Case("abort by the service provider", _sending(encode_abort(2, 1)), EndingKind.ABORT, abort=(2, 1)),
    Case("garbage", _sending(b"HTTP/1.0 400 Bad Request\r\n\r\n"), "PS3.8 9.3.1"),
    Case("an A-ASSOCIATE-AC of 4 GiB", _sending(struct.pack(">BxI", 2, 0xFFFFFFFF)), "PS3.8 9.3"),
    Case("an A-ABORT of the wrong length", _sending(encode_pdu(PduType.ABORT, bytes(5))), "PS3.8 9.3"),
    Case("a release instead of an answer", _sending(encode_pdu(PduType.RELEASE_RP, bytes(4))), "PS3.8 9.2.3"),
    Case("an A-ASSOCIATE-AC without fixed fields", _sending(encode_pdu(PduType.ASSOCIATE_AC, bytes(10))), "PS3.8 9.3.3"),
    Case("an item longer than its PDU", _item_past_the_end, "PS3.8 9.3.3"),
    Case("a syntax never proposed", _accepting(_context(1, transfer_syntaxes=(EXPLICIT,))), "PS3.8 9.3.3.2"),
    Case("two syntaxes accepted", _accepting(_context(1, transfer_syntaxes=(IMPLICIT, IMPLICIT))), "PS3.8 9.3.3.2"),
    Case("a context never proposed", _accepting(_context(1, id=77)), "PS3.8 9.3.3.2"),
    Case("two answers to a context", _accepting(_twice), "PS3.8 9.3.3.2"),
    Case("an undefined result", _accepting(_context(1, result=9)), "PS3.8 9.3.3.2"),
]


# --- scripts in the association


def _answering(**changes: object) -> Script:
    """Answer the first request with changes to the response's command set."""

    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        context_id, request = peer.read_message()
        peer.answer(context_id, request, **changes)
        peer.hold()

    return script


def _replying(reply: Callable[[int, dict[str, object]], bytes], *, then: Script = ScriptedPeer.hold) -> Script:
    """Answer the first request with these bytes, and then do something."""

    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        peer.send(reply(*peer.read_message()))
        then(peer)

    return script


def _on_another_context(_context_id: int, request: dict[str, object]) -> bytes:
    return response(5, request)


def _two_responses(context_id: int, request: dict[str, object]) -> bytes:
    return 2 * response(context_id, request)


def _undecodable(context_id: int, _request: dict[str, object]) -> bytes:
    return encode_pdvs([Pdv(context_id, True, True, memoryview(b"\0\0\0\1\xff\xff\0\0"))])


def _half_response(context_id: int, request: dict[str, object]) -> bytes:
    whole = response(context_id, request)
    return whole[: len(whole) // 2]


def _pdv_past_the_end(context_id: int, request: dict[str, object]) -> bytes:
    whole = bytearray(response(context_id, request))
    whole[6:10] = (len(whole)).to_bytes(4)
    return bytes(whole)


def _data_before_command(context_id: int, _request: dict[str, object]) -> bytes:
    return encode_pdvs([Pdv(context_id, False, True, memoryview(b"data"))])


def _two_contexts_in_a_message(context_id: int, request: dict[str, object]) -> bytes:
    command = response(context_id, request, CommandDataSetType=1)
    return command + encode_pdvs([Pdv(context_id + 2, False, True, memoryview(b"data"))])


def _endless_empty_fragments(context_id: int, _request: dict[str, object]) -> bytes:
    return 2000 * encode_pdvs([Pdv(context_id, True, False, memoryview(b""))])


def _pending_for_ever(peer: ScriptedPeer) -> None:
    peer.accept()
    context_id, request = peer.read_message()
    while True:
        peer.answer(context_id, request, Status=0xFF00)
        peer.pause(0.001)


def _identifier(data: bytes) -> Callable[[int, dict[str, object]], bytes]:
    def reply(context_id: int, request: dict[str, object]) -> bytes:
        command = response(context_id, request, Status=0xFF00, CommandDataSetType=1)
        return command + encode_pdvs([Pdv(context_id, False, True, memoryview(data))])

    return reply


def _nothing(_context_id: int, _request: dict[str, object]) -> bytes:
    return b""


def _fixed(data: bytes) -> Callable[[int, dict[str, object]], bytes]:
    return lambda _context_id, _request: data


def _not_reading(peer: ScriptedPeer) -> None:
    peer.accept()
    peer.hold()


def _aborting_meanwhile(peer: ScriptedPeer) -> None:
    """Take the beginning of a C-STORE, abort, and read nothing more."""
    peer.accept()
    peer.read_pdu()
    peer.send(encode_abort(2, 6))
    peer.hold()


def _aborting_shortly(peer: ScriptedPeer) -> None:
    """Take the beginning of a C-STORE, send an A-ABORT without its fields, and read nothing more."""
    peer.accept()
    peer.read_pdu()
    peer.send(encode_pdu(PduType.ABORT, b""))
    peer.hold()


def _closing_meanwhile(peer: ScriptedPeer) -> None:
    peer.accept()
    peer.read_pdu()
    peer.connection.shutdown(socket.SHUT_WR)
    peer.hold()


def _flooding(peer: ScriptedPeer) -> None:
    """Take the beginning of a C-STORE, then send without end and read nothing more."""
    peer.accept()
    peer.read_pdu()
    chunk = encode_pdvs([Pdv(3, True, False, memoryview(bytes(60000)))])
    while True:
        peer.send(chunk)


WITHIN = [
    Case("silence after a request", _replying(_nothing), EndingKind.SILENCE, timeouts=SHORT),
    Case("half a response", _replying(_half_response), EndingKind.SILENCE, timeouts=SHORT),
    Case("close instead of a response", _replying(_nothing, then=ScriptedPeer.close), EndingKind.CLOSE),
    Case("reset instead of a response", _replying(_nothing, then=ScriptedPeer.reset), EndingKind.RESET),
    Case("close within a response", _replying(_half_response, then=ScriptedPeer.close), EndingKind.CLOSE),
    Case("abort by the user instead of a response", _replying(_fixed(encode_abort(0, 0))), EndingKind.ABORT),
    Case("abort by the provider instead of a response", _replying(_fixed(encode_abort(2, 2))), EndingKind.ABORT, abort=(2, 2)),
    Case("release instead of a response", _replying(_fixed(encode_pdu(PduType.RELEASE_RQ, bytes(4)))), EndingKind.RELEASE),
    Case("a second A-ASSOCIATE-AC", _replying(_fixed(encode_pdu(PduType.ASSOCIATE_AC, bytes(68)))), "PS3.8 9.2.3"),
    Case("a rejection in the association", _replying(_fixed(encode_reject(1, 1, 1))), "PS3.8 9.2.3"),
    Case("a P-DATA-TF of 4 GiB", _replying(_fixed(struct.pack(">BxI", 4, 0xFFFFFFFF))), "PS3.8 D.1"),
    Case("a P-DATA-TF without a PDV", _replying(_fixed(encode_pdu(PduType.DATA, b""))), "PS3.8 9.3.5"),
    Case("a PDV longer than its PDU", _replying(_pdv_past_the_end), "PS3.8 9.3.5.1"),
    Case("a PDU type that is not defined", _replying(_fixed(encode_pdu(0x42, b""))), "PS3.8 9.3.1"),
    Case("an undecodable command set", _replying(_undecodable), "PS3.7 6.3.1"),
    Case("a data set before its command set", _replying(_data_before_command), "PS3.8 E.2"),
    Case("a message on two contexts", _replying(_two_contexts_in_a_message), "PS3.8 E.2"),
    Case("fragments without data, and no end", _replying(_endless_empty_fragments), "PS3.8 E.2"),
    Case("a wrong message id", _answering(MessageIDBeingRespondedTo=999), "PS3.7 9.3.5.2"),
    Case("no message id", _answering(MessageIDBeingRespondedTo=None), "PS3.7 9.3.5.2"),
    Case("a wrong command field", _answering(CommandField=0x8020), "PS3.7 9.3.5.2"),
    Case("a request instead of a response", _answering(CommandField=0x0001), "PS3.7 9.3.5.2"),
    Case("no command field", _answering(CommandField=None), "PS3.7 9.3.5.2"),
    Case("no Status", _answering(Status=None), "PS3.7 9.3.5.2"),
    Case("no Command Data Set Type", _answering(CommandDataSetType=None), "PS3.7 9.3"),
    Case("a wrong group length", _answering(CommandGroupLength=2), "PS3.7 6.3.1"),
    Case("a wrong SOP class", _answering(AffectedSOPClassUID="1.2.3"), "PS3.7 9.3.5.2"),
    Case("a wrong SOP class for C-STORE", _answering(AffectedSOPClassUID="1.2.3"), "PS3.7 9.3.1.2", _store),
    Case("a wrong SOP instance", _answering(AffectedSOPInstanceUID="1.2.3"), "PS3.7 9.3.1.2", _store),
    Case("a wrong context id", _replying(_on_another_context), "PS3.7 9.3.5.2"),
    Case("two responses to one request", _replying(_two_responses), "PS3.7 9.3.5.2", _echo_twice),
    Case("C-FIND pending for ever", _pending_for_ever, EndingKind.SILENCE, _find, SHORT),
    Case("an identifier cut short", _replying(_identifier(b"\x10\0\x20\0\x20\0\0\0SYN")), "PS3.4 C.4.1.1.3", _find),
    Case("an identifier in another syntax", _replying(_identifier(b"\x10\0\x20\0LO\4\0SYN1")), "PS3.4 C.4.1.1.3", _find),
    Case("a peer that stops reading", _not_reading, EndingKind.SILENCE, _store_much, SHORT),
    Case("an abort while we send", _aborting_meanwhile, EndingKind.ABORT, _store_much, abort=(2, 6)),
    Case("an A-ABORT without fields while we send", _aborting_shortly, EndingKind.SILENCE, _store_much, SHORT),
    Case("a close while we send", _closing_meanwhile, EndingKind.CLOSE, _store_much),
    Case("a flood while we send", _flooding, EndingKind.SILENCE, _store_much, SHORT),
]


@contextlib.contextmanager
def _ends_as(case: Case) -> Iterator[None]:
    began = time.monotonic()
    with pytest.raises((AssociationEnded, ProtocolViolation)) as caught:
        yield
    assert time.monotonic() - began < BOUND
    error = caught.value
    if isinstance(error, ProtocolViolation):
        assert error.clause == case.expected, error
    if isinstance(error, AssociationEnded):
        assert error.ending.kind is case.expected, error
        assert (error.ending.source, error.ending.reason) == case.abort or case.expected is EndingKind.REJECT


@pytest.mark.parametrize("case", BEFORE, ids=lambda case: case.name)
def test_no_association_comes_of_it(case: Case, scripted: Callable[[Script], Endpoint], contexts: list[Context]) -> None:
    with _ends_as(case):
        associate(scripted(case.script), contexts, timeouts=case.timeouts)


@pytest.mark.parametrize("case", WITHIN, ids=lambda case: case.name)
def test_no_answer_comes_of_it(case: Case, scripted: Callable[[Script], Endpoint], contexts: list[Context]) -> None:
    association = associate(scripted(case.script), contexts, timeouts=case.timeouts)
    with _ends_as(case):
        case.operation(association)
    assert not association.is_open
