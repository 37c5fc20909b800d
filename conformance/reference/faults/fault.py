"""What a seeded fault is."""

from dataclasses import dataclass

from conformance.reference.archive import Parts


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which an archive is wrong, and what a precise suite says about it.

    `breaks` are the rows that fail (SHALL), `warns` the rows that warn (SHOULD), `informs` those that are noted (MAY), `blocks`
    those that cannot be decided because a control or a prerequisite fails. Only rows are named that the register does not leave
    untested. `parts` is what is exchanged.
    """

    name: str
    summary: str
    parts: Parts
    breaks: frozenset[str] = frozenset()
    warns: frozenset[str] = frozenset()
    informs: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    stops_preflight: bool = False


def rows(text: str) -> frozenset[str]:
    """Read requirement ids, separated by blanks."""
    return frozenset(text.split())
