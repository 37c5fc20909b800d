"""Sound studies give no finding, each named fault exactly those that were predicted, and a finding is told once and without a patient."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.uid import ColonCADSRStorage

from conformance.judging import Arrival, Authority, Expected, Judgement, judge
from conformance.judging.proof import BREAKS
from generators import FAULTS, KINDS, Encoded, Study, Synthesizer, encode
from generators.compression import syntaxes_for

Arrive = Callable[[Iterable[Encoded]], list[Arrival]]

NAME = "SYNTHETIC-Lévesque^Zoé"


def broken_rows(judgement: Judgement) -> set[str]:
    return {finding.requirement for finding in judgement.findings()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_study_gives_no_finding(kind: str, synthesizer: Synthesizer, arrive: Arrive) -> None:
    datasets = list(synthesizer.study(kind, instances=2).datasets())
    syntaxes = syntaxes_for(datasets[-1])[::4]
    arrivals = arrive([*map(encode, datasets[:-1]), *(encode(datasets[-1], syntax.uid) for syntax in syntaxes)])
    judgement = judge(arrivals)
    assert [str(finding) for finding in judgement.findings()] == []
    assert judgement.unreadable == ()
    assert judgement.ruling("STORE-16").examined == judgement.instances == len(arrivals)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Study, list[Dataset]]]:
    """Studies of three kinds, one of which each fault applies to, and their last two objects."""
    synthesizer = Synthesizer(5, "JUDGED")
    patient = synthesizer.patient(id="UNMISTAKABLE77", name=NAME, birth_date="19330303")
    studies = [
        synthesizer.study(kind, patient=patient, order=synthesizer.order(accession="HIDDEN4711"))
        for kind in ("CT", "US-MULTIFRAME", "CT-ENHANCED")
    ]
    return [(study, list(study.datasets())[-2:]) for study in studies]


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_breaks_the_rows_that_were_predicted_and_tells_nothing_of_the_patient(
    name: str, pairs: list[tuple[Study, list[Dataset]]], arrive: Arrive
) -> None:
    fault = FAULTS[name]
    study, (sound, base) = next((study, pair) for study, pair in pairs if fault.applies_to(pair[-1]))
    judgement = judge(arrive([encode(sound), fault.encode(base)]))
    assert broken_rows(judgement) == set(BREAKS.get(name, ()))
    told = " ".join(map(str, (*judgement.findings(), *judgement.remarks)))
    hidden = ("UNMISTAKABLE77", "Lévesque", "19330303", "HIDDEN4711", "A1234567890", study.uid, *(series.uid for series in study.series))
    assert [value for value in hidden if value in told] == []


def test_a_finding_is_told_once_with_its_series_and_how_many_of_its_instances(synthesizer: Synthesizer, arrive: Arrive) -> None:
    datasets = list(synthesizer.study("CT", series=2, instances=4).datasets())
    empty = FAULTS["empty-institution"]
    broken = [empty.encode(dataset) if place in (1, 5, 6, 7) else encode(dataset) for place, dataset in enumerate(datasets)]
    (finding,) = judge(arrive(broken)).ruling("IDENT-17").findings
    assert finding.where == "in 1 of 4 instances of series 1 (study 1); in 3 of 4 instances of series 2 (study 1), such as object 2"


HOSPITAL = Authority("GENERAL HOSPITAL", "1.2.3.4.5")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("IDENT-04", Expected(patient_id_issuers=(HOSPITAL,))),
        ("IDENT-09", Expected(accession_issuers=(Authority("OTHER RIS"),))),
        ("IDENT-17", Expected(institutions=("ANOTHER HOSPITAL",))),
        ("IDENT-19", Expected(now=datetime(2019, 1, 1, tzinfo=UTC))),
        ("IDENT-14", Expected(health_card_oids=("2.16.124.9.101.1",))),
    ],
)
def test_what_the_profile_registers_is_held_against_what_came(
    row: str, expected: Expected, synthesizer: Synthesizer, arrive: Arrive
) -> None:
    arrivals = arrive(map(encode, synthesizer.study("CT").datasets()))
    ruling = judge(arrivals, expected).ruling(row)
    if row == "IDENT-14":  # under another OID no number is marked as a health card number, and none is taken for one
        assert ruling.examined == 0
        assert ruling.reason
    else:
        assert len(ruling.findings) == 1


def change(dataset: Dataset, how: Callable[[Dataset], None]) -> Encoded:
    how(dataset)
    return encode(dataset)


def _marks_a_wrong_number(dataset: Dataset) -> None:
    dataset.OtherPatientIDsSequence[0].PatientID = "1234567890"


def _names_no_issuer(dataset: Dataset) -> None:
    del dataset.IssuerOfPatientID
    del dataset.IssuerOfPatientIDQualifiersSequence


def _loses_the_issuer_of_another(dataset: Dataset) -> None:
    other = dataset.OtherPatientIDsSequence[0]
    del other.IssuerOfPatientID
    del other.IssuerOfPatientIDQualifiersSequence


def _codes_in_words(dataset: Dataset) -> None:
    dataset.IdentifierTypeCode = "HOSPITAL NUMBER"


def _states_no_zone(dataset: Dataset) -> None:
    del dataset.TimezoneOffsetFromUTC


@pytest.mark.parametrize(
    ("row", "how"),
    [
        ("IDENT-14", _marks_a_wrong_number),
        ("IDENT-04", _names_no_issuer),
        ("IDENT-22", _loses_the_issuer_of_another),
        ("IDENT-21", _codes_in_words),
        ("IDENT-20", _states_no_zone),
    ],
)
def test_what_no_named_fault_breaks(row: str, how: Callable[[Dataset], None], synthesizer: Synthesizer, arrive: Arrive) -> None:
    assert broken_rows(judge(arrive([change(next(synthesizer.study("CT").datasets()), how)]))) == {row}


def test_a_number_of_ten_digits_under_a_local_issuer_is_no_health_card(synthesizer: Synthesizer, arrive: Arrive) -> None:
    study = synthesizer.study("CT", patient=synthesizer.patient(id="1234567897", other_ids=()))
    assert judge(arrive(map(encode, study.datasets()))).ruling("IDENT-14").examined == 0


@pytest.mark.parametrize(
    ("declared", "name", "sound"),
    [
        ("ISO_IR 166", "รก^ก".encode("iso8859_11"), True),  # reads as UTF-8 too
        ("ISO_IR 203", "SYNTHETIC-Bœuf^Zoé".encode("iso8859_15"), True),  # pydicom knows no Latin alphabet No. 9
        ("ISO_IR 100", "SYNTHETIC-Zoé^A".encode(), False),
    ],
)
def test_text_is_read_by_its_bytes(declared: str, name: bytes, sound: bool, synthesizer: Synthesizer, arrive: Arrive) -> None:
    dataset = next(synthesizer.study("CT", character_set="ISO_IR 100").datasets())
    dataset.SpecificCharacterSet = declared
    dataset[0x00100010] = RawDataElement(Tag(0x00100010), "PN", len(name), name, 0, False, True)
    ruling = judge(arrive([encode(dataset)])).ruling("CHAR-01")
    assert (ruling.examined, bool(ruling.findings)) == (1, not sound)


def test_a_uid_that_is_given_twice_shows_between_studies(synthesizer: Synthesizer, arrive: Arrive) -> None:
    first, second = (next(synthesizer.study("CT").datasets()) for _ in range(2))
    assert judge(arrive([encode(first), encode(first)])).ruling("INTEG-09").examined == 0
    second.SOPInstanceUID = second.file_meta.MediaStorageSOPInstanceUID = first.SOPInstanceUID
    assert broken_rows(judge(arrive([encode(first), encode(second)]))) == {"INTEG-09"}


@pytest.mark.parametrize("kind", ["KO", "PR", "SR-COMPREHENSIVE"])
def test_a_reference_resolves_or_is_a_finding_and_is_left_alone_where_a_study_may_be_incomplete(
    kind: str, synthesizer: Synthesizer, arrive: Arrive
) -> None:
    *images, document = synthesizer.study(kind).datasets()
    arrivals = arrive(map(encode, [*images, document]))
    assert judge(arrivals).ruling("INTEG-15").examined == 1
    assert broken_rows(judge(arrivals[1:])) == {"INTEG-15"}
    assert judge(arrivals[1:], Expected(complete=False)).ruling("INTEG-15").examined == 0


@pytest.mark.parametrize(("broken", "said"), [(False, []), (True, ["StudyInstanceUID is missing, of Type 1 in module general-study"])])
def test_a_class_that_dciodvfy_does_not_know_is_held_against_the_tables_of_highdicom(
    broken: bool, said: list[str], synthesizer: Synthesizer, arrive: Arrive
) -> None:
    dataset = next(synthesizer.study("SR").datasets())
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = ColonCADSRStorage
    if broken:
        del dataset.StudyInstanceUID
    ruling = judge(arrive([encode(dataset)])).ruling("STORE-16")
    assert (ruling.examined, [finding.got for finding in ruling.findings]) == (1, said)


def test_without_dciodvfy_completeness_is_not_examined(synthesizer: Synthesizer, arrive: Arrive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.judging.validators.program", lambda _name: None)
    ruling = judge(arrive(map(encode, synthesizer.study("CT").datasets()))).ruling("STORE-16")
    assert (ruling.examined, ruling.findings) == (0, ())
    assert "dciodvfy" in ruling.reason


def test_the_tree_counts_what_came_and_shows_a_picture_of_each_series(synthesizer: Synthesizer, arrive: Arrive) -> None:
    study = synthesizer.study(modalities=["CT", "SR"], instances=3)
    (patient,) = judge(arrive(map(encode, study.datasets()))).patients
    (received,) = patient.studies
    ct, report = received.series
    assert (ct.modality, ct.instances, report.modality) == ("CT", 3, "SR")
    assert (ct.thumbnail[1:4], report.thumbnail) == (b"PNG", b"")
    assert received.uid_root == "2.25"


def test_the_pass_keeps_no_object(synthesizer: Synthesizer, tmp_path: Path) -> None:
    """Files that are gone once the next one is asked for are judged all the same."""
    study = synthesizer.study("CT", instances=3)

    def one_at_a_time() -> Iterable[Arrival]:
        for number, dataset in enumerate(study.datasets()):
            path = tmp_path / f"{number}.dcm"
            path.write_bytes(encode(dataset).part10())
            yield Arrival(path)

    assert judge(one_at_a_time()).instances == 3
