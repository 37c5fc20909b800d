"""What the embedded archive cannot read, and what it will not take."""

from conformance.errors import ConformanceError


class UndecodableDataSet(ConformanceError):
    """Bytes that are no data set in the transfer syntax they were sent in (PS3.5 7.1)."""


class UndecodableText(ConformanceError):
    """Text whose bytes do not fit its Specific Character Set (PS3.5 6.1.2.3)."""


class ArchiveSetupError(ConformanceError):
    """The archive cannot be started as asked: an unknown fault, a malformed peer."""
