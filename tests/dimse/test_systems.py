"""The driver against real servers: DCMTK's archive and storage SCP, and Orthanc, which share no code with it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from conformance.dimse import (
    PUSH_MODEL,
    VERIFICATION,
    Association,
    AssociationEnded,
    Context,
    EndingKind,
    Endpoint,
    Listener,
    Received,
    StatusClass,
    associate,
)
from conformance.dimse.identifiers import encode_dataset

from .peers import CT, EXPLICIT, IMPLICIT, STUDY_FIND, STUDY_GET, STUDY_MOVE, Stored, running

pytestmark = pytest.mark.timeout(120)
WAIT = 30.0
STUDY = generate_uid()
CONTEXTS = [
    *(Context(uid, (EXPLICIT, IMPLICIT)) for uid in (VERIFICATION, STUDY_FIND, STUDY_MOVE, STUDY_GET, PUSH_MODEL)),
    Context(CT, (EXPLICIT,), scu_role=True, scp_role=True),
]


@dataclass(frozen=True)
class Archive:
    """A running archive that knows our listener."""

    name: str
    port: int
    listener: Listener

    def associate(self) -> Association:
        return associate(Endpoint("127.0.0.1", self.port, self.name.upper(), "HARNESS"), CONTEXTS)


@pytest.fixture(scope="module", params=["dcmqrscp", "orthanc"])
def archive(request: pytest.FixtureRequest) -> Iterator[Archive]:
    """The archive as it comes, with our listener as a move destination."""
    with Listener("127.0.0.1", 0, "HARNESS") as listener, running(request.param, "--peer", f"HARNESS=127.0.0.1:{listener.port}") as port:
        yield Archive(request.param, port, listener)


def _instance(study: str) -> Stored:
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = study, generate_uid(), generate_uid()
    return Stored(str(dataset.SOPInstanceUID), encode_dataset(dataset, EXPLICIT), CT, EXPLICIT)


def _study(study: str) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", study
    return identifier


def test_what_is_stored_is_found_moved_and_got(archive: Archive) -> None:
    study = generate_uid()
    instances = [_instance(study) for _ in range(3)]
    uids = {instance.sop_instance_uid for instance in instances}
    got: list[Received] = []

    def on_store(received: Received) -> int:
        got.append(received)
        return 0

    with archive.associate() as association:
        assert association.echo().status == 0
        assert [association.store(instance).status for instance in instances] == [0, 0, 0]
        assert [match.StudyInstanceUID for match in association.find(STUDY_FIND, _study(study)).matches] == [study]
        with archive.listener.reception() as reception:
            moved = association.move(STUDY_MOVE, _study(study), "HARNESS")
        retrieved = association.get(STUDY_GET, _study(study), on_store=on_store)
    assert (moved.final.status, moved.counters.completed, moved.counters.failed) == (0, 3, 0)
    assert {received.sop_instance_uid for received in reception.objects} == uids
    assert {received.move_originator_ae for received in reception.objects} == {"HARNESS"}
    assert (retrieved.final.status, retrieved.stored) == (0, 3)
    assert {received.sop_instance_uid for received in got} == uids
    assert (reception.violations, reception.endings) == ([], [])


def test_a_move_to_an_unknown_destination_fails(archive: Archive) -> None:
    study = generate_uid()
    with archive.associate() as association, archive.listener.reception() as reception:
        association.store(_instance(study))
        answer = association.move(STUDY_MOVE, _study(study), "NOBODY")
    assert answer.final.status_class is StatusClass.FAILURE
    assert reception.objects == []


def test_orthanc_reports_what_it_commits_on_an_association_of_its_own() -> None:
    with Listener("127.0.0.1", 0, "HARNESS") as listener, running("orthanc", "--peer", f"HARNESS=127.0.0.1:{listener.port}") as port:
        stored, invented, transaction = _instance(STUDY), generate_uid(), generate_uid()
        with Archive("orthanc", port, listener).associate() as association:
            association.store(stored)
            answer = association.commit(transaction, [(CT, stored.sop_instance_uid), (CT, invented)])
        report = listener.await_report(transaction, WAIT)
    assert answer.status == 0
    assert report is not None
    assert (report.event_type, report.referenced) == (2, ((CT, stored.sop_instance_uid),))
    assert report.failed == ((CT, invented, 0x0112),)
    assert (report.calling_ae, report.roles) == ("ORTHANC", (False, True))


@pytest.mark.parametrize("archive", ["dcmqrscp"], indirect=True)
def test_a_title_that_the_archive_does_not_have_is_rejected(archive: Archive) -> None:
    with pytest.raises(AssociationEnded) as caught:
        associate(Endpoint("127.0.0.1", archive.port, "OTHER", "HARNESS"), CONTEXTS)
    ending = caught.value.ending
    assert (ending.kind, ending.result, ending.source, ending.reason) == (EndingKind.REJECT, 1, 1, 7)


@pytest.mark.parametrize("pdv_size", [None, 128], ids=["negotiated", "128"])
def test_storescp_takes_a_large_object_in_any_fragments(pdv_size: int | None) -> None:
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset.Rows, dataset.Columns, dataset.PixelData = 1024, 1024, os.urandom(2 << 20)
    instance = Stored(str(dataset.SOPInstanceUID), encode_dataset(dataset, EXPLICIT), CT, EXPLICIT)
    with running("storescp") as port:
        association = associate(Endpoint("127.0.0.1", port, "STORESCP", "HARNESS"), [Context(CT, (EXPLICIT,))])
        assert association.acceptance.max_pdu == 16384
        assert association.store(instance, pdv_size=pdv_size).status == 0
        association.release()
