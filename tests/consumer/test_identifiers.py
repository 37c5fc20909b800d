"""What the judge of identifiers says: of legal ones nothing, of each illegal one the clause, and never a value."""

import pytest
from pydicom import Dataset
from pydicom.config import disable_value_validation
from pydicom.uid import ExplicitVRLittleEndian

from conformance.consumer.identifiers import (
    Breach,
    encoding_breaches,
    has_extended_text,
    query_breaches,
    read,
    retrieve_breaches,
    text_breaches,
)
from conformance.dimse.identifiers import encode_dataset
from conformance.reference.models import PATIENT_ROOT, STUDY_ROOT

STUDY, SERIES, OTHER = "1.2.3.1", "1.2.3.2", "1.2.3.3"
Keys = dict[str, object]


def encoded(keys: Keys) -> bytes:
    identifier = Dataset()
    with disable_value_validation():
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
    return encode_dataset(identifier, ExplicitVRLittleEndian)


def judged_query(keys: Keys, levels: tuple[str, ...] = STUDY_ROOT) -> list[Breach]:
    return query_breaches(read(encoded(keys), ExplicitVRLittleEndian, levels))


def judged_retrieve(keys: Keys, levels: tuple[str, ...] = STUDY_ROOT) -> list[Breach]:
    return retrieve_breaches(read(encoded(keys), ExplicitVRLittleEndian, levels), "C-MOVE", {"SHARED"})


AT_STUDY: Keys = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": ""}
AT_SERIES: Keys = {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": STUDY, "SeriesInstanceUID": ""}


@pytest.mark.parametrize(
    ("keys", "levels"),
    [
        (AT_STUDY | {"PatientName": "A*", "PatientID": "?", "StudyDate": "20200101-20211231", "ModalitiesInStudy": "CT"}, STUDY_ROOT),
        (AT_STUDY | {"StudyInstanceUID": [STUDY, OTHER], "BodyPartExamined": "", "InstanceAvailability": ""}, STUDY_ROOT),
        (AT_STUDY | {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "Gagné*"}, STUDY_ROOT),
        (AT_STUDY | {"SpecificCharacterSet": "ISO_IR 192"}, STUDY_ROOT),
        (AT_SERIES | {"Modality": "M*", "SeriesNumber": "1", "RequestAttributesSequence": [Dataset()]}, STUDY_ROOT),
        ({"QueryRetrieveLevel": "PATIENT", "PatientID": "A*", "PatientBirthDate": ""}, PATIENT_ROOT),
        (AT_STUDY | {"PatientID": "A"}, PATIENT_ROOT),
        (AT_SERIES | {"PatientID": "A"}, PATIENT_ROOT),
    ],
    ids=lambda value: str(len(value)),
)
def test_a_legal_query_has_no_breach(keys: Keys, levels: tuple[str, ...]) -> None:
    assert judged_query(keys, levels) == []


@pytest.mark.parametrize(
    ("keys", "levels", "clause", "named"),
    [
        ({"StudyInstanceUID": ""}, STUDY_ROOT, "PS3.4 C.4.1.1.3.1", "no Query/Retrieve Level"),
        ({"QueryRetrieveLevel": "PATIENT", "PatientID": ""}, STUDY_ROOT, "PS3.4 C.4.1.1.3.1", "a level that the model has not"),
        ({"QueryRetrieveLevel": "STUDY", "PatientName": ""}, STUDY_ROOT, "PS3.4 C.4.1.2.1", "a query without it"),
        (AT_SERIES | {"StudyInstanceUID": ""}, STUDY_ROOT, "PS3.4 C.4.1.2.1", "StudyInstanceUID (0020,000D) UI with no value"),
        (AT_SERIES | {"StudyInstanceUID": [STUDY, OTHER]}, STUDY_ROOT, "PS3.4 C.4.1.2.1", "UI of 16 bytes"),
        (AT_STUDY, PATIENT_ROOT, "PS3.4 C.4.1.2.1", "no PatientID"),
        (AT_STUDY | {"PatientID": "A*"}, PATIENT_ROOT, "PS3.4 C.4.1.2.1", "with a wild card"),
        (AT_STUDY | {"Modality": ""}, STUDY_ROOT, "PS3.4 C.4.1.2.1", "a key of the SERIES level"),
        (AT_SERIES | {"PatientName": ""}, STUDY_ROOT, "PS3.4 C.4.1.2.1", "a key of the STUDY level"),
        (AT_STUDY | {"PatientID": "A", "PatientName": ""}, PATIENT_ROOT, "PS3.4 C.4.1.2.1", "a key of the PATIENT level"),
        (AT_STUDY | {"StudyInstanceUID": "1.2.*"}, STUDY_ROOT, "PS3.4 C.2.2.2.2", "with a wild card"),
        (AT_STUDY | {"StudyDate": "2020*"}, STUDY_ROOT, "PS3.4 C.2.2.2.4", "StudyDate (0008,0020) DA of 6 bytes with a wild card"),
        (AT_STUDY | {"ProcedureCodeSequence": [Dataset(), Dataset()]}, STUDY_ROOT, "PS3.4 C.2.2.2.6", "with 2 items"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_an_illegal_query_breaks_one_clause(keys: Keys, levels: tuple[str, ...], clause: str, named: str) -> None:
    (breach,) = judged_query(keys, levels)
    assert breach.clause == clause
    assert named in breach.got


@pytest.mark.parametrize(
    ("declared", "sent", "got"),
    [("ISO_IR 100", "ISO_IR 100", None), (None, None, "no character set"), ("ISO_IR 100", "ISO_IR 192", "1 declared")],
    ids=["right", "none", "wrong"],
)
def test_text_is_held_against_the_character_set(declared: str | None, sent: str | None, got: str | None) -> None:
    keys = AT_STUDY | {"PatientName": "Gagn\xe9"} | ({"SpecificCharacterSet": declared} if declared else {})
    data = encoded(keys).replace((declared or "").encode() or b"?", (sent or "").encode())
    asked = read(data, ExplicitVRLittleEndian, STUDY_ROOT)
    assert has_extended_text(asked)
    assert [(breach.clause, got in breach.got) for breach in text_breaches(asked) if got] == [("PS3.4 C.4.1.1.3.1", True)] * bool(got)


@pytest.mark.parametrize(
    ("keys", "levels"),
    [
        ({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": [STUDY, OTHER]}, STUDY_ROOT),
        ({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY, "PatientID": "SHARED"}, PATIENT_ROOT),
        ({"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": STUDY, "SeriesInstanceUID": [SERIES, OTHER]}, STUDY_ROOT),
        ({"QueryRetrieveLevel": "PATIENT", "PatientID": "ALONE"}, PATIENT_ROOT),
    ],
    ids=lambda value: str(len(value)),
)
def test_a_legal_retrieve_has_no_breach(keys: Keys, levels: tuple[str, ...]) -> None:
    assert judged_retrieve(keys, levels) == []


@pytest.mark.parametrize(
    ("keys", "levels", "clause", "named"),
    [
        ({"StudyInstanceUID": STUDY}, STUDY_ROOT, "PS3.4 C.4.2.1.4.1", "no Query/Retrieve Level"),
        ({"QueryRetrieveLevel": "SERIES", "SeriesInstanceUID": SERIES}, STUDY_ROOT, "PS3.4 C.4.2.2.1", "no StudyInstanceUID"),
        ({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": ""}, STUDY_ROOT, "PS3.4 C.4.2.2.1", "with no value"),
        ({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "1.2.*"}, STUDY_ROOT, "PS3.4 C.4.2.2.1", "with a wild card"),
        ({"QueryRetrieveLevel": "PATIENT", "PatientID": ["A", "B"]}, PATIENT_ROOT, "PS3.4 C.4.2.2.1", "PatientID"),
        (
            {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY, "AccessionNumber": "A1"},
            STUDY_ROOT,
            "PS3.4 C.2.2.1.2",
            "AccessionNumber (0008,0050) SH of 2 bytes",
        ),
        ({"QueryRetrieveLevel": "PATIENT", "PatientID": "SHARED"}, PATIENT_ROOT, "PS3.4 C.4.2.1.4.1", "a retrieve at PATIENT level"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_an_illegal_retrieve_breaks_one_clause(keys: Keys, levels: tuple[str, ...], clause: str, named: str) -> None:
    (breach,) = judged_retrieve(keys, levels)
    assert breach.clause == clause
    assert named in breach.got


def test_no_breach_shows_a_value() -> None:
    name = "Tremblay^J\xf4"
    breaches = judged_query(AT_SERIES | {"PatientName": name, "StudyInstanceUID": "1.9.9*", "SeriesDate": "2020*"})
    assert len(breaches) > 3
    assert not any(secret in str(breach) for breach in breaches for secret in ("Tremblay", "1.9.9", "2020"))


def test_an_identifier_in_another_syntax_than_its_context_is_a_breach() -> None:
    implicit = encode_dataset(Dataset(), ExplicitVRLittleEndian) + b"\x08\x00\x52\x00\x06\x00\x00\x00STUDY "
    (breach,) = encoding_breaches(implicit, ExplicitVRLittleEndian)
    assert breach.clause == "PS3.5 10"
