"""The cases behind the objects: whose they are, where nothing was scheduled."""

from collections.abc import Iterator

import pytest
from pydicom import Dataset, dcmread

from conformance.findings import expect, require
from conformance.source.intake import Intake
from conformance.source.repository import Repository
from conformance.source.script import SEND, UNSCHEDULED

IDENTIFYING = ("PatientID", "StudyInstanceUID")
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


def cases_of(intake: Intake) -> Iterator[Case]:
    """The study and the patient of each object that was taken, of those that can be read."""
    for attempt in intake.taken:
        assert attempt.received.path is not None
        try:
            head = dcmread(attempt.received.path, stop_before_pixels=True, specific_tags=list(IDENTIFYING))
        except Exception:  # whatever is wrong with the bytes is for XFER-07 to say
            continue
        yield text(head, "StudyInstanceUID"), text(head, "PatientID")


def text(dataset: Dataset, keyword: str) -> str:
    """A value without the blanks around it; "" where there is none."""
    return str(dataset.get(keyword) or "").strip()
