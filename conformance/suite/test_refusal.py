"""Refusal: what cannot be linked or found again is not let in, and leaves no trace (PS3.4 B.2.3)."""

import pytest

from conformance.dimse import StatusClass
from conformance.findings import NotExercised, expect
from conformance.suite.attempts import Attempt, Attempts, expect_refused, shown
from conformance.suite.queries import Query
from conformance.suite.system import System

IDENTITY = ("absent-sop-class-uid", "empty-sop-class-uid", "absent-sop-instance-uid", "empty-sop-instance-uid")
WRONG_REASON = 0xA7


@pytest.mark.requirement("REJECT-01")
@pytest.mark.parametrize("fault", IDENTITY)
def test_refuses_an_object_without_its_own_uids(attempts: Attempts, fault: str) -> None:
    attempt = attempts.of(fault)
    expect_refused(attempt, because="without SOP Class or Instance UID in its data set")
    expect(
        attempt.answer is not None and attempt.answer.status >> 8 != WRONG_REASON,
        expected="A9xx, Cxxx or 01xx: the object is at fault",
        got=f"{attempt}: a sender takes that for a shortage and sends again",
    )


@pytest.mark.requirement("REJECT-02")
@pytest.mark.parametrize("fault", ["absent-study-uid", "empty-study-uid"])
def test_refuses_an_object_without_study(attempts: Attempts, fault: str) -> None:
    expect_refused(attempts.of(fault), because="without Study Instance UID")


@pytest.mark.requirement("REJECT-03")
@pytest.mark.parametrize("fault", ["absent-series-uid", "empty-series-uid"])
def test_refuses_an_object_without_series(attempts: Attempts, fault: str) -> None:
    expect_refused(attempts.of(fault), because="without Series Instance UID")


@pytest.mark.requirement("REJECT-04")
@pytest.mark.parametrize("fault", ["absent-modality", "empty-modality"])
def test_refuses_or_flags_an_object_without_modality(attempts: Attempts, fault: str) -> None:
    attempt = attempts.of(fault)
    expect(attempt.refused or attempt.warned, expected="a failure or a warning for an object without Modality", got=str(attempt))


def expect_refused_or_set_aside(system: System, attempt: Attempt, what: str) -> None:
    """Blame the system unless it refused the object, or warned and keeps it from regular queries."""
    expect(
        attempt.refused or attempt.warned,
        expected=f"a failure, or a warning and a quarantine, for an object without {what}",
        got=str(attempt),
        hint=f"Look for a setting that makes {what} mandatory. DICOM itself lets it be empty (Type 2); the guide does not.",
    )
    if attempt.warned:
        hidden = not shown(system, attempt)
        expect(hidden, expected="an object that was set aside hidden from regular queries", got=f"{attempt}, and it shows")


@pytest.mark.requirement("REJECT-05")
@pytest.mark.parametrize("fault", ["absent-patient-id", "empty-patient-id", "blank-patient-id"])
def test_does_not_file_an_object_without_patient_id(system: System, attempts: Attempts, fault: str) -> None:
    expect_refused_or_set_aside(system, attempts.of(fault), "Patient ID")


@pytest.mark.requirement("REJECT-06")
@pytest.mark.parametrize("fault", ["absent-accession-number", "empty-accession-number", "blank-accession-number"])
def test_does_not_file_an_object_without_accession_number(system: System, attempts: Attempts, fault: str) -> None:
    expect_refused_or_set_aside(system, attempts.of(fault), "Accession Number")


FAULTS_TRIED = (
    *IDENTITY,
    "absent-study-uid",
    "absent-series-uid",
    "absent-patient-id",
    "empty-patient-id",
    "absent-accession-number",
    "empty-accession-number",
)


@pytest.mark.requirement("REJECT-14")
def test_leaves_no_trace_of_a_refused_object(system: System, attempts: Attempts) -> None:
    refused = [attempt for attempt in map(attempts.of, FAULTS_TRIED) if attempt.refused]
    if not refused:
        raise NotExercised("the system answered none of the broken objects with a failure status")
    for attempt in refused:
        expect_no_trace(system, attempt)


def expect_no_trace(system: System, attempt: Attempt) -> None:
    """Blame the system if study or patient of the refused object is shown: nothing else ever named them."""
    study = attempt.study
    for query in (
        Query("STUDY", {"StudyInstanceUID": study.uid}),
        Query("STUDY", {"PatientID": study.patient.id, "StudyInstanceUID": ""}),
    ):
        answer = system.find(query)
        expect(
            not answer.matches and answer.final.status_class is StatusClass.SUCCESS,
            expected="no patient, study or series that only the refused object would have made",
            got=f"{attempt}, and {len(answer.matches)} match(es), {answer.final}",
        )
