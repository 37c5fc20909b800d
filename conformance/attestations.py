"""Attestations: a named person states what no message shows, on a day, with the words that the report repeats."""

import datetime
from collections.abc import Iterable

import msgspec

from conformance.errors import ConformanceError
from conformance.guide import Register


class AttestationError(ConformanceError):
    """An attestation that cannot be taken for one."""


class Attestation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who states, on which day, whether a requirement holds. `holds` is false where the statement says that it does not."""

    requirement: str
    by: str
    on: datetime.date
    statement: str
    holds: bool = True


def accept(attestations: Iterable[Attestation], register: Register, today: datetime.date) -> dict[str, Attestation]:
    """Give the attestations of a run by requirement.

    Raises:
        AttestationError: one is for a row that is not attested, says nothing, comes from the future, or there are two for a row.
    """
    accepted: dict[str, Attestation] = {}
    for attestation in attestations:
        _examine(attestation, register, today)
        if attestation.requirement in accepted:
            raise _refusal(attestation, "requirement", f"{attestation.requirement} is attested twice", "keep one of the two")
        accepted[attestation.requirement] = attestation
    return accepted


def _examine(attestation: Attestation, register: Register, today: datetime.date) -> None:
    id_ = attestation.requirement
    if id_ not in register:
        raise _refusal(attestation, "requirement", f"{id_!r} is not in edition {register.edition}", "name an id of the register")
    if not register[id_].attested:
        allowed = ", ".join(row.id for row in register if row.attested)
        raise _refusal(attestation, "requirement", f"{id_} is decided by what is seen, not by a statement", f"attest to one of {allowed}")
    for key in ("by", "statement"):
        if not getattr(attestation, key).strip():
            raise _refusal(attestation, key, "is empty", "say it in a sentence")
    if attestation.on > today:
        raise _refusal(attestation, "on", f"{attestation.on} is in the future", "give the day of the statement")


def _refusal(attestation: Attestation, key: str, what: str, remedy: str) -> AttestationError:
    return AttestationError(what, where=f"attestations, {attestation.requirement}, {key}", remedy=remedy)
