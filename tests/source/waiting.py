"""Waiting, not for ever, for what another thread does and tells by no event."""

import time
from collections.abc import Callable

PATIENCE_SECONDS, TURN_SECONDS = 10.0, 0.01


def await_that(happened: Callable[[], bool], what: str) -> None:
    """Wait until something has happened, and fail where it does not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS:.0f} s"
        time.sleep(TURN_SECONDS)
