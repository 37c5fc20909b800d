"""The attributes that the archive indexes, matches and returns: which level each belongs to (PS3.4 C.6.1.1, C.6.2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydicom.datadict import tag_for_keyword

from conformance.reference.encoding import DataSet, dictionary_vr
from conformance.reference.text import character_set, element_text

LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
UNIQUE: Mapping[str, str] = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}

_STORED: Mapping[str, tuple[str, ...]] = {
    "PATIENT": (
        "PatientName", "PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", "PatientBirthDate", "PatientBirthTime",
        "PatientSex", "OtherPatientIDsSequence", "EthnicGroup", "PatientComments",
    ),
    "STUDY": (
        "StudyDate", "StudyTime", "AccessionNumber", "IssuerOfAccessionNumberSequence", "StudyID", "StudyInstanceUID", "StudyDescription",
        "ReferringPhysicianName", "PatientAge", "TimezoneOffsetFromUTC", "ProcedureCodeSequence",
    ),
    "SERIES": (
        "Modality", "SeriesNumber", "SeriesInstanceUID", "SeriesDescription", "SeriesDate", "SeriesTime", "BodyPartExamined", "Laterality",
        "ProtocolName", "PerformingPhysicianName", "OperatorsName", "InstitutionName", "StationName", "Manufacturer",
        "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "RequestAttributesSequence",
    ),
    "IMAGE": (
        "InstanceNumber", "SOPInstanceUID", "SOPClassUID", "ImageType", "ContentDate", "ContentTime", "AcquisitionDate", "AcquisitionTime",
        "AcquisitionNumber", "NumberOfFrames", "ContentLabel", "ConceptNameCodeSequence",
    ),
}  # fmt: skip

# Not in any object: computed from the tree when they are asked for (PS3.4 Table C.3-1).
_COMPUTED: Mapping[str, tuple[str, ...]] = {
    "PATIENT": ("NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances"),
    "STUDY": ("ModalitiesInStudy", "SOPClassesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"),
    "SERIES": ("NumberOfSeriesRelatedInstances",),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One attribute that a query may name. `level` is the lowest at which it may stand."""

    keyword: str
    tag: int
    vr: str
    level: str
    computed: bool = False
    unique: bool = field(default=False)

    @property
    def depth(self) -> int:
        """How far down the tree the attribute lives: 0 for the patient."""
        return LEVELS.index(self.level)


def _keys() -> dict[int, Key]:
    found: dict[int, Key] = {}
    for table, computed in ((_STORED, False), (_COMPUTED, True)):
        for level, keywords in table.items():
            for keyword in keywords:
                tag = tag_of(keyword)
                found[tag] = Key(keyword, tag, dictionary_vr(tag), level, computed, keyword in UNIQUE.values())
    return found


def tag_of(keyword: str) -> int:
    """Look up a tag by its keyword in PS3.6. Raises KeyError for an unknown one."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return int(tag)


KEYS: Mapping[int, Key] = _keys()
BY_KEYWORD: Mapping[str, Key] = {key.keyword: key for key in KEYS.values()}
QUERY_RETRIEVE_LEVEL = tag_of("QueryRetrieveLevel")

# An attribute in the index: text with "\" between values, or the items of a sequence by keyword or tag.
Value = str | list["Attributes"]
Attributes = dict[str, "Value"]


def attributes_at(dataset: DataSet, level: str) -> Attributes:
    """Extract what the index keeps for one level. Raises UndecodableText for text outside its character set."""
    terms = character_set(dataset)
    return {keyword: value_of(dataset, BY_KEYWORD[keyword], terms) for keyword in _STORED[level]}


def value_of(dataset: DataSet, key: Key, terms: tuple[str, ...]) -> Value:
    """Read one attribute as the index keeps it; an absent one is empty."""
    element = dataset.get(key.tag)
    if key.vr == "SQ":
        return [item_attributes(item, terms) for item in (element.items or ())] if element else []
    return element_text(element, key.vr, terms)


def item_attributes(item: DataSet, outer: tuple[str, ...]) -> Attributes:
    """Read every text element of a sequence item, by hexadecimal tag: items are small and any of their parts may be a key."""
    terms = character_set(item, outer)
    found: Attributes = {}
    for tag, element in item.items():
        vr = dictionary_vr(tag)
        if element.items is not None:
            found[f"{tag:08X}"] = [item_attributes(inner, terms) for inner in element.items]
        elif vr not in _BINARY:
            found[f"{tag:08X}"] = element_text(element, vr, terms)
    return found


_BINARY = frozenset(
    {"OB", "OD", "OF", "OL", "OV", "OW", "UN", "US", "SS", "UL", "SL", "FL", "FD", "AT", "SV", "UV", "US or SS", "OB or OW", "US or OW",
     "US or SS or OW"}
)  # fmt: skip
