"""Faults of size: what an archive loses of a long series, and of a large object."""

from collections import Counter

from conformance.reference.archive import Parts
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.intake import Intake
from conformance.reference.rules import Candidate

_PLACES = 100  # instances of a series
_BUFFER = 4 << 20  # bytes of an object


class FillsSeriesUp(Intake):
    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type] # passed on as they came
        self.kept: Counter[str] = Counter()

    def keep(self, candidate: Candidate) -> None:
        series = candidate.text("SeriesInstanceUID")
        self.kept[series] += 1
        if self.kept[series] <= _PLACES:
            super().keep(candidate)


class CutsLargeObjects(Intake):
    def stored_bytes(self, candidate: Candidate) -> bytes:
        return candidate.data[:_BUFFER]


SIZE_FAULTS: tuple[Fault, ...] = (
    Fault(
        "long-series-cut-off",
        f"what comes after the {_PLACES}th instance of a series is acknowledged and lost",
        Parts(intake=FillsSeriesUp),
        warns=rows("ROBUST-09"),
    ),
    Fault(
        "large-object-cut-off",
        "of an object with more than 4 MiB the rest is acknowledged and lost",
        Parts(intake=CutsLargeObjects),
        warns=rows("ROBUST-09"),
    ),
)
