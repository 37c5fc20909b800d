"""What is kept of the objects while they pass: serial numbers, counts and digests, never values and never data sets."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.judging.judgement import MAX_PLACES, Finding, Place, Ruling
from conformance.judging.rules import Breach

MAX_FINDINGS = 40
"""Different findings that are kept of one row; the rest is counted under one heading."""

MAX_VALUES = 16
_OTHERS = "further findings of this kind"


def digest(*values: str) -> int:
    """Give a number that stands for values without telling them."""
    return int.from_bytes(hashlib.blake2b("\0".join(values).encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@dataclass(slots=True)
class SeriesSeen:
    """One series: its numbers, and per keyword how often each value was said."""

    study: int
    serial: int
    instances: int = 0
    octets: int = 0
    began: float = math.inf
    ended: float = 0.0
    modalities: Counter[str] = field(default_factory=Counter)
    syntaxes: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    said: dict[str, Counter[int]] = field(default_factory=dict)
    thumbnail: bytes = b""

    def say(self, keyword: str, value: int) -> None:
        """Count a value. Beyond a bound, further ones count as one."""
        held = self.said.setdefault(keyword, Counter())
        held[value if value in held or len(held) < MAX_VALUES else 0] += 1


@dataclass(slots=True)
class StudySeen:
    """One study and its series, by the digest of their UIDs."""

    serial: int
    uid_root: str
    patient: int = 0
    series: dict[int, SeriesSeen] = field(default_factory=dict)

    @property
    def instances(self) -> int:
        return sum(series.instances for series in self.series.values())

    def said(self, keyword: str) -> Counter[int]:
        """Give how often each value of a keyword was said in the study."""
        return sum((series.said.get(keyword, Counter()) for series in self.series.values()), Counter())


@dataclass(slots=True)
class _Kept:
    places: Counter[tuple[int, int]] = field(default_factory=Counter)
    example: str = ""


class Gathering:
    """Collects breaches and counts by row, by what they say, and by series."""

    def __init__(self) -> None:
        self._examined: Counter[str] = Counter()
        self._kept: dict[str, dict[Breach, _Kept]] = {}
        self._reasons: dict[str, str] = {}

    def examine(self, requirement: str, count: int = 1) -> None:
        """Count objects in which the question of a row arose."""
        self._examined[requirement] += count

    def excuse(self, requirement: str, reason: str) -> None:
        """Say why a row could not be examined, if it was not."""
        self._reasons.setdefault(requirement, reason)

    def note(self, requirement: str, breach: Breach, series: SeriesSeen | None, example: str = "", count: int = 1) -> None:
        """Keep a breach: equal ones are one finding. One that stands in no series but between them has none."""
        kept = self._kept.setdefault(requirement, {})
        if breach not in kept and len(kept) >= MAX_FINDINGS:
            breach = Breach(breach.expected, _OTHERS, breach.tool) if len(kept) < 2 * MAX_FINDINGS else next(reversed(kept))
        held = kept.setdefault(breach, _Kept())
        if series is not None:
            held.places[series.study, series.serial] += count
        held.example = held.example or example

    def rulings(self, sizes: dict[tuple[int, int], int]) -> dict[str, Ruling]:
        """Give the rulings in the order of the rows' names. `sizes` counts the instances of each series."""
        rows = sorted({*self._examined, *self._kept, *self._reasons} - {""})
        return {row: Ruling(row, self._examined[row], tuple(self._findings(row, sizes)), self._reasons.get(row, "")) for row in rows}

    def remarks(self, sizes: dict[tuple[int, int], int]) -> tuple[Finding, ...]:
        """Give what no row decides."""
        return tuple(self._findings("", sizes))

    def _findings(self, row: str, sizes: dict[tuple[int, int], int]) -> Iterator[Finding]:
        for breach, kept in self._kept.get(row, {}).items():
            places = [Place(study, series, count, sizes.get((study, series), count)) for (study, series), count in kept.places.items()]
            shown = tuple(places[:MAX_PLACES])
            yield Finding(row, breach.expected, breach.got, breach.tool, shown, len(places) - len(shown), kept.example)
