"""Refusal: values that break their VR, and identifiers with more values than one (PS3.5 6.2, 6.4)."""

from dataclasses import dataclass

import pytest
from pydicom import DataElement, Dataset
from pydicom.config import disable_value_validation
from pydicom.multival import MultiValue

from conformance.dimse import StatusClass
from conformance.findings import expect, require
from conformance.suite.attempts import Attempt, Attempts, encode_first, expect_kept_as_sent
from conformance.suite.queries import Query
from conformance.suite.system import System
from generators import FAULTS, Encoded, Study, Synthesizer, encode

BROKEN_VALUES = ("dashed-study-date", "impossible-study-date", "zero-birth-date", "unknown-sex", "overlong-patient-name")
IDENTIFYING = (
    *("(0008,0020)", "(0008,0030)", "(0008,0050)", "(0010,0010)", "(0010,0020)"),
    *("(0010,0030)", "(0010,0040)", "(0020,000D)", "(0020,0010)"),
)
LONG_AGO = "19010203"


@pytest.fixture(scope="module")
def broken_values(attempts: Attempts) -> dict[str, Attempt]:
    """All of them sent before the first is looked for, so that the time to become visible runs for all at once."""
    return {fault: attempts.of(fault) for fault in BROKEN_VALUES}


@pytest.mark.requirement("REJECT-11")
@pytest.mark.parametrize("fault", BROKEN_VALUES)
def test_refuses_flags_or_returns_a_value_that_breaks_its_vr(system: System, broken_values: dict[str, Attempt], fault: str) -> None:
    attempt = broken_values[fault]
    expect(
        attempt.answer is not None,
        expected=f"a status for an object of which {FAULTS[fault].summary}",
        got=str(attempt),
        hint="A sender whose association is aborted sends the same object again, without end.",
    )
    if attempt.taken and not attempt.warned:
        expect_kept_as_sent(system, attempt, IDENTIFYING)


@pytest.mark.requirement("REJECT-11")
def test_answers_by_date_after_values_that_break_their_vr(
    system: System, broken_values: dict[str, Attempt], synthesizer: Synthesizer
) -> None:
    sound = synthesizer.study("CT", instances=1, date=LONG_AGO)
    system.keep_study(sound)
    mine = {"PatientID": f"{synthesizer.patient_id_prefix}*", "StudyInstanceUID": ""}
    require(sound.uid in studies(system, mine), "the sound study is not among those of the run's patients")
    answer = system.find(Query("STUDY", {**mine, "StudyDate": "19010101-19011231"}))
    expect(
        answer.final.status_class is StatusClass.SUCCESS
        and any(value_of(match, "StudyInstanceUID") == sound.uid for match in answer.matches),
        expected="a query for a range of dates answered as before",
        got=f"{len(answer.matches)} matches without the sound study, final status {answer.final}",
        hint="One bad date in the index must not end the queries of everybody else.",
    )


def studies(system: System, keys: dict[str, str]) -> list[str]:
    """The Study Instance UIDs that a query at STUDY level finds, several values joined by a backslash."""
    return [value_of(match, "StudyInstanceUID") for match in system.find(Query("STUDY", keys)).matches]


def value_of(match: Dataset, keyword: str) -> str:
    """The whole value of an attribute as text."""
    value = match.get(keyword, "")
    return "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)


def two_values(synthesizer: Synthesizer, study: Study, keyword: str) -> tuple[str, str]:
    """Two identifiers of this run's own in one attribute."""
    return {
        "PatientID": (f"{study.patient.id}A", f"{study.patient.id}B"),
        "AccessionNumber": (study.order.accession, synthesizer.order().accession),
        "StudyInstanceUID": (study.uid, synthesizer.uid()),
    }[keyword]


def doubled(instance: Encoded, keyword: str, values: tuple[str, str]) -> Encoded:
    """The same object with two values in one attribute."""
    dataset = instance.dataset()
    with disable_value_validation():
        dataset[keyword] = DataElement(dataset[keyword].tag, dataset[keyword].VR, list(values))
    return encode(dataset, instance.transfer_syntax_uid)


SINGLE = {"PatientID": "(0010,0020)", "AccessionNumber": "(0008,0050)", "StudyInstanceUID": "(0020,000D)"}


@dataclass(frozen=True, slots=True)
class Doubled:
    """An object with two values in one identifier."""

    values: tuple[str, str]
    attempt: Attempt


@pytest.fixture(scope="module")
def doubled_identifiers(attempts: Attempts, synthesizer: Synthesizer) -> dict[str, Doubled]:
    """All of them sent before the first is looked for, as above."""
    made = {}
    for keyword in SINGLE:
        study = synthesizer.study("CT", instances=1)
        values = two_values(synthesizer, study, keyword)
        made[keyword] = Doubled(values, attempts.send(doubled(encode_first(study), keyword, values), study))
    return made


@pytest.mark.requirement("REJECT-12")
@pytest.mark.parametrize("keyword", SINGLE)
def test_never_takes_one_of_two_identifiers(system: System, doubled_identifiers: dict[str, Doubled], keyword: str) -> None:
    (first, second), attempt = doubled_identifiers[keyword].values, doubled_identifiers[keyword].attempt
    if not attempt.taken or attempt.warned:
        return
    if keyword != "StudyInstanceUID":
        expect_kept_as_sent(system, attempt, [SINGLE[keyword]])
    mine = {"PatientID": attempt.study.patient.id, "StudyInstanceUID": ""}
    found = [bool(system.find(Query("STUDY", {**mine, keyword: value})).matches) for value in (first, second)]
    shown = studies(system, mine) if keyword == "StudyInstanceUID" else []
    expect(
        found[0] == found[1] and not {first, second}.intersection(shown),
        expected=f"an error, or both values of {keyword} kept as one",
        got=f"{attempt}, and the study is filed under {'the first' if found[0] else 'the second'} value only",
        hint="Half of a joined identifier belongs to another patient or order (PS3.5 6.4).",
    )
