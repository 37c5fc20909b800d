"""One pass over what was received."""

from collections.abc import Iterable

from conformance.judging.arrivals import Arrival, Expected
from conformance.judging.judgement import Judgement


def judge(arrivals: Iterable[Arrival], expected: Expected | None = None) -> Judgement:
    """Judge each file as it comes, and the studies once all have come.

    A file that cannot be read is counted and named, and never ends the pass.
    """
    raise NotImplementedError
