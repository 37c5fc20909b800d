"""From the records to one judgement per requirement in scope, whether the run ended by itself or was cut short.

The run writes its own `requirement` records at the end. Where it did not come to that, or where an old run is judged by another
edition, the same rule is applied here: the worst outcome of the checks that decided a row, judged by the level of the row.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from conformance.guide import Level, Provenance
from conformance.verdicts import Certification, Outcome, Verdict, certify, judge, worst
from reports.results import Attestation, Check, Finding, RegisterRow, Requirement, Results, Waiver

_SEVERITY = (Certification.CERTIFIED, Certification.WITH_WAIVERS, Certification.INCOMPLETE, Certification.NOT_CERTIFIED)
_Member = TypeVar("_Member", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Judged:
    """One row of the register with what was seen and what it means. `reason` says why it was not decided, where it was not."""

    row: RegisterRow
    level: Level
    provenance: Provenance
    outcome: Outcome
    verdict: Verdict
    checks: tuple[Check, ...]
    findings: tuple[tuple[Check, Finding], ...]
    reason: str
    seconds: float
    waiver: Waiver | None
    attestation: Attestation | None = None

    @property
    def group(self) -> str:
        """The part of the id before its number: STORE of STORE-01."""
        return self.row.id.rpartition("-")[0] or self.row.id

    @property
    def lacks_check(self) -> bool:
        """No check of the release decides it, and the register says why: no run would have decided it."""
        return bool(self.row.untested) and not self.checks and self.outcome is not Outcome.NOT_APPLICABLE

    @property
    def failed(self) -> bool:
        return self.verdict is Verdict.FAIL and self.waiver is None

    @property
    def waived(self) -> bool:
        return self.verdict is Verdict.FAIL and self.waiver is not None


def member(kind: type[_Member], value: str, otherwise: _Member) -> _Member:
    """Read an enum back from a results file; a word that this version does not know is `otherwise`."""
    return kind(value) if value in kind.__members__.values() else otherwise


def judged(results: Results) -> tuple[Judged, ...]:
    """Give every requirement in scope once, in the order of the register.

    In scope is each row of the register whose role was tested, and whatever else the run wrote a record for.
    """
    written = {record.id: record for record in results.requirements}
    deciding = _deciding(results.checks)
    return tuple(_judge(row, written.get(row.id), deciding.get(row.id, ())) for row in _in_scope(results, written))


def certification(results: Results, rows: Iterable[Judged]) -> Certification:
    """Decide the certification anew from the rows, and never above what the run itself recorded.

    A run that was cut short, or a damaged file, is never more than INCOMPLETE.
    """
    verdicts = [(row.level, row.verdict, row.waived) for row in rows]
    partial = bool(results.header.partial) or results.footer is None or results.unreadable > 0
    return max(certify(verdicts, partial=partial), recorded_certification(results) or Certification.CERTIFIED, key=_SEVERITY.index)


def recorded_certification(results: Results) -> Certification | None:
    """What the run itself concluded; nothing where it came to no end, or used a word that this version does not know."""
    word = results.footer.certification if results.footer else ""
    return next((certification for certification in Certification if certification == word), None)


def counts(rows: Iterable[Judged]) -> Mapping[Verdict, int]:
    """Count the rows of each verdict, in the order of severity, zeros included."""
    seen = Counter(row.verdict for row in rows)
    return {verdict: seen[verdict] for verdict in Verdict}


def _in_scope(results: Results, written: Mapping[str, Requirement]) -> Iterator[RegisterRow]:
    rows = {row.id: row for row in results.header.register}
    roles = set(results.header.roles)
    for row in rows.values():
        if row.id in written or not roles or roles & set(row.roles):
            yield row
    yield from (_unknown_row(record) for record in written.values() if record.id not in rows)


def _unknown_row(record: Requirement) -> RegisterRow:
    """Stand in for a row that the header does not hold, so that its verdict is not lost."""
    return RegisterRow(id=record.id, title=record.id, level=record.level, roles=[], provenance="derived", text="", rationale="", sources=[])


def _deciding(checks: Iterable[Check]) -> Mapping[str, tuple[Check, ...]]:
    deciding: dict[str, list[Check]] = {}
    for check in checks:
        for requirement in check.outcomes:
            deciding.setdefault(requirement, []).append(check)
    return {requirement: tuple(found) for requirement, found in deciding.items()}


def _judge(row: RegisterRow, record: Requirement | None, checks: tuple[Check, ...]) -> Judged:
    level = member(Level, row.level, Level.SHALL)
    outcome, verdict = _recorded(record) if record else _rolled_up(row, level, checks)
    return Judged(
        row=row,
        level=level,
        provenance=member(Provenance, row.provenance, Provenance.DERIVED),
        outcome=outcome,
        verdict=verdict,
        checks=checks,
        findings=tuple((check, finding) for check in checks for finding in check.findings if finding.requirement == row.id),
        reason=(record.reason if record else "") or ("" if checks else row.untested),
        seconds=record.seconds if record else sum(check.seconds for check in checks),
        waiver=record.waiver if record else None,
        attestation=record.attestation if record else None,
    )


def _recorded(record: Requirement) -> tuple[Outcome, Verdict]:
    outcome = member(Outcome, record.outcome, Outcome.INDETERMINATE)
    return outcome, member(Verdict, record.verdict, Verdict.INCONCLUSIVE)


def _rolled_up(row: RegisterRow, level: Level, checks: Iterable[Check]) -> tuple[Outcome, Verdict]:
    seen = [member(Outcome, check.outcomes[row.id], Outcome.INDETERMINATE) for check in checks]
    outcome = worst(seen, level) if seen else Outcome.NOT_EXERCISED
    return outcome, judge(outcome, level)
