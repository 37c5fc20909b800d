"""What a rule is: a row of the register, when its question arises, and what breaks it in one object."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.judging.arrivals import Expected
from conformance.judging.judgement import REGISTER
from conformance.judging.reading import Instance


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that breaks a row, in words that hold no value of a patient. Equal breaches of many objects become one finding."""

    expected: str
    got: str
    tool: str = REGISTER


def always(_instance: Instance, _expected: Expected) -> bool:
    """Say that the question arises in every object."""
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """Decides one row in one object."""

    requirement: str
    breaches: Callable[[Instance, Expected], Iterator[Breach]]
    arises: Callable[[Instance, Expected], bool] = always
