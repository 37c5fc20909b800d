"""What the objects of a study must say alike, and what UIDs may name only once (INTEG-01, INTEG-06, INTEG-08, INTEG-09, IDENT-16).

While objects pass only digests of values are counted; a study of any number of instances takes no more room for it than its series.
"""

from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b

from pydicom.datadict import dictionary_VR

from conformance.judging.gathering import Gathering, SeriesSeen, StudySeen, digest
from conformance.judging.identifiers import items_of
from conformance.judging.pixels import PIXELS
from conformance.judging.reading import TEXTS, Instance, text_of
from conformance.judging.rules import Breach

STUDY_WIDE = {
    "PatientID": "Patient ID (0010,0020)",
    "IssuerOfPatientID": "Issuer of Patient ID (0010,0021)",
    "IssuerOfPatientIDQualifiersSequence": "the OID in Issuer of Patient ID Qualifiers Sequence (0010,0024)",
    "PatientName": "Patient's Name (0010,0010)",
    "PatientBirthDate": "Patient's Birth Date (0010,0030)",
    "PatientSex": "Patient's Sex (0010,0040)",
    "StudyDate": "Study Date (0008,0020)",
    "StudyTime": "Study Time (0008,0030)",
    "StudyID": "Study ID (0020,0010)",
    "StudyDescription": "Study Description (0008,1030)",
}
"""What INTEG-06 names, but the accession number, of which IDENT-16 speaks alone."""

COMPARED = frozenset({*STUDY_WIDE, "AccessionNumber", "Modality"})
_ACCESSION, _MODALITY = "AccessionNumber", "Modality"
_PICTURE = (
    *("StudyInstanceUID", "SeriesInstanceUID", "PatientID", "InstanceNumber", "ContentDate", "ContentTime"),
    *("NumberOfFrames", "Rows", "Columns"),
)
"""What says which picture an object is, in whatever transfer syntax it comes."""
MAX_UIDS = 1_000_000
_HASHED = 64 << 10


def count_values(instance: Instance, series: SeriesSeen, *, readable: bool) -> None:
    """Count what an object says of its study and series; of text that cannot be read (CHAR-01) nothing is known."""
    for keyword in (*STUDY_WIDE, _ACCESSION):
        if readable or dictionary_VR(keyword) not in TEXTS:
            series.say(keyword, digest(_normal(instance, keyword)))
    series.say(_MODALITY, digest(instance.text(_MODALITY)))
    series.modalities[instance.text(_MODALITY)[:16]] += 1


def _normal(instance: Instance, keyword: str) -> str:
    """Give a value as what it says: a time without empty fractions, a name without trailing delimiters, an issuer by its OID."""
    if keyword == "IssuerOfPatientIDQualifiersSequence":
        return next((text_of(item, "UniversalEntityID") for item in items_of(instance.dataset, keyword)), "")
    value = instance.text(keyword)
    if keyword == "StudyTime":
        whole, _, fraction = value.partition(".")
        return f"{whole.ljust(6, '0')}.{fraction.rstrip('0')}" if whole else ""
    if keyword == "PatientName":
        return "=".join(group.rstrip("^ ") for group in value.rstrip("=").split("="))
    return value


def compare_studies(studies: Iterable[StudySeen], gathering: Gathering) -> None:
    """Judge what the objects of each study and series said, once all have come."""
    for study in studies:
        if study.instances > 1:
            gathering.examine("INTEG-06", study.instances)
        for row, keywords in (("INTEG-06", STUDY_WIDE), ("IDENT-16", {_ACCESSION: "Accession Number (0008,0050)"})):
            for keyword, name in keywords.items():
                _compare(study.said(keyword), study.series.values(), keyword, f"one {name} in a study", row, gathering)
        for series in study.series.values():
            if series.instances > 1:
                gathering.examine("INTEG-08", series.instances)
            said = series.said.get(_MODALITY, Counter())
            _compare(said, [series], _MODALITY, "one Modality (0008,0060) in a series", "INTEG-08", gathering)


def _compare(said: Counter[int], everywhere: Iterable[SeriesSeen], keyword: str, expected: str, row: str, gathering: Gathering) -> None:
    """Blame the series in which a value stands that is not the most frequent one."""
    if len(said) < 2:
        return
    usual = said.most_common(1)[0][0]
    breach = Breach(expected, f"{len(said)} different values of {expected.removeprefix('one ').rpartition(' in a ')[0]}")
    for series in everywhere:
        apart = sum(count for value, count in series.said.get(keyword, Counter()).items() if value != usual)
        if apart:
            gathering.note(row, breach, series, count=apart)


class Uids:
    """Which UIDs were seen, and for what. Beyond a bound no further ones are kept."""

    def __init__(self) -> None:
        self._objects: dict[int, tuple[int, str, int]] = {}
        self._study_of_series: dict[int, int] = {}
        self._unread: set[int] = set()

    def __contains__(self, uid: int) -> bool:
        return uid in self._objects or uid in self._unread

    def pass_over(self, uid: str) -> None:
        """Keep that an object came, though nothing can be told of it."""
        if len(self._unread) < MAX_UIDS:
            self._unread.add(digest(uid))

    def see(self, instance: Instance, study: int, series: SeriesSeen, gathering: Gathering) -> None:
        """Judge that an instance UID names one object and a series UID stands in one study."""
        self._see_object(instance, series, gathering)
        self._see_series(instance, study, series, gathering)

    def _see_object(self, instance: Instance, series: SeriesSeen, gathering: Gathering) -> None:
        uid = instance.text("SOPInstanceUID")
        if not uid:
            return
        picture = digest(*(instance.text(keyword) for keyword in _PICTURE))
        pixels, syntax = _pixels(instance), str(instance.sent_in)
        held = self._objects.get(digest(uid))
        if held is None:
            if len(self._objects) < MAX_UIDS:
                self._objects[digest(uid)] = picture, syntax, pixels
        elif held[0] != picture or (held[1] == syntax and held[2] != pixels):
            breach = Breach("a SOP Instance UID for each object", "a SOP Instance UID came again with other content")
            gathering.note("INTEG-09", breach, series, instance.arrival.name)

    def _see_series(self, instance: Instance, study: int, series: SeriesSeen, gathering: Gathering) -> None:
        uid = instance.text("SeriesInstanceUID")
        if not uid or not instance.text("StudyInstanceUID"):
            return
        gathering.examine("INTEG-01")
        if self._study_of_series.setdefault(digest(uid), study) != study:
            breach = Breach("a series in one study", "a Series Instance UID stands in two studies")
            gathering.note("INTEG-01", breach, series, instance.arrival.name)


def _pixels(instance: Instance) -> int:
    """Digest the beginning of Pixel Data, which is enough to tell pictures apart."""
    held = instance.dataset.get_item(PIXELS) if PIXELS in instance.dataset else None
    start = getattr(held, "value_tell", None)
    if start is None:
        return 0
    with instance.path.open("rb") as stream:
        stream.seek(start)
        length = getattr(held, "length", 0)
        return int.from_bytes(blake2b(stream.read(min(length, _HASHED)), digest_size=8).digest(), "big")
