"""Faults of values against their VR (PS3.5 6.2)."""

from generators.faults.changes import add_private, path, rewrite, write
from generators.faults.fault import REFUSED, STORED, WARNED, Fault

_ANY = (*REFUSED, *WARNED, *STORED)

# name, keyword, value, what it is, requirements
_VALUES = (
    ("dashed-study-date", "StudyDate", "2026-04-24", "is written with dashes", ("REJECT-11", "IDENT-19")),
    ("impossible-study-date", "StudyDate", "20261399", "is no day", ("REJECT-11", "IDENT-19")),
    ("impossible-study-time", "StudyTime", "256199", "is no time", ("REJECT-11", "IDENT-19")),
    ("zero-birth-date", "PatientBirthDate", "00000000", "is no day", ("REJECT-11", "IDENT-15")),
    ("unknown-sex", "PatientSex", "X", "is none of M, F and O", ("REJECT-11", "IDENT-15")),
    ("overlong-patient-name", "PatientName", "SYNTHETIC-" + "N" * 290, "has 300 characters in one component group", ("REJECT-11",)),
    ("six-component-name", "PatientName", "SYNTHETIC-A^B^C^D^E^F", "has six components", ("REJECT-11", "CHAR-07")),
    ("four-group-name", "PatientName", "SYNTHETIC-A^B=C^D=E^F=G^H", "has four component groups", ("REJECT-11", "CHAR-07")),
    ("lower-case-modality", "Modality", "ct", "is in small letters", ("REJECT-11",)),
    ("overlong-modality", "Modality", "COMPUTED TOMOGRAPHY", "has 19 characters", ("REJECT-11",)),
    ("overlong-study-id", "StudyID", "S1234567890123456789", "has 20 characters", ("REJECT-11",)),
    ("overlong-study-description", "StudyDescription", "SYNTHETIC " + "D" * 60, "has 70 characters", ("REJECT-11",)),
    ("control-character-in-text", "StudyDescription", "SYNTHETIC\x07BELL", "holds a control character", ("REJECT-11", "REJECT-15")),
)

FAULTS = (
    *(
        Fault(name, f"{keyword} {what}", path(keyword), requirements, _ANY, write(keyword, value), needs=(keyword,))
        for name, keyword, value, what, requirements in _VALUES
    ),
    Fault(
        "lettered-instance-number",
        "InstanceNumber is no number",
        path("InstanceNumber"),
        ("REJECT-11",),
        _ANY,
        damage=rewrite("InstanceNumber", b"ONE "),
        needs=("InstanceNumber",),
    ),
    Fault(
        "overlong-series-number",
        "SeriesNumber is more than 31 bits",
        path("SeriesNumber"),
        ("REJECT-11",),
        _ANY,
        damage=rewrite("SeriesNumber", b"99999999999 "),
        needs=("SeriesNumber",),
    ),
    Fault(
        "private-element-without-creator",
        "a private element stands in a block that nobody has reserved (PS3.5 7.8.1)",
        "(0099,1001)",
        ("XFER-09",),
        _ANY,
        add_private(0x0099, 0x1001, "LO", "SYNTHETIC"),
    ),
)
