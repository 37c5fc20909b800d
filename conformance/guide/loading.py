"""From an edition's TOML file to a `Register`.

1. `load_table` reads the file; its header gives edition, title, date and status.
2. Each `[[requirement]]` is read key by key; a key that is missing, unknown or of a wrong type or word is refused.
3. Rules between the keys of a row and between rows: ids of one form and unique, `applies_when` a service, `verified` and
   `unverified` in agreement.

Every refusal is a `RegisterError` of one line.
"""

import hashlib
import re
from pathlib import Path
from types import MappingProxyType

from conformance.guide.errors import RegisterError
from conformance.guide.register import Register, Requirement
from conformance.guide.tables import Table, load_table
from conformance.guide.words import SERVICES, Level, Provenance, Role

BUNDLED = Path(__file__).with_name("ontario-1.0.0-ballot.toml")
"""The edition that a run uses unless it is told of another."""

_HEADER = ("edition", "title", "date", "status", "requirement")
_REQUIRED = ("id", "title", "level", "role", "text", "rationale", "source", "provenance", "verified", "how")
_OPTIONAL = ("unverified", "evidence", "applies_when", "slow", "hostile", "attested", "untested")
_ID = re.compile(r"[A-Z]+-[0-9]{2}")


def load_register(path: Path | None = None) -> Register:
    """Read an edition of the register; without a path, the bundled one.

    Raises RegisterError naming file, row and key, and what is allowed there.
    """
    top, content = load_table(path or BUNDLED, RegisterError)
    top.allow(_HEADER)
    return Register(
        edition=top.text("edition"),
        title=top.text("title"),
        date=top.text("date"),
        status=top.text("status"),
        requirements=MappingProxyType(_requirements(top)),
        digest=hashlib.sha256(content).hexdigest(),
    )


def _requirements(top: Table) -> dict[str, Requirement]:
    rows: dict[str, Requirement] = {}
    for number, table in enumerate(top.rows("requirement"), start=1):
        row = _requirement(table, number)
        if row.id in rows:
            table.named(row.id).complain("id", f"stands again as requirement {number}", "give each row an id of its own")
        rows[row.id] = row
    return rows


def _requirement(table: Table, number: int) -> Requirement:
    id_ = table.named(f"requirement {number}").text("id")
    row = table.named(id_)
    if not _ID.fullmatch(id_):
        table.named(f"requirement {number}").complain("id", f"{id_!r} is not an id", "write a group and two digits, such as STORE-01")
    row.allow(_REQUIRED + _OPTIONAL)
    requirement = Requirement(
        id=id_,
        title=row.text("title"),
        level=row.word("level", Level),
        roles=row.words("role", Role),
        text=row.text("text"),
        rationale=row.text("rationale"),
        sources=row.texts("source"),
        provenance=row.word("provenance", Provenance),
        verified=row.flag("verified"),
        unverified=row.texts("unverified", default=()),
        how=row.text("how"),
        evidence=row.texts("evidence", default=()),
        applies_when=row.text("applies_when", default=""),
        slow=row.flag("slow", default=False),
        hostile=row.flag("hostile", default=False),
        attested=row.text("attested", default=""),
        untested=row.text("untested", default=""),
    )
    _agree(requirement, row)
    return requirement


def _agree(requirement: Requirement, row: Table) -> None:
    if requirement.applies_when and requirement.applies_when not in SERVICES:
        row.complain("applies_when", f"{requirement.applies_when!r} is unknown", f"give one of {', '.join(SERVICES)}")
    if requirement.verified and requirement.unverified:
        row.complain("unverified", "stands beside verified = true", "leave it out, or say verified = false")
    if not requirement.verified and not requirement.unverified:
        row.complain("unverified", "is missing beside verified = false", "say what was not verified")
    if requirement.attested and requirement.untested:
        row.complain("untested", "stands beside attested", "leave it out: an attestation decides the row")
