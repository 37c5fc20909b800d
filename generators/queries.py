"""C-FIND over a study whose content is known: queries, and the matches that a model computes (PS3.4 C.2.2.2)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydicom import Dataset

from generators.elements import put
from generators.errors import GeneratorError
from generators.tree import Series, Study


class Matching(StrEnum):
    """How a key is matched, by its VR and its meaning."""

    UID_LIST = "list of UID"
    TEXT = "single value or wild card"
    RANGE = "single value or range"
    NUMBER = "single value"


LEVELS = ("STUDY", "SERIES", "IMAGE")
UNIQUE_KEYS: Mapping[str, str] = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}

KEYS: Mapping[str, Mapping[str, Matching]] = {
    "STUDY": {
        "StudyInstanceUID": Matching.UID_LIST,
        "PatientID": Matching.TEXT,
        "PatientName": Matching.TEXT,
        "PatientBirthDate": Matching.RANGE,
        "PatientSex": Matching.TEXT,
        "StudyDate": Matching.RANGE,
        "StudyTime": Matching.RANGE,
        "AccessionNumber": Matching.TEXT,
        "StudyID": Matching.TEXT,
    },
    "SERIES": {"SeriesInstanceUID": Matching.UID_LIST, "Modality": Matching.TEXT, "SeriesNumber": Matching.NUMBER},
    "IMAGE": {"SOPInstanceUID": Matching.UID_LIST, "InstanceNumber": Matching.NUMBER},
}
"""The keys of the Study Root model that an SCP must support (PS3.4 C.6.2.1), and those of the patient that it is asked for."""

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Query:
    """One C-FIND identifier of the Study Root model, and the unique keys of what it must find, in the order of the tree.

    `keys` are pairs of keyword and value. One of them bounds the query to one patient or one study.
    """

    level: str
    keys: tuple[tuple[str, str], ...]
    matches: tuple[str, ...]

    def identifier(self) -> Dataset:
        """Give the data set to send, with the unique key of its level always asked for."""
        identifier = put(Dataset(), SpecificCharacterSet="ISO_IR 192", QueryRetrieveLevel=self.level, **{UNIQUE_KEYS[self.level]: ""})
        return put(identifier, **{keyword: value.split("\\") if "\\" in value else value for keyword, value in self.keys})


def query(studies: Sequence[Study], level: str, keys: Mapping[str, str]) -> Query:
    """Make a query, with the matches that these studies have for it."""
    return Query(level, tuple(keys.items()), tuple(matches(studies, level, keys)))


def matches(studies: Sequence[Study], level: str, keys: Mapping[str, str]) -> Iterator[str]:
    """Give the unique key of each entity at `level` that matches all keys. GeneratorError for a level or key that is none."""
    known = {keyword: how for above in LEVELS[: _depth(level) + 1] for keyword, how in KEYS[above].items()}
    if strange := set(keys) - set(known):
        raise GeneratorError(f"{min(strange)} is no key at {level} level", remedy=f"choose of {', '.join(known)}")
    for values in _entities(studies, level):
        if all(matches_value(known[keyword], wanted, values[keyword]) for keyword, wanted in keys.items()):
            yield values[UNIQUE_KEYS[level]]


def matches_value(how: Matching, wanted: str, value: str) -> bool:
    """Match one key. An empty key, and one of `*` alone, match everything (PS3.4 C.2.2.2.3 and C.2.2.2.4)."""
    if wanted in ("", "*"):
        return True
    if how is Matching.UID_LIST:
        return value in wanted.split("\\")
    if how is Matching.RANGE and "-" in wanted:
        first, _, last = wanted.partition("-")
        return bool(value) and (not first or first <= value) and (not last or value <= last)
    if how is Matching.TEXT and re.search(r"[*?]", wanted):
        return re.fullmatch(_pattern(wanted), value, re.DOTALL) is not None
    return wanted.strip() == value.strip()


def entity(study: Study) -> Values:
    """Give the values of a study's keys."""
    patient = study.patient
    return {
        "StudyInstanceUID": study.uid,
        "PatientID": patient.id,
        "PatientName": patient.name,
        "PatientBirthDate": patient.birth_date,
        "PatientSex": patient.sex,
        "StudyDate": study.date,
        "StudyTime": study.time,
        "AccessionNumber": study.order.accession,
        "StudyID": study.id,
    }


def series_entity(study: Study, series: Series) -> Values:
    """Give the values of a series' keys, with those of its study."""
    own = {"SeriesInstanceUID": series.uid, "Modality": series.modality, "SeriesNumber": str(series.number)}
    return {**entity(study), **own}


def _entities(studies: Sequence[Study], level: str) -> Iterator[Values]:
    for study in studies:
        if level == "STUDY":
            yield entity(study)
            continue
        for series in study.series:
            above = series_entity(study, series)
            if level == "SERIES":
                yield above
                continue
            for instance in series.instances:
                yield {**above, "SOPInstanceUID": instance.uid, "InstanceNumber": str(instance.number)}


def _depth(level: str) -> int:
    if level not in LEVELS:
        raise GeneratorError(f"{level!r} is no level of the Study Root model", remedy=f"choose one of {', '.join(LEVELS)}")
    return LEVELS.index(level)


def _pattern(wanted: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in wanted)
