"""Hostile PDUs: unexpected ones, lying lengths, contexts nobody accepted, commands nobody knows (PS3.8 9.2, 9.3, PS3.7 9.1).

What a weak system makes of them may harm it. They run last; after each one the system must still answer on a fresh association.
"""

import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

import pytest

from conformance.dimse import (
    VERIFICATION,
    Association,
    AssociationEnded,
    Context,
    EndingKind,
    Field,
    PduType,
    ProtocolViolation,
    build_request,
    encode_associate,
    encode_command,
    encode_pdu,
)
from conformance.findings import Nonconformance, NotApplicable, expect, require
from conformance.suite.attempts import encode_first
from conformance.suite.messages import (
    ODD_SYNTAX,
    RELEASE_RP,
    RELEASE_RQ,
    UNKNOWN_PDU,
    all_mixed,
    await_store,
    expect_taken_however_sent,
    packed,
    store_command,
    store_fragments,
)
from conformance.suite.peer import VERIFICATION as VERIFICATION_CONTEXT
from conformance.suite.queries import study_query
from conformance.suite.sop_classes import CT, NOT_SERVED
from conformance.suite.system import TAKEN, System, storage_contexts
from conformance.target import Claims
from generators import Encoded, Synthesizer

ECHO: Mapping[str, object] = {"CommandField": int(Field.C_ECHO_RQ), "AffectedSOPClassUID": VERIFICATION}
NO_DATA = 0x0101
FIRST_CONTEXT, NO_CONTEXT = 1, 99
TWO_GIGABYTES = 0x7FFFFFF0
ANNOUNCED = 1 << 22  # bytes; no object is made for a greater maximum length
MAX_PDU = 16384
KNOCKS, HELD = 100, 20
AFTERWARDS = 2.0  # seconds for an answer that another one has overtaken


def echo_pdv(length: int | None = None) -> bytes:
    """A presentation data value with a whole C-ECHO request, its length field true or not."""
    command = encode_command({"MessageID": 1, "CommandDataSetType": NO_DATA, **ECHO})
    return struct.pack(">LBB", len(command) + 2 if length is None else length, FIRST_CONTEXT, 0x03) + command


def association_request(system: System) -> bytes:
    """A sound A-ASSOCIATE-RQ for Verification."""
    return encode_associate(PduType.ASSOCIATE_RQ, build_request(system.endpoint, [VERIFICATION_CONTEXT], max_pdu=MAX_PDU))


def association_acceptance(system: System) -> bytes:
    """An A-ASSOCIATE-AC, which no requestor sends; its body is that of a request."""
    return encode_pdu(PduType.ASSOCIATE_AC, association_request(system)[6:])


def expect_ended(association: Association, seconds: float, what: str) -> None:
    """Blame the system unless it ends the association over `what`: a C-ECHO sent after it must not be answered."""
    try:
        association.send_message(FIRST_CONTEXT, ECHO)
        message = association.await_message(seconds)
        got = f"a {message.name} to a request that came after it"
    except ProtocolViolation as error:
        got = error.got
    except AssociationEnded as error:
        if error.ending.kind is not EndingKind.SILENCE:
            return
        got = str(error.ending)
    raise Nonconformance(expected=f"A-ABORT, or the connection closed, within {seconds:g} s of {what}", got=got)


def send_and_expect_ended(system: System, data: bytes, seconds: float, what: str) -> None:
    """Send bytes in an association, and blame the system unless it ends it."""
    system.require_alive(f"before {what}")
    with system.associate() as association:
        with suppress(AssociationEnded):  # where it ended before all was sent, the next that is sent finds the end
            association.send_bytes(data)
        expect_ended(association, seconds, what)


@pytest.mark.hostile
@pytest.mark.requirement("ROBUST-03")
@pytest.mark.parametrize("what", ["a second A-ASSOCIATE-RQ", "an A-ASSOCIATE-AC", "an A-RELEASE-RP without request", "a PDU of type 42H"])
def test_ends_an_association_over_an_unexpected_pdu(system: System, claims: Claims, what: str) -> None:
    data = {
        "a second A-ASSOCIATE-RQ": association_request(system),
        "an A-ASSOCIATE-AC": association_acceptance(system),
        "an A-RELEASE-RP without request": RELEASE_RP,
        "a PDU of type 42H": UNKNOWN_PDU,
    }[what]
    send_and_expect_ended(system, data, claims.silence_seconds, what)
    system.require_alive(f"after {what}")


BEFORE = {"P-DATA": encode_pdu(PduType.DATA, echo_pdv()), "A-RELEASE-RQ": RELEASE_RQ}


@pytest.mark.hostile
@pytest.mark.requirement("ROBUST-03")
@pytest.mark.parametrize("what", BEFORE)
def test_opens_no_association_after_an_unexpected_pdu(system: System, claims: Claims, what: str) -> None:
    system.require_alive(f"before {what}")
    with system.connection() as wire:
        try:
            wire.send_bytes(BEFORE[what] + association_request(system))
            answer = wire.read_pdu(claims.silence_seconds)
            got = "" if answer.type in (PduType.ABORT, PduType.ASSOCIATE_RJ) else f"an {answer.name} to a request that came after it"
        except AssociationEnded as error:
            got = str(error.ending) if error.ending.kind is EndingKind.SILENCE else ""
    system.require_alive(f"after {what}")
    expect(
        not got,
        expected=f"A-ABORT, or the connection closed, within {claims.silence_seconds:g} s of {what} before an association",
        got=got,
    )


LYING = {
    "a PDV longer than its PDU": encode_pdu(PduType.DATA, echo_pdv(length=0x10000)),
    "a PDV of 4 GiB": encode_pdu(PduType.DATA, echo_pdv(length=0xFFFFFFFF)),
    "a PDV shorter than its own header": encode_pdu(PduType.DATA, echo_pdv(length=1)),
    "a PDU with bytes after its last PDV": encode_pdu(PduType.DATA, echo_pdv() + bytes(3)),
}


@pytest.mark.hostile
@pytest.mark.requirement("ROBUST-04")
@pytest.mark.parametrize("what", LYING)
def test_ends_an_association_over_lengths_that_contradict(system: System, claims: Claims, what: str) -> None:
    send_and_expect_ended(system, LYING[what], claims.silence_seconds, what)
    expect_serving(system, claims, what)


def expect_serving(system: System, claims: Claims, what: str) -> None:
    """Blame the system unless it serves a fresh association again."""
    expect(
        system.serves_within(claims.silence_seconds),
        expected=f"associations served again, at the latest {claims.silence_seconds:g} s after {what}",
        got="no association is accepted",
    )


@pytest.mark.hostile
@pytest.mark.requirement("ROBUST-04")
def test_serves_others_beside_a_pdu_of_two_gigabytes(system: System, claims: Claims) -> None:
    what = "a PDU of which 2 GiB are announced"
    system.require_alive(f"before {what}")
    with system.associate() as association:
        with suppress(AssociationEnded):  # an abort is what it should do; a peer that waits for the rest is not yet wrong
            association.send_bytes(struct.pack(">BxL", PduType.DATA, TWO_GIGABYTES) + bytes(65536))
            association.await_ending(AFTERWARDS)
        expect_serving(system, claims, what)
        association.abort()


@pytest.mark.hostile
@pytest.mark.requirement("ROBUST-04")
def test_takes_no_pdu_longer_than_it_announced(system: System, synthesizer: Synthesizer, claims: Claims) -> None:
    system.require_alive("before an over-long PDU")
    with system.associate() as association:
        limit = association.acceptance.max_pdu
    if not 0 < limit <= ANNOUNCED:
        raise NotApplicable(f"the system announced a maximum length of {limit}" + " (no limit)" * (limit == 0))
    side = next(side for side in (64, 128, 256, 512, 1024, 2048) if 2 * side * side > limit)
    sound, oversize = (encode_first(synthesizer.study("CT", instances=1, rows=side, columns=side)) for _ in range(2))
    system.keep(sound)
    answer = answered(system, oversize, FIRST_CONTEXT, storage_contexts([oversize]), in_one_pdu=True)
    expect(
        answer != "taken",
        expected=f"an abort over a P-DATA-TF of {len(oversize.data)} bytes, of which {limit} are the announced maximum (PS3.8 D.1.1)",
        got="the object was taken",
    )
    expect_serving(system, claims, "an over-long PDU")


def answered(system: System, instance: Encoded, context_id: int, contexts: list[Context], *, in_one_pdu: bool = False) -> str:
    """Send an object in a context, rightly or not, and say whether it was "taken", "refused" or the association "ended"."""
    system.ledger.note_sent(instance)
    with system.associate(contexts) as association:
        try:
            sent = time.monotonic()
            if in_one_pdu:
                association.send_bytes(packed(store_fragments(context_id, instance, len(instance.data)), 0))
            else:
                association.send_message(context_id, store_command(instance), instance.data)
            answer = await_store(association, sent, system.target.timeouts.response)
        except AssociationEnded as error:
            if error.ending.kind is EndingKind.SILENCE:
                raise
            return "ended"
    system.ledger.note_answer(instance, answer)
    return "taken" if answer.status_class in TAKEN else "refused"


@pytest.mark.hostile
@pytest.mark.requirement("ROBUST-05")
@pytest.mark.parametrize("which", ["rejected", "never proposed"])
def test_takes_nothing_in_a_context_that_was_not_accepted(system: System, synthesizer: Synthesizer, which: str) -> None:
    study = synthesizer.study("CT", instances=1)
    instance = encode_first(study)
    contexts = [*storage_contexts([instance]), ODD_SYNTAX]
    with system.associate(contexts) as association:
        sound, *_, odd = association.acceptance.contexts
    require(sound.accepted, "CT Image Storage is not accepted")
    require(not odd.accepted, "the system accepts a transfer syntax that nobody knows")
    outcome = answered(system, instance, odd.id if which == "rejected" else NO_CONTEXT, contexts)
    expect(
        outcome != "taken",
        expected=f"an abort, or a failure status, for a C-STORE in a presentation context that was {which}",
        got="success: the object was taken",
    )
    shown = system.find(study_query(study)).matches
    expect(not shown, expected="nothing stored of it", got=f"the request {outcome}, and its study is found")
    system.require_alive("afterwards")


UNKNOWN_COMMANDS: dict[str, Mapping[str, object]] = {
    "N-GET": {"CommandField": int(Field.N_GET_RQ), "RequestedSOPClassUID": CT, "RequestedSOPInstanceUID": f"{CT}.1"},
    "command field 0777H": {"CommandField": 0x0777, "AffectedSOPClassUID": CT},
}


@pytest.mark.hostile
@pytest.mark.requirement("ROBUST-06")
@pytest.mark.parametrize("what", UNKNOWN_COMMANDS)
def test_refuses_a_command_that_a_storage_context_does_not_have(system: System, what: str) -> None:
    system.require_alive(f"before {what}")
    with system.associate([VERIFICATION_CONTEXT, *(Context(CT, VERIFICATION_CONTEXT.transfer_syntaxes),)]) as association:
        storage = association.accepted(CT)
        require(storage, "CT Image Storage is not accepted")
        assert storage is not None
        try:
            status = status_of(association, storage.id, UNKNOWN_COMMANDS[what], system.target.timeouts.response)
        except AssociationEnded as error:
            if error.ending.kind is EndingKind.SILENCE:
                raise
            status = 0x0211
    system.require_alive(f"after {what}")
    expect(
        status in NOT_SERVED,
        expected=f"0211 (unrecognized operation), or an abort, for {what} in a storage context",
        got="no answer, though a later request was answered" if status is None else f"{status:04X}",
    )


def status_of(association: Association, context_id: int, command: Mapping[str, object], seconds: float) -> int | None:
    """Send a command and a C-ECHO behind it; give the status of the first, None where only the C-ECHO was answered."""
    asked, echoed = association.send_message(context_id, command), association.send_message(FIRST_CONTEXT, ECHO)
    statuses: dict[int | None, int | None] = {}
    with suppress_once_answered(statuses):
        while not {asked, echoed} <= statuses.keys():
            message = association.await_message(AFTERWARDS if statuses else seconds)
            statuses[message.number("MessageIDBeingRespondedTo")] = message.number("Status")
    return statuses.get(asked)


@contextmanager
def suppress_once_answered(statuses: Mapping[int | None, int | None]) -> Iterator[None]:
    """Let an end pass that comes after an answer: what was answered is known by then."""
    try:
        yield
    except AssociationEnded:
        if not statuses:
            raise


@pytest.mark.hostile
@pytest.mark.requirement("ROBUST-02")
def test_serves_on_after_a_flood_of_connections(system: System, claims: Claims) -> None:
    require(system.serves_within(claims.silence_seconds), "the control failed before the flood: no association")
    with suppress(AssociationEnded):  # a full queue turns the flood away, which is no harm
        for _ in range(KNOCKS):
            with system.connection():
                pass
        with ExitStack() as stack:
            for _ in range(HELD):
                stack.enter_context(system.connection())
    expect_serving(system, claims, f"{KNOCKS} connections in a row and {HELD} at once")


@pytest.mark.slow
@pytest.mark.hostile
@pytest.mark.requirement("ROBUST-07")
def test_takes_command_and_data_in_many_fragments_of_one_pdu(system: System) -> None:
    # The last of all that is sent: it is lawful (PS3.8 E.1), and there are systems whose process ends over it.
    expect_taken_however_sent(system, "one PDU with many fragments of command and data", all_mixed)
