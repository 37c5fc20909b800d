"""How a check says what it saw: the exceptions it may end with, and the outcome that each one stands for.

A check that ends by itself has seen conformance. `Nonconformance` is the only exception that blames the system under test;
`NotExercised` says that a control or a prerequisite was missing, `NotApplicable` that the profile excludes the clause. Anything
else, a bare assert, a time-out, a fault of ours, leaves the requirement undecided.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from conformance.cases import Step
from conformance.dimse import AssociationEnded, NotAccepted, ProtocolViolation
from conformance.verdicts import Outcome


class Nonconformance(AssertionError):
    """The system broke a clause. `requirement` may stay empty in a check that decides only one; `steps` are those of a history."""

    def __init__(self, *, expected: str, got: str, hint: str = "", requirement: str = "", steps: tuple[Step, ...] = ()) -> None:
        self.expected, self.got, self.hint, self.requirement, self.steps = expected, got, hint, requirement, steps
        super().__init__(expected, got, hint, requirement)

    def __str__(self) -> str:
        return f"expected {self.expected}; got {self.got}. {self.hint}".rstrip()


class NotExercised(Exception):
    """A control failed or a prerequisite was missing: the question was never put."""


class NotApplicable(Exception):
    """What the system claims, or the role it is tested in, excludes the clause."""


class Unsteady(Exception):
    """A clause was seen broken, and not again when the same was done once more."""


def expect(condition: object, *, expected: str, got: str, hint: str = "") -> None:
    """Blame the system unless `condition` holds.

    Raises:
        Nonconformance: with the words that the vendor will read.
    """
    if not condition:
        raise Nonconformance(expected=expected, got=got, hint=hint)


def require(condition: object, reason: str) -> None:
    """Leave the clause unexercised, for `reason`, unless `condition` holds.

    Raises:
        NotExercised: the control or the prerequisite did not hold.
    """
    if not condition:
        raise NotExercised(reason)


@contextmanager
def expect_answers_by(clause: str) -> Iterator[None]:
    """Blame the system for an answer that breaks this clause, for which the check stands; any other nonsense stays undecided."""
    try:
        yield
    except ProtocolViolation as error:
        if not error.clause.startswith(clause):
            raise
        raise Nonconformance(expected=f"{error.expected} ({error.clause})", got=error.got) from error


@dataclass(frozen=True, slots=True)
class Observation:
    """The outcome of a check and the words that go with it. `unanswered`: the system left it without an answer."""

    outcome: Outcome
    expected: str = ""
    got: str = ""
    hint: str = ""
    requirement: str = ""
    unanswered: bool = False
    steps: tuple[Step, ...] = ()


def _blamed(error: BaseException) -> Observation:
    assert isinstance(error, Nonconformance)
    return Observation(Outcome.VIOLATES, error.expected, error.got, error.hint, error.requirement, steps=error.steps)


def _unexercised(error: BaseException) -> Observation:
    return Observation(Outcome.NOT_EXERCISED, got=str(error), unanswered=isinstance(error.__cause__, AssociationEnded))


def _contradicted(error: BaseException) -> Observation:
    assert isinstance(error, ProtocolViolation)
    return Observation(
        Outcome.INDETERMINATE,
        expected=error.expected,
        got=error.got,
        hint=f"The answer contradicts the request ({error.clause}), so it was not taken for an answer to this question.",
    )


def _ended(error: BaseException) -> Observation:
    return Observation(
        Outcome.INDETERMINATE,
        expected="an answer",
        got=str(error),
        hint="Whether the network or the system ended the conversation cannot be told from here. Look into the system's log.",
        unanswered=True,
    )


def _unsteady(error: BaseException) -> Observation:
    return Observation(
        Outcome.INDETERMINATE,
        expected="the same to be seen when the same is done once more",
        got=str(error),
        hint="It was seen, and then not again. A race in the system, or a disturbance around it, would look like this.",
    )


def _excluded(error: BaseException) -> Observation:
    return Observation(Outcome.NOT_APPLICABLE, got=str(error))


_OBSERVERS: Mapping[type[BaseException], Callable[[BaseException], Observation]] = {
    Nonconformance: _blamed,
    NotExercised: _unexercised,
    NotApplicable: _excluded,
    NotAccepted: _unexercised,
    Unsteady: _unsteady,
    ProtocolViolation: _contradicted,
    AssociationEnded: _ended,
}


def observe(error: BaseException | None) -> Observation:
    """Say what a check saw, from the exception that it ended with (None: it ended by itself)."""
    if error is None:
        return Observation(Outcome.CONFORMS)
    for kind, observer in _OBSERVERS.items():
        if isinstance(error, kind):
            return observer(error)
    return Observation(
        Outcome.INDETERMINATE,
        got=f"{type(error).__name__}: {error}",
        hint="A fault of the harness or of its surroundings, not a finding about the system.",
    )
