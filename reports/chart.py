"""Stacked bars: how many requirements of a group came to which verdict."""

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.verdicts import Verdict

WIDTH = 240  # units of the drawing
_LEAST = 3  # a segment narrower than this is not seen


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar. `x` and `width` are in units of the drawing."""

    verdict: Verdict
    count: int
    x: float
    width: float


def bar(counts: Mapping[Verdict, int], most: int) -> tuple[Segment, ...]:
    """Lay out one bar; `most` is the count that fills the whole width, so that bars of one chart compare."""
    segments: list[Segment] = []
    x = 0.0
    for verdict, count in counts.items():
        if count:
            width = max(_LEAST, WIDTH * count / max(most, 1))
            segments.append(Segment(verdict, count, round(x, 1), round(width, 1)))
            x += width
    return _fitted(segments, x)


def _fitted(segments: list[Segment], total: float) -> tuple[Segment, ...]:
    """Shrink a bar that its narrowest segments pushed over the edge."""
    scale = min(1.0, WIDTH / total) if total else 1.0
    return tuple(Segment(s.verdict, s.count, round(s.x * scale, 1), round(s.width * scale, 1)) for s in segments)
