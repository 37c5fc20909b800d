"""Faults of the identifiers that an archive files by: absent, empty, blank, over-long."""

from collections.abc import Iterator

from generators.faults.changes import drop, path, write
from generators.faults.fault import REFUSED, STORED, WARNED, Fault

_BLANK = "    "
_QUARANTINED = (*REFUSED, *WARNED)

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


def _missing() -> Iterator[Fault]:
    for name, keyword, requirements, answers, blank in _KEYS:
        ways = [("absent", drop(keyword)), ("empty", write(keyword, ""))]
        if blank:
            ways.append(("blank", write(keyword, _BLANK)))
        for way, change in ways:
            yield Fault(f"{way}-{name}", f"{keyword} is {way}", path(keyword), requirements, answers, change, needs=(keyword,))


def _overlong(name: str, keyword: str, value: str, limit: int) -> Fault:
    summary = f"{keyword} has {len(value)} characters, {limit} are allowed"
    return Fault(f"overlong-{name}", summary, path(keyword), ("IDENT-12",), (*REFUSED, *WARNED, *STORED), write(keyword, value))


FAULTS = (
    *_missing(),
    _overlong("accession-number", "AccessionNumber", "A1234567890123456789", 16),
    _overlong("patient-id", "PatientID", "P" + "0123456789" * 7 + "012345678", 64),
)
