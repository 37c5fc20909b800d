"""C-FIND over the wire: levels, keys, responses and refusals (PS3.4 C.4.1, C.6)."""

from typing import Any

import pytest
from pydicom import Dataset, Sequence

from .client import PATIENT_FIND, STUDY_FIND, Client, values
from .objects import BIG, EXPLICIT, IMPLICIT, encoded, image, sibling, study, uid


@pytest.fixture(scope="module")
def patient(client: Client) -> list[Dataset]:
    """One patient with a CT study of two series of two images, and an MR study of one image."""
    images = study(4, series=2, PatientName="GAGNÉ^AMÉLIE", PatientID="FIND01", StudyDate="20240110")
    mr = image(PatientName="GAGNÉ^AMÉLIE", PatientID="FIND01", StudyDate="20240229", Modality="MR", StudyID="")
    assert all(answer.status == 0 for answer in client.store(*map(encoded, [*images, mr])))
    return [*images, mr]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_answers_study_root_at_each_level(client: Client, patient: list[Dataset], syntax: str) -> None:
    first = patient[0]
    studies = client.find("STUDY", syntax=syntax, PatientID="FIND01", StudyInstanceUID="")
    series = client.find("SERIES", syntax=syntax, StudyInstanceUID=first.StudyInstanceUID, SeriesInstanceUID="")
    above = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    images = client.find("IMAGE", syntax=syntax, **above, SOPInstanceUID="")
    assert values(studies, "StudyInstanceUID") == sorted({d.StudyInstanceUID for d in patient})
    assert values(series, "SeriesInstanceUID") == sorted({d.SeriesInstanceUID for d in patient[:4]})
    assert values(images, "SOPInstanceUID") == sorted(d.SOPInstanceUID for d in patient[:4:2])


def test_answers_patient_root_at_each_level(client: Client, patient: list[Dataset]) -> None:
    keys = {"PATIENT": {"PatientID": "FIND01"}, "STUDY": {"StudyInstanceUID": ""}, "SERIES": {"SeriesInstanceUID": ""}}
    above = {"PatientID": "FIND01"}
    counts = {}
    for level, below in keys.items():
        counts[level] = len(client.find(level, PATIENT_FIND, **{**above, **below}).matches)
        if level == "STUDY":
            above["StudyInstanceUID"] = patient[0].StudyInstanceUID
    assert counts == {"PATIENT": 1, "STUDY": 2, "SERIES": 2}


def test_counts_truly(client: Client, patient: list[Dataset]) -> None:
    counters = ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "ModalitiesInStudy", "NumberOfPatientRelatedStudies")
    (match,) = client.find("STUDY", StudyInstanceUID=patient[0].StudyInstanceUID, **dict.fromkeys(counters, "")).matches
    assert [str(match[keyword].value) for keyword in counters] == ["2", "4", "CT", "2"]
    second = {"StudyInstanceUID": patient[0].StudyInstanceUID, "SeriesInstanceUID": patient[0].SeriesInstanceUID}
    assert values(client.find("SERIES", **second, NumberOfSeriesRelatedInstances=""), "NumberOfSeriesRelatedInstances") == ["2"]
    assert client.find("STUDY", PatientID="FIND01", ModalitiesInStudy="MR", StudyInstanceUID="").matches[0].StudyInstanceUID == (
        patient[4].StudyInstanceUID
    )


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"StudyDate": "20240110-20240228"}, [0]),
        ({"StudyDate": "20240229-"}, [4]),
        ({"StudyDate": "-20240229"}, [0, 4]),
        ({"AccessionNumber": "*"}, [0, 4]),
        ({"PatientName": "gagné*"}, [0, 4]),
        ({"PatientID": "FIND0?"}, [0, 4]),
        ({"PatientID": "find01"}, []),
        ({"StudyID": "NOT THAT"}, [4]),  # the MR study has no Study ID, so it matches any
        ({"StudyDescription": "CT HEAD", "ReferringPhysicianName": "REFERRER*"}, [0, 4]),
        ({"StudyDate": "20240101-20240229", "StudyTime": "101500-101500"}, [0, 4]),
    ],
)
def test_restricts_by_keys(client: Client, patient: list[Dataset], keys: dict[str, str], found: list[int]) -> None:
    answer = client.find("STUDY", **{"SpecificCharacterSet": "ISO_IR 192", "PatientID": "FIND01", "StudyInstanceUID": "", **keys})
    assert values(answer, "StudyInstanceUID") == sorted(patient[number].StudyInstanceUID for number in found)


@pytest.mark.parametrize("character_set", ["ISO_IR 100", "ISO_IR 192"])
def test_matches_across_character_sets_and_declares_its_own(client: Client, character_set: str) -> None:
    sent = image(SpecificCharacterSet="ISO_IR 100", PatientName="BÉLANGER^ZOÉ", PatientID=f"CHAR{character_set[-3:]}")
    assert client.store(encoded(sent))[0].status == 0
    keys = {"PatientID": sent.PatientID, "PatientName": "BÉLANGER*"}
    (match,) = client.find("STUDY", SpecificCharacterSet=character_set, **keys).matches
    assert (str(match.PatientName), match.SpecificCharacterSet) == ("BÉLANGER^ZOÉ", "ISO_IR 192")


def test_one_patient_in_two_encodings_is_one_patient(client: Client) -> None:
    first = image(SpecificCharacterSet="ISO_IR 100", PatientName="LÉVESQUE^É", PatientID="TWOSETS")
    second = sibling(first, SpecificCharacterSet="ISO_IR 192")
    assert all(answer.status == 0 for answer in client.store(encoded(first), encoded(second)))
    assert len(client.find("PATIENT", PATIENT_FIND, PatientID="TWOSETS", PatientName="").matches) == 1


def test_a_match_says_what_was_asked_and_where_to_retrieve(client: Client, patient: list[Dataset]) -> None:
    first = patient[0]
    above = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    answer = client.find("IMAGE", **above, SOPInstanceUID=first.SOPInstanceUID, InstanceNumber="", InstanceAvailability="")
    (response,) = answer.responses
    assert response.status == 0xFF00
    assert response.identifier is not None
    assert {element.keyword: str(element.value) for element in response.identifier} == {
        "QueryRetrieveLevel": "IMAGE",
        "RetrieveAETitle": "REFERENCE",
        "InstanceAvailability": "ONLINE",
        **above,
        "SOPInstanceUID": first.SOPInstanceUID,
        "InstanceNumber": "1",
    }
    assert (answer.final.status, answer.final_identifier) == (0, None)


def test_returns_a_key_empty_where_nothing_is_known(client: Client, patient: list[Dataset]) -> None:
    (match,) = client.find("STUDY", StudyInstanceUID=patient[4].StudyInstanceUID, StudyID="", TimezoneOffsetFromUTC="").matches
    assert match.StudyID in ("", None)
    assert "TimezoneOffsetFromUTC" not in match


def test_names_the_time_zone_of_the_times_that_it_returns(client: Client) -> None:
    zoned = image(TimezoneOffsetFromUTC="-0500")
    assert client.store(encoded(zoned))[0].status == 0
    said = [
        client.find("STUDY", StudyInstanceUID=zoned.StudyInstanceUID, **keys).matches[0].get("TimezoneOffsetFromUTC")
        for keys in ({"StudyTime": ""}, {"StudyID": ""})
    ]
    assert said == ["-0500", None]


@pytest.mark.parametrize("unsupported", ["AdmittingDiagnosesDescription", "Modality", "PatientWeight"])
def test_tells_by_ff01_of_keys_that_it_does_not_support(client: Client, patient: list[Dataset], unsupported: str) -> None:
    answer = client.find("STUDY", **{"StudyInstanceUID": patient[0].StudyInstanceUID, unsupported: ""})
    assert [response.status for response in answer.responses] == [0xFF01]
    assert unsupported not in answer.matches[0]


def test_lists_the_uids_that_exist(client: Client, patient: list[Dataset]) -> None:
    wanted = sorted({patient[0].StudyInstanceUID, patient[4].StudyInstanceUID})
    answer = client.find("STUDY", StudyInstanceUID=[*wanted, "1.2.3"])
    assert values(answer, "StudyInstanceUID") == wanted


REFUSED: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "no level": (STUDY_FIND, None, {"StudyInstanceUID": "1.2"}),
    "unknown level": (STUDY_FIND, "STUDIES", {"StudyInstanceUID": "1.2"}),
    "level of the other model": (STUDY_FIND, "PATIENT", {"PatientID": "FIND01"}),
    "series without study": (STUDY_FIND, "SERIES", {"PatientID": "FIND01", "SeriesInstanceUID": ""}),
    "series of any study": (STUDY_FIND, "SERIES", {"StudyInstanceUID": "*", "SeriesInstanceUID": ""}),
    "series of two studies": (STUDY_FIND, "SERIES", {"StudyInstanceUID": ["1.2", "1.3"]}),
    "image without series": (STUDY_FIND, "IMAGE", {"StudyInstanceUID": "1.2", "SOPInstanceUID": ""}),
    "study without patient": (PATIENT_FIND, "STUDY", {"StudyInstanceUID": ""}),
    "study of any patient": (PATIENT_FIND, "STUDY", {"PatientID": "FIND*"}),
}


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize("case", REFUSED)
def test_refuses_an_identifier_that_its_model_does_not_allow(client: Client, case: str) -> None:
    model, level, keys = REFUSED[case]
    answer = client.find(level, model, **keys)
    assert (answer.final.status, answer.responses) == (0xA900, ())
    assert 0 < len(answer.final.comment) <= 64


def test_tells_issuers_apart(client: Client) -> None:
    names = {"ISSUER A": "FIRST^PERSON", "ISSUER B": "SECOND^PERSON"}
    for issuer, name in names.items():
        assert client.store(encoded(image(PatientID="SHARED", IssuerOfPatientID=issuer, PatientName=name)))[0].status == 0
    for issuer, name in names.items():
        for level, model in (("PATIENT", PATIENT_FIND), ("STUDY", STUDY_FIND)):
            answer = client.find(level, model, PatientID="SHARED", IssuerOfPatientID=issuer, PatientName="")
            assert [response.status for response in answer.responses] == [0xFF00]
            assert values(answer, "PatientName") == [name]
    assert len(client.find("PATIENT", PATIENT_FIND, PatientID="SHARED").matches) == 2


def test_matches_and_returns_a_sequence_of_issuers(client: Client) -> None:
    def issuer(oid: str) -> Sequence:
        item = Dataset()
        item.UniversalEntityID, item.UniversalEntityIDType = oid, "ISO"
        return Sequence([item])

    for oid in ("1.2.3.1", "1.2.3.2"):
        assert client.store(encoded(image(PatientID="QUALIFIED", IssuerOfPatientIDQualifiersSequence=issuer(oid))))[0].status == 0
    answer = client.find("STUDY", PatientID="QUALIFIED", IssuerOfPatientIDQualifiersSequence=issuer("1.2.3.2"))
    (match,) = answer.matches
    assert match.IssuerOfPatientIDQualifiersSequence[0].UniversalEntityID == "1.2.3.2"


def test_special_characters_are_data(client: Client) -> None:
    for patient_id in ("12*4", "O'1", "1%", "<b>", '"; DROP TABLE study; --'):
        sent = image(PatientID=patient_id)
        assert client.store(encoded(sent))[0].status == 0
        assert values(client.find("STUDY", StudyInstanceUID=sent.StudyInstanceUID, PatientID=""), "PatientID") == [patient_id]


def test_stops_when_it_is_cancelled(client: Client) -> None:
    stem = uid()
    images = [image(PatientID="MANY", StudyInstanceUID=f"{stem}.{number}") for number in range(1, 301)]
    assert all(answer.status == 0 for answer in client.store(*map(encoded, images)))
    answer = client.find("STUDY", cancel_after=1, PatientID="MANY", StudyInstanceUID="", NumberOfStudyRelatedInstances="")
    assert answer.final.status == 0xFE00
    assert len(answer.responses) < 300
    assert len(client.find("STUDY", PatientID="MANY", StudyInstanceUID="").matches) == 300
