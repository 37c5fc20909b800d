"""Characters: the names of Ontario's patients, with every accent, in every script (PS3.5 6.1, PS3.3 C.12.1.1.2)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pydicom import Dataset

from conformance.dimse import NotAccepted
from conformance.findings import NotApplicable, expect, require
from conformance.suite.attempts import Attempt, Attempts
from conformance.suite.conftest import Stored
from conformance.suite.expectations import expect_found, expect_taken
from conformance.suite.queries import PATIENT_ROOT, Query, image_query, series_query, study_query
from conformance.suite.system import System, content
from conformance.suite.texts import Misdeclared, characters, declared_in, fitting, foreign_texts, is_plain, raw_name, same_name
from generators import FAULTS, Encoded, Study, Synthesizer, encode_study

LATIN_1, UTF_8 = "ISO_IR 100", "ISO_IR 192"
NAME = "SYNTHETIC-Gagné^Hélène"
COERCED = 0xB000


def accented(synthesizer: Synthesizer, character_set: str, *, instances: int = 1) -> Study:
    """Make a study with accents in names, in free text and in an item of a sequence."""
    order = synthesizer.order(
        referring="SYNTHETIC-Bélanger^Zoé^^Dr", institution="SYNTHETIC Hôpital", description="Échographie de contrôle"
    )
    return synthesizer.study(
        "CT",
        instances=instances,
        patient=synthesizer.patient(name=NAME),
        order=order,
        description="SYNTHETIC thorax, à l'arrivée",
        character_set=character_set,
    )


@pytest.fixture(scope="module")
def accents(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> dict[str, Stored]:
    """The same name of two patients, in two encodings."""
    return {character_set: keep(accented(synthesizer, character_set)) for character_set in (LATIN_1, UTF_8)}


def returned(system: System, study: Study, sent: Encoded) -> Dataset:
    """Retrieve a study's first object."""
    series = study.series[0]
    delivery = system.retrieve(image_query(study, series, series.instances[0]), [sent])
    require(len(delivery.objects) == 1, f"the object was not delivered: {delivery.answer.final}")
    return content(delivery.objects[0])


@pytest.mark.requirement("CHAR-02")
@pytest.mark.parametrize("character_set", [LATIN_1, UTF_8])
def test_returns_accented_text_with_a_declaration_that_fits(system: System, accents: dict[str, Stored], character_set: str) -> None:
    stored = accents[character_set]
    sent = {path: characters(value, declared) for path, value, declared in foreign_texts(stored.instances[0].dataset())}
    came = {path: (value, declared) for path, value, declared in foreign_texts(returned(system, stored.study, stored.instances[0]))}
    kept = sent.keys() & came.keys()
    require("(0010,0010)" in kept, "the name came back without its accented letters, or not at all")
    for path in sorted(kept):
        expect_fitting(*came[path], expected=sent[path], where=path)


def expect_fitting(value: bytes, declared: str, *, expected: str, where: str) -> None:
    """Blame the system unless the bytes, read as it declares them, spell what was stored."""
    try:
        text = characters(value, declared)
        got = f"{where} read so is {text!r}"
    except Misdeclared as unfit:
        text, got = "", f"{where} has {unfit}"
    expect(
        same_name(text, expected),
        expected=f"{expected!r} in the character set that is declared, {declared or 'none'}",
        got=got,
        hint=f"The bytes are of {fitting(value, expected)}." if fitting(value, expected) else "",
    )


@pytest.mark.requirement("CHAR-03")
@pytest.mark.parametrize("asked", ["", LATIN_1, UTF_8], ids=["asked-without", "asked-in-latin-1", "asked-in-utf-8"])
@pytest.mark.parametrize("character_set", [LATIN_1, UTF_8])
def test_declares_the_character_set_of_its_matches(system: System, accents: dict[str, Stored], character_set: str, asked: str) -> None:
    study = accents[character_set].study
    answer = system.find(replace(study_query(study, PatientName=""), character_set=asked))
    require(answer.matches, f"the study is not found: {answer.final}")
    for match in answer.matches:
        expect_declared(match, study)


def expect_declared(match: Dataset, study: Study) -> None:
    """Blame the system for a name whose encoding it does not declare, or declares wrongly; a name that is changed is not judged here."""
    value, declared = raw_name(match), declared_in(match)
    expect(
        "SpecificCharacterSet" not in match or declared,
        expected="Specific Character Set absent or with a value",
        got="Specific Character Set (0008,0005) of zero length",
    )
    require(not is_plain(value), "the name came back without its accented letters")
    try:
        readable = same_name(characters(value, declared), study.patient.name)
    except Misdeclared:
        readable = False
    encoding = fitting(value, study.patient.name)
    require(readable or encoding, "the name came back with other characters than it was stored with")
    expect(
        readable,
        expected=f"Specific Character Set (0008,0005) {encoding}, in which the name is encoded",
        got=f"(0008,0005) {declared}" if declared else "no (0008,0005)",
    )


@pytest.mark.requirement("CHAR-04")
@pytest.mark.parametrize("asked", [LATIN_1, UTF_8])
@pytest.mark.parametrize("stored", [LATIN_1, UTF_8])
def test_matches_a_name_in_either_encoding(system: System, accents: dict[str, Stored], stored: str, asked: str) -> None:
    study = accents[stored].study
    bounded = Query("STUDY", {"PatientID": study.patient.id, "StudyInstanceUID": ""}, character_set=asked)
    listed = [str(match.get("PatientName", "")) for match in system.find(bounded.where({"PatientName": ""})).matches]
    require(listed, "the study is not found by its Patient ID")
    answer = system.find(bounded.where({"PatientName": study.patient.name}))
    kept = any(same_name(shown, study.patient.name) for shown in listed)
    require_uncoerced(answer.matches or kept, system, accents[stored])
    expect_found(
        answer,
        "StudyInstanceUID",
        {study.uid: f"the study stored in {stored}"},
        because=f"the same name asked for in {asked}",
    )


def require_uncoerced(kept: object, system: System, stored: Stored) -> None:
    """Leave the clause unexercised where a name was not kept, and the system said with a warning that it changed something."""
    require(kept or not system.ledger.is_coerced(stored.instances[0]), "the object was coerced, and reported so, and its name is another")


@pytest.fixture(scope="module")
def twins(system: System, keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> tuple[Study, Study]:
    """Two studies of two series, each of which comes by itself: in one encoding, and with the second series in another."""
    alike, mixed = (synthesizer.study("CT", series=2, instances=1, patient=synthesizer.patient(name=NAME)) for _ in range(2))
    keep(replace(alike, series=alike.series[:1]))
    keep(replace(alike, series=alike.series[1:]))
    keep(replace(mixed, series=mixed.series[:1], character_set=LATIN_1))
    second = encode_study(replace(mixed, series=mixed.series[1:]))[0]
    expect_taken(system.store(second)[0], what="the second series of a study, with the same name in another encoding")
    require(system.await_found(series_query(mixed, mixed.series[1])), "the second series was acknowledged and is not found")
    return alike, mixed


@pytest.mark.requirement("CHAR-05")
@pytest.mark.parametrize("level", ["PATIENT", "STUDY"])
def test_files_one_patient_in_two_encodings_once(system: System, twins: tuple[Study, Study], level: str) -> None:
    def entries(study: Study) -> int:
        keys = {"PatientID": study.patient.id, "PatientName": ""} | ({} if level == "PATIENT" else {"StudyInstanceUID": ""})
        return len(system.find(Query(level, keys, PATIENT_ROOT if level == "PATIENT" else Query(level).root)).matches)

    try:
        alike, mixed = (entries(study) for study in twins)
    except NotAccepted as error:
        raise NotApplicable("without Patient Root there is no list of patients") from error
    require(alike, "the study in one encoding is not found")
    what = {"PATIENT": "patient", "STUDY": "study"}[level]
    expect(
        mixed == alike,
        expected=f"as many entries for a {what} in two encodings as for one in a single encoding, {alike}",
        got=f"{mixed}",
        hint="Look for an index in which the bytes of the name are part of who the patient is.",
    )


@pytest.mark.requirement("CHAR-05")
def test_keeps_both_encodings_in_one_study(system: System, twins: tuple[Study, Study]) -> None:
    study = twins[1]
    expect_found(
        system.find(series_query(study)),
        "SeriesInstanceUID",
        {series.uid: f"series {series.number}" for series in study.series},
        because="two series of one study, whose patient's name is encoded differently",
    )


BROKEN = ("undeclared-character-set", "broken-bytes-in-name", "lone-escape-in-name")


@pytest.fixture(scope="module")
def broken(attempts: Attempts, synthesizer: Synthesizer) -> dict[str, Attempt]:
    studies = {fault: accented(synthesizer, UTF_8) for fault in BROKEN}
    return {fault: attempts.send(FAULTS[fault].encode(next(iter(study.datasets()))), study) for fault, study in studies.items()}


@pytest.mark.requirement("CHAR-06")
@pytest.mark.parametrize("fault", BROKEN)
def test_repairs_no_bytes_by_guessing(system: System, broken: dict[str, Attempt], fault: str) -> None:
    attempt = broken[fault]
    if not attempt.taken or (attempt.answer is not None and attempt.answer.status == COERCED):
        return
    sent, came = raw_name(attempt.instance.dataset()), raw_name(returned(system, attempt.study, attempt.instance))
    expect(
        came.rstrip(b" \0") == sent.rstrip(b" \0"),
        expected="a refusal, a change told by B000, or the name byte for byte",
        got=f"{attempt}, and {sent!r} came back as {came!r}",
    )


NAMES = {
    "empty components": "SYNTHETIC-O'Brien-Smith^Anne Marie^^Dr^",
    "ideographic group": "SYNTHETIC-Yamada^Tarou=山田^太郎=やまだ^たろう",
    "empty group": "SYNTHETIC-Yamada^^Tarou==やまだ^^たろう",
}


@pytest.fixture(scope="module")
def named(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> dict[str, Stored]:
    return {how: keep(synthesizer.study("CT", instances=1, patient=synthesizer.patient(name=name))) for how, name in NAMES.items()}


@pytest.mark.requirement("CHAR-07")
@pytest.mark.parametrize("how", NAMES)
def test_returns_the_parts_of_a_name_where_they_were(system: System, named: dict[str, Stored], how: str) -> None:
    stored = named[how]
    shown = str(returned(system, stored.study, stored.instances[0]).get("PatientName", ""))
    expect_same_name(shown, NAMES[how], system, stored)


def expect_same_name(shown: str, name: str, system: System, stored: Stored) -> None:
    """Blame the system for a name that came back as another one, of which it said nothing."""
    require_uncoerced(same_name(shown, name), system, stored)
    expect(same_name(shown, name), expected=f"{name!r}", got=f"{shown!r}")


FULL = "SYNTHETIC-".ljust(40, "Å") + "^" + "Ö" * 23
RARE_NAMES = {  # how: the name, its character set
    "code extension": (
        "SYNTHETIC-Miyamoto^Akira=宮本^明=みやもと^あきら",
        "\\ISO 2022 IR 87",
    ),  # both characters of 宮本 have the byte 5C, a backslash
    "Cree syllabics": ("SYNTHETIC-ᒪᐢᑿ^ᐊᑖᐦᑲᐧ", UTF_8),
    "64 characters": (FULL, UTF_8),
}


@pytest.mark.requirement("CHAR-08")
@pytest.mark.parametrize("how", RARE_NAMES)
def test_returns_names_beyond_latin_1_unchanged(
    system: System, keep: Callable[[Study], Stored], synthesizer: Synthesizer, how: str
) -> None:
    name, character_set = RARE_NAMES[how]
    stored = keep(synthesizer.study("CT", instances=1, patient=synthesizer.patient(name=name), character_set=character_set))
    came = returned(system, stored.study, stored.instances[0])
    try:
        shown = characters(raw_name(came), declared_in(came), name=True)
    except Misdeclared as unfit:
        shown = str(unfit)
    expect_same_name(shown, name, system, stored)
