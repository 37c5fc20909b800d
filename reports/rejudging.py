"""Old observations, new edition: what a recorded run would mean under another register."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from conformance.guide import Level, Register, Role, load_register
from conformance.verdicts import Outcome, Verdict, judge
from reports.judging import Judged, certification, counts, judged
from reports.results import Footer, RegisterRow, Requirement, Results

NEW_ROW = "not in the edition that the run was made with"


def rejudge(results: Results, guide: Path) -> Results:
    """Judge what was seen by the rows of another edition. Nothing is tested again: a row that is new was not exercised.

    Raises `RegisterError` where the edition cannot be read.
    """
    register = load_register(guide)
    rows = _scope(register, results.header.roles)
    header = msgspec.structs.replace(
        results.header,
        edition=register.edition,
        guide_title=register.title,
        register_digest=register.digest,
        register=rows,
        environment=results.header.environment | {"judged again": f"the run was made with {results.header.edition}"},
    )
    seen = {row.row.id: row for row in judged(results)}
    requirements = [_requirement(row, seen) for row in rows]
    made = msgspec.structs.replace(results, header=header, requirements=requirements, signature=None)
    return msgspec.structs.replace(made, footer=_footer(made))


def _scope(register: Register, roles: list[str]) -> list[RegisterRow]:
    known = [Role(role) for role in roles if role in {*Role}]
    return [RegisterRow.of(requirement) for requirement in register.in_scope(known or [*Role])]


def _requirement(row: RegisterRow, seen: Mapping[str, Judged]) -> Requirement:
    before = seen.get(row.id)
    outcome = before.outcome if before else Outcome.NOT_EXERCISED
    verdict = judge(outcome, Level(row.level))
    return Requirement(
        id=row.id,
        level=row.level,
        outcome=outcome,
        verdict=verdict,
        checks=[check.name for check in before.checks] if before else [],
        reason=before.reason if before else row.untested or NEW_ROW,
        seconds=before.seconds if before else 0.0,
        waiver=before.waiver if before and verdict is Verdict.FAIL else None,
        attestation=before.attestation if before else None,
    )


def _footer(results: Results) -> Footer | None:
    """The run's own end, with what its rows mean now. What it said of the old rows no longer holds."""
    if results.footer is None:
        return None
    fresh = msgspec.structs.replace(results.footer, certification="", reasons=[])
    results = msgspec.structs.replace(results, footer=fresh)
    rows = judged(results)
    verdicts = {str(verdict): count for verdict, count in counts(rows).items() if count}
    return msgspec.structs.replace(fresh, certification=certification(results, rows), verdicts=verdicts)
