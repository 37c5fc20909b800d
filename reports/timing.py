"""How fast the system answered: response times by service, and the traffic of the run over time.

Numbers of one run on one machine: they tell a vendor where his system waits, and decide no requirement.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

from reports.results import Check, WireStep

WIDTH = 240  # units of a drawing
HEIGHT = 24
BUCKETS = 60  # of the traffic over time
_PER_DECADE = 4  # bars of a histogram from 1 ms to 10 ms, and so on
_INSTANT = 1e-6  # seconds; a run is never shorter, and a rate over less would be no number
_PENDING = ("FF00", "FF01")
_ORDER = ("A-ASSOCIATE", "C-ECHO", "C-STORE", "C-FIND", "C-MOVE", "C-GET", "N-ACTION", "N-EVENT-REPORT", "A-RELEASE")


@dataclass(frozen=True, slots=True)
class Column:
    """One bar of a drawing, in units of it."""

    x: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Service:
    """The response times of one DIMSE service, in seconds."""

    name: str
    count: int
    median: float
    most: float  # 95 of 100 were no slower
    slowest: float
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Octets over the time of the run. `step` is the width of a column in seconds, `peak` the most octets in one second."""

    total: int
    step: float
    peak: float
    columns: tuple[Column, ...]


def latencies(steps: Iterable[WireStep]) -> dict[str, list[float]]:
    """Read the seconds from each request to its final response off a transcript, by service, rounded to microseconds."""
    found: dict[str, list[float]] = {}
    asked: dict[str, float] = {}
    for step in steps:
        service, _, kind = step.message.rpartition("-")
        if step.direction == "sent" and kind == "RQ":
            asked[service] = step.at
        elif step.direction == "received" and service in asked and step.fields.get("Status", "") not in _PENDING:
            found.setdefault(service, []).append(round(step.at - asked.pop(service), 6))
    return found


def services(checks: Iterable[Check]) -> tuple[Service, ...]:
    """Gather the response times of a run in the order of a conversation, all on one logarithmic scale from 0.1 ms to 100 s."""
    times: dict[str, list[float]] = {}
    for check in checks:
        for name, seconds in check.latencies.items():
            times.setdefault(name, []).extend(seconds)
    places = {name: place for place, name in enumerate((*_ORDER, *(name for name in times if name not in _ORDER)))}
    named = sorted(times.items(), key=lambda item: places[item[0]])
    return tuple(_service(name, sorted(seconds)) for name, seconds in named if seconds)


def traffic(checks: Iterable[Check]) -> Traffic | None:
    """Spread the octets of each check over the time it took. Nothing where the run recorded none."""
    moved = [check for check in checks if check.octets > 0]
    end = max((check.began + check.seconds for check in moved), default=0.0)
    if end <= 0:
        return None
    step = max(end, _INSTANT) / BUCKETS
    octets = [0.0] * BUCKETS
    for check in moved:
        for bucket, part in _spread(check, step):
            octets[bucket] += part
    most = max(octets)
    columns = tuple(_column(bucket, BUCKETS, part / most) for bucket, part in enumerate(octets) if part)
    return Traffic(sum(check.octets for check in moved), step, most / step, columns)


def _service(name: str, seconds: list[float]) -> Service:
    last = len(seconds) - 1
    return Service(name, len(seconds), seconds[last // 2], seconds[ceil(last * 0.95)], seconds[last], tuple(_histogram(seconds)))


def _histogram(seconds: list[float]) -> Iterator[Column]:
    bars = 6 * _PER_DECADE
    counted = [0] * bars
    for value in seconds:
        counted[min(bars - 1, max(0, floor((log10(max(value, 1e-9)) + 4) * _PER_DECADE)))] += 1
    yield from (_column(bar, bars, count / max(counted)) for bar, count in enumerate(counted) if count)


def _column(number: int, of: int, part: float) -> Column:
    width = WIDTH / of
    return Column(round(number * width, 1), round(width - 0.6, 1), round(max(1.0, part * HEIGHT), 1))


def _spread(check: Check, step: float) -> Iterator[tuple[int, float]]:
    first, last = check.began / step, (check.began + check.seconds) / step
    start, end = min(int(first), BUCKETS - 1), min(BUCKETS, ceil(last))
    if end - start < 2 or last <= first:  # within one column, or too short to be told from nothing
        yield start, check.octets
        return
    for bucket in range(start, end):
        yield bucket, check.octets * (min(bucket + 1, last) - max(bucket, first)) / (last - first)
