"""Questions as data: an identifier for C-FIND, C-MOVE or C-GET, and the DCMTK command that puts the same question."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydicom import Dataset
from pydicom.config import disable_value_validation
from pynetdicom.sop_class import (  # type: ignore[attr-defined] # made at import from pynetdicom's tables
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from generators import Instance, Series, Study

Value = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Root:
    """An information model of PS3.4 C.6: its three SOP classes and DCMTK's flag for it."""

    name: str
    find: str
    move: str
    get: str
    flag: str


STUDY_ROOT = Root(
    "Study Root",
    str(StudyRootQueryRetrieveInformationModelFind),
    str(StudyRootQueryRetrieveInformationModelMove),
    str(StudyRootQueryRetrieveInformationModelGet),
    "-S",
)
PATIENT_ROOT = Root(
    "Patient Root",
    str(PatientRootQueryRetrieveInformationModelFind),
    str(PatientRootQueryRetrieveInformationModelMove),
    str(PatientRootQueryRetrieveInformationModelGet),
    "-P",
)


@dataclass(frozen=True, slots=True)
class Query:
    """One identifier. Keys are DICOM keywords; an empty value asks for the attribute, a sequence of texts is multi-valued.

    `issuer` adds Issuer of Patient ID as a key. `level` None leaves Query/Retrieve Level out.
    """

    level: str | None
    keys: Mapping[str, Value] = field(default_factory=dict)
    root: Root = STUDY_ROOT
    character_set: str = ""

    def identifier(self) -> Dataset:
        """Build the identifier as PS3.4 C.4.1.1.3.1 asks, or as broken as the keys make it."""
        identifier = Dataset()
        if self.character_set:
            identifier.SpecificCharacterSet = self.character_set
        if self.level is not None:
            identifier.QueryRetrieveLevel = self.level
        with disable_value_validation():  # a wild card in a UID is no valid UID, and that is the question
            for keyword, value in self.keys.items():
                setattr(identifier, keyword, value if isinstance(value, str) else list(value))
        return identifier

    def where(self, keys: Mapping[str, Value]) -> "Query":
        """The same question with these keys added or replaced."""
        return replace(self, keys={**self.keys, **keys})

    def dcmtk(self, program: str = "findscu") -> str:
        """Write the command that puts the same question with DCMTK; `{peer}` stands for AE titles, host and port."""
        keys = [f"QueryRetrieveLevel={self.level}"] if self.level is not None else []
        keys += [f"{keyword}={value if isinstance(value, str) else chr(92).join(value)}" for keyword, value in self.keys.items()]
        if self.character_set:
            keys.insert(0, f"SpecificCharacterSet={self.character_set}")
        return " ".join([program, self.root.flag, *(f"-k {shlex.quote(key)}" for key in keys), "{peer}"])


def study_query(study: Study, **keys: Value) -> Query:
    """Ask for one study by its unique key."""
    return Query("STUDY", {"StudyInstanceUID": study.uid, **keys})


def series_query(study: Study, series: Series | None = None, **keys: Value) -> Query:
    """Ask for one series, or for all series of a study."""
    return Query("SERIES", {"StudyInstanceUID": study.uid, "SeriesInstanceUID": series.uid if series else "", **keys})


def image_query(study: Study, series: Series, instance: Instance | None = None, **keys: Value) -> Query:
    """Ask for one instance, or for all instances of a series."""
    return Query(
        "IMAGE",
        {
            "StudyInstanceUID": study.uid,
            "SeriesInstanceUID": series.uid,
            "SOPInstanceUID": instance.uid if instance else "",
            **keys,
        },
    )


def shown_value(match: Dataset, keyword: str) -> str:
    """A value as text; the values of one attribute in their order, since a set has none; "absent"."""
    if keyword not in match:
        return "absent"
    value = match[keyword].value
    return "\\".join(sorted(map(str, value))) if match[keyword].VM > 1 else str("" if value is None else value)
