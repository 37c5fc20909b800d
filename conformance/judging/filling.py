"""What a study says of its patient, its place and its time (IDENT-15, IDENT-17 to IDENT-20)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from conformance.judging.arrivals import Expected
from conformance.judging.identifiers import items_of
from conformance.judging.reading import Instance, text_of
from conformance.judging.rules import Breach, Rule
from conformance.judging.shapes import shape

_DATE = re.compile(r"[0-9]{8}")
_TIME = re.compile(r"([01][0-9]|2[0-3])([0-5][0-9](([0-5][0-9]|60)(\.[0-9]{1,6})?)?)?")
_OFFSET = re.compile(r"([+-])(0[0-9]|1[0-4])([0-5][0-9])")
_FURTHEST = timezone(timedelta(hours=14))
"""Where no time zone is stated, a study is in the future only if it is so everywhere."""

_TOLERANCE = timedelta(minutes=5)
_SEXES = frozenset("MFO")


def _patient(instance: Instance, expected: Expected) -> Iterator[Breach]:
    name, born, sex = (instance.text(keyword) for keyword in ("PatientName", "PatientBirthDate", "PatientSex"))
    for said, tag in ((name, "Patient's Name (0010,0010)"), (born, "Patient's Birth Date (0010,0030)"), (sex, "Patient's Sex (0010,0040)")):
        if not said:
            yield Breach(f"a value in {tag}", f"{tag} has no value")
    if name and "^" not in name:
        yield Breach("family and given name, parted by ^ (PS3.5 6.2)", f"Patient's Name (0010,0010) is one component ({shape(name)})")
    if born and (_day(born) is None or born > f"{expected.now.astimezone(_FURTHEST):%Y%m%d}"):
        yield Breach("a day that was (PS3.5 6.2)", f"Patient's Birth Date (0010,0030) is no day that was ({shape(born)})")
    if sex and sex not in _SEXES:
        yield Breach("M, F or O (PS3.3 C.7.1.1)", f"Patient's Sex (0010,0040) is none of M, F and O ({shape(sex)})")


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _institution(instance: Instance, expected: Expected) -> Iterator[Breach]:
    name = instance.text("InstitutionName")
    if not name:
        yield Breach("a value in Institution Name (0008,0080)", "Institution Name (0008,0080) has no value")
    elif expected.institutions and name not in expected.institutions:
        yield Breach(
            "the institution that the profile registers (claims.institutions)",
            f"Institution Name (0008,0080) is another ({shape(name)})",
        )


def _order(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    codes = items_of(instance.dataset, "ProcedureCodeSequence")
    if not instance.text("StudyDescription") and not codes:
        yield Breach(
            "a value in Study Description (0008,1030) or Procedure Code Sequence (0008,1032)",
            "neither Study Description (0008,1030) nor Procedure Code Sequence (0008,1032) has a value",
        )
    if not instance.text("ReferringPhysicianName").strip("^= "):
        yield Breach("a value in Referring Physician's Name (0008,0090)", "Referring Physician's Name (0008,0090) has no value")
    for code in codes:
        value = next((text for text in (text_of(code, word) for word in ("CodeValue", "LongCodeValue", "URNCodeValue")) if text), "")
        scheme = text_of(code, "CodingSchemeDesignator") or text_of(code, "URNCodeValue")
        if not (value and scheme and text_of(code, "CodeMeaning")):
            yield Breach("value, scheme and meaning in each procedure code", "an item of (0008,1032) lacks value, scheme or meaning")


def _moment(instance: Instance, expected: Expected) -> Iterator[Breach]:
    date, time = instance.text("StudyDate"), instance.text("StudyTime")
    day = _day(date)
    if day is None:
        yield Breach("a valid Study Date (0008,0020)", f"Study Date (0008,0020) is no day ({shape(date)})")
    elif date == "19700101":
        yield Breach("the day of the study", "Study Date (0008,0020) is the day from which computers count")
    if not _TIME.fullmatch(time):
        yield Breach("a valid Study Time (0008,0030)", f"Study Time (0008,0030) is no time ({shape(time)})")
    elif day is not None and _in_future(day, time, instance.text("TimezoneOffsetFromUTC"), expected):
        yield Breach("a study that has begun", "Study Date and Study Time lie in the future of the harness's clock")


def _in_future(day: datetime, time: str, offset: str, expected: Expected) -> bool:
    found = _OFFSET.fullmatch(offset)
    zone = _FURTHEST
    if found:
        away = timedelta(hours=int(found[2]), minutes=int(found[3]))
        zone = timezone(-away if found[1] == "-" else away)
    padded = time.partition(".")[0].ljust(6, "0")
    at = day.replace(tzinfo=zone) + timedelta(hours=int(padded[:2]), minutes=int(padded[2:4]), seconds=int(padded[4:]))
    return at > expected.now + _TOLERANCE


def _zone(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    offset = instance.text("TimezoneOffsetFromUTC")
    if not offset:
        yield Breach("Timezone Offset From UTC (0008,0201)", "Timezone Offset From UTC (0008,0201) is not stated")
    elif not _OFFSET.fullmatch(offset) or offset == "-0000":
        yield Breach("+HHMM or -HHMM (PS3.3 C.12.1.1.8)", f"Timezone Offset From UTC (0008,0201) is no offset ({shape(offset)})")


RULES = (
    Rule("IDENT-15", _patient),
    Rule("IDENT-17", _institution),
    Rule("IDENT-18", _order),
    Rule("IDENT-19", _moment),
    Rule("IDENT-20", _zone),
)
