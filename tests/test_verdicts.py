"""The verdict table is total, the roll-up is by severity, and a certificate is never given for what was not decided."""

from enum import StrEnum
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.guide import Level
from conformance.verdicts import UNDECIDED, Certification, Outcome, Verdict, certify, judge, roll_up, worst

EXPECTED = {
    (Outcome.CONFORMS, Level.SHALL): Verdict.PASS,
    (Outcome.CONFORMS, Level.SHOULD): Verdict.PASS,
    (Outcome.CONFORMS, Level.MAY): Verdict.PASS,
    (Outcome.VIOLATES, Level.SHALL): Verdict.FAIL,
    (Outcome.VIOLATES, Level.SHOULD): Verdict.WARN,
    (Outcome.VIOLATES, Level.MAY): Verdict.INFO,
    (Outcome.NOT_EXERCISED, Level.SHALL): Verdict.BLOCKED,
    (Outcome.NOT_EXERCISED, Level.SHOULD): Verdict.BLOCKED,
    (Outcome.NOT_EXERCISED, Level.MAY): Verdict.NOT_APPLICABLE,
    (Outcome.NOT_APPLICABLE, Level.SHALL): Verdict.NOT_APPLICABLE,
    (Outcome.NOT_APPLICABLE, Level.SHOULD): Verdict.NOT_APPLICABLE,
    (Outcome.NOT_APPLICABLE, Level.MAY): Verdict.NOT_APPLICABLE,
    (Outcome.INDETERMINATE, Level.SHALL): Verdict.INCONCLUSIVE,
    (Outcome.INDETERMINATE, Level.SHOULD): Verdict.INCONCLUSIVE,
    (Outcome.INDETERMINATE, Level.MAY): Verdict.INCONCLUSIVE,
}
SEVERITY = [
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.BLOCKED,
    Verdict.WARN,
    Verdict.INFO,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
]

verdicts = st.sampled_from(Verdict)
rows = st.tuples(st.sampled_from(Level), verdicts, st.just(False))


@pytest.mark.parametrize(("outcome", "level"), list(product(Outcome, Level)))
def test_every_outcome_means_something_at_every_level(outcome: Outcome, level: Level) -> None:
    assert judge(outcome, level) is EXPECTED[outcome, level]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Outcome, ["conforms", "violates", "not exercised", "not applicable", "indeterminate"]),
        (Verdict, ["FAIL", "INCONCLUSIVE", "BLOCKED", "WARN", "INFO", "PASS", "N/A"]),
        (Certification, ["CERTIFIED", "CERTIFIED WITH WAIVERS", "INCOMPLETE", "NOT CERTIFIED"]),
    ],
)
def test_the_words_of_earlier_results_stay(kind: type[StrEnum], words: list[str]) -> None:
    assert [str(word) for word in kind] == words


def test_the_order_of_the_verdicts_is_the_order_of_severity() -> None:
    assert list(Verdict) == SEVERITY


@pytest.mark.parametrize(("a", "b"), list(product(Verdict, Verdict)))
def test_roll_up_takes_the_more_severe_of_two(a: Verdict, b: Verdict) -> None:
    assert roll_up([a, b]) is min(a, b, key=SEVERITY.index)


def test_no_verdict_at_all_is_never_a_pass() -> None:
    assert roll_up([]) is Verdict.INCONCLUSIVE


@given(st.lists(verdicts), st.lists(verdicts))
def test_roll_up_of_parts_is_the_roll_up_of_all(first: list[Verdict], second: list[Verdict]) -> None:
    parts = [roll_up(part) for part in (first, second) if part]
    assert roll_up(parts) is roll_up(first + second)


@pytest.mark.parametrize("level", Level)
@given(st.lists(st.sampled_from(Outcome), min_size=1))
def test_the_worst_outcome_was_seen_and_rules_the_roll_up(level: Level, outcomes: list[Outcome]) -> None:
    ruling = worst(outcomes, level)
    assert ruling in outcomes
    assert judge(ruling, level) is roll_up(judge(outcome, level) for outcome in outcomes)


@pytest.mark.parametrize("level", Level)
def test_no_outcome_at_all_is_indeterminate(level: Level) -> None:
    assert worst([], level) is Outcome.INDETERMINATE


def test_of_two_outcomes_with_one_verdict_the_worst_is_named_in_the_order_of_outcomes() -> None:
    """For a MAY both mean N/A; a report must not depend on the order in which the checks ran."""
    pair = [Outcome.NOT_APPLICABLE, Outcome.NOT_EXERCISED]
    assert worst(pair, Level.MAY) is worst(reversed(pair), Level.MAY) is Outcome.NOT_EXERCISED


PASSED = (Level.SHALL, Verdict.PASS, False)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param([PASSED], Certification.CERTIFIED, id="a SHALL that passed"),
        pytest.param([PASSED, (Level.SHALL, Verdict.NOT_APPLICABLE, False)], Certification.CERTIFIED, id="not applicable"),
        pytest.param([PASSED, (Level.SHALL, Verdict.FAIL, False)], Certification.NOT_CERTIFIED, id="a SHALL that failed"),
        pytest.param([PASSED, (Level.SHALL, Verdict.FAIL, True)], Certification.WITH_WAIVERS, id="a waived FAIL"),
        pytest.param(
            [PASSED, (Level.SHALL, Verdict.FAIL, True), (Level.SHALL, Verdict.FAIL, False)],
            Certification.NOT_CERTIFIED,
            id="one FAIL waived of two",
        ),
        pytest.param([PASSED, (Level.SHALL, Verdict.BLOCKED, False)], Certification.INCOMPLETE, id="a blocked SHALL"),
        pytest.param([PASSED, (Level.SHALL, Verdict.INCONCLUSIVE, False)], Certification.INCOMPLETE, id="an inconclusive SHALL"),
        pytest.param([PASSED, (Level.SHALL, Verdict.BLOCKED, True)], Certification.INCOMPLETE, id="a waiver decides nothing"),
        pytest.param(
            [PASSED, (Level.SHALL, Verdict.FAIL, True), (Level.SHALL, Verdict.BLOCKED, False)],
            Certification.INCOMPLETE,
            id="a waived FAIL beside a blocked SHALL",
        ),
        pytest.param(
            [PASSED, (Level.SHALL, Verdict.FAIL, False), (Level.SHALL, Verdict.INCONCLUSIVE, False)],
            Certification.NOT_CERTIFIED,
            id="a FAIL beside an inconclusive SHALL",
        ),
        pytest.param([PASSED, (Level.SHOULD, Verdict.BLOCKED, False)], Certification.CERTIFIED, id="a blocked SHOULD"),
        pytest.param([PASSED, (Level.MAY, Verdict.INCONCLUSIVE, False)], Certification.CERTIFIED, id="an inconclusive MAY"),
        pytest.param([(Level.SHALL, Verdict.NOT_APPLICABLE, False)], Certification.INCOMPLETE, id="nothing applied"),
        pytest.param([(Level.SHOULD, Verdict.PASS, False)], Certification.INCOMPLETE, id="no SHALL decided"),
        pytest.param([], Certification.INCOMPLETE, id="nothing run"),
    ],
)
def test_certifies_only_what_was_decided(seen: list[tuple[Level, Verdict, bool]], expected: Certification) -> None:
    assert certify(seen, partial=False) is expected


def test_a_waived_fail_alone_certifies_nothing() -> None:
    assert certify([(Level.SHALL, Verdict.FAIL, True)], partial=False) is Certification.INCOMPLETE


def test_a_partial_run_is_incomplete_unless_it_failed() -> None:
    assert certify([PASSED], partial=True) is Certification.INCOMPLETE
    assert certify([(Level.SHALL, Verdict.FAIL, True), PASSED], partial=True) is Certification.INCOMPLETE
    assert certify([(Level.SHALL, Verdict.FAIL, False)], partial=True) is Certification.NOT_CERTIFIED
    assert certify([], partial=True) is Certification.INCOMPLETE


@given(st.lists(rows), st.sampled_from([Level.SHOULD, Level.MAY]), st.sampled_from([Verdict.WARN, Verdict.INFO]), st.booleans())
def test_warnings_never_change_the_certification(
    seen: list[tuple[Level, Verdict, bool]], level: Level, verdict: Verdict, partial: bool
) -> None:
    assert certify([*seen, (level, verdict, False)], partial=partial) is certify(seen, partial=partial)


@given(st.lists(rows))
def test_is_certified_only_if_every_shall_was_decided_and_none_failed(seen: list[tuple[Level, Verdict, bool]]) -> None:
    if certify(seen, partial=False) is Certification.CERTIFIED:
        shalls = [verdict for level, verdict, _ in seen if level is Level.SHALL]
        assert Verdict.PASS in shalls
        assert not UNDECIDED & set(shalls)
        assert Verdict.FAIL not in [verdict for _, verdict, _ in seen]


def test_a_generator_of_verdicts_is_read_once() -> None:
    assert certify(iter([PASSED, (Level.SHALL, Verdict.FAIL, False)]), partial=False) is Certification.NOT_CERTIFIED
