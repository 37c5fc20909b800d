"""Faults of the identifiers that an archive files by and a region links by."""

from collections.abc import Iterator

from generators.elements import item
from generators.faults.changes import drop, drop_all, path, write, write_in
from generators.faults.fault import REFUSED, STORED, WARNED, Fault
from generators.identity import health_card_number

_BLANK = "    "
_QUARANTINED = (*REFUSED, *WARNED)
_ANY = (*REFUSED, *WARNED, *STORED)
_ISSUER = ("IssuerOfPatientIDQualifiersSequence", "UniversalEntityID")
_ISSUER_TYPE = ("IssuerOfPatientIDQualifiersSequence", "UniversalEntityIDType")

# name, keyword, requirements, answers, whether a blank value is a fault of its own
_KEYS = (
    ("patient-id", "PatientID", ("REJECT-05", "IDENT-01", "IDENT-13"), _QUARANTINED, True),
    ("accession-number", "AccessionNumber", ("REJECT-06", "IDENT-02", "QUERY-16"), _QUARANTINED, True),
    ("study-uid", "StudyInstanceUID", ("REJECT-02",), REFUSED, False),
    ("series-uid", "SeriesInstanceUID", ("REJECT-03",), REFUSED, False),
    ("sop-instance-uid", "SOPInstanceUID", ("REJECT-01",), REFUSED, False),
    ("sop-class-uid", "SOPClassUID", ("REJECT-01",), REFUSED, False),
    ("modality", "Modality", ("REJECT-04",), _QUARANTINED, False),
)

# name, keyword, value, what it is, requirements
_VALUES = (
    ("placeholder-patient-id", "PatientID", "0", "is a placeholder", ("IDENT-13", "IDENT-01")),
    ("two-patient-ids", "PatientID", ["A100", "A200"], "has two values", ("REJECT-12",)),
    ("two-accession-numbers", "AccessionNumber", ["A100", "A200"], "has two values", ("REJECT-12", "IDENT-16")),
    ("wildcard-patient-id", "PatientID", "12*4?", "holds the wild cards of C-FIND", ("REJECT-15",)),
    ("quoted-patient-id", "PatientID", "O'1' OR '1'='1", "holds the quotes of SQL", ("REJECT-15",)),
    ("markup-patient-id", "PatientID", "<b>1</b>&1%", "holds markup", ("REJECT-15",)),
    (
        "wrong-health-card-digit",
        "PatientID",
        health_card_number("123456789", valid=False),
        "is a health card number that fails",
        ("IDENT-14",),
    ),
    (
        "health-card-with-version",
        "PatientID",
        health_card_number("123456789") + "AB",
        "is a health card number with version code",
        ("IDENT-14",),
    ),
    ("empty-patient-name", "PatientName", "", "is empty", ("IDENT-15",)),
    ("empty-birth-date", "PatientBirthDate", "", "is empty", ("IDENT-15",)),
    ("empty-sex", "PatientSex", "", "is empty", ("IDENT-15",)),
    ("empty-institution", "InstitutionName", "", "is empty", ("IDENT-17",)),
    ("empty-referring-physician", "ReferringPhysicianName", "", "is empty", ("IDENT-18",)),
    ("malformed-time-zone", "TimezoneOffsetFromUTC", "EST", "is no offset", ("IDENT-20",)),
)


def _missing() -> Iterator[Fault]:
    for name, keyword, requirements, answers, blank in _KEYS:
        ways = [("absent", drop(keyword)), ("empty", write(keyword, ""))]
        if blank:
            ways.append(("blank", write(keyword, _BLANK)))
        for way, change in ways:
            yield Fault(f"{way}-{name}", f"{keyword} is {way}", path(keyword), requirements, answers, change, needs=(keyword,))


def _overlong(name: str, keyword: str, value: str, limit: int) -> Fault:
    summary = f"{keyword} has {len(value)} characters, {limit} are allowed"
    return Fault(f"overlong-{name}", summary, path(keyword), ("IDENT-12",), _ANY, write(keyword, value))


FAULTS = (
    *_missing(),
    _overlong("accession-number", "AccessionNumber", "A1234567890123456789", 16),
    _overlong("patient-id", "PatientID", "P" + "0123456789" * 7 + "012345678", 64),
    *(
        Fault(name, f"{keyword} {what}", path(keyword), requirements, _ANY, write(keyword, value), needs=(keyword,))
        for name, keyword, value, what, requirements in _VALUES
    ),
    Fault(
        "absent-issuer-of-patient-id",
        "Issuer of Patient ID is absent",
        path("IssuerOfPatientID"),
        ("IDENT-04",),
        _ANY,
        drop("IssuerOfPatientID"),
        needs=("IssuerOfPatientID",),
    ),
    Fault(
        "unissued-patient-id",
        "nothing names who assigned Patient ID, neither by name nor by OID",
        path("IssuerOfPatientID"),
        ("IDENT-04",),
        _ANY,
        drop_all(("IssuerOfPatientID",), ("IssuerOfPatientIDQualifiersSequence",)),
        also=(path("IssuerOfPatientIDQualifiersSequence"),),
        needs=("IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence"),
    ),
    Fault(
        "unissued-other-id",
        "nothing names who assigned an item of Other Patient IDs, neither by name nor by OID",
        path("OtherPatientIDsSequence", "IssuerOfPatientID"),
        ("IDENT-22",),
        _ANY,
        drop_all(("OtherPatientIDsSequence", "IssuerOfPatientID"), ("OtherPatientIDsSequence", "IssuerOfPatientIDQualifiersSequence")),
        also=(path("OtherPatientIDsSequence", "IssuerOfPatientIDQualifiersSequence"),),
        needs=("OtherPatientIDsSequence",),
    ),
    Fault(
        "malformed-issuer-oid",
        "the ISO identifier of the patient's issuer is no OID",
        path(*_ISSUER),
        ("IDENT-05",),
        _ANY,
        write_in(_ISSUER, "GENERAL HOSPITAL"),
        needs=_ISSUER[:1],
    ),
    Fault(
        "untyped-issuer-oid",
        "Universal Entity ID of the patient's issuer has no type",
        path(*_ISSUER_TYPE),
        ("IDENT-05",),
        _ANY,
        drop(*_ISSUER_TYPE),
        needs=_ISSUER_TYPE[:1],
    ),
    Fault(
        "other-id-without-issuer",
        "an item of Other Patient IDs names no issuer",
        path("OtherPatientIDsSequence", "IssuerOfPatientID"),
        ("IDENT-22",),
        _ANY,
        drop("OtherPatientIDsSequence", "IssuerOfPatientID"),
        needs=("OtherPatientIDsSequence",),
    ),
    Fault(
        "two-accession-issuers",
        "Issuer of Accession Number Sequence has two items, one is allowed",
        path("IssuerOfAccessionNumberSequence"),
        ("IDENT-09",),
        _ANY,
        lambda dataset: dataset.IssuerOfAccessionNumberSequence.append(item(LocalNamespaceEntityID="SECOND")),
        needs=("IssuerOfAccessionNumberSequence",),
    ),
)
