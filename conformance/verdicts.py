"""What was seen, and what it means for the vendor: two questions, two types."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from conformance.guide import Level


class Outcome(StrEnum):
    """Seen on the wire. Says nothing about blame."""

    CONFORMS = "conforms"
    VIOLATES = "violates"
    NOT_EXERCISED = "not exercised"
    NOT_APPLICABLE = "not applicable"
    INDETERMINATE = "indeterminate"


class Verdict(StrEnum):
    """Judged. Most severe first: the order is the roll-up rule."""

    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    BLOCKED = "BLOCKED"
    WARN = "WARN"
    INFO = "INFO"
    PASS = "PASS"
    NOT_APPLICABLE = "N/A"


class Certification(StrEnum):
    """The answer to the one question an onboarding officer asks."""

    CERTIFIED = "CERTIFIED"
    WITH_WAIVERS = "CERTIFIED WITH WAIVERS"
    INCOMPLETE = "INCOMPLETE"
    NOT_CERTIFIED = "NOT CERTIFIED"


_VERDICTS: Mapping[Outcome, Mapping[Level, Verdict]] = {
    outcome: dict(zip(Level, verdicts, strict=True))
    for outcome, verdicts in {  # in the order of Level: SHALL, SHOULD, MAY
        Outcome.CONFORMS: (Verdict.PASS, Verdict.PASS, Verdict.PASS),
        Outcome.VIOLATES: (Verdict.FAIL, Verdict.WARN, Verdict.INFO),
        Outcome.NOT_EXERCISED: (Verdict.BLOCKED, Verdict.BLOCKED, Verdict.NOT_APPLICABLE),
        Outcome.NOT_APPLICABLE: (Verdict.NOT_APPLICABLE,) * 3,
        Outcome.INDETERMINATE: (Verdict.INCONCLUSIVE,) * 3,
    }.items()
}

UNDECIDED = frozenset({Verdict.INCONCLUSIVE, Verdict.BLOCKED})


def judge(outcome: Outcome, level: Level) -> Verdict:
    """Say what an outcome means for a requirement of this level."""
    return _VERDICTS[outcome][level]


def roll_up(verdicts: Iterable[Verdict]) -> Verdict:
    """Take the most severe. No verdict at all is never a pass."""
    seen = set(verdicts)
    return next((verdict for verdict in Verdict if verdict in seen), Verdict.INCONCLUSIVE)


def worst(outcomes: Iterable[Outcome], level: Level) -> Outcome:
    """Take the outcome whose verdict rules the roll-up. No outcome at all is indeterminate."""
    seen = set(outcomes)
    ruling = roll_up(judge(outcome, level) for outcome in seen)
    return next((o for o in Outcome if o in seen and judge(o, level) is ruling), Outcome.INDETERMINATE)


def certify(verdicts: Iterable[tuple[Level, Verdict, bool]], *, partial: bool) -> Certification:
    """Decide the certification from (level, verdict, waived) of every requirement in scope.

    A waiver covers a FAIL only: it never decides what was not decided. WARN and INFO never lower the answer.
    """
    judged = list(verdicts)
    shalls = [(verdict, waived) for level, verdict, waived in judged if level is Level.SHALL]
    if any(verdict is Verdict.FAIL and not waived for _, verdict, waived in judged):
        return Certification.NOT_CERTIFIED
    if partial or not any(verdict is Verdict.PASS for verdict, _ in shalls):
        return Certification.INCOMPLETE
    if any(verdict in UNDECIDED for verdict, _ in shalls):
        return Certification.INCOMPLETE
    if any(waived for _, _, waived in judged):
        return Certification.WITH_WAIVERS
    return Certification.CERTIFIED
