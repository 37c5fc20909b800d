"""Faults of the tree: one instance that says of patient, study or series what its neighbours do not, or that the command does not name."""

from pydicom import Dataset

from generators.faults.changes import alter, path, write
from generators.faults.fault import REFUSED, STORED, WARNED, Fault
from generators.uids import derived_uid

_ANY = (*REFUSED, *WARNED, *STORED)
_OTHER_CLASS = {"1.2.840.10008.5.1.4.1.1.4": "1.2.840.10008.5.1.4.1.1.2"}
_MR = "1.2.840.10008.5.1.4.1.1.4"

# name, keyword, value, requirements, answers
_DISAGREEING = (
    ("patient-id-of-another", "PatientID", "SYN-ANOTHER", ("INTEG-02", "INTEG-06"), _ANY),
    ("patient-name-of-another", "PatientName", "SYNTHETIC-Another^Person", ("INTEG-06", "CHAR-05"), _ANY),
    ("birth-date-of-another", "PatientBirthDate", "19010101", ("INTEG-06",), _ANY),
    ("study-date-of-another", "StudyDate", "20000101", ("INTEG-06", "INTEG-07"), _ANY),
    ("study-description-of-another", "StudyDescription", "SYNTHETIC other description", ("INTEG-07",), _ANY),
    ("accession-of-another", "AccessionNumber", "AOTHER", ("INTEG-06", "IDENT-16"), _ANY),
    ("modality-of-another", "Modality", "OT", ("INTEG-08",), _ANY),
    ("series-number-of-another", "SeriesNumber", "999", ("INTEG-06",), _ANY),
)


def _other_class(dataset: Dataset) -> str:
    return _OTHER_CLASS.get(str(dataset.SOPClassUID), _MR)


FAULTS = (
    *(
        Fault(name, f"{keyword} differs from the neighbours'", path(keyword), requirements, answers, write(keyword, value))
        for name, keyword, value, requirements, answers in _DISAGREEING
    ),
    Fault(
        "series-in-another-study",
        "the series is said to be in another study",
        path("StudyInstanceUID"),
        ("INTEG-03",),
        _ANY,
        alter("StudyInstanceUID", lambda dataset: derived_uid(str(dataset.StudyInstanceUID), "another")),
    ),
    Fault(
        "study-uid-for-series",
        "Series Instance UID is the Study Instance UID",
        path("SeriesInstanceUID"),
        ("INTEG-12",),
        _ANY,
        alter("SeriesInstanceUID", lambda dataset: dataset.StudyInstanceUID),
    ),
    Fault(
        "series-uid-for-instance",
        "SOP Instance UID is the Series Instance UID",
        path("SOPInstanceUID"),
        ("INTEG-12",),
        _ANY,
        alter("SOPInstanceUID", lambda dataset: dataset.SeriesInstanceUID),
    ),
    Fault(
        "instance-not-of-the-command",
        "the data set has another SOP Instance UID than the command",
        path("SOPInstanceUID"),
        ("INTEG-14",),
        (*REFUSED, *WARNED),
        alter("SOPInstanceUID", lambda dataset: derived_uid(str(dataset.SOPInstanceUID), "another")),
        keeps_command=True,
    ),
    Fault(
        "class-not-of-the-command",
        "the data set has another SOP Class UID than the command and its context",
        path("SOPClassUID"),
        ("REJECT-07", "INTEG-14"),
        (*REFUSED, *WARNED),
        alter("SOPClassUID", _other_class),
        keeps_command=True,
    ),
)
