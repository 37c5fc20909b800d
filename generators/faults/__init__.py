"""Named single faults: one table."""

from collections.abc import Mapping
from dataclasses import replace

from generators.faults import encodings, hierarchy, identifiers, pixels, text, uids, values
from generators.faults.fault import Fault, Scope
from generators.faults.noticing import SEEN_BY

__all__ = ["FAULTS", "Fault", "Scope"]

_ROOMS = (identifiers, hierarchy, uids, values, text, pixels, encodings)

FAULTS: Mapping[str, Fault] = {
    fault.name: replace(fault, seen_by=SEEN_BY.get(fault.name, fault.seen_by)) for room in _ROOMS for fault in room.FAULTS
}
