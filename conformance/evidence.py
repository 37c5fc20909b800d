"""The recorder of what crossed the wire: small, bounded, and by allow-list, so that a report can always be opened and shown."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Direction = Literal["sent", "received"]

MAX_STEPS = 1000  # a C-FIND can answer for hours; the report must still open
MAX_WAITS = 1000  # what ended before so many others cannot meet the next
MAX_VALUE = 128  # characters: an Error Comment has 64, a UID too; more is an attack on the reader

KEPT = frozenset(
    {
        # command elements (PS3.7 Annex E); values of data sets are never kept
        "MessageID",
        "MessageIDBeingRespondedTo",
        "AffectedSOPClassUID",
        "AffectedSOPInstanceUID",
        "RequestedSOPClassUID",
        "RequestedSOPInstanceUID",
        "Status",
        "ErrorComment",
        "ErrorID",
        "OffendingElement",
        "MoveDestination",
        "MoveOriginatorApplicationEntityTitle",
        "MoveOriginatorMessageID",
        "EventTypeID",
        "ActionTypeID",
        "NumberOfRemainingSuboperations",
        "NumberOfCompletedSuboperations",
        "NumberOfFailedSuboperations",
        "NumberOfWarningSuboperations",
        # facts of an association (PS3.8 9.3)
        "CalledAETitle",
        "CallingAETitle",
        "MaximumLength",
        "Contexts",
        "Result",
        "Source",
        "Reason",
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """One message or association PDU, as it was seen.

    `at` is in seconds since the recorder was made, `size` in bytes, `context` the presentation context id (0: none).
    """

    at: float
    direction: Direction
    message: str
    context: int
    size: int
    fields: Mapping[str, str]


class Recorder:
    """Collect, in order, what one check exchanged with the system under test. Threads may share it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.dropped = 0
        self._waits: deque[tuple[float, float]] = deque()  # from when to when, in order; none meets the next
        self._waited_before = 0.0  # seconds of those that went before them
        self._started = time.monotonic()
        self._lock = threading.Lock()

    def note(
        self, direction: Direction, message: str, *, context: int = 0, size: int = 0, fields: Mapping[str, object] | None = None
    ) -> None:
        """Keep one step, with the fields of the allow-list only; past MAX_STEPS it is counted as dropped."""
        kept = {name: str(value)[:MAX_VALUE] for name, value in (fields or {}).items() if name in KEPT}
        with self._lock:
            if len(self.steps) >= MAX_STEPS:
                self.dropped += 1
                return
            self.steps.append(Step(time.monotonic() - self._started, direction, message, context, size, kept))

    @property
    def waiting(self) -> float:
        """Seconds spent blocked for the peer: what is left of a check's time is our own. What waits have in common counts once."""
        with self._lock:
            return self._waited_before + sum(end - start for start, end in self._waits)

    def waited(self, seconds: float) -> None:
        """Note that some seconds were spent blocked for the peer until now."""
        with self._lock:
            end = time.monotonic()
            start = end - seconds
            while self._waits and self._waits[-1][1] >= start:
                start = min(start, self._waits.pop()[0])
            self._waits.append((start, end))
            if len(self._waits) > MAX_WAITS:
                first, last = self._waits.popleft()
                self._waited_before += last - first
