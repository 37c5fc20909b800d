"""What the archive demands of an object before it keeps it: one rule, one function, one row of the table.

The register's archive role says which (INTEG-02 to INTEG-05, INTEG-12 to INTEG-14, IDENT-12, REJECT-01 to REJECT-12). A rule sees the
object and the tree it would grow in, and answers with a refusal or with nothing. The order matters: what makes the others meaningless
comes first.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from conformance.reference.encoding import PIXEL_DATA, DataSet, Element
from conformance.reference.index import Index, Owner, issuer_of
from conformance.reference.keys import LEVELS, Attributes, attributes_at, tag_of
from conformance.reference.syntax import Syntax
from conformance.reference.text import character_set, element_text

MISMATCH = 0xA900  # data set does not match SOP class (PS3.4 Table B.2-1)
CANNOT_UNDERSTAND = 0xC000
OUT_OF_RESOURCES = 0xA700
COERCED = 0xB000  # a warning: the object is stored
CONFLICT = 0xA901  # of the same family: the object contradicts the tree that is stored
DUPLICATE = 0xA902  # of the same family: another object has this SOP Instance UID
REJECTED = 0xA903  # of the same family: the object was taken back by a rejection note
INVALID_INSTANCE = 0x0117  # PS3.7 C.5.12
NOT_SUPPORTED = 0x0122  # PS3.7 C.5.6


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an object is not stored: the status, a comment without patient data, and the element to blame (PS3.7 C.5)."""

    status: int
    comment: str
    tag: int | None = None


@dataclass
class Candidate:
    """An object that asks to be stored: what the command says, what the bytes say, and the tree it would belong to."""

    command_class: str
    command_instance: str
    context_class: str
    syntax: Syntax
    data: bytes
    dataset: DataSet
    index: Index

    def text(self, keyword: str) -> str:
        """Read one attribute of the data set; an absent one is empty."""
        tag = tag_of(keyword)
        element = self.dataset.get(tag)
        return element_text(element, element.vr if element else "LO", self.character_set)

    @cached_property
    def character_set(self) -> tuple[str, ...]:
        """The defined terms that apply to the whole object."""
        return character_set(self.dataset)

    @cached_property
    def levels(self) -> Mapping[str, Attributes]:
        """What the index will keep, by level. Raises UndecodableText."""
        return {level: attributes_at(self.dataset, level) for level in LEVELS}

    @cached_property
    def owner(self) -> Owner:
        """The patient that the object names."""
        patient = self.levels["PATIENT"]
        return Owner(str(patient["PatientID"]), issuer_of(patient))


Check = Callable[[Candidate], Refusal | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand on an object, by a name that a fault can point at."""

    name: str
    check: Check


def valid_uid(text: str) -> bool:
    """PS3.5 9.1: at most 64 characters, digits and dots, no empty component, no leading zero."""
    parts = text.split(".")
    plain = all(part.isascii() and part.isdigit() for part in parts)
    return 0 < len(text) <= 64 and plain and all(part == "0" or part[0] != "0" for part in parts)


def demand_value(keyword: str, status: int = MISMATCH) -> Check:
    """Make the rule that an attribute is there and not blank."""

    def check(candidate: Candidate) -> Refusal | None:
        return None if candidate.text(keyword) else Refusal(status, f"{keyword} is missing or empty", tag_of(keyword))

    return check


def demand_uid(keyword: str) -> Check:
    """Make the rule that a UID is one valid UID."""

    def check(candidate: Candidate) -> Refusal | None:
        uid = candidate.text(keyword)
        return None if not uid or valid_uid(uid) else Refusal(MISMATCH, f"{keyword} is not one valid UID", tag_of(keyword))

    return check


def demand_length(keyword: str, longest: int) -> Check:
    """Make the rule that no value of an identifier is longer than its VR allows (PS3.5 6.2)."""

    def check(candidate: Candidate) -> Refusal | None:
        over = any(len(value) > longest for value in candidate.text(keyword).split("\\"))
        return Refusal(MISMATCH, f"{keyword} is longer than {longest} characters", tag_of(keyword)) if over else None

    return check


def demand_single(keyword: str) -> Check:
    """Make the rule that an identifier has one value (PS3.5 6.4)."""

    def check(candidate: Candidate) -> Refusal | None:
        several = "\\" in candidate.text(keyword)
        return Refusal(MISMATCH, f"{keyword} has more than one value", tag_of(keyword)) if several else None

    return check


def command_uid_is_valid(candidate: Candidate) -> Refusal | None:
    """The SOP Instance UID of the command obeys the construction rules (REJECT-08)."""
    return None if valid_uid(candidate.command_instance) else Refusal(INVALID_INSTANCE, "the SOP Instance UID of the command is not valid")


def class_fits_the_context(candidate: Candidate) -> Refusal | None:
    """The class of the command is the abstract syntax of the context (REJECT-07)."""
    same = candidate.command_class == candidate.context_class
    return None if same else Refusal(MISMATCH, "the SOP class is not that of the presentation context")


def class_fits_the_command(candidate: Candidate) -> Refusal | None:
    """Command and data set name the same class (INTEG-14)."""
    same = candidate.text("SOPClassUID") == candidate.command_class
    return None if same else Refusal(MISMATCH, "SOPClassUID differs from the command's", tag_of("SOPClassUID"))


def instance_fits_the_command(candidate: Candidate) -> Refusal | None:
    """Command and data set name the same instance (INTEG-14)."""
    same = candidate.text("SOPInstanceUID") == candidate.command_instance
    return None if same else Refusal(MISMATCH, "SOPInstanceUID differs from the command's", tag_of("SOPInstanceUID"))


def uids_differ(candidate: Candidate) -> Refusal | None:
    """Study, series and instance have three different UIDs (INTEG-12)."""
    uids = {candidate.text(keyword) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")}
    return None if len(uids) == 3 else Refusal(MISMATCH, "study, series and instance do not have three different UIDs")


def text_is_decodable(candidate: Candidate) -> Refusal | None:
    """The text that the index keeps fits its character set (CHAR-06); Candidate.levels raises where it does not."""
    return None if candidate.levels else Refusal(CANNOT_UNDERSTAND, "nothing to index")


def pixels_are_complete(candidate: Candidate) -> Refusal | None:
    """Native pixel data are at least as long as the image they describe (REJECT-10)."""
    pixels = candidate.dataset.get(PIXEL_DATA)
    if pixels is None or pixels.open:
        return None
    short = len(pixels.value) < described_size(candidate)
    return Refusal(MISMATCH, "the pixel data are shorter than described", PIXEL_DATA) if short else None


def study_has_one_patient(candidate: Candidate) -> Refusal | None:
    """A study that is stored belongs to the patient that this object names (INTEG-02)."""
    owner = candidate.index.owner(candidate.text("StudyInstanceUID"))
    same = owner is None or same_patient(owner, candidate.owner)
    return None if same else Refusal(CONFLICT, "the study is stored for another patient", tag_of("StudyInstanceUID"))


def series_has_one_study(candidate: Candidate) -> Refusal | None:
    """A series that is stored belongs to the study that this object names (INTEG-03)."""
    study = candidate.index.study_of(candidate.text("SeriesInstanceUID"))
    same = study is None or study == candidate.text("StudyInstanceUID")
    return None if same else Refusal(CONFLICT, "the series is stored in another study", tag_of("SeriesInstanceUID"))


def instance_has_one_series(candidate: Candidate) -> Refusal | None:
    """An instance that is stored belongs to the series that this object names (INTEG-04)."""
    stored = candidate.index.instance(candidate.text("SOPInstanceUID"))
    same = stored is None or stored.series == candidate.text("SeriesInstanceUID")
    return None if same else Refusal(CONFLICT, "the instance is stored in another series", tag_of("SOPInstanceUID"))


def was_not_rejected(candidate: Candidate) -> Refusal | None:
    """What a rejection note took back for good does not come back (IOCM-02)."""
    rejected = candidate.index.is_rejected(candidate.text("SOPInstanceUID"))
    return Refusal(REJECTED, "the instance was rejected", tag_of("SOPInstanceUID")) if rejected else None


def same_patient(stored: Owner, named: Owner) -> bool:
    """Equal Patient IDs, and issuers that do not contradict each other; an object that names no issuer contradicts none."""
    return stored.patient_id == named.patient_id and same_issuer(stored.issuer, named.issuer)


def same_issuer(stored: str, named: str) -> bool:
    """Two authorities are the same where the parts that both of them state are equal, and they state one in common."""
    if not stored or not named:
        return True
    pairs = [(one, two) for one, two in zip(stored.split("|"), named.split("|"), strict=True) if one and two]
    return bool(pairs) and all(one == two for one, two in pairs)


def described_size(candidate: Candidate) -> int:
    """The bytes that the image description asks for (PS3.5 8.1.1); 0 where it is incomplete."""
    order = "<" if candidate.syntax.little else ">"
    sizes = (candidate.dataset.get(tag_of(keyword)) for keyword in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated"))
    rows, columns, samples, bits = (_number(element, order) for element in sizes)
    frames = candidate.text("NumberOfFrames")
    count = int(frames) if frames.isdigit() else 1
    if candidate.text("PhotometricInterpretation") == "YBR_FULL_422":
        samples = 2  # the two colour samples are shared by two pixels (PS3.3 C.7.6.3.1.2)
    return (rows * columns * samples * bits * count + 7) // 8


def _number(element: Element | None, order: str) -> int:
    return int(struct.unpack(order + "H", element.value)[0]) if element is not None and len(element.value) == 2 else 0


# Before the data set is read: the command alone.
COMMAND_RULES: tuple[Rule, ...] = (
    Rule("command-uid", command_uid_is_valid),
    Rule("context-class", class_fits_the_context),
)

RULES: tuple[Rule, ...] = (
    Rule("class-present", demand_value("SOPClassUID")),
    Rule("instance-present", demand_value("SOPInstanceUID")),
    Rule("class-as-commanded", class_fits_the_command),
    Rule("instance-as-commanded", instance_fits_the_command),
    Rule("study-present", demand_value("StudyInstanceUID")),
    Rule("series-present", demand_value("SeriesInstanceUID")),
    Rule("study-uid", demand_uid("StudyInstanceUID")),
    Rule("series-uid", demand_uid("SeriesInstanceUID")),
    Rule("three-uids", uids_differ),
    Rule("patient-present", demand_value("PatientID")),
    Rule("accession-present", demand_value("AccessionNumber")),
    Rule("patient-single", demand_single("PatientID")),
    Rule("accession-single", demand_single("AccessionNumber")),
    Rule("patient-length", demand_length("PatientID", 64)),
    Rule("accession-length", demand_length("AccessionNumber", 16)),
    Rule("modality-present", demand_value("Modality")),
    Rule("text", text_is_decodable),
    Rule("pixels", pixels_are_complete),
    Rule("not-rejected", was_not_rejected),
    Rule("one-patient", study_has_one_patient),
    Rule("one-study", series_has_one_study),
    Rule("one-series", instance_has_one_series),
)


def first_refusal(rules: tuple[Rule, ...], candidate: Candidate) -> Refusal | None:
    """Ask the rules in their order; the first that refuses is the answer."""
    return next((refusal for rule in rules if (refusal := rule.check(candidate)) is not None), None)


def without(*names: str, rules: tuple[Rule, ...] = RULES) -> tuple[Rule, ...]:
    """The rules save those named, for a fault that lacks them. Raises KeyError for a name that no rule has."""
    unknown = set(names) - {rule.name for rule in rules}
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    return tuple(rule for rule in rules if rule.name not in names)


def replacing(name: str, check: Check, rules: tuple[Rule, ...] = RULES) -> tuple[Rule, ...]:
    """The rules with another check under one name. Raises ValueError for a name that no rule has."""
    place = [rule.name for rule in rules].index(name)
    return (*rules[:place], Rule(name, check), *rules[place + 1 :])
