"""Refusal: what cannot be linked or found again is not let in, and leaves no trace (PS3.4 B.2.3)."""

from collections.abc import Callable

import pytest
from pydicom import DataElement
from pydicom.config import disable_value_validation

from conformance.dimse import StatusClass
from conformance.findings import NotExercised, expect
from conformance.suite.attempts import Attempt, Attempts, encode_first, expect_kept_as_sent, expect_refused, shown
from conformance.suite.queries import Query, image_query
from conformance.suite.sop_classes import CT
from conformance.suite.system import System
from generators import Encoded, Synthesizer, encode

IDENTITY = ("absent-sop-class-uid", "empty-sop-class-uid", "absent-sop-instance-uid", "empty-sop-instance-uid")


def blames_resources(attempt: Attempt) -> bool:
    """Whether the answer lays it on the system and not on the object."""
    return attempt.answer is not None and attempt.answer.short_of_resources


@pytest.mark.requirement("REJECT-01")
@pytest.mark.parametrize("fault", IDENTITY)
def test_refuses_an_object_without_its_own_uids(attempts: Attempts, fault: str) -> None:
    attempt = attempts.of(fault)
    expect_refused(attempt, because="without SOP Class or Instance UID in its data set")
    expect(
        not blames_resources(attempt),
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
        hint=f"Look for a setting that makes {what} mandatory. DICOM lets it be empty (Type 2); our reading of the guide does not.",
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
    "short-pixel-data",
)


@pytest.mark.requirement("REJECT-14")
def test_leaves_no_trace_of_a_refused_object(system: System, attempts: Attempts) -> None:
    refused = [attempt for attempt in map(attempts.of, FAULTS_TRIED) if attempt.refused]
    if not refused:
        raise NotExercised("the system answered none of the broken objects with a failure status")
    for attempt in refused:
        expect_no_trace(system, attempt)


def expect_no_trace(system: System, attempt: Attempt) -> None:
    """Blame the system if study, patient or the refused object itself is shown: nothing else ever named them."""
    study, series = attempt.study, attempt.study.series[0]
    for query in (
        image_query(study, series),
        Query("STUDY", {"StudyInstanceUID": study.uid}),
        Query("STUDY", {"PatientID": study.patient.id, "StudyInstanceUID": ""}),
    ):
        answer = system.find(query)
        expect(
            not answer.matches and answer.final.status_class is StatusClass.SUCCESS,
            expected="no object, and no patient, study or series that only it would have made",
            got=f"{attempt}, and {len(answer.matches)} match(es), {answer.final}",
        )


@pytest.mark.requirement("REJECT-07")
def test_refuses_an_object_of_another_class_than_its_context(attempts: Attempts, synthesizer: Synthesizer) -> None:
    study = synthesizer.study("MR", instances=1)
    attempt = attempts.send(encode_first(study), study, on=CT)
    expect(
        attempt.flagged and not blames_resources(attempt),
        expected="a failure status (A9xx), or warning B007, for an MR object in a presentation context for CT",
        got=str(attempt),
        hint="Command and data set agree with each other; only the context is of another class (PS3.4 Table B.2-1).",
    )


MALFORMED_UIDS: dict[str, Callable[[str], str]] = {
    "letters": lambda uid: f"{uid}.1A",
    "65 characters": lambda uid: f"{uid}.".ljust(65, "7"),
    "a leading zero": lambda uid: f"{uid}.07",
    "a dot at its end": lambda uid: f"{uid}.",
}


@pytest.mark.requirement("REJECT-08")
@pytest.mark.parametrize("how", MALFORMED_UIDS)
def test_never_corrects_a_malformed_uid(system: System, attempts: Attempts, synthesizer: Synthesizer, how: str) -> None:
    study = synthesizer.study("CT", instances=1)
    sound = encode_first(study)
    uid = MALFORMED_UIDS[how](sound.sop_instance_uid)
    attempt = attempts.send(renamed(sound, uid), study)
    if not attempt.taken:
        expect(not blames_resources(attempt), expected="0117, A9xx or Cxxx: the object is at fault", got=str(attempt))
        return
    expect_kept_as_sent(system, attempt, UIDS)


UIDS = ("(0008,0018)", "(0020,000D)", "(0020,000E)")


def renamed(instance: Encoded, uid: str) -> Encoded:
    """The same object under another SOP Instance UID, whatever is wrong with it."""
    dataset = instance.dataset()
    with disable_value_validation():
        dataset["SOPInstanceUID"] = DataElement(dataset["SOPInstanceUID"].tag, "UI", uid)
    return encode(dataset, instance.transfer_syntax_uid)


@pytest.mark.requirement("REJECT-10")
def test_refuses_or_flags_an_image_with_half_of_its_pixels(attempts: Attempts) -> None:
    attempt = attempts.of("short-pixel-data")
    expect(
        attempt.refused or attempt.warned,
        expected="a failure or a warning for an image with half of the pixel data that its Rows and Columns describe",
        got=str(attempt),
    )
