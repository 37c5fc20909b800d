"""Only a nonconformance blames: what each ending of a check stands for, and which words go with it."""

import pytest

from conformance.cases import Step
from conformance.dimse import AssociationEnded, Ending, EndingKind, NotAccepted, ProtocolViolation
from conformance.findings import (
    Nonconformance,
    NotApplicable,
    NotExercised,
    Observation,
    Unsteady,
    expect,
    expect_answers_by,
    observe,
    require,
)
from conformance.verdicts import Outcome

STEPS = (Step("store"), Step("count"))
ENDED = AssociationEnded(Ending(EndingKind.CLOSE, "a C-STORE", 0.5))
VIOLATION = ProtocolViolation("PS3.7 E.1", "message ID 1", "message ID 2")


def unanswered(reason: str) -> NotExercised:
    """A control that is missing since the system left the harness without an answer."""
    error = NotExercised(reason)
    error.__cause__ = ENDED
    return error


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (None, Observation(Outcome.CONFORMS, "", "", "")),
        (
            Nonconformance(expected="one", got="two", hint="Look there.", requirement="STORE-01", steps=STEPS),
            Observation(Outcome.VIOLATES, "one", "two", "Look there.", "STORE-01", steps=STEPS),
        ),
        (NotExercised("no control"), Observation(Outcome.NOT_EXERCISED, got="no control")),
        (unanswered("no control"), Observation(Outcome.NOT_EXERCISED, got="no control", unanswered=True)),
        (NotApplicable("not claimed"), Observation(Outcome.NOT_APPLICABLE, got="not claimed")),
    ],
)
def test_a_check_ends_with_what_it_saw(error: BaseException | None, seen: Observation) -> None:
    assert observe(error) == seen


@pytest.mark.parametrize(
    ("error", "expected", "got", "hint", "left_unanswered"),
    [
        (VIOLATION, "message ID 1", "message ID 2", "PS3.7 E.1", False),
        (ENDED, "an answer", str(ENDED), "the network or the system", True),
        (Unsteady("a match too few"), "once more", "a match too few", "A race", False),
        (AssertionError("a slip of ours"), "", "AssertionError: a slip of ours", "not a finding about the system", False),
        (TimeoutError("too long"), "", "TimeoutError: too long", "not a finding about the system", False),
    ],
)
def test_what_cannot_be_told_from_here_is_left_undecided(
    error: BaseException, expected: str, got: str, hint: str, left_unanswered: bool
) -> None:
    seen = observe(error)
    assert (seen.outcome, seen.got, seen.unanswered) == (Outcome.INDETERMINATE, got, left_unanswered)
    assert expected in seen.expected
    assert hint in seen.hint


def test_an_object_that_no_context_carries_is_not_exercised() -> None:
    seen = observe(NotAccepted("1.2.840.10008.5.1.4.1.1.2"))
    assert (seen.outcome, seen.unanswered) == (Outcome.NOT_EXERCISED, False)
    assert "1.2.840.10008.5.1.4.1.1.2" in seen.got


def test_an_expectation_blames_in_the_words_that_it_was_given() -> None:
    expect(True, expected="one", got="two")
    with pytest.raises(Nonconformance) as caught:
        expect([], expected="one", got="two", hint="Look there.")
    assert observe(caught.value) == Observation(Outcome.VIOLATES, "one", "two", "Look there.")
    assert str(caught.value) == "expected one; got two. Look there."
    assert str(Nonconformance(expected="one", got="two")) == "expected one; got two."


def test_what_is_required_and_missing_blames_nobody() -> None:
    require(True, "no control")
    with pytest.raises(NotExercised, match=r"^no control$"):
        require(None, "no control")


def test_an_answer_blames_by_the_clause_of_the_check_alone() -> None:
    with pytest.raises(Nonconformance) as caught, expect_answers_by("PS3.7 E"):
        raise VIOLATION
    assert (caught.value.expected, caught.value.got) == ("message ID 1 (PS3.7 E.1)", "message ID 2")
    assert caught.value.__cause__ is VIOLATION
    with pytest.raises(ProtocolViolation), expect_answers_by("PS3.8"):
        raise VIOLATION
