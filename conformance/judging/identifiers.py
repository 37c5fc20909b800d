"""The identifiers that a region links by: patient, order, and who assigned them (IDENT-01 to IDENT-22)."""

import re
from collections.abc import Callable, Iterator, Sequence

from pydicom import Dataset
from pydicom.multival import MultiValue

from conformance.judging.arrivals import Authority, Expected
from conformance.judging.judgement import MAX_ITEMS
from conformance.judging.reading import Instance, text_of
from conformance.judging.rules import Breach, Rule
from conformance.judging.shapes import shape
from generators import is_health_card_number

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_CARD = re.compile(r"[0-9]{10}")
_CARD_WITH_VERSION = re.compile(r"[0-9]{10}[ -]?[A-Z]{1,2}", re.IGNORECASE)
_UNIVERSAL_TYPES = frozenset(("DNS", "EUI64", "ISO", "URI", "UUID", "X400", "X500"))
_TYPE_CODE = re.compile(r"[A-Z][A-Z0-9]{0,4}")
"""HL7 table 0203 holds words such as MR, JHN, U, PT, ACSN and, by jurisdiction, JHNON: capitals and digits, five at most."""

_REPEATED = 4
"""Digits from which on one that is repeated is no number that somebody was given."""

_NUMBERS = (("PatientID", "Patient ID (0010,0020)"), ("AccessionNumber", "Accession Number (0008,0050)"))
_AUTHORITIES = (("IssuerOfPatientIDQualifiersSequence", "(0010,0024)"), ("IssuerOfAccessionNumberSequence", "(0008,0051)"))


def items_of(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """Give the first items of a sequence; none where the element is absent or is no sequence."""
    held = dataset.get(keyword)
    return list(held[:MAX_ITEMS]) if held and not isinstance(held, (str, bytes)) else []


def is_missing(value: str, expected: Expected) -> bool:
    """Say whether a value only stands where an identifier should be: punctuation, zeros, one digit many times, a word for none."""
    kept = re.sub(r"[\W_]", "", value)
    repeated = kept.isdigit() and len(set(kept)) == 1 and (kept[0] == "0" or len(kept) >= _REPEATED)
    return not kept or repeated or value.strip().upper() in expected.placeholders


def _filled(keyword: str, name: str) -> Callable[[Instance, Expected], Iterator[Breach]]:
    def breaches(instance: Instance, _expected: Expected) -> Iterator[Breach]:
        if not instance.text(keyword):
            way = "empty" if keyword in instance.dataset else "absent"
            yield Breach(f"a non-empty {name}", f"{name} is {way}")

    return breaches


def _any_number(instance: Instance, _expected: Expected) -> bool:
    return any(instance.text(keyword) for keyword, _ in _NUMBERS)


def _placeholders(instance: Instance, expected: Expected) -> Iterator[Breach]:
    for keyword, name in _NUMBERS:
        value = instance.text(keyword)
        if value and is_missing(value, expected):
            yield Breach(f"{name} that identifies one patient or order", f"{name} is a placeholder ({shape(value)})")


def _has_local_id(instance: Instance, expected: Expected) -> bool:
    """A health card number as Patient ID is marked by IDENT-14; every other number is a local one."""
    value = instance.text("PatientID")
    return bool(value) and not (is_health_card_number(value) and _marked(instance.dataset, expected))


def _issuer_of_patient_id(instance: Instance, expected: Expected) -> Iterator[Breach]:
    name, oid = instance.text("IssuerOfPatientID"), _oid_of(instance.dataset)
    wanted = "the assigning authority of Patient ID in (0010,0021), or with an OID in (0010,0024)"
    if not name and not oid:
        yield Breach(wanted, "neither Issuer of Patient ID (0010,0021) nor an item of (0010,0024) names who assigned the number")
    elif expected.patient_id_issuers and not _registered(name, oid, expected.patient_id_issuers):
        yield Breach(
            "the issuer that the profile registers (claims.patient-id-issuers)",
            f"an issuer that it does not: (0010,0021) has {shape(name)}, the OID in (0010,0024) has {shape(oid)}",
        )


def _registered(name: str, oid: str, authorities: Sequence[Authority]) -> bool:
    """Say whether name and OID, as far as each is sent and registered, are those of one authority."""
    return any(
        (not name or not each.name or name == each.name) and (not oid or not each.oid or oid == each.oid)
        for each in authorities
        if (name and name == each.name) or (oid and oid == each.oid)
    )


def _oid_of(dataset: Dataset, keyword: str = "IssuerOfPatientIDQualifiersSequence") -> str:
    return next((text_of(item, "UniversalEntityID") for item in items_of(dataset, keyword)), "")


def _named_authorities(dataset: Dataset) -> Iterator[tuple[str, Dataset]]:
    """Give every item that may name an authority by Universal Entity ID, with its path."""
    for keyword, path in _AUTHORITIES:
        yield from ((path, item) for item in items_of(dataset, keyword))
    for other in items_of(dataset, "OtherPatientIDsSequence"):
        yield from (("(0010,1002)[].(0010,0024)", item) for item in items_of(other, "IssuerOfPatientIDQualifiersSequence"))


def _names_universally(instance: Instance, _expected: Expected) -> bool:
    return any(text_of(item, "UniversalEntityID") or "UniversalEntityIDType" in item for _, item in _named_authorities(instance.dataset))


def _universal_names(instance: Instance, expected: Expected) -> Iterator[Breach]:
    for path, item in _named_authorities(instance.dataset):
        identifier, kind = text_of(item, "UniversalEntityID"), text_of(item, "UniversalEntityIDType")
        if identifier and not kind:
            yield Breach("Universal Entity ID Type (0040,0033) beside (0040,0032)", f"{path} has an identifier and no type")
        if kind and kind not in _UNIVERSAL_TYPES:
            yield Breach("a type of PS3.3 Table 10-17", f"Universal Entity ID Type in {path} is no term of it ({shape(kind)})")
        if kind == "ISO" and not _OID.fullmatch(identifier):
            yield Breach("an OID where the type is ISO", f"Universal Entity ID in {path} is no OID ({shape(identifier)})")
    name, oid = instance.text("IssuerOfPatientID"), _oid_of(instance.dataset)
    if name and _OID.fullmatch(oid) and _contradict(name, oid, expected.patient_id_issuers):
        yield Breach("local and universal name of one authority", "(0010,0021) and the OID in (0010,0024) are registered for two")


def _contradict(name: str, oid: str, authorities: Sequence[Authority]) -> bool:
    by_name = [each for each in authorities if each.name == name and each.oid]
    by_oid = [each for each in authorities if each.oid == oid]
    return bool(by_name and by_oid) and not any(each in by_oid for each in by_name)


def _has_accession(instance: Instance, _expected: Expected) -> bool:
    return bool(instance.text("AccessionNumber"))


def _issuer_of_accession(instance: Instance, expected: Expected) -> Iterator[Breach]:
    items = items_of(instance.dataset, "IssuerOfAccessionNumberSequence")
    value = instance.text("AccessionNumber")
    if len(items) > 1:
        yield Breach("one item in (0008,0051) (PS3.3 C.7.2.1)", f"Issuer of Accession Number Sequence (0008,0051) has {len(items)} items")
    elif not items and not any(each.prefix and value.startswith(each.prefix) for each in expected.accession_issuers):
        yield Breach(
            "Issuer of Accession Number Sequence (0008,0051), or a prefix that the profile registers (claims.accession-issuers)",
            "neither an item of (0008,0051) nor a registered prefix",
        )
    elif items and expected.accession_issuers:
        name, oid = text_of(items[0], "LocalNamespaceEntityID"), text_of(items[0], "UniversalEntityID")
        if not _registered(name, oid, expected.accession_issuers):
            yield Breach(
                "the issuer that the profile registers (claims.accession-issuers)",
                f"an issuer that it does not: name of {shape(name)}, OID of {shape(oid)}",
            )


def _one_accession(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    held = instance.dataset.get("AccessionNumber")
    if isinstance(held, MultiValue):
        yield Breach("one Accession Number (0008,0050)", f"Accession Number (0008,0050) has {len(held)} values")


def _identified(dataset: Dataset) -> Iterator[tuple[str, Dataset]]:
    yield "Patient ID (0010,0020)", dataset
    for item in items_of(dataset, "OtherPatientIDsSequence"):
        yield "an item of Other Patient IDs Sequence (0010,1002)", item


def _marked(dataset: Dataset, expected: Expected) -> bool:
    return _oid_of(dataset) in expected.health_card_oids


def is_card_with_version(value: str) -> bool:
    """Say whether this is a health card number with its version code behind it."""
    return bool(_CARD_WITH_VERSION.fullmatch(value)) and is_health_card_number(value[:10])


def _cards_arise(instance: Instance, expected: Expected) -> bool:
    """Take a number for a health card number where its issuer says so, or where a version code stands behind a right check digit.

    A hospital's own number may have ten digits, and every tenth such number a right check digit; one without any issuer is for IDENT-04
    and IDENT-22.
    """
    items = [item for _, item in _identified(instance.dataset)]
    return any(_marked(item, expected) or is_card_with_version(text_of(item, "PatientID")) for item in items)


def _health_cards(instance: Instance, expected: Expected) -> Iterator[Breach]:
    for where, item in _identified(instance.dataset):
        value = text_of(item, "PatientID")
        if is_card_with_version(value):
            yield Breach("a health card number without version code", f"{where} holds a health card number with its version code")
        elif _marked(item, expected) and not is_health_card_number(value):
            wrong = "a wrong check digit" if _CARD.fullmatch(value) else f"not ten digits ({shape(value)})"
            yield Breach("ten digits with a modulus-10 check digit", f"{where} is marked as a health card number and has {wrong}")


def _has_type_code(instance: Instance, _expected: Expected) -> bool:
    return any(text_of(item, "IdentifierTypeCode") for _, item in _identified(instance.dataset))


def _type_codes(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    for where, item in _identified(instance.dataset):
        code = text_of(item, "IdentifierTypeCode")
        if code and not _TYPE_CODE.fullmatch(code):
            yield Breach("a code of HL7 table 0203", f"Identifier Type Code (0040,0035) of {where} is none ({shape(code)})")


def _has_other_ids(instance: Instance, _expected: Expected) -> bool:
    return bool(items_of(instance.dataset, "OtherPatientIDsSequence")) or bool(instance.text("OtherPatientIDs"))


def _other_ids(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    if instance.text("OtherPatientIDs") and not items_of(instance.dataset, "OtherPatientIDsSequence"):
        yield Breach("other identifiers in (0010,1002), each with its issuer", "the retired Other Patient IDs (0010,1000) is used")
    for item in items_of(instance.dataset, "OtherPatientIDsSequence"):
        if not text_of(item, "PatientID"):
            yield Breach("Patient ID in each item of (0010,1002)", "an item of Other Patient IDs Sequence (0010,1002) has no Patient ID")
        if not text_of(item, "IssuerOfPatientID") and not _oid_of(item):
            yield Breach("an issuer in each item of (0010,1002)", "an item of Other Patient IDs Sequence (0010,1002) names no issuer")


RULES = (
    *(Rule(row, _filled(*number)) for row, number in zip(("IDENT-01", "IDENT-02"), _NUMBERS, strict=True)),
    Rule("IDENT-04", _issuer_of_patient_id, _has_local_id),
    Rule("IDENT-05", _universal_names, _names_universally),
    Rule("IDENT-09", _issuer_of_accession, _has_accession),
    Rule("IDENT-16", _one_accession, _has_accession),
    Rule("IDENT-13", _placeholders, _any_number),
    Rule("IDENT-14", _health_cards, _cards_arise),
    Rule("IDENT-21", _type_codes, _has_type_code),
    Rule("IDENT-22", _other_ids, _has_other_ids),
)
