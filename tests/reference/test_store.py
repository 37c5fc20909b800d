"""C-STORE over the wire: statuses, comments, and what is found afterwards (PS3.4 B.2)."""

import pytest
from pydicom.uid import UID

from conformance.dimse import Context
from conformance.reference.door import STORAGE

from .client import Client, values
from .objects import BIG, CT, DEFLATED, EXPLICIT, IMPLICIT, encoded, image, study, without


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED, BIG])
def test_stores_and_returns_an_object_byte_for_byte(client: Client, syntax: str) -> None:
    sent = encoded(image(PatientName="GAGNÉ^AMÉLIE"), syntax)
    assert client.store(sent)[0].status == 0
    delivery = client.move("STUDY", StudyInstanceUID=str(image_uid(client, sent.sop_instance_uid)))
    (received,) = delivery.objects
    assert (received.data, received.transfer_syntax_uid) == (sent.data, syntax)


def image_uid(client: Client, sop_instance: str) -> str:
    """Look in the index for the study of an object."""
    stored = client.archive.index.instance(sop_instance)
    assert stored is not None
    return str(client.archive.index.study_of(stored.series))


def test_names_the_reason_and_the_element_of_a_refusal(client: Client) -> None:
    dataset = image(PatientName="SECRET^NAME")
    without("AccessionNumber")(dataset)
    (answer,) = client.store(encoded(dataset))
    assert answer.status == 0xA900
    assert "AccessionNumber" in answer.comment
    assert answer.command["OffendingElement"] == (0x00080050,)
    assert not client.find("STUDY", StudyInstanceUID=dataset.StudyInstanceUID).matches


def test_goes_on_with_the_association_after_a_refusal(client: Client) -> None:
    good, bad, other = image(), image(), image()
    without("StudyInstanceUID")(bad)
    assert [answer.status for answer in client.store(*map(encoded, (good, bad, other)))] == [0, 0xA900, 0]


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_answers_a_uid_that_is_too_long_for_an_encoding(client: Client) -> None:
    (answer,) = client.store(encoded(image()), sop_instance_uid="1." + "2" * 70)
    assert answer.status == 0x0117


def test_keeps_nothing_of_a_transfer_that_breaks(client: Client) -> None:
    first, second = (encoded(dataset) for dataset in study(2))
    association = client.associate(Context(CT, (EXPLICIT,)))
    assert association.store(first).status == 0
    association.half_store(second, 0.9)
    association.abort()
    assert client.echo() == 0
    assert client.archive.index.instance(first.sop_instance_uid)
    assert client.archive.index.instance(second.sop_instance_uid) is None
    assert client.store(second)[0].status == 0


def test_joins_a_study_that_comes_over_several_associations(client: Client) -> None:
    datasets = study(6, series=2)
    for dataset in reversed(datasets):
        assert client.store(encoded(dataset))[0].status == 0
    answer = client.find("STUDY", StudyInstanceUID=datasets[0].StudyInstanceUID, NumberOfStudyRelatedInstances="")
    assert values(answer, "NumberOfStudyRelatedInstances") == ["6"]


def test_supports_the_storage_classes_of_a_general_archive() -> None:
    names = {UID(uid).name for uid in STORAGE}
    assert {"CT Image Storage", "Encapsulated PDF Storage", "Key Object Selection Document Storage"} <= names
    assert len(STORAGE) > 150
