"""Named single faults: one table."""

from collections.abc import Mapping

from generators.faults import identifiers
from generators.faults.fault import Fault

__all__ = ["FAULTS", "Fault"]

FAULTS: Mapping[str, Fault] = {fault.name: fault for room in (identifiers,) for fault in room.FAULTS}
