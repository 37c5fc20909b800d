"""Expectations that several checks share, each worded once."""

from collections import Counter
from collections.abc import Iterable

from conformance.consumer.identifiers import Breach
from conformance.findings import Nonconformance


def expect_legal(breaches: Iterable[Breach], *, of: int, what: str) -> None:
    """Blame the consumer for breaches: each is told once, with how many of the requests had it."""
    counted = Counter(breaches)
    if counted:
        raise Nonconformance(
            expected="; ".join(dict.fromkeys(f"{breach.expected} ({breach.clause})" for breach in counted)),
            got="; ".join(f"in {count} of {of} {what}: {breach.got}" for breach, count in counted.items()),
        )
