"""Statuses: what the run has seen of them. They run last, for they judge what all the other checks collected."""

from contextlib import suppress

import pytest

from conformance.dimse import Answer, AssociationEnded, StatusClass, status_class
from conformance.findings import NotExercised, expect, require
from conformance.suite.attempts import Attempt, Attempts
from conformance.suite.system import System

DEFINED = frozenset({StatusClass.SUCCESS, StatusClass.WARNING, StatusClass.FAILURE})
REFUSABLE = ("absent-sop-instance-uid", "absent-sop-class-uid", "absent-study-uid", "absent-patient-id", "absent-accession-number")
LONGEST_COMMENT = 64  # characters of an LO (PS3.7 C.5.2)


@pytest.mark.requirement("STORE-09")
def test_answered_c_store_with_defined_statuses_only(system: System) -> None:
    seen = system.ledger.statuses
    undefined = [code for code in seen if status_class("C-STORE", code) not in DEFINED]
    expect(
        not undefined,
        expected="0000, B000, B006, B007, A7xx, A9xx, Cxxx or a general code of PS3.7 Annex C",
        got=", ".join(f"{code:04X} ({seen[code]} times)" for code in sorted(undefined)),
    )


@pytest.mark.requirement("REJECT-13")
def test_told_the_reason_of_each_refusal(attempts: Attempts) -> None:
    for fault in REFUSABLE:
        with suppress(NotExercised, AssociationEnded):  # another one may be refused
            attempts.of(fault)
    refused = [attempt for attempt in attempts.all if attempt.refused]
    require(refused, "the system answered none of the broken objects with a failure status")
    faults = [fault for attempt in refused if (fault := silence_about(attempt))]
    expect(
        not faults,
        expected="Offending Element, or an Error Comment of at most 64 characters without patient data, in each failure response",
        got=f"in {len(faults)} of {len(refused)} refusals not: {'; '.join(dict.fromkeys(faults))}",
        hint="A site can correct what is wrong only if the answer says what it is (PS3.7 C.5).",
    )


def silence_about(attempt: Attempt) -> str:
    """Say what a failure response lacks; empty where it tells the reason."""
    answer = attempt.answer
    assert answer is not None
    code = f"{answer.status:04X}"
    if not (answer.comment.strip() or answer.command.get("OffendingElement")):
        return f"{code} without either"
    if len(answer.comment) > LONGEST_COMMENT:
        return f"{code} with a comment of {len(answer.comment)} characters"
    return f"{code} with patient data in its comment" if names_patient(attempt, answer) else ""


def names_patient(attempt: Attempt, answer: Answer) -> bool:
    """Whether the comment holds the Patient ID, the birth date, or family and given name of the patient."""
    patient, comment = attempt.study.patient, answer.comment.casefold()
    names = [part.casefold() for part in patient.name.split("=")[0].split("^")[:2] if part]
    return patient.id.casefold() in comment or patient.birth_date in comment or (len(names) == 2 and all(part in comment for part in names))
