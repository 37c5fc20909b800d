"""What can be wrong with a file of the register: one line that names file, row and key, and what is allowed."""

from conformance.errors import ConformanceError


class RegisterError(ConformanceError):
    """An edition of the register that cannot be read or breaks its own rules."""


class WaiverError(ConformanceError):
    """A waiver file that cannot be read, or a waiver that must not count."""
