"""The cases behind the objects: whose they are where nothing was scheduled, and how they are corrected."""

from collections.abc import Iterable, Iterator

import pytest

from conformance.findings import expect, require
from conformance.source.correction import EXPIRED, Correction
from conformance.source.heads import heads_of, text
from conformance.source.intake import Intake
from conformance.source.repository import Repository
from conformance.source.script import CORRECT, CORRECT_NOTE, SEND, UNSCHEDULED, UNSCHEDULED_NEXT

Case = tuple[str, str]  # (Study Instance UID, Patient ID)


@pytest.mark.requirement("WORK-03")
def test_an_unscheduled_case_borrows_no_identifier(repository: Repository) -> None:
    cases = set(cases_of(repository.intake(UNSCHEDULED)))
    require(len(studies_of(cases)) > 1, f"two cases were asked for, and {len(studies_of(cases))} came")
    if len(patients_of(cases)) == 1:  # one case may make more than one study, and the next one then came too late
        cases |= set(cases_of(repository.intake(UNSCHEDULED_NEXT)))
    without = sum(not patient for _, patient in cases)
    expect(not without, expected="a temporary Patient ID in each case", got=f"none in {without} of {len(cases)}")
    studies, patients = studies_of(cases), patients_of(cases)
    expect(len(patients) > 1, expected="a Patient ID of its own for each case", got=f"{len(studies)} studies under one Patient ID")
    earlier = set(cases_of(repository.intake(SEND)))
    borrowed = patients & patients_of(earlier)
    expect(not borrowed, expected="no Patient ID of an earlier patient", got=f"{len(borrowed)} of {len(cases)} had the Patient ID of one")
    reused = studies & studies_of(earlier)
    expect(not reused, expected="a new Study Instance UID", got=f"{len(reused)} of {len(studies)} had that of an earlier study")


@pytest.mark.requirement("IOCM-08")
def test_corrects_under_new_uids_with_a_rejection_note(repository: Repository) -> None:
    repository.demand("iocm")
    sent, came = dict(heads_of(repository.intake(SEND))), dict(heads_of(repository.intake(CORRECT)))
    seen = Correction(sent, came)
    expect_new_uids(seen)
    require(
        seen.corrected,
        f"{len(seen.came)} objects came, and none is of an order of the step `send` and under another Patient ID; a correction by HL7 is "
        "not seen here",
    )
    if not seen.notes:  # no clause has it come with the copies
        noting, intake = repository.performed(CORRECT_NOTE)
        seen = Correction(sent, came | dict(heads_of(intake)))
        expect_new_uids(seen)
        require(noting.taken or seen.notes, f"step {CORRECT_NOTE.name!r}: {noting.reason}; whether it was taken is not known")
    require(seen.reasons or not seen.notes, "the rejection note names nothing that came in the step `send`")
    require(seen.reasons != {EXPIRED}, f"the rejection note says that data expired ({EXPIRED}): it corrects nothing")
    expect(
        seen.reasons,
        expected="a rejection note for what was corrected",
        got=f"{len(seen.corrected)} corrected objects under new UIDs, and no rejection note",
    )


def expect_new_uids(seen: Correction) -> None:
    """Blame the source for objects that came with other identifying data under the UID that they had."""
    expect(
        not seen.overwritten,
        expected="corrected objects under new SOP Instance UIDs (IHE RAD TF-3 4.66.4.3)",
        got=f"{len(seen.overwritten)} of {len(seen.came)} objects came with other identifying data under the UID that they had",
    )


def studies_of(cases: Iterable[Case]) -> set[str]:
    """The studies of some cases."""
    return {study for study, _ in cases}


def patients_of(cases: Iterable[Case]) -> set[str]:
    """Whose cases they are."""
    return {patient for _, patient in cases}


def cases_of(intake: Intake) -> Iterator[Case]:
    """The study and the patient of each object."""
    for _, head in heads_of(intake):
        yield text(head, "StudyInstanceUID"), text(head, "PatientID")
