"""The cases behind the objects: whose they are where nothing was scheduled, and how they are corrected."""

from collections.abc import Iterator

import pytest
from pydicom import Dataset, dcmread

from conformance.findings import expect, require
from conformance.source.intake import Intake
from conformance.source.repository import Repository
from conformance.source.script import CORRECT, SEND, UNSCHEDULED

IDENTIFYING = ("PatientID", "PatientName", "PatientBirthDate", "AccessionNumber", "StudyInstanceUID")
HEAD = (*IDENTIFYING, "Modality", "ConceptNameCodeSequence", "SpecificCharacterSet")
REJECTIONS = frozenset(("113001", "113037", "113038", "113039"))  # CID 7011, as far as a note rejects
Case = tuple[str, str]  # (Study Instance UID, Patient ID)


@pytest.mark.requirement("WORK-03")
def test_an_unscheduled_case_borrows_no_identifier(repository: Repository) -> None:
    cases = set(cases_of(repository.intake(UNSCHEDULED)))
    studies = {study for study, _ in cases}
    require(len(studies) > 1, f"two cases were asked for, and {len(studies)} came")
    patients = [patient for _, patient in cases]
    without = sum(not patient for patient in patients)
    expect(not without, expected="a temporary Patient ID in each case", got=f"none in {without} of {len(cases)}")
    expect(
        len(set(patients)) == len(patients),
        expected="a Patient ID of its own for each case",
        got=f"{len(cases)} cases under {len(set(patients))} Patient ID(s)",
    )
    earlier = set(cases_of(repository.intake(SEND)))
    borrowed = set(patients) & {patient for _, patient in earlier}
    expect(not borrowed, expected="no Patient ID of an earlier patient", got=f"{len(borrowed)} of {len(cases)} had the Patient ID of one")
    reused = studies & {study for study, _ in earlier}
    expect(not reused, expected="a new Study Instance UID", got=f"{len(reused)} of {len(studies)} had that of an earlier study")


@pytest.mark.requirement("IOCM-08")
def test_corrects_under_new_uids_with_a_rejection_note(repository: Repository) -> None:
    sent = {uid: identity(head) for uid, head in heads_of(repository.intake(SEND))}
    came = dict(heads_of(repository.intake(CORRECT)))
    changed = [uid for uid, head in came.items() if uid in sent and identity(head) != sent[uid]]
    expect(
        not changed,
        expected="corrected objects under new SOP Instance UIDs (IHE RAD TF-3 4.66.4.3)",
        got=f"{len(changed)} of {len(came)} objects came with other identifying data under the UID that they had",
    )
    new = [head for uid, head in came.items() if uid not in sent]
    require(new, f"{len(came)} objects came, and all as they were: a correction by HL7 is not seen here")
    notes = [head for head in new if text(head, "Modality") == "KO" and title(head) in REJECTIONS]
    expect(notes, expected="a rejection note for what was corrected", got=f"{len(new)} objects under new UIDs, and no rejection note")


def cases_of(intake: Intake) -> Iterator[Case]:
    """The study and the patient of each object."""
    for _, head in heads_of(intake):
        yield text(head, "StudyInstanceUID"), text(head, "PatientID")


def heads_of(intake: Intake) -> Iterator[tuple[str, Dataset]]:
    """SOP Instance UID and identifying elements of each object that was taken, of those that can be read."""
    for attempt in intake.taken:
        assert attempt.received.path is not None
        try:
            head = dcmread(attempt.received.path, stop_before_pixels=True, specific_tags=list(HEAD))
        except Exception:  # whatever is wrong with the bytes is for XFER-07 to say
            continue
        yield attempt.uid, head


def identity(head: Dataset) -> tuple[str, ...]:
    """What says whose an object is. It is compared, and never shown."""
    return tuple(text(head, keyword) for keyword in IDENTIFYING)


def title(head: Dataset) -> str:
    """The code of a document's title; "" where it has none."""
    names = head.get("ConceptNameCodeSequence") or [Dataset()]
    return text(names[0], "CodeValue")


def text(dataset: Dataset, keyword: str) -> str:
    """A value without the blanks around it; "" where there is none."""
    return str(dataset.get(keyword) or "").strip()
