"""What our own rules find in an object beyond any IOD: identifiers that link, text that reads, words that agree with the bytes.

Validators of the standard pass an empty accession number, since its type is 2 (PS3.3 C.7.2.1); a region cannot file by it.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import cast

from pydicom import Dataset, dcmread
from pydicom.charset import decode_bytes
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS, VR

from generators.charsets import python_encodings
from generators.content import path_of
from generators.encoding import Encoded
from generators.identity import is_health_card_number
from generators.leniency import lenient
from generators.syntaxes import syntax_named

PLACEHOLDERS = frozenset(("0", "00000000", "NONE", "N/A", "TEST", "UNKNOWN", "UNIDENTIFIED"))
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_OFFSET = re.compile(r"[+-][01][0-9][0-5][0-9]")
_HEALTH_CARD_FORM = re.compile(r"[0-9]{10}")
_WITH_VERSION = re.compile(r"[0-9]{10}[A-Z]{1,2}")
_TEXT_VRS = frozenset((VR.LO, VR.LT, VR.PN, VR.SH, VR.ST, VR.UC, VR.UT))
_FILLED = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "ReferringPhysicianName", "InstitutionName")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: at which path, and what."""

    path: str
    what: str


def findings(encoded: Encoded) -> list[Finding]:
    """List what our rules find in one object that a decoder can read. A sound object has none."""
    with lenient():
        dataset = dcmread(BytesIO(encoded.part10()), force=True)
        return [*_texts(dataset), *(finding for rule in _RULES for finding in rule(dataset)), *_denied_loss(encoded, dataset)]


def _filled(dataset: Dataset) -> Iterator[Finding]:
    for keyword in _FILLED:
        if not str(dataset.get(keyword, "")).strip():
            yield Finding(path_of(Tag(keyword)), f"{keyword} is not filled")


def _patient_id(dataset: Dataset) -> Iterator[Finding]:
    value = str(dataset.get("PatientID", ""))
    if value.strip().upper() in PLACEHOLDERS:
        yield Finding("(0010,0020)", "Patient ID is a placeholder")
    if re.search(r"[*?<>'\"%]", value):
        yield Finding("(0010,0020)", "Patient ID holds characters that queries or pages give a meaning")
    if _HEALTH_CARD_FORM.fullmatch(value) and not is_health_card_number(value):
        yield Finding("(0010,0020)", "Patient ID is a health card number with a wrong check digit")
    if _WITH_VERSION.fullmatch(value):
        yield Finding("(0010,0020)", "Patient ID is a health card number with its version code")


def _issuers(dataset: Dataset) -> Iterator[Finding]:
    for path, identified in [("", dataset), *_items(dataset, "OtherPatientIDsSequence")]:
        if not identified.get("IssuerOfPatientID"):
            yield Finding(f"{path}(0010,0021)", "an identifier without its issuer")
        for inner, qualifiers in _items(identified, "IssuerOfPatientIDQualifiersSequence"):
            yield from _universal(f"{path}{inner}", qualifiers)


def _universal(path: str, named: Dataset) -> Iterator[Finding]:
    identifier, kind = str(named.get("UniversalEntityID", "")), str(named.get("UniversalEntityIDType", ""))
    if bool(identifier) != bool(kind):
        yield Finding(f"{path}(0040,0033)", "Universal Entity ID and its type go together")
    if kind == "ISO" and not _OID.fullmatch(identifier):
        yield Finding(f"{path}(0040,0032)", "Universal Entity ID is no OID")


def _time_zone(dataset: Dataset) -> Iterator[Finding]:
    if not _OFFSET.fullmatch(str(dataset.get("TimezoneOffsetFromUTC", "+0000"))):
        yield Finding("(0008,0201)", "Timezone Offset From UTC is no offset")


def _uuids(dataset: Dataset) -> Iterator[Finding]:
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        root, _, number = str(dataset.get(keyword, "")).rpartition(".")
        if root == "2.25" and number.isdigit() and int(number) >= 2**128:
            yield Finding(path_of(Tag(keyword)), f"{keyword} holds no UUID")


def _private(dataset: Dataset) -> Iterator[Finding]:
    for tag in dataset.keys():  # noqa: SIM118 - a data set iterates over elements and would decode them
        if tag.is_private and not tag.is_private_creator and tag.element and not _reserved(dataset, tag):
            yield Finding(path_of(tag), "a private element in a block that nobody reserved")


def _reserved(dataset: Dataset, tag: BaseTag) -> bool:
    return BaseTag(tag.group << 16 | tag.element >> 8) in dataset


def _group_lengths(dataset: Dataset) -> Iterator[Finding]:
    for tag in dataset.keys():  # noqa: SIM118 - a data set iterates over elements and would decode them
        if tag.element == 0:
            yield Finding(path_of(tag), "a group length, which is retired (PS3.5 7.2)")


_RULES: tuple[Callable[[Dataset], Iterator[Finding]], ...] = (
    _filled,
    _patient_id,
    _issuers,
    _time_zone,
    _uuids,
    _private,
    _group_lengths,
)


def _denied_loss(encoded: Encoded, dataset: Dataset) -> Iterator[Finding]:
    if not syntax_named(encoded.transfer_syntax_uid).lossless and dataset.get("LossyImageCompression") != "01":
        yield Finding("(0028,2110)", "the syntax loses pixels, and Lossy Image Compression does not say so")


def _texts(dataset: Dataset) -> Iterator[Finding]:
    """Read every text at the top as its bytes stand: before anything else decodes them."""
    declared = dataset.get("SpecificCharacterSet", "")
    character_set = declared if isinstance(declared, str) else "\\".join(declared)
    try:
        encodings = _strict_encodings(character_set)
    except (LookupError, UserWarning):
        yield Finding("(0008,0005)", f"{character_set!r} is no character set")
        return
    for tag in sorted(dataset.keys()):
        raw = cast(RawDataElement, dataset.get_item(tag))  # nothing has been decoded yet
        if raw.value and _is_text(raw):
            yield from _text(raw, encodings)


def _strict_encodings(character_set: str) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return python_encodings(character_set)


def _is_text(raw: RawDataElement) -> bool:
    return not raw.tag.is_private and (raw.VR or dictionary_VR(raw.tag)) in _TEXT_VRS


def _text(raw: RawDataElement, encodings: list[str]) -> Iterator[Finding]:
    value = bytes(raw.value or b"")
    if value.isascii() and b"\x1b" not in value:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            decode_bytes(value, encodings, PN_DELIMS if raw.VR == "PN" else TEXT_VR_DELIMS)
        except (UserWarning, UnicodeError, LookupError):
            yield Finding(path_of(raw.tag), "bytes that the character set does not give")
            return
    if len(encodings) == 1 and encodings[0] not in _MULTI_BYTE and _is_utf8(value):
        yield Finding(path_of(raw.tag), "bytes of UTF-8 under a single-byte character set")


_MULTI_BYTE = frozenset(("UTF8", "GB18030", "GBK", "shift_jis"))


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _items(dataset: Dataset, keyword: str) -> list[tuple[str, Dataset]]:
    held = dataset.get(keyword) or []
    return [(f"{path_of(Tag(keyword))}[{place}].", item) for place, item in enumerate(held)]
