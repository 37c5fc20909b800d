"""The embedded archive, which obeys every rule of the register's archive role, and its seeded faults."""

from conformance.reference.archive import Archive, Parts, Settings
from conformance.reference.faults import FAULTS, Fault

__all__ = ["FAULTS", "Archive", "Fault", "Parts", "Settings"]
