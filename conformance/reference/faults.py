"""Seeded faults of the embedded archive."""

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.reference.archive import Parts


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which an archive is wrong, and what a precise suite must say about it."""

    name: str
    summary: str
    parts: Parts
    breaks: frozenset[str] = frozenset()
    warns: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    stops_preflight: bool = False


FAULTS: Mapping[str, Fault] = {}
