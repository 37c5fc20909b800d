"""Faults that a history shows: each answers rightly, step by step, until certain steps have come in a certain order.

No check that plays one example sees them; a search for a history does. Each class is one part that is wrong in one way: it remembers
something about a study, a patient or an association, and does not bring it up to date. The table at the end of a module says
which steps it takes and which row breaks.
"""

from conformance.reference.faults.fault import Fault
from conformance.reference.faults.histories.keeping import KEEPING_FAULTS
from conformance.reference.faults.histories.telling import TELLING_FAULTS

HISTORY_FAULTS: tuple[Fault, ...] = (*KEEPING_FAULTS, *TELLING_FAULTS)
