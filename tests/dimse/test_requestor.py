"""Our requestor against pynetdicom's acceptor: a stack that shares no code with the driver."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID
from pynetdicom import AE, evt

from conformance.dimse import (
    PUSH_MODEL,
    PUSH_MODEL_INSTANCE,
    AssociationEnded,
    Context,
    EndingKind,
    Endpoint,
    NotAccepted,
    ProtocolViolation,
    Received,
    StatusClass,
    SubOperations,
    UserIdentity,
    associate,
)
from conformance.errors import ConformanceError
from conformance.evidence import Recorder

from .peers import CT, EXPLICIT, IMPLICIT, STUDY_FIND, STUDY_GET, STUDY_MOVE, VERIFICATION, Stored

PATIENCE = 50  # responses after which the acceptor waits for a cancel: it is slow to see one

pytestmark = pytest.mark.timeout(60)


@dataclass
class Scp:
    """A pynetdicom acceptor: what it saw, and what it is to answer."""

    endpoint: Endpoint
    requests: list[Any] = field(default_factory=list)
    data_sets: list[bytes] = field(default_factory=list)
    associations: list[Any] = field(default_factory=list)
    status: int | Dataset = 0
    matches: int = 3
    final: int = 0
    report_to: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def accepted(self, event: Any) -> None:
        self.associations.append(event.assoc)

    def store(self, event: Any) -> int | Dataset:
        self.requests.append(event.request)
        self.data_sets.append(event.request.DataSet.getvalue())
        return self.status

    def _cancelled(self, event: Any, number: int) -> bool:
        """Whether a cancel has come; after PATIENCE responses, wait for it. pynetdicom says so once only."""
        while not event.is_cancelled:
            if number < PATIENCE or self.over.wait(0.01):
                return False
        return True

    def find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        self.requests.append(event.request)
        for number in range(self.matches):
            if self._cancelled(event, number):
                yield 0xFE00, None
                return
            match = Dataset()
            match.QueryRetrieveLevel, match.PatientID = "STUDY", f"SYN{number}"
            yield 0xFF00, match
        if self.final:
            yield self.final, None

    def get(self, event: Any) -> Iterator[Any]:
        self.requests.append(event.request)
        yield self.matches
        for number in range(self.matches):
            if self._cancelled(event, number):
                yield 0xFE00, None
                return
            yield 0xFF00, _ct(f"1.2.3.{number}")

    def commit(self, event: Any) -> tuple[int, Dataset | None]:
        self.requests.append(event.request)
        information = event.action_information
        report = Dataset()
        report.TransactionUID = information.TransactionUID
        report.ReferencedSOPSequence = information.ReferencedSOPSequence
        if self.report_to == "here":
            event.assoc.send_n_event_report(report, 1, PUSH_MODEL, PUSH_MODEL_INSTANCE)
        return 0, None


def _ct(uid: str) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.PatientID = UID(CT), UID(uid), "SYN1"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(IMPLICIT)
    return dataset


@dataclass
class Server:
    """A running pynetdicom server, whose answers are those of the current test's acceptor."""

    port: int = 0
    current: Scp | None = None

    def handler(self, name: str) -> Callable[[Any], Any]:
        """Hand an event over to the current acceptor."""
        return lambda event: getattr(self.current, name)(event)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Run the server once: it takes half a second to stop."""
    entity = AE("SCP")
    for uid in (VERIFICATION, STUDY_FIND, STUDY_GET, STUDY_MOVE, PUSH_MODEL):
        entity.add_supported_context(uid, [IMPLICIT, EXPLICIT])
    entity.add_supported_context(CT, [IMPLICIT, EXPLICIT], scu_role=True, scp_role=True)
    entity.require_called_aet = True
    running = Server()
    names: dict[Any, str] = {
        evt.EVT_C_STORE: "store",
        evt.EVT_C_FIND: "find",
        evt.EVT_C_GET: "get",
        evt.EVT_N_ACTION: "commit",
        evt.EVT_ACCEPTED: "accepted",
    }
    handlers: list[Any] = [(event, running.handler(name)) for event, name in names.items()]
    acceptor = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert acceptor is not None
    running.port = acceptor.server_address[1]
    yield running
    acceptor.shutdown()


@pytest.fixture
def scp(server: Server) -> Iterator[Scp]:
    """An acceptor that has seen nothing and gives its plain answers."""
    server.current = Scp(Endpoint("127.0.0.1", server.port, "SCP", "HARNESS"))
    yield server.current
    server.current.over.set()


def _query(**keys: str) -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    return query


def test_the_acceptance_says_what_was_answered(scp: Scp) -> None:
    proposed = [Context(CT, (EXPLICIT, IMPLICIT)), Context("1.2.3.4", (IMPLICIT,)), Context(VERIFICATION, ("1.2.3",))]
    with associate(scp.endpoint, proposed) as association:
        acceptance = association.acceptance
        assert [(context.id, context.result) for context in acceptance.contexts] == [(1, 0), (3, 3), (5, 4)]
        assert (acceptance.called_ae, acceptance.calling_ae, acceptance.max_pdu) == ("SCP", "HARNESS", 16382)
        assert acceptance.implementation_version.startswith("PYNETDICOM")
        assert len(acceptance.implementation_class_uids) == 1
        accepted = association.accepted(CT)
        assert accepted is not None
        assert accepted.transfer_syntax in (EXPLICIT, IMPLICIT)
        assert association.accepted("1.2.3.4") is None
        assert association.accepted(CT, "1.2.3") is None


def test_a_hundred_and_twenty_eight_contexts_are_proposed_and_answered(scp: Scp) -> None:
    with associate(scp.endpoint, 128 * [Context(VERIFICATION, (IMPLICIT,))]) as association:
        assert [context.id for context in association.acceptance.contexts] == list(range(1, 256, 2))
    with pytest.raises(ValueError, match="128"):
        associate(scp.endpoint, 129 * [Context(VERIFICATION, (IMPLICIT,))])


def test_echo_counts_message_ids_up(scp: Scp) -> None:
    recorder = Recorder()
    with associate(scp.endpoint, [Context(VERIFICATION, (IMPLICIT,))], recorder=recorder) as association:
        answers = [association.echo() for _ in range(3)]
    assert [answer.status_class for answer in answers] == [StatusClass.SUCCESS] * 3
    sent = [step.fields["MessageID"] for step in recorder.steps if step.message == "C-ECHO-RQ"]
    assert sent == ["1", "2", "3"]


def test_the_recorder_sees_every_message_in_order(scp: Scp) -> None:
    recorder = Recorder()
    with associate(scp.endpoint, [Context(CT, (IMPLICIT,))], recorder=recorder) as association:
        association.store(Stored())
    steps = [(step.direction, step.message) for step in recorder.steps]
    assert steps == [
        ("sent", "A-ASSOCIATE-RQ"),
        ("received", "A-ASSOCIATE-AC"),
        ("sent", "C-STORE-RQ"),
        ("received", "C-STORE-RSP"),
        ("sent", "A-RELEASE-RQ"),
        ("received", "A-RELEASE-RP"),
    ]
    assert recorder.steps[3].fields["Status"] == "0000"
    assert recorder.waiting > 0


@pytest.mark.parametrize("size", [0, 2, 16370, 16374, 16376, 16378, 16382, 100_000], ids=str)
@pytest.mark.parametrize("pdv_size", [None, 128], ids=["negotiated", "128"])
def test_store_sends_the_bytes_as_they_are(scp: Scp, size: int, pdv_size: int | None) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    with associate(scp.endpoint, [Context(CT, (EXPLICIT,))]) as association:
        answer = association.store(Stored(data=data[:size], transfer_syntax_uid=EXPLICIT), pdv_size=pdv_size)
    assert answer.status == 0
    assert scp.data_sets == [data[:size]]


def test_store_sends_the_command_that_was_given(scp: Scp) -> None:
    with associate(scp.endpoint, [Context(CT, (IMPLICIT,))]) as association:
        association.store(Stored(), sop_instance_uid="1.2.99", priority=1, move_originator=("MOVER", 77))
    (request,) = scp.requests
    assert (request.AffectedSOPInstanceUID, request.Priority) == ("1.2.99", 1)
    assert (request.MoveOriginatorApplicationEntityTitle, request.MoveOriginatorMessageID) == ("MOVER", 77)


def test_a_failure_is_an_answer_with_its_comment(scp: Scp) -> None:
    scp.status = Dataset()
    scp.status.Status, scp.status.ErrorComment = 0xA900, "no patient ID"
    with associate(scp.endpoint, [Context(CT, (IMPLICIT,))]) as association:
        answer = association.store(Stored())
        assert association.store(Stored()).status == 0xA900
    assert (answer.status, answer.comment, answer.status_class) == (0xA900, "no patient ID", StatusClass.FAILURE)
    assert str(answer) == "A900 (data set does not match SOP class), comment 'no patient ID'"


def test_nothing_is_sent_without_an_accepted_context(scp: Scp) -> None:
    recorder = Recorder()
    with associate(scp.endpoint, [Context(CT, (IMPLICIT,))], recorder=recorder) as association:
        with pytest.raises(NotAccepted) as caught:
            association.store(Stored(transfer_syntax_uid=EXPLICIT))
        with pytest.raises(NotAccepted):
            association.echo()
        assert association.is_open
    assert (caught.value.abstract_syntax, caught.value.transfer_syntax) == (CT, EXPLICIT)
    assert not [step for step in recorder.steps if step.message.startswith("C-")]


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT], ids=["implicit", "explicit"])
def test_find_gives_every_response(scp: Scp, syntax: str) -> None:
    with associate(scp.endpoint, [Context(STUDY_FIND, (syntax,))]) as association:
        answer = association.find(STUDY_FIND, _query(PatientName="MÜLLER*", SpecificCharacterSet="ISO_IR 192"))
    assert [match.PatientID for match in answer.matches] == ["SYN0", "SYN1", "SYN2"]
    assert [response.status for response in answer.responses] == [0xFF00] * 3
    assert (answer.final.status, answer.final_identifier, answer.truncated) == (0, None, False)
    assert all(response.raw for response in answer.responses)


def test_find_is_cancelled_after_so_many_responses(scp: Scp) -> None:
    scp.matches = 100
    with associate(scp.endpoint, [Context(STUDY_FIND, (IMPLICIT,))]) as association:
        answer = association.find(STUDY_FIND, _query(), cancel_after=5)
    assert answer.final.status_class is StatusClass.CANCEL
    assert 5 <= len(answer.responses) <= PATIENCE
    assert not answer.truncated


def test_find_keeps_no_more_than_the_limit(scp: Scp) -> None:
    scp.matches = 100
    with associate(scp.endpoint, [Context(STUDY_FIND, (IMPLICIT,))]) as association:
        answer = association.find(STUDY_FIND, _query(), limit=7)
    assert (len(answer.responses), answer.truncated) == (7, True)


def test_a_refused_find_has_its_status(scp: Scp) -> None:
    scp.matches, scp.final = 0, 0xA900
    with associate(scp.endpoint, [Context(STUDY_FIND, (IMPLICIT,))]) as association:
        answer = association.find(STUDY_FIND, _query())
    assert (answer.final.status, answer.matches) == (0xA900, [])


def test_get_gives_each_object_and_answers_it(scp: Scp) -> None:
    received: list[Received] = []

    def on_store(instance: Received) -> int:
        received.append(instance)
        return 0 if instance.sop_instance_uid != "1.2.3.1" else 0xA700

    contexts = [Context(STUDY_GET, (IMPLICIT,)), Context(CT, (IMPLICIT,), scu_role=False, scp_role=True)]
    with associate(scp.endpoint, contexts) as association:
        assert association.acceptance.roles[CT] == (False, True)
        answer = association.get(STUDY_GET, _query(StudyInstanceUID="1.2"), on_store=on_store)
    assert [instance.sop_instance_uid for instance in received] == ["1.2.3.0", "1.2.3.1", "1.2.3.2"]
    assert received[0].transfer_syntax_uid == IMPLICIT
    assert (answer.final.status, answer.stored, answer.failed_uids) == (0xB000, 3, ("1.2.3.1",))
    assert answer.counters == SubOperations(remaining=answer.counters.remaining, completed=2, failed=1, warning=0)
    assert len(answer.pending) == 3


def test_get_is_cancelled_after_so_many_objects(scp: Scp) -> None:
    scp.matches = 100
    contexts = [Context(STUDY_GET, (IMPLICIT,)), Context(CT, (IMPLICIT,), scu_role=False, scp_role=True)]
    with associate(scp.endpoint, contexts) as association:
        answer = association.get(STUDY_GET, _query(StudyInstanceUID="1.2"), on_store=lambda _received: 0, cancel_after=3)
    assert answer.final.status_class is StatusClass.CANCEL
    assert 3 <= answer.stored <= PATIENCE


def test_commitment_is_requested_and_reported_on_the_same_association(scp: Scp) -> None:
    scp.report_to = "here"
    references = [(CT, "1.2.3.1"), (CT, "1.2.3.2")]
    with associate(scp.endpoint, [Context(PUSH_MODEL, (IMPLICIT,)), Context(VERIFICATION, (IMPLICIT,))]) as association:
        answer = association.commit("1.2.3.4", references)
        association.echo()
        report = association.await_report(20)
        assert association.await_report(0.1) is None
    assert answer.status == 0
    assert report is not None
    assert (report.transaction_uid, report.event_type, report.new_association) == ("1.2.3.4", 1, False)
    assert report.referenced == tuple(references)
    assert (report.failed, report.has_referenced_sequence, report.calling_ae) == ((), True, "SCP")


def test_commitment_information_may_be_given_whole(scp: Scp) -> None:
    information = _query(TransactionUID="1.9")
    with associate(scp.endpoint, [Context(PUSH_MODEL, (IMPLICIT,))]) as association:
        association.commit("", [], action_type=9, action_information=information)
    (request,) = scp.requests
    assert (request.ActionTypeID, request.RequestedSOPInstanceUID) == (9, PUSH_MODEL_INSTANCE)


def test_move_sends_its_destination_as_given(scp: Scp) -> None:
    with associate(scp.endpoint, [Context(STUDY_MOVE, (IMPLICIT,))]) as association:
        answer = association.move(STUDY_MOVE, _query(StudyInstanceUID="1.2"), "NOWHERE")
    assert answer.final.status_class is StatusClass.FAILURE
    assert (answer.stored, answer.pending) == (0, ())


def test_a_wrong_called_title_is_a_rejection(scp: Scp) -> None:
    endpoint = Endpoint(scp.endpoint.host, scp.endpoint.port, "OTHER", "HARNESS")
    with pytest.raises(AssociationEnded) as caught:
        associate(endpoint, [Context(VERIFICATION, (IMPLICIT,))])
    ending = caught.value.ending
    assert (ending.kind, ending.result, ending.source, ending.reason) == (EndingKind.REJECT, 1, 1, 7)
    assert str(ending).startswith("A-ASSOCIATE-RJ 1/1/7 (rejected-permanent: called AE title not recognized) after ")
    assert str(ending).endswith(" s during associate")


def test_a_title_that_does_not_fit_is_not_sent(scp: Scp) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        associate(scp.endpoint, [Context(VERIFICATION, (IMPLICIT,))], raw_called=b"SCP")
    with pytest.raises(ValueError, match="more than 16 bytes"):
        associate(Endpoint("127.0.0.1", scp.endpoint.port, "S" * 17, "ME"), [Context(VERIFICATION, (IMPLICIT,))])


def test_a_user_identity_reaches_the_acceptor(scp: Scp) -> None:
    identity = UserIdentity(2, b"user", b"secret", response=True)
    with associate(scp.endpoint, [Context(VERIFICATION, (IMPLICIT,))], user_identity=identity):
        pass
    (item,) = [item for item in scp.associations[0].requestor.primitive.user_information if hasattr(item, "user_identity_type")]
    assert (item.user_identity_type, item.primary_field, item.secondary_field) == (2, b"user", b"secret")


def test_context_ids_and_a_small_maximum_are_sent_as_given(scp: Scp) -> None:
    with associate(scp.endpoint, [Context(VERIFICATION, (IMPLICIT,))], context_ids=[201], max_pdu=4096) as association:
        assert [context.id for context in association.acceptance.contexts] == [201]
        assert association.echo().status == 0
        assert 0 < association.largest_pdu <= 4096
    assert scp.associations[0].requestor.maximum_length == 4096


def test_release_tells_its_time_and_ends_the_association(scp: Scp) -> None:
    association = associate(scp.endpoint, [Context(VERIFICATION, (IMPLICIT,))])
    assert association.release() >= 0
    assert not association.is_open
    with pytest.raises(ConformanceError, match="ended by our side"):
        association.echo()


def test_an_exception_in_the_block_aborts(scp: Scp) -> None:
    recorder = Recorder()
    association = associate(scp.endpoint, [Context(VERIFICATION, (IMPLICIT,))], recorder=recorder)
    with pytest.raises(KeyError), association:
        raise KeyError
    assert not association.is_open
    assert recorder.steps[-1].message == "A-ABORT"


def test_a_message_on_a_rejected_context_is_sent_when_told_to(scp: Scp) -> None:
    association = associate(scp.endpoint, [Context(CT, (IMPLICIT,)), Context("1.2.3.4", (IMPLICIT,))])
    with pytest.raises((AssociationEnded, ProtocolViolation)):
        association.store(Stored(), context_id=3)


def test_a_refused_connection_is_told_from_an_unreachable_host() -> None:
    with pytest.raises(AssociationEnded) as refused:
        associate(Endpoint("127.0.0.1", 1, "SCP", "HARNESS"), [Context(VERIFICATION, (IMPLICIT,))])
    assert refused.value.ending.kind is EndingKind.REFUSED
    with pytest.raises(AssociationEnded) as unreachable:
        associate(Endpoint("host.invalid", 104, "SCP", "HARNESS"), [Context(VERIFICATION, (IMPLICIT,))])
    assert unreachable.value.ending.kind is EndingKind.UNREACHABLE
