"""C-MOVE and C-GET over the wire: what is delivered, how, and the account of it (PS3.4 C.4.2, C.4.3)."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from conformance.dimse import Policy, Received
from conformance.reference.depot import same_content
from conformance.reference.encoding import part10_header

from .client import Client
from .objects import BIG, CT, DEFLATED, EXPLICIT, IMPLICIT, MR, Instance, encoded, image, study


@pytest.fixture(scope="module")
def six(client: Client) -> list[Instance]:
    """One study of two series, three images each."""
    instances = [encoded(dataset) for dataset in study(6, series=2)]
    assert all(answer.status == 0 for answer in client.store(*instances))
    return instances


def keys(client: Client, instance: Instance) -> dict[str, str]:
    """The unique keys of a stored object."""
    stored = client.archive.index.instance(instance.sop_instance_uid)
    assert stored is not None
    study_uid = client.archive.index.study_of(stored.series)
    return {"StudyInstanceUID": str(study_uid), "SeriesInstanceUID": stored.series, "SOPInstanceUID": instance.sop_instance_uid}


def test_moves_a_study_whole(client: Client, six: list[Instance]) -> None:
    delivery = client.move("STUDY", StudyInstanceUID=keys(client, six[0])["StudyInstanceUID"])
    assert delivery.uids == {instance.sop_instance_uid for instance in six}
    assert {received.data for received in delivery.objects} == {instance.data for instance in six}
    assert delivery.answer.final.status == 0
    assert [(c.remaining, c.completed, c.failed, c.warning) for c in delivery.answer.pending] == [(6 - n, n, 0, 0) for n in range(1, 7)]
    counters = delivery.answer.counters
    assert (counters.remaining, counters.completed, counters.failed, counters.warning) == (None, 6, 0, 0)
    assert delivery.answer.failed_uids is None


def test_names_who_asked_in_each_object(client: Client, six: list[Instance]) -> None:
    delivery = client.move("STUDY", StudyInstanceUID=keys(client, six[0])["StudyInstanceUID"])
    origins = {(received.calling_ae, received.move_originator_ae, received.move_originator_message_id) for received in delivery.objects}
    assert origins == {("REFERENCE", client.title, 1)}


def test_moves_a_series_and_a_list_of_images(client: Client, six: list[Instance]) -> None:
    one, two = keys(client, six[0]), keys(client, six[2])
    series = client.move("SERIES", StudyInstanceUID=one["StudyInstanceUID"], SeriesInstanceUID=one["SeriesInstanceUID"])
    assert series.uids == {instance.sop_instance_uid for instance in six[::2]}
    images = client.move("IMAGE", **(one | {"SOPInstanceUID": [one["SOPInstanceUID"], two["SOPInstanceUID"]]}))
    assert images.uids == {six[0].sop_instance_uid, six[2].sop_instance_uid}


def test_gets_a_study_on_the_same_association(client: Client, six: list[Instance]) -> None:
    delivery = client.get("STUDY", [(CT, EXPLICIT)], StudyInstanceUID=keys(client, six[0])["StudyInstanceUID"])
    assert delivery.uids == {instance.sop_instance_uid for instance in six}
    assert (delivery.answer.final.status, delivery.answer.counters.completed) == (0, 6)


def refusing(*uids: str) -> Callable[[Received], int]:
    return lambda received: 0xA700 if received.sop_instance_uid in uids else 0


def test_warns_and_names_what_failed(client: Client, six: list[Instance]) -> None:
    bad = six[1].sop_instance_uid
    delivery = client.move("STUDY", policy=Policy(status=refusing(bad)), StudyInstanceUID=keys(client, six[0])["StudyInstanceUID"])
    assert (delivery.answer.final.status, delivery.answer.failed_uids) == (0xB000, (bad,))
    assert (delivery.answer.counters.completed, delivery.answer.counters.failed) == (5, 1)


@pytest.mark.parametrize("how", ["refused objects", "refused association", "no listener", "no context"])
def test_fails_when_nothing_could_be_sent(client: Client, six: list[Instance], how: str) -> None:
    policies = {
        "refused objects": Policy(status=lambda _: 0xA700),
        "refused association": Policy(reject=(1, 1, 1)),
        "no context": Policy(accept_sop_classes=frozenset({MR})),
    }
    destination = "NOBODY" if how == "no listener" else ""
    study_uid = keys(client, six[0])["StudyInstanceUID"]
    answer = client.move("STUDY", policy=policies.get(how), destination=destination, StudyInstanceUID=study_uid).answer
    assert (answer.final.status, answer.counters.failed, answer.counters.completed) == (0xA702, 6, 0)
    assert set(answer.failed_uids or ()) == {instance.sop_instance_uid for instance in six}


@pytest.mark.parametrize(("status", "final"), [(0xA702, 0xA702), (0xB000, 0xB000)])
def test_ends_a_c_get_as_its_sub_operations_did(client: Client, six: list[Instance], status: int, final: int) -> None:
    delivery = client.get("STUDY", [(CT, EXPLICIT)], status=status, StudyInstanceUID=keys(client, six[0])["StudyInstanceUID"])
    assert delivery.answer.final.status == final


def test_refuses_an_unknown_destination(client: Client, six: list[Instance]) -> None:
    delivery = client.move("STUDY", destination="UNHEARD", StudyInstanceUID=keys(client, six[0])["StudyInstanceUID"])
    assert (delivery.answer.final.status, delivery.associations) == (0xA801, 0)


def test_opens_no_association_for_nothing(client: Client) -> None:
    delivery = client.move("STUDY", StudyInstanceUID="1.2.3.4.5")
    assert (delivery.answer.final.status, delivery.answer.counters.completed, delivery.associations) == (0, 0, 0)


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("STUDY", {"StudyInstanceUID": ""}),
        ("STUDY", {"StudyInstanceUID": "*"}),
        ("STUDY", {"AccessionNumber": "ACC1"}),
        ("STUDY", {"StudyInstanceUID": "1.2.3", "AccessionNumber": "ACC1"}),
        ("SERIES", {"SeriesInstanceUID": "1.2.3"}),
        ("IMAGE", {"StudyInstanceUID": "1.2.3", "SOPInstanceUID": "1.2.4"}),
        ("PATIENT", {"PatientID": "FIND01"}),
    ],
)
def test_refuses_an_identifier_without_its_unique_keys(client: Client, level: str, said: dict[str, str]) -> None:
    delivery = client.move(level, **said)
    assert (delivery.answer.final.status, delivery.objects) == (0xA900, [])


@pytest.mark.parametrize("stored", [BIG, DEFLATED, IMPLICIT, EXPLICIT])
@pytest.mark.parametrize("wanted", [IMPLICIT, EXPLICIT])
def test_rewrites_native_objects_for_the_destination(client: Client, stored: str, wanted: str) -> None:
    dataset = image()
    sent = encoded(dataset, stored)
    assert client.store(sent)[0].status == 0
    (received,) = client.move("STUDY", policy=Policy(transfer_syntaxes=(wanted,)), StudyInstanceUID=dataset.StudyInstanceUID).objects
    assert received.transfer_syntax_uid == wanted
    assert same_content(sent.data, stored, received.data, wanted)


def compressed(dataset: Dataset, syntax: str) -> Instance:
    """Compress with pydicom's own encoder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.ensure_file_meta()
        dataset.file_meta.TransferSyntaxUID = EXPLICIT
        dataset.compress(syntax, generate_instance_uid=False)
    return replace(encoded(dataset), transfer_syntax_uid=str(syntax))


@pytest.mark.parametrize("stored", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_decompresses_for_a_destination_that_takes_the_default_syntax_only(client: Client, stored: str) -> None:
    dataset = image(Rows=64, Columns=64, PixelData=b"".join(number.to_bytes(2, "little") for number in range(4096)))
    pixels = dataset.PixelData
    sent = compressed(dataset, stored)
    assert client.store(sent)[0].status == 0
    same = client.move("STUDY", StudyInstanceUID=dataset.StudyInstanceUID).objects[0]
    assert (same.transfer_syntax_uid, same.data) == (stored, sent.data)
    plain = client.move("STUDY", policy=Policy(transfer_syntaxes=(IMPLICIT,)), StudyInstanceUID=dataset.StudyInstanceUID).objects[0]
    read = dcmread(BytesIO(part10_header(CT, plain.sop_instance_uid, IMPLICIT, "1.2") + plain.data))
    assert read.PixelData == pixels


def test_counts_an_object_that_cannot_be_decoded_as_failed(client: Client) -> None:
    dataset = image()
    sent = compressed(dataset, RLELossless)
    broken = Instance(sent.sop_class_uid, sent.sop_instance_uid, JPEG2000Lossless, sent.data)
    assert client.store(broken)[0].status == 0
    policy = Policy(transfer_syntaxes=(IMPLICIT,))
    answer = client.move("STUDY", policy=policy, StudyInstanceUID=dataset.StudyInstanceUID).answer
    assert (answer.final.status, answer.failed_uids) == (0xA702, (sent.sop_instance_uid,))


def test_keeps_to_the_maximum_length_of_the_destination(client: Client) -> None:
    dataset = image(Rows=128, Columns=128, PixelData=bytes(128 * 128 * 2))
    assert client.store(encoded(dataset))[0].status == 0
    delivery = client.move("STUDY", policy=Policy(max_pdu=4096), StudyInstanceUID=dataset.StudyInstanceUID)
    assert 3000 < delivery.objects[0].pdu_lengths_max <= 4096


def test_stops_when_it_is_cancelled(client: Client) -> None:
    instances = [encoded(dataset) for dataset in study(60)]
    assert all(answer.status == 0 for answer in client.store(*instances))
    delivery = client.move("STUDY", cancel_after=2, StudyInstanceUID=keys(client, instances[0])["StudyInstanceUID"])
    counters = delivery.answer.counters
    assert delivery.answer.final.status == 0xFE00
    assert counters.remaining is not None
    assert counters.completed == len(delivery.objects) < 60
    assert counters.remaining + len(delivery.objects) == 60
