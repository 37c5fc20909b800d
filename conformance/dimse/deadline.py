"""A bound on one wait: a point on the monotonic clock, with the name of what is awaited."""

import math
import time

MIN_RATE = 256 * 1024  # bytes a second: a slow line is no fault, a peer that drips is


class Deadline:
    """So many seconds from now, and a second more for each MIN_RATE bytes that cross: so neither dripping nor size can beat it.

    A `fixed` one earns nothing: for waits in which what comes is not bounded in size.
    """

    __slots__ = ("_at", "_rate", "_started", "awaiting")

    def __init__(self, seconds: float, awaiting: str, *, fixed: bool = False) -> None:
        self._started = time.monotonic()
        self._at = self._started + seconds
        self._rate = math.inf if fixed else MIN_RATE
        self.awaiting = awaiting

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._at - time.monotonic())

    def earn(self, size: int) -> None:
        """Allow the time that `size` bytes may take on the slowest line that is served."""
        self._at += size / self._rate

    def elapsed(self) -> float:
        """Seconds since the wait began."""
        return time.monotonic() - self._started
