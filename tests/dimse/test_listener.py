"""Our listener: pynetdicom and DCMTK send to it, and so does our own requestor where a field is to be wrong."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, build_role

from conformance.dimse import (
    AVAILABILITY,
    NO_STORAGE,
    PUSH_MODEL,
    PUSH_MODEL_INSTANCE,
    AssociationEnded,
    Context,
    EndingKind,
    Listener,
    Policy,
    ProtocolViolation,
    Timeouts,
    associate,
    connect,
)
from conformance.dimse.identifiers import encode_dataset
from conformance.dimse.listener import MAX_THREADS
from conformance.errors import ConformanceError
from conformance.evidence import Recorder

from .peers import CT, EXPLICIT, IMPLICIT, VERIFICATION, Stored, dcmtk, endpoint_of

pytestmark = pytest.mark.timeout(60)
WAIT = 20.0
MR = "1.2.840.10008.5.1.4.1.1.4"


@contextlib.contextmanager
def _by_pynetdicom(listener: Listener, *classes: str, syntaxes: tuple[str, ...] = (IMPLICIT,), **options: Any) -> Iterator[Any]:
    entity = AE("PYNETDICOM")
    for uid in classes:
        entity.add_requested_context(uid, list(syntaxes))
    association = entity.associate("127.0.0.1", listener.port, ae_title="HARNESS", **options)
    assert association.is_established
    try:
        yield association
    finally:
        association.release()


def _ct(uid: str = "1.2.3.4") -> Dataset:
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    return dataset


def test_pynetdicom_echoes_and_stores(listener: Listener) -> None:
    with listener.reception() as reception, _by_pynetdicom(listener, VERIFICATION, CT, syntaxes=(EXPLICIT,)) as association:
        assert association.send_c_echo().Status == 0
        assert association.send_c_store(_ct(), originator_aet="MOVER", originator_id=9).Status == 0
        assert reception.wait_for(1, WAIT)
    (received,) = reception.objects
    assert (received.sop_class_uid, received.sop_instance_uid, received.transfer_syntax_uid) == (CT, "1.2.3.4", EXPLICIT)
    assert (received.calling_ae, received.called_ae) == ("PYNETDICOM", "HARNESS")
    assert (received.move_originator_ae, received.move_originator_message_id) == ("MOVER", 9)
    assert received.data == encode_dataset(_ct(), EXPLICIT)
    assert reception.associations[0].implementation_version.startswith("PYNETDICOM")
    assert 0 < reception.largest_pdu <= 65536
    assert (reception.foreign, reception.violations, reception.endings) == (0, [], [])


def test_objects_are_written_to_files_where_the_policy_has_a_directory(listener: Listener, tmp_path: Path) -> None:
    with listener.reception(Policy(directory=tmp_path)) as reception:
        with _by_pynetdicom(listener, CT, syntaxes=(EXPLICIT,)) as association:
            for uid in ("1.2.3.1", "1.2.3.2"):
                assert association.send_c_store(_ct(uid)).Status == 0
        assert reception.wait_for(2, WAIT)
    first, second = reception.objects
    assert first.path is not None
    assert second.path is not None
    assert (first.data, first.path.parent, first.path != second.path) == (b"", tmp_path, True)
    written = pydicom.dcmread(first.path)
    assert written == _ct("1.2.3.1")
    assert (written.file_meta.TransferSyntaxUID, written.file_meta.MediaStorageSOPInstanceUID) == (EXPLICIT, "1.2.3.1")


@pytest.mark.parametrize("max_pdu", [4096, 16384, 0], ids=str)
def test_the_largest_pdu_is_measured_by_its_length_field(listener: Listener, max_pdu: int) -> None:
    with listener.reception(Policy(max_pdu=max_pdu)) as reception, _by_pynetdicom(listener, CT, syntaxes=(EXPLICIT,)) as sender:
        assert sender.send_c_store(_ct()).Status == 0
        assert reception.wait_for(1, WAIT)
    assert reception.largest_pdu == (max_pdu or len(encode_dataset(_ct(), EXPLICIT)) + 6)


def test_a_pdu_above_the_announced_maximum_is_measured(listener: Listener) -> None:
    with (
        listener.reception(Policy(max_pdu=4096)) as reception,
        associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))]) as sender,
    ):
        assert sender.store(Stored(data=bytes(100_000)), pdv_size=100_000).status == 0
    assert reception.largest_pdu == 100_006


def test_the_association_request_is_recorded_as_it_came(listener: Listener) -> None:
    contexts = [Context(CT, (EXPLICIT, IMPLICIT)), Context(PUSH_MODEL, (IMPLICIT,), scu_role=False, scp_role=True)]
    with listener.reception() as reception:
        associate(
            endpoint_of(listener), contexts, raw_called=b"HARNESS\0".ljust(16), raw_calling=b"   SENDER".ljust(16), max_pdu=0
        ).release()
    (request,) = reception.associations
    assert (request.raw_called, request.raw_calling) == (b"HARNESS\0        ", b"   SENDER       ")
    assert (request.called_ae, request.calling_ae) == ("HARNESS\0", "SENDER")
    assert (request.max_pdu, request.protocol_version, request.application_context) == (0, 1, "1.2.840.10008.3.1.1.1")
    assert [(c.abstract_syntax, c.transfer_syntaxes) for c in request.contexts] == [(CT, (EXPLICIT, IMPLICIT)), (PUSH_MODEL, (IMPLICIT,))]
    assert [answer.transfer_syntax for answer in request.answers] == [EXPLICIT, IMPLICIT]
    assert request.roles == {PUSH_MODEL: (False, True)}


def _information(transaction: str) -> Dataset:
    done, failed = Dataset(), Dataset()
    done.ReferencedSOPClassUID, done.ReferencedSOPInstanceUID = CT, "1.2.3.1"
    failed.ReferencedSOPClassUID, failed.ReferencedSOPInstanceUID, failed.FailureReason = MR, "1.2.3.2", 0x0112
    information = Dataset()
    information.TransactionUID = transaction
    information.ReferencedSOPSequence, information.FailedSOPSequence = [done], [failed]
    return information


def test_a_commitment_report_comes_on_an_association_of_its_own(listener: Listener) -> None:
    role = build_role(PUSH_MODEL, scu_role=False, scp_role=True)
    with _by_pynetdicom(listener, PUSH_MODEL, ext_neg=[role]) as association:
        assert association.accepted_contexts[0].as_scp
        status, _ = association.send_n_event_report(_information("1.2.3.4"), 2, PUSH_MODEL, PUSH_MODEL_INSTANCE)
        assert status.Status == 0
    report = listener.await_report("1.2.3.4", WAIT)
    assert report is not None
    assert (report.event_type, report.calling_ae, report.new_association, report.roles) == (2, "PYNETDICOM", True, (False, True))
    assert report.referenced == ((CT, "1.2.3.1"),)
    assert report.failed == ((MR, "1.2.3.2", 0x0112),)
    assert listener.await_report("1.2.3.4", 0.05) is None


def test_a_notice_of_availability_is_kept_by_its_study(listener: Listener) -> None:
    with _by_pynetdicom(listener, AVAILABILITY) as association:
        status, _ = association.send_n_create(_notice("1.2.3", {"1.2.3.1": "ONLINE", "1.2.3.2": "UNAVAILABLE"}), AVAILABILITY, "1.2.9")
        assert status.Status == 0
    assert listener.await_notice("1.2.4", 0.05) is None
    notice = listener.await_notice("1.2.3", WAIT)
    assert notice is not None
    assert (notice.calling_ae, notice.availability) == ("PYNETDICOM", {"1.2.3.1": "ONLINE", "1.2.3.2": "UNAVAILABLE"})


def _notice(study: str, availability: dict[str, str]) -> Dataset:
    notice, series = Dataset(), Dataset()
    series.SeriesInstanceUID, series.ReferencedSOPSequence = "1.2.3.9", []
    for uid, said in availability.items():
        referenced = Dataset()
        referenced.ReferencedSOPClassUID, referenced.ReferencedSOPInstanceUID, referenced.InstanceAvailability = CT, uid, said
        series.ReferencedSOPSequence.append(referenced)
    notice.StudyInstanceUID, notice.ReferencedSeriesSequence = study, [series]
    return notice


def test_a_report_of_another_transaction_is_not_taken_for_ours(listener: Listener) -> None:
    role = build_role(PUSH_MODEL, scu_role=False, scp_role=True)
    with _by_pynetdicom(listener, PUSH_MODEL, ext_neg=[role]) as association:
        association.send_n_event_report(_information("1.9.9"), 1, PUSH_MODEL, PUSH_MODEL_INSTANCE)
    assert listener.await_report("1.2.3.4", 0.05) is None
    assert listener.await_report("1.9.9", WAIT) is not None


def test_echoscu_and_storescu_are_answered(listener: Listener) -> None:
    file = str(get_testdata_file("CT_small.dcm"))
    with listener.reception() as reception:
        for command in ([dcmtk("echoscu")], [dcmtk("storescu")]):
            target = ["-aec", "HARNESS", "127.0.0.1", str(listener.port)]
            subprocess.run([*command, *target, *([file] if "store" in command[0] else [])], check=True, capture_output=True)
        assert reception.wait_for(1, WAIT)
    sent = pydicom.dcmread(file)
    assert reception.objects[0].sop_instance_uid == sent.SOPInstanceUID
    assert [request.implementation_version[:5] for request in reception.associations] == ["OFFIS", "OFFIS"]
    assert reception.endings == []


def test_dcmsend_sends_every_file(listener: Listener, tmp_path: Path) -> None:
    for number in range(20):
        _ct(f"1.2.3.{number}").save_as(tmp_path / f"{number}.dcm")
    with listener.reception() as reception:
        command = [dcmtk("dcmsend"), "--scan-directories", "127.0.0.1", str(listener.port), str(tmp_path)]
        subprocess.run(command, check=True, capture_output=True)
        assert reception.wait_for(20, WAIT)
    assert {received.sop_instance_uid for received in reception.objects} == {f"1.2.3.{number}" for number in range(20)}


@pytest.mark.parametrize(
    ("command", "answer"),
    [({"CommandField": 0x0777}, 0x8777), ({"CommandField": 0x0110}, 0x8110)],
    ids=["unknown", "N-GET"],
)
def test_an_operation_it_does_not_know_is_unrecognized(listener: Listener, command: dict[str, object], answer: int) -> None:
    with associate(endpoint_of(listener), [Context(VERIFICATION, (IMPLICIT,))]) as association:
        message_id = association.send_message(1, command)
        message = association.await_message(WAIT)
    assert (message.number("Status"), message.field, message.number("MessageIDBeingRespondedTo")) == (0x0211, answer, message_id)


def test_a_request_on_a_refused_context_is_a_violation_and_aborted(listener: Listener) -> None:
    with listener.reception(NO_STORAGE) as reception:
        association = associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))])
        with pytest.raises(AssociationEnded):
            association.store(Stored(), context_id=1)
    assert [violation.clause for violation in reception.violations] == ["PS3.8 7.6"]


def test_a_class_that_is_not_the_contexts_is_a_violation(listener: Listener) -> None:
    with listener.reception() as reception:
        association = associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))])
        with pytest.raises(AssociationEnded):
            association.store(Stored(sop_class_uid=MR), context_id=1)
    assert [violation.clause for violation in reception.violations] == ["PS3.4 B.1.1"]


def test_a_store_cut_short_is_no_object(listener: Listener) -> None:
    with listener.reception() as reception:
        association = associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))])
        assert association.store(Stored("1.2.3.1")).status == 0
        association.half_store(Stored("1.2.3.2", data=bytes(10_000)), 0.5)
        association.reset()
        with associate(endpoint_of(listener), [Context(VERIFICATION, (IMPLICIT,))]) as other:
            assert other.echo().status == 0
    assert [received.sop_instance_uid for received in reception.objects] == ["1.2.3.1"]


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.0\r\n\r\n", b"\4\0\0\0\0\6\0\0\0\2\1\3", b"\1\0\xff\xff\xff\xff"],
    ids=["noise", "data before the association", "4 GiB"],
)
def test_what_is_no_association_request_is_aborted(listener: Listener, data: bytes) -> None:
    with listener.reception() as reception:
        wire = connect(endpoint_of(listener))
        wire.send_bytes(data)
        ending = wire.await_ending(WAIT)
        wire.close()
    assert ending.kind is EndingKind.ABORT
    assert len(reception.violations) == 1


def test_a_connection_that_says_nothing_is_closed() -> None:
    with Listener("127.0.0.1", 0, "HARNESS", timeouts=Timeouts(associate=0.2)) as listener:
        wire = connect(endpoint_of(listener))
        assert wire.await_ending(WAIT).kind is EndingKind.ABORT
        wire.close()


def test_an_idle_association_is_aborted() -> None:
    with Listener("127.0.0.1", 0, "HARNESS", idle=0.2) as listener, listener.reception() as reception:
        association = associate(endpoint_of(listener), [Context(VERIFICATION, (IMPLICIT,))])
        assert association.await_ending(WAIT).kind is EndingKind.ABORT
    assert [ending.kind for ending in reception.endings] == [EndingKind.SILENCE]


def test_connections_past_the_bound_are_refused_and_the_others_live(listener: Listener) -> None:
    with contextlib.ExitStack() as stack:
        contexts = [Context(VERIFICATION, (IMPLICIT,))]
        open_ones = [stack.enter_context(associate(endpoint_of(listener), contexts)) for _ in range(MAX_THREADS)]
        with pytest.raises(AssociationEnded) as caught:
            associate(endpoint_of(listener), contexts)
        assert caught.value.ending.kind in (EndingKind.REJECT, EndingKind.RESET)
        assert [association.echo().status for association in open_ones] == [0] * MAX_THREADS


def test_associations_are_served_at_once(listener: Listener) -> None:
    def send(number: int) -> None:
        with associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))]) as association:
            for instance in range(10):
                association.store(Stored(f"1.2.{number}.{instance}"))

    with listener.reception() as reception:
        threads = [threading.Thread(target=send, args=(number,)) for number in range(1, 9)]
        for thread in threads:
            thread.start()
        assert reception.wait_for(80, WAIT)
        for thread in threads:
            thread.join()
    assert len({received.sop_instance_uid for received in reception.objects}) == 80
    assert len({received.association for received in reception.objects}) == 8


def test_leaving_closes_connections_and_joins_threads() -> None:
    before = threading.active_count()
    with Listener("127.0.0.1", 0, "HARNESS") as listener:
        association = associate(endpoint_of(listener), [Context(VERIFICATION, (IMPLICIT,))])
        wire = connect(endpoint_of(listener))
    assert threading.active_count() == before
    assert association.await_ending(WAIT).kind in (EndingKind.CLOSE, EndingKind.RESET)
    assert wire.await_ending(WAIT).kind in (EndingKind.CLOSE, EndingKind.RESET)
    wire.close()


def test_the_port_may_be_closed_for_a_while(listener: Listener) -> None:
    port = listener.port
    with listener.unreachable(), pytest.raises(AssociationEnded) as caught:
        associate(endpoint_of(listener), [Context(VERIFICATION, (IMPLICIT,))])
    assert caught.value.ending.kind is EndingKind.REFUSED
    assert listener.port == port
    with associate(endpoint_of(listener), [Context(VERIFICATION, (IMPLICIT,))]) as association:
        assert association.echo().status == 0


def test_a_port_that_is_taken_is_an_error_with_its_place(listener: Listener) -> None:
    with pytest.raises(ConformanceError, match=f"127.0.0.1:{listener.port}: cannot listen"), Listener("127.0.0.1", listener.port, "OTHER"):
        pass


def test_the_recorder_of_the_check_that_runs_is_used() -> None:
    recorder = Recorder()
    with Listener("127.0.0.1", 0, "HARNESS", recorder_for=lambda: recorder) as listener, listener.reception() as reception:
        with associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))]) as association:
            association.store(Stored())
        assert reception.wait_for(1, WAIT)
        waited = recorder.waiting
        assert not reception.wait_for(2, 0.1)
    assert recorder.waiting - waited >= 0.1
    steps = [(step.direction, step.message) for step in recorder.steps]
    assert steps[:4] == [("received", "A-ASSOCIATE-RQ"), ("sent", "A-ASSOCIATE-AC"), ("received", "C-STORE-RQ"), ("sent", "C-STORE-RSP")]


def test_a_wait_that_is_not_met_says_so(listener: Listener) -> None:
    with listener.reception() as reception:
        assert not reception.wait_for(1, 0.05)
        assert not reception.wait_for_associations(1, 0.05)
        with associate(endpoint_of(listener), [Context(VERIFICATION, (IMPLICIT,))]):
            assert reception.wait_for_associations(1, WAIT)


def test_protocol_violations_of_the_sender_are_told(listener: Listener) -> None:
    with listener.reception() as reception:
        association = associate(endpoint_of(listener), [Context(VERIFICATION, (IMPLICIT,))])
        association.send_message(1, {"CommandField": 0x8030, "Status": 0})
        assert association.await_ending(WAIT).kind is EndingKind.ABORT
    (violation,) = reception.violations
    assert isinstance(violation, ProtocolViolation)
    assert "C-ECHO-RSP" in violation.got
