"""What hostile and endurance checks need: bytes as they are, endings told apart, TLS within its deadline, both directions at once."""

import threading
from collections.abc import Callable

import pytest

from conformance.dimse import (
    PUSH_MODEL,
    Association,
    AssociationEnded,
    Context,
    EndingKind,
    Endpoint,
    Listener,
    PduType,
    ProtocolViolation,
    Timeouts,
    associate,
    build_request,
    connect,
    encode_associate,
    encode_command,
    encode_pdu,
    encode_pdvs,
)
from conformance.dimse.pdu import Pdv, encode_abort
from conformance.evidence import Recorder

from .conftest import Certificates
from .peers import CT, IMPLICIT, VERIFICATION, Script, ScriptedPeer, Stored, response

pytestmark = pytest.mark.timeout(60)
WAIT = 20.0
Scripted = Callable[[Script], Endpoint]
VERIFY = [Context(VERIFICATION, (IMPLICIT,))]
BOTH = [*VERIFY, Context(CT, (IMPLICIT,))]


def _then(action: Callable[[ScriptedPeer], object]) -> Script:
    """Accept, do something, and keep the connection."""

    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        action(peer)
        peer.hold()

    return script


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (ScriptedPeer.close, EndingKind.CLOSE),
        (ScriptedPeer.reset, EndingKind.RESET),
        (lambda peer: peer.send(encode_abort(2, 1)), EndingKind.ABORT),
        (lambda peer: peer.send(encode_pdu(PduType.RELEASE_RQ, bytes(4))), EndingKind.RELEASE),
        (lambda peer: peer.send(b"no PDU at all") or peer.close(), EndingKind.CLOSE),
    ],
    ids=["close", "reset", "abort", "release", "garbage and close"],
)
def test_an_ending_is_awaited_and_told(scripted: Scripted, action: Callable[[ScriptedPeer], object], kind: EndingKind) -> None:
    association = associate(scripted(_then(action)), VERIFY)
    assert association.await_ending(WAIT).kind is kind
    assert not association.is_open
    association.abort()
    association.reset()
    with pytest.raises(AssociationEnded) as caught:
        association.await_ending(WAIT)
    assert caught.value.ending is association.ending


def test_no_ending_is_silence_and_the_association_stays_open(scripted: Scripted) -> None:
    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        peer.answer(*peer.read_message())
        peer.hold()

    association = associate(scripted(script), VERIFY)
    assert association.await_ending(0.1).kind is EndingKind.SILENCE
    assert association.echo().status == 0
    association.abort()


def test_a_flood_does_not_lengthen_the_wait_for_the_end(scripted: Scripted) -> None:
    def flood(peer: ScriptedPeer) -> None:
        while True:
            peer.send(encode_pdvs([Pdv(1, True, False, memoryview(bytes(50_000)))]))

    association = associate(scripted(_then(flood)), VERIFY)
    assert association.await_ending(0.3).kind is EndingKind.SILENCE
    association.reset()


def test_what_the_peer_ended_meanwhile_is_seen_before_the_next_request(scripted: Scripted) -> None:
    ended = threading.Event()

    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        peer.answer(*peer.read_message())
        peer.send(encode_abort(0, 0))
        ended.set()
        peer.hold()

    association = associate(scripted(script), VERIFY)
    association.echo()
    assert ended.wait(WAIT)
    with pytest.raises(AssociationEnded) as caught:
        association.echo()
    assert (caught.value.ending.kind, caught.value.ending.during) == (EndingKind.ABORT, "the next request")
    with pytest.raises(AssociationEnded):
        association.echo()


def test_a_second_response_before_the_release_is_a_violation(scripted: Scripted) -> None:
    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        peer.send(2 * response(*peer.read_message()))
        peer.hold()

    with pytest.raises(ProtocolViolation, match="no message before the next request"), associate(scripted(script), VERIFY) as association:
        association.echo()


def test_a_second_response_that_crosses_the_release_is_a_violation(scripted: Scripted) -> None:
    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        context_id, request = peer.read_message()
        peer.answer(context_id, request)
        peer.read_pdu()
        peer.send(response(context_id, request) + encode_pdu(PduType.RELEASE_RP, bytes(4)))
        peer.hold()

    with pytest.raises(ProtocolViolation, match="C-ECHO-RSP to message 1"), associate(scripted(script), VERIFY) as association:
        association.echo()


@pytest.mark.parametrize("answer", [b"", encode_abort(0, 0)], ids=["silence", "abort"])
def test_a_release_that_is_not_answered_is_told_when_asked_for(scripted: Scripted, answer: bytes) -> None:
    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        peer.read_pdu()
        peer.send(answer)
        peer.hold()

    association = associate(scripted(script), VERIFY, timeouts=Timeouts(release=0.3 if not answer else WAIT))
    with pytest.raises(AssociationEnded) as caught:
        association.release()
    assert caught.value.ending.during == "release"
    assert caught.value.ending.kind is (EndingKind.ABORT if answer else EndingKind.SILENCE)


def test_a_release_at_the_end_of_a_block_that_fails_is_kept_as_its_ending(scripted: Scripted) -> None:
    with associate(scripted(_then(ScriptedPeer.close)), VERIFY) as association:
        pass
    assert association.ending is not None
    assert association.ending.kind in (EndingKind.CLOSE, EndingKind.RESET)


def test_releases_that_cross_are_both_answered(scripted: Scripted) -> None:
    seen: list[int] = []

    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        seen.append(peer.read_pdu().type)
        peer.send(encode_pdu(PduType.RELEASE_RQ, bytes(4)))
        seen.append(peer.read_pdu().type)
        peer.send(encode_pdu(PduType.RELEASE_RP, bytes(4)))
        peer.hold()

    associate(scripted(script), VERIFY).release()
    assert seen == [PduType.RELEASE_RQ, PduType.RELEASE_RP]


def test_an_early_response_is_marked_as_early(scripted: Scripted) -> None:
    def script(peer: ScriptedPeer) -> None:
        """Answer on the command set alone, then take the data set."""
        peer.accept()
        pdvs = peer.read_pdu().body
        peer.send(response(pdvs[4], {"CommandField": 1, "MessageID": 1}, Status=0xA700))
        while not peer.read_pdu().body[5] & 2:
            pass
        peer.answer(*peer.read_message())
        peer.hold()

    association = associate(scripted(script), BOTH)
    answer = association.store(Stored(data=bytes(64 << 20)))
    assert (answer.status, answer.early) == (0xA700, True)
    answer = association.store(Stored())
    assert (answer.status, answer.early) == (0, False)
    association.abort()


def test_half_a_store_sends_the_fraction_and_never_the_last_fragment(scripted: Scripted) -> None:
    received: list[bytes] = []
    flags: list[int] = []
    seen = threading.Event()

    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        peer.read_pdu()
        while sum(map(len, received)) < 50_000:
            body = peer.read_pdu().body
            received.append(body[6:])
            flags.append(body[5])
        seen.set()
        peer.hold()

    association = associate(scripted(script), BOTH)
    association.half_store(Stored(data=bytes(100_000)), 0.5)
    assert seen.wait(WAIT)
    assert (sum(map(len, received)), set(flags)) == (50_000, {0})
    association.close()


def test_a_response_to_half_a_store_can_be_awaited(scripted: Scripted) -> None:
    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        body = peer.read_pdu().body
        peer.send(response(body[4], {"CommandField": 1, "MessageID": 1}))
        peer.hold()

    association = associate(scripted(script), BOTH)
    association.half_store(Stored(data=bytes(1000)), 0.5)
    assert association.await_message(WAIT).name == "C-STORE-RSP"
    association.abort()


def test_command_and_data_set_may_share_a_pdu() -> None:
    instance = Stored("1.2.3.9", data=bytes(300))
    command = encode_command(
        {
            "CommandField": 1,
            "MessageID": 5,
            "CommandDataSetType": 1,
            "Priority": 0,
            "AffectedSOPClassUID": CT,
            "AffectedSOPInstanceUID": instance.sop_instance_uid,
        }
    )
    pdvs = [
        Pdv(3, True, True, memoryview(command)),
        Pdv(3, False, False, memoryview(bytes(100))),
        Pdv(3, False, True, memoryview(bytes(200))),
    ]
    with Listener("127.0.0.1", 0, "HARNESS") as listener, listener.reception() as reception:
        association = associate(Endpoint("127.0.0.1", listener.port, "HARNESS", "ME"), BOTH)
        association.send_bytes(encode_pdvs(pdvs))
        assert association.await_message(WAIT).number("MessageIDBeingRespondedTo") == 5
        association.abort()
    assert reception.objects[0].data == instance.data


def test_a_report_on_a_context_without_commitment_is_a_violation(scripted: Scripted) -> None:
    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        command = encode_command({"CommandField": 0x0100, "MessageID": 1, "CommandDataSetType": 0x0101})
        peer.send(encode_pdvs([Pdv(1, True, True, memoryview(command))]))
        peer.hold()

    association = associate(scripted(script), [*VERIFY, Context(PUSH_MODEL, (IMPLICIT,))])
    with pytest.raises(ProtocolViolation) as caught:
        association.await_report(WAIT)
    assert caught.value.clause == "PS3.8 7.6"
    assert not association.is_open


# --- bytes before any association


def test_a_bare_connection_sends_and_reads_pdus(scripted: Scripted) -> None:
    endpoint = scripted(_then(lambda _peer: None))
    wire = connect(endpoint)
    wire.send_bytes(encode_associate(PduType.ASSOCIATE_RQ, build_request(endpoint, VERIFY, max_pdu=0)))
    assert wire.read_pdu(WAIT).name == "A-ASSOCIATE-AC"
    wire.abort()


def test_a_bare_connection_counts_the_time_it_waits(scripted: Scripted) -> None:
    recorder = Recorder()
    wire = connect(scripted(ScriptedPeer.hold), Timeouts(), recorder)
    assert wire.await_ending(0.2).kind is EndingKind.SILENCE
    assert recorder.waiting >= 0.2
    wire.close()


@pytest.mark.parametrize("end", [Association.close, Association.reset, Association.abort], ids=["close", "reset", "abort"])
def test_our_own_endings_are_what_they_say(scripted: Scripted, end: Callable[[Association], None]) -> None:
    seen: list[str] = []
    over = threading.Event()

    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        try:
            seen.append(peer.read_pdu().name)
        except ConnectionResetError:
            seen.append("reset")
        except ConnectionError:
            seen.append("close")
        over.set()

    association = associate(scripted(script), VERIFY)
    end(association)
    assert over.wait(WAIT)
    assert seen == [{"close": "close", "reset": "reset", "abort": "A-ABORT"}[end.__name__]]
    assert not association.is_open


# --- TLS


def test_a_whole_exchange_goes_over_tls(certificates: Certificates) -> None:
    with Listener("127.0.0.1", 0, "HARNESS", tls=certificates.server) as listener, listener.reception() as reception:
        endpoint = Endpoint("127.0.0.1", listener.port, "HARNESS", "ME", tls=certificates.client)
        data = bytes(range(256)) * 20_000
        with associate(endpoint, BOTH) as association:
            assert association.echo().status == 0
            assert association.store(Stored(data=data)).status == 0
    assert reception.objects[0].data == data
    assert reception.endings == []


def test_a_client_that_is_not_trusted_is_a_tls_failure(certificates: Certificates) -> None:
    with Listener("127.0.0.1", 0, "HARNESS", tls=certificates.server) as listener:
        endpoint = Endpoint("127.0.0.1", listener.port, "HARNESS", "ME", tls=certificates.stranger)
        with pytest.raises(AssociationEnded) as caught:
            associate(endpoint, VERIFY)
    assert caught.value.ending.kind is EndingKind.TLS
    assert "CERTIFICATE" in caught.value.ending.detail.upper()


def test_tls_to_a_port_that_speaks_none_is_a_tls_failure_or_silence(scripted: Scripted, certificates: Certificates) -> None:
    def talk(peer: ScriptedPeer) -> None:
        peer.send(encode_abort(2, 1))
        peer.hold()

    endpoint = scripted(talk)
    with pytest.raises(AssociationEnded) as caught:
        associate(Endpoint(endpoint.host, endpoint.port, "PEER", "ME", tls=certificates.client), VERIFY)
    assert (caught.value.ending.kind, caught.value.ending.during) == (EndingKind.TLS, "TLS handshake")


@pytest.mark.parametrize(
    ("script", "kind"),
    [(ScriptedPeer.hold, EndingKind.SILENCE), (ScriptedPeer.close, None), (ScriptedPeer.reset, None)],
    ids=["silence", "close", "reset"],
)
def test_a_tls_handshake_ends_within_its_deadline(
    scripted: Scripted, certificates: Certificates, script: Script, kind: EndingKind | None
) -> None:
    endpoint = scripted(script)
    timeouts = Timeouts(connect=0.5 if kind else WAIT)
    with pytest.raises(AssociationEnded) as caught:
        associate(Endpoint(endpoint.host, endpoint.port, "PEER", "ME", tls=certificates.client), VERIFY, timeouts=timeouts)
    assert caught.value.ending.kind in ([kind] if kind else [EndingKind.CLOSE, EndingKind.RESET, EndingKind.TLS])
    assert caught.value.ending.during in ("connect", "TLS handshake")  # a reset may come before we know that we are connected


def test_a_plain_request_to_a_tls_port_ends(certificates: Certificates) -> None:
    with Listener("127.0.0.1", 0, "HARNESS", tls=certificates.server) as listener, pytest.raises((AssociationEnded, ProtocolViolation)):
        associate(Endpoint("127.0.0.1", listener.port, "HARNESS", "ME"), VERIFY)
