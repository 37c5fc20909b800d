"""The faults that a history shows: a sound archive tells the truth at the end of it, the faulty one does not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy

import pytest
from pydicom import Dataset

from conformance.dimse import Association, Context, Listener
from conformance.reference.archive import Archive, Settings
from conformance.reference.faults import Fault
from conformance.reference.faults.histories import HISTORY_FAULTS

from .client import LIMITS, STUDY_FIND, Client, identifier, values
from .objects import CT, EXPLICIT, encoded, image, sibling, study, uid
from .test_commitment import report

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
TITLE = "TESTER"

Claim = Callable[..., bool]
History = Callable[[Client, Association], bool]


def store(client: Client, *datasets: Dataset) -> list[int]:
    return [answer.status for answer in client.store(*map(encoded, datasets))]


def send(held: Association, dataset: Dataset) -> int:
    return held.store(encoded(dataset)).status


def corrected(dataset: Dataset) -> Dataset:
    changed = deepcopy(dataset)
    changed.InstanceNumber = "77"
    return changed


def in_another_series(first: Dataset) -> Dataset:
    return sibling(first, SeriesInstanceUID=uid())


def counts(client: Client, *datasets: Dataset) -> bool:
    """Whether a query counts these objects in their study."""
    unique = {"StudyInstanceUID": datasets[0].StudyInstanceUID}
    counted = values(client.find("STUDY", **unique, NumberOfStudyRelatedInstances=""), "NumberOfStudyRelatedInstances")
    return counted == [str(len(datasets))]


def delivers(client: Client, *datasets: Dataset) -> bool:
    """Whether a retrieve of the study brings these objects, byte for byte, and no other."""
    delivery = client.move("STUDY", StudyInstanceUID=datasets[0].StudyInstanceUID)
    return {one.sop_instance_uid: one.data for one in delivery.objects} == {str(one.SOPInstanceUID): encoded(one).data for one in datasets}


def commits(client: Client, *datasets: Dataset, unknown: int = 0) -> bool:
    """Whether a report commits these objects, and none of the unknown ones that it is asked for with them."""
    held = [(CT, str(dataset.SOPInstanceUID)) for dataset in datasets]
    found = report(client, [*held, *((CT, uid()) for _ in range(unknown))])
    return sorted(found.referenced) == sorted(held) and len(found.failed) == unknown


def lists_own_series(client: Client, *datasets: Dataset) -> bool:
    """Whether the study of the first object lists the series of these."""
    found = client.find("SERIES", StudyInstanceUID=datasets[0].StudyInstanceUID, SeriesInstanceUID="")
    return values(found, "SeriesInstanceUID") == sorted(str(dataset.SeriesInstanceUID) for dataset in datasets)


def lists_own_studies(client: Client, *datasets: Dataset) -> bool:
    """Whether the Patient ID of the first object finds the studies of these."""
    found = client.find("STUDY", PatientID=datasets[0].PatientID, StudyInstanceUID="")
    return values(found, "StudyInstanceUID") == sorted({str(dataset.StudyInstanceUID) for dataset in datasets})


def new_object_after_query(client: Client, _held: Association) -> bool:
    first = image()
    with client.associate(Context(CT, (EXPLICIT,)), Context(STUDY_FIND, (EXPLICIT,))) as association:
        association.find(STUDY_FIND, identifier("STUDY", {"StudyInstanceUID": first.StudyInstanceUID}))
        send(association, first)
    return counts(client, first)


def repeat_after_another_study(client: Client, held: Association) -> bool:
    first = image()
    store(client, first)
    send(held, image())
    send(held, first)
    return counts(client, first)


def repeat_after_commitment(client: Client, _held: Association) -> bool:
    first, second = study(2)
    store(client, first, second)
    commits(client, first)
    return store(client, second) == [0]


def new_object_after_correction(client: Client, _held: Association) -> bool:
    first, second = study(2)
    store(client, first, corrected(first), second)
    return delivers(client, first, second)


def correction_after_repeat(client: Client, _held: Association) -> bool:
    first, second = study(2)
    store(client, first, second, first, corrected(second))
    return delivers(client, first, second)


def new_series_on_an_association_with_another_study(client: Client, held: Association) -> bool:
    first, other = image(), image()
    store(client, first)
    send(held, other)
    send(held, in_another_series(first))
    return lists_own_series(client, other)


def new_series_after_retrieving_the_other_study(client: Client, _held: Association) -> bool:
    first = image()
    other = image(PatientID=first.PatientID)
    store(client, first, other)
    delivers(client, first)
    store(client, in_another_series(other))
    return lists_own_series(client, first)


def like_patient_after_query(client: Client, _held: Association) -> bool:
    first = image()
    store(client, first)
    lists_own_studies(client, first)
    store(client, image(PatientID=f"{first.PatientID}1"))
    return lists_own_studies(client, first)


def count_after_correction(client: Client, _held: Association) -> bool:
    first = image()
    store(client, first, corrected(first))
    return counts(client, first)


def commitment_after_repeat(client: Client, _held: Association) -> bool:
    first, second = study(2)
    store(client, first, second, first)
    return commits(client, second)


def unknown_after_repeat(client: Client, _held: Association) -> bool:
    first = image()
    store(client, first, first)
    return commits(client, unknown=1)


def growing(between: Claim, end: Claim) -> History:
    """A study gets another object of its series after a claim about it was tried, and then the same or another is."""

    def history(client: Client, _held: Association) -> bool:
        first, second = study(2)
        second.KVP = "120"
        store(client, first)
        between(client, first)
        store(client, second)
        return end(client, first, second)

    return history


HISTORIES: dict[str, History] = {
    "stored-after-query-lost": new_object_after_query,
    "late-objects-lose-acquisition": growing(commits, delivers),
    "repeat-among-other-study-removed": repeat_after_another_study,
    "repeats-refused-after-commitment": repeat_after_commitment,
    "series-linked-to-association": new_series_on_an_association_with_another_study,
    "series-linked-to-retrieved-study": new_series_after_retrieving_the_other_study,
    "correction-filed-with-next-object": new_object_after_correction,
    "second-repeat-quarantined": correction_after_repeat,
    "studies-of-like-patients-listed": like_patient_after_query,
    "studies-that-get-something-not-listed": growing(lists_own_studies, lists_own_studies),
    "counted-again-with-a-series-only": growing(counts, counts),
    "refused-correction-counted": count_after_correction,
    "delivered-as-committed": growing(commits, delivers),
    "grown-study-delivered-in-part": growing(delivers, delivers),
    "repeat-spoils-commitment": commitment_after_repeat,
    "unknown-committed-after-repeat": unknown_after_repeat,
}


@contextmanager
def faulty(fault: Fault) -> Iterator[Client]:
    """A client of an archive with this fault."""
    with (
        Listener("127.0.0.1", 0, TITLE, timeouts=LIMITS) as listener,
        Archive(Settings(peers={TITLE: ("127.0.0.1", listener.port)}), fault.parts) as archive,
    ):
        yield Client(archive, listener, TITLE)


def truth_after(history: History, client: Client) -> bool:
    with client.associate(Context(CT, (EXPLICIT,))) as held:
        return history(client, held)


@pytest.mark.parametrize("fault", HISTORY_FAULTS, ids=lambda fault: fault.name)
def test_a_history_tells_the_faulty_archive_from_the_sound_one(client: Client, fault: Fault) -> None:
    history = HISTORIES[fault.name]
    assert truth_after(history, client)
    with faulty(fault) as other:
        assert not truth_after(history, other)
