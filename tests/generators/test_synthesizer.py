"""What the synthesizer promises: identities that are ours, bounded and repeatable."""

import re
from dataclasses import replace
from typing import Any

import pytest

from generators import MARKER, GeneratorError, Synthesizer, encode_study
from generators.people import SCRIPTS


def test_the_same_seed_and_nonce_give_the_same_bytes() -> None:
    first, second = (encode_study(Synthesizer(7, "NONCE1").study("CT")) for _ in range(2))
    assert first == second


def test_another_nonce_gives_other_identifiers_and_the_same_content() -> None:
    one, two = (Synthesizer(7, nonce).study("CT") for nonce in ("NONCE1", "NONCE2"))
    assert {one.uid, one.patient.id, one.order.accession}.isdisjoint({two.uid, two.patient.id, two.order.accession})
    assert replace(one.patient, id="") == replace(two.patient, id="")
    assert (one.date, one.time, one.description) == (two.date, two.time, two.description)
    assert [each.seed for each in one.instances] == [each.seed for each in two.instances]


def test_another_seed_gives_the_same_identifiers_and_other_content() -> None:
    one, two = (Synthesizer(seed, "NONCE1").study("CT") for seed in (1, 2))
    assert (one.uid, one.patient.id, one.order.accession) == (two.uid, two.patient.id, two.order.accession)
    assert replace(one.patient, id="") != replace(two.patient, id="")


def test_uids_do_not_repeat_and_are_legal() -> None:
    synthesizer = Synthesizer(0, "N")
    uids = [synthesizer.uid() for _ in range(2000)]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"2\.25\.[1-9][0-9]{38}", uid) for uid in uids)


def test_a_root_of_ones_own_stands_before_every_uid_even_derived_ones() -> None:
    study = Synthesizer(0, "N", uid_root="1.2.3.4").study("CT")
    dataset = study.dataset(study.instances[0])
    uids = [dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID, dataset.FrameOfReferenceUID]
    assert all(uid.startswith("1.2.3.4.") and len(uid) <= 64 for uid in uids)


@pytest.mark.parametrize("root", ["1", "1.02", "3.1", "1.2.", "a.b", "1." + "2" * 60])
def test_what_is_no_root_is_refused(root: str) -> None:
    with pytest.raises(GeneratorError, match="no UID root"):
        Synthesizer(0, "N", uid_root=root)


@pytest.mark.parametrize("nonce", ["A", "ABC12345", "abc12345", "a much longer nonce with blanks"])
def test_identifiers_fit_their_value_representations_and_carry_the_run(nonce: str) -> None:
    synthesizer = Synthesizer(0, nonce)
    patients = [synthesizer.patient() for _ in range(50)]
    assert all(patient.id.startswith(synthesizer.patient_id_prefix) and len(patient.id) <= 64 for patient in patients)
    accessions = {synthesizer.order().accession for _ in range(50)}
    assert len(accessions) == 50
    assert max(map(len, accessions)) <= 16


def test_one_runs_prefix_is_not_the_beginning_of_anothers() -> None:
    assert not Synthesizer(0, "AB1").patient().id.startswith(Synthesizer(0, "AB").patient_id_prefix)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_patient_is_visibly_synthetic(script: str) -> None:
    patient = Synthesizer(3, "N").patient(script=script)
    assert patient.name.startswith(f"{MARKER}-")
    dataset = next(Synthesizer(3, "N").study("CT", patient=patient).datasets())
    assert dataset.QualityControlSubject == "YES"


def test_the_caller_has_every_field_of_a_study_in_hand() -> None:
    synthesizer = Synthesizer(0, "N")
    fields: dict[str, Any] = {"uid": "1.2.3", "id": "ID", "date": "20250101", "time": "010203", "description": "D"}
    patient, order = synthesizer.patient(id="P"), synthesizer.order(accession="ACC")
    study = synthesizer.study("MR", patient=patient, order=order, character_set="ISO_IR 100", **fields)
    dataset = study.dataset(study.instances[1])
    assert {name: getattr(study, name) for name in fields} == fields
    assert (dataset.PatientID, dataset.AccessionNumber, dataset.SpecificCharacterSet) == ("P", "ACC", "ISO_IR 100")


def test_text_that_the_character_set_cannot_carry_is_refused() -> None:
    synthesizer = Synthesizer(0, "N")
    study = synthesizer.study(patient=synthesizer.patient(script="thai"), character_set="ISO_IR 100")
    with pytest.raises(GeneratorError, match="no encoding in character set"):
        study.dataset(study.instances[0])


def test_an_unknown_kind_lists_those_there_are() -> None:
    with pytest.raises(GeneratorError, match="choose one of CT"):
        Synthesizer(0, "N").study("XX")
