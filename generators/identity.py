"""Who was imaged and why: patients and orders as plain facts."""

from dataclasses import dataclass

HEALTH_CARD_OID = "2.16.840.1.113883.4.59"
"""The OID that Canadian software uses for the Ontario health card number. Not from the guide: make it configurable where it is judged."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """An assigning authority: its local name (0010,0021) and its OID (0040,0032), either of which may be empty."""

    name: str
    oid: str = ""


HEALTH_CARD = Issuer("ON-HCN", HEALTH_CARD_OID)


@dataclass(frozen=True, slots=True)
class Patient:
    """A synthetic person. `name` is PN text with its component groups (`=`), `birth_date` a DA, `sex` M, F or O."""

    id: str
    name: str
    birth_date: str
    sex: str
    issuer: Issuer | None = None
    other_ids: tuple[tuple[str, Issuer], ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """A synthetic imaging order: the accession number and what the image carries of the request."""

    accession: str
    issuer: Issuer | None = None
    procedure_id: str = ""
    description: str = ""
    referring: str = ""
    institution: str = ""


def health_card_number(stem: str, *, valid: bool = True) -> str:
    """Give 10 digits: nine of `stem` and the check digit (modulus 10), or with `valid=False` a wrong one.

    The version code is a field of its own and never a part of the number.
    """
    check = (10 - _luhn(stem + "0") % 10) % 10
    return f"{stem}{check if valid else (check + 1) % 10}"


def is_health_card_number(text: str) -> bool:
    """Say whether this is 10 digits with the right check digit."""
    return len(text) == 10 and text.isascii() and text.isdigit() and _luhn(text) % 10 == 0


def _luhn(digits: str) -> int:
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled)
