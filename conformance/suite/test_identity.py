"""Identity: the right patient, the right order, character by character (PS3.4 C.2.2, PS3.3 10.14 and 10.15)."""

from collections.abc import Callable

import pytest

from conformance.dimse import NotAccepted, describe
from conformance.findings import NotApplicable, expect, require
from conformance.suite.attempts import Attempts
from conformance.suite.conftest import Stored
from conformance.suite.expectations import ISSUERS, expect_found, expect_none_found, expect_same_content, only_match
from conformance.suite.queries import PATIENT_ROOT, STUDY_ROOT, Query, image_query, study_query
from conformance.suite.system import System
from conformance.suite.texts import same_name
from generators import FAULTS, Issuer, Study, Synthesizer

MRN = Issuer("SYNTHETIC-A", "2.25.310458246739824793746534657936453219901")
FF00 = 0xFF00
OTHER_MRN = Issuer("SYNTHETIC-B", "2.25.310458246739824793746534657936453219902")


@pytest.fixture(scope="module")
def look_alikes(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> dict[str, Study]:
    """One study for each of four Patient IDs that a careless comparison takes for one another."""
    stem = synthesizer.patient().id
    ids = [f"{stem}a1", f"{stem}A1", f"{stem}A12", f"0{stem}A1"]
    return {id_: keep(synthesizer.study("CT", instances=1, patient=synthesizer.patient(id=id_))).study for id_ in ids}


@pytest.mark.requirement("IDENT-03")
def test_finds_the_studies_of_the_patient_asked_for_only(system: System, look_alikes: dict[str, Study]) -> None:
    for number, (patient_id, study) in enumerate(look_alikes.items(), start=1):
        expect_found(
            system.ask("STUDY", PatientID=patient_id, StudyInstanceUID=""),
            "StudyInstanceUID",
            {study.uid: f"the study of look-alike {number}"},
            because="Patient ID is compared whole and with its case",
        )


@pytest.fixture(scope="module")
def namesakes(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> list[Study]:
    """One Patient ID of two issuers: different people."""
    first = synthesizer.patient(name=f"SYNTHETIC-{synthesizer.nonce}^First", issuer=MRN)
    second = synthesizer.patient(name=f"SYNTHETIC-{synthesizer.nonce}^Second", id=first.id, issuer=OTHER_MRN)
    return [keep(synthesizer.study("CT", instances=1, patient=patient)).study for patient in (first, second)]


@pytest.mark.requirement("IDENT-06")
def test_keeps_the_demographics_of_equal_ids_of_different_issuers_apart(system: System, namesakes: list[Study]) -> None:
    for study in namesakes:
        match = only_match(system.find(study_query(study, PatientName="")), of="one Study Instance UID")
        shown = str(match.get("PatientName", ""))
        crossed = any(same_name(shown, other.patient.name) for other in namesakes if other is not study)
        expect(
            not crossed,
            expected=f"the study of issuer {_issuer(study)} under the name that it came with",
            got="it is shown under the name of the other patient",
        )
        require(same_name(shown, study.patient.name), "the study is shown under neither patient's name: see QUERY-04")


def _issuer(study: Study) -> str:
    return study.patient.issuer.name if study.patient.issuer else "none"


@pytest.mark.requirement("IDENT-06")
def test_lists_equal_ids_of_different_issuers_as_two_patients(system: System, namesakes: list[Study]) -> None:
    keys = {"PatientID": namesakes[0].patient.id, "PatientName": ""}
    try:
        answer = system.find(Query("PATIENT", keys, PATIENT_ROOT))
    except NotAccepted as error:
        raise NotApplicable("the system offers no PATIENT level (Patient Root) at which patients would be told apart") from error
    shown = [str(match.get("PatientName", "")) for match in answer.matches]
    missing = [_issuer(study) for study in namesakes if not any(same_name(name, study.patient.name) for name in shown)]
    known = len(missing) < len(namesakes)
    require(known or len(answer.matches) == 1, f"neither patient is listed under the name that it came with, {answer.final}")
    expect(
        not missing,
        expected="two patients listed: one Patient ID of two issuers is two patients",
        got=f"{len(answer.matches)}, and none under the name of that of issuer {' and '.join(missing)}, {answer.final}",
    )


@pytest.mark.requirement("IDENT-07")
@pytest.mark.parametrize("what", ISSUERS)
def test_returns_the_issuers_it_was_given(system: System, identified: Stored, what: str) -> None:
    delivery = system.retrieve(study_query(identified.study), identified.instances)
    require(len(delivery.objects) == 1, "the object was not delivered")
    expect_same_content(identified.instances[0], delivery.objects[0], only=[ISSUERS[what]])


@pytest.fixture(scope="module")
def identified(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> Stored:
    """A patient with issuer and a second identifier, and an order with issuer."""
    patient = synthesizer.patient(issuer=MRN, other_ids=((synthesizer.patient().id, OTHER_MRN),))
    return keep(synthesizer.study("CT", instances=1, patient=patient, order=synthesizer.order(issuer=OTHER_MRN)))


@pytest.mark.requirement("IDENT-08")
@pytest.mark.parametrize("level", ["STUDY", "PATIENT"])
def test_matches_and_returns_the_issuer_of_a_patient_id(system: System, identified: Stored, level: str) -> None:
    patient = identified.study.patient
    root, unique = {"STUDY": (STUDY_ROOT, {"StudyInstanceUID": identified.study.uid}), "PATIENT": (PATIENT_ROOT, {})}[level]
    query = Query(level, {"PatientID": patient.id, **unique, "IssuerOfPatientID": MRN.name}, root)
    answer = system.find(query)
    expect(answer.matches, expected=f"the one patient of issuer {MRN.name} found under it", got=f"no match and {answer.final}")
    statuses = {response.status for response in answer.responses}
    expect(statuses == {FF00}, expected="FF00: the key is supported", got=", ".join(describe("C-FIND", status) for status in statuses))
    asked_for = system.find(query.where({"IssuerOfPatientID": ""})).matches
    returned = {str(match.get("IssuerOfPatientID", "")) for match in (*answer.matches, *asked_for)}
    expect(returned == {MRN.name}, expected=f"Issuer of Patient ID {MRN.name} in the match", got=", ".join(returned) or "none")
    others = system.find(query.where({"IssuerOfPatientID": OTHER_MRN.name}))
    expect_none_found(others, because=f"the patient's ID is of issuer {MRN.name}, and {OTHER_MRN.name} was asked for")


@pytest.mark.requirement("IDENT-10")
def test_keeps_studies_with_one_accession_number_apart(system: System, keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> None:
    order = synthesizer.order()
    studies = [keep(synthesizer.study("CT", instances=1, order=order)).study for _ in range(2)]
    answer = system.ask("STUDY", AccessionNumber=order.accession, StudyInstanceUID="", PatientID="")
    expect_found(
        answer,
        "StudyInstanceUID",
        {study.uid: f"study {number}" for number, study in enumerate(studies, start=1)},
        because="two studies may carry one accession number",
    )
    owners = {str(match.get("StudyInstanceUID")): str(match.get("PatientID", "")) for match in answer.matches}
    right = all(owners[study.uid] == study.patient.id for study in studies)
    expect(right, expected="each of the two studies with its own patient", got="a study under the other one's patient")


def spelled(synthesizer: Synthesizer) -> dict[str, tuple[str, str]]:
    """Identifiers (Patient ID, Accession Number) that a normalising archive changes; each carries the run's nonce."""
    nonce = synthesizer.nonce
    return {
        "leading zeros": (f"000{nonce}0", f"00{nonce}01"),
        "case and inner space": (f"aB-{nonce} 3", f"aB {nonce} 3"),
        "full length": (f"{nonce}".ljust(64, "7"), f"{nonce}".ljust(16, "7")),
    }


@pytest.mark.requirement("IDENT-11")
@pytest.mark.parametrize("how", ["leading zeros", "case and inner space", "full length"])
def test_keeps_identifiers_character_by_character(
    system: System, keep: Callable[[Study], Stored], synthesizer: Synthesizer, how: str
) -> None:
    patient_id, accession = spelled(synthesizer)[how]
    study = synthesizer.study("CT", instances=1, patient=synthesizer.patient(id=patient_id), order=synthesizer.order(accession=accession))
    stored = keep(study)
    for keys in ({"PatientID": patient_id, "AccessionNumber": ""}, {"AccessionNumber": accession, "PatientID": ""}):
        match = only_match(system.find(study_query(study).where(keys)), of=f"identifiers with {how}")
        shown = (str(match.get("PatientID", "")), str(match.get("AccessionNumber", "")))
        expect(shown == (patient_id, accession), expected=f"{(patient_id, accession)}", got=f"{shown}")
    delivery = system.retrieve(study_query(study), stored.instances)
    require(len(delivery.objects) == 1, "the object was not delivered")
    expect_same_content(stored.instances[0], delivery.objects[0], only=["(0010,0020)", "(0008,0050)"])


@pytest.mark.requirement("IDENT-12")
@pytest.mark.parametrize(
    ("fault", "keyword", "length"),
    [("overlong-accession-number", "AccessionNumber", 16), ("overlong-patient-id", "PatientID", 64)],
    ids=["accession", "patient-id"],
)
def test_never_cuts_an_identifier_in_silence(system: System, attempts: Attempts, fault: str, keyword: str, length: int) -> None:
    attempt = attempts.of(fault)
    if attempt.refused:
        return
    require(attempt.taken, f"the object was neither refused nor taken: {attempt}")
    whole = str(attempt.instance.dataset()[keyword].value)
    cut = system.find(study_query(attempt.study).where({keyword: whole[:length]}))
    if not attempt.warned:
        expect_none_found(cut, because=f"{keyword} has {len(whole)} characters; its first {length} are another value")
    series = attempt.study.series[0]
    delivery = system.retrieve(image_query(attempt.study, series, series.instances[0]), [attempt.instance])
    require(len(delivery.objects) == 1, f"{attempt}, and the object cannot be retrieved to see what was kept")
    expect_same_content(attempt.instance, delivery.objects[0], only=[FAULTS[fault].path])
