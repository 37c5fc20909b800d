"""Faults of the form of UIDs (PS3.5 9.1), at each level of the tree."""

from collections.abc import Iterator

from generators.faults.changes import path, rewrite, write
from generators.faults.fault import ABORTED, REFUSED, STORED, Fault

_REFUSED = ("0117", *REFUSED, *ABORTED, *STORED)
_LEVELS = (("sop-instance-uid", "SOPInstanceUID"), ("series-uid", "SeriesInstanceUID"), ("study-uid", "StudyInstanceUID"))

# way, value, what is wrong
_FORMS = (
    ("lettered", "2.25.12A4", "holds a letter"),
    ("overlong", "2.25." + "1" * 60, "has 65 characters"),
    ("zero-led", "2.25.0123.4", "has a component with a leading zero"),
    ("dot-ended", "2.25.1234.", "ends in a dot"),
    ("double-dotted", "2.25..1234", "has an empty component"),
)


def _malformed() -> Iterator[Fault]:
    for name, keyword in _LEVELS:
        for way, value, what in _FORMS if keyword == "SOPInstanceUID" else _FORMS[:3]:
            trips = ("REJECT-08", "INTEG-10") if keyword == "SOPInstanceUID" else ("INTEG-10",)
            yield Fault(f"{way}-{name}", f"{keyword} {what}", path(keyword), trips, _REFUSED, write(keyword, value), needs=(keyword,))


FAULTS = (
    *_malformed(),
    Fault(
        "space-padded-sop-instance-uid",
        "SOPInstanceUID is padded with a space instead of NULL",
        path("SOPInstanceUID"),
        ("INTEG-10", "REJECT-08"),
        _REFUSED,
        damage=rewrite("SOPInstanceUID", b"2.25.123456 "),
    ),
    Fault(
        "standard-root-sop-instance-uid",
        "SOPInstanceUID stands under the root of DICOM itself",
        path("SOPInstanceUID"),
        ("INTEG-11",),
        _REFUSED,
        write("SOPInstanceUID", "1.2.840.10008.99.1"),
    ),
    Fault(
        "more-than-a-uuid",
        "SOPInstanceUID stands under 2.25 with a number of more than 128 bits",
        path("SOPInstanceUID"),
        ("INTEG-11",),
        _REFUSED,
        write("SOPInstanceUID", "2.25." + "9" * 45),
    ),
)
