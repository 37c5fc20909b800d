"""What a source brought, as a tree: patients, the studies of each, and their series, with what each amounts to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports.results import ReceivedSeries

KINDS = ("patient", "study", "series")
_PICTURE = re.compile(r"iVBORw0KGgo[A-Za-z0-9+/]{0,40000}={0,2}")  # a PNG in base64: 96 x 96 pixels and what goes with them


@dataclass(frozen=True, slots=True)
class Branch:
    """A patient, a study or a series, by serial number; only a series has `series`.

    `seconds` is from the first octet of its first object to the last of its last; 0 where nobody measured it.
    """

    kind: str
    number: int
    instances: int
    octets: int
    seconds: float
    branches: tuple["Branch", ...] = ()
    series: ReceivedSeries | None = None

    @property
    def picture(self) -> Markup:
        """The thumbnail in base64, whole, though it is longer than any text that a page shows; one that is no small PNG is left out."""
        held = self.series.thumbnail if self.series else ""
        return Markup(held if _PICTURE.fullmatch(held) else "")


def branches(received: Sequence[ReceivedSeries]) -> tuple[Branch, ...]:
    """Give the patients, in the order in which they came, and what hangs on them."""
    return _divided(received, KINDS)


def _divided(held: Sequence[ReceivedSeries], kinds: Sequence[str]) -> tuple[Branch, ...]:
    kind, *below = kinds
    if not below:
        return tuple(Branch(kind, one.series, one.instances, one.octets, one.seconds, series=one) for one in held)
    groups: dict[int, list[ReceivedSeries]] = {}
    for one in held:
        groups.setdefault(getattr(one, kind), []).append(one)
    return tuple(
        Branch(kind, number, sum(one.instances for one in group), sum(one.octets for one in group), _seconds(group), _divided(group, below))
        for number, group in groups.items()
    )


def _seconds(group: Sequence[ReceivedSeries]) -> float:
    measured = [(one.began, one.began + one.seconds) for one in group if one.seconds]
    return max(ended for _, ended in measured) - min(began for began, _ in measured) if measured else 0.0
