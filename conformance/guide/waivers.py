"""Waivers: a named person accepts one requirement's violation until a day.

A file holds `[[waiver]]` tables with requirement, owner, reason, expires (a TOML date) and reference (a ticket or letter).
"""

import datetime
from dataclasses import dataclass
from pathlib import Path

from conformance.guide.errors import WaiverError
from conformance.guide.register import Register
from conformance.guide.tables import Table, load_table

_KEYS = ("requirement", "owner", "reason", "expires", "reference")


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who accepts that a requirement is broken, why, until which day (that day included), and where it is written down."""

    requirement: str
    owner: str
    reason: str
    expires: datetime.date
    reference: str


def load_waivers(path: Path, register: Register, today: datetime.date) -> tuple[Waiver, ...]:
    """Read the waivers of a run. Raises WaiverError naming file, entry and key: a waiver that is not good is never dropped."""
    top, _ = load_table(path, WaiverError)
    top.allow(("waiver",))
    waivers: dict[str, Waiver] = {}
    for number, table in enumerate(top.rows("waiver"), start=1):
        entry = table.named(f"waiver {number}")
        waiver = _waiver(entry, register, today)
        if waiver.requirement in waivers:
            entry.complain("requirement", f"{waiver.requirement} is waived twice", "keep one of the two")
        waivers[waiver.requirement] = waiver
    return tuple(waivers.values())


def _waiver(entry: Table, register: Register, today: datetime.date) -> Waiver:
    entry.allow(_KEYS)
    waiver = Waiver(
        requirement=entry.text("requirement"),
        owner=entry.text("owner"),
        reason=entry.text("reason"),
        expires=entry.day("expires"),
        reference=entry.text("reference"),
    )
    if waiver.requirement not in register:
        entry.complain("requirement", f"{waiver.requirement!r} is not in edition {register.edition}", "name an id of the register")
    if waiver.expires < today:
        entry.complain("expires", f"{waiver.expires} is past", "renew the waiver or take it out")
    return waiver
