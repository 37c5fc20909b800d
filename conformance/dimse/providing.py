"""Services that the listener gives beside storage: whoever provides one is asked for the answer to each request of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from conformance.dimse.channel import Message


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One request of a provided service. `transfer_syntax` is that of its data set and of those of the answers."""

    message: Message
    transfer_syntax: str
    calling_ae: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One response: its status, what its command set has besides, and its data set as encoded."""

    status: int
    elements: Mapping[str, object] = field(default_factory=dict)
    data: bytes | None = None


Provider = Callable[[Inquiry], Iterable[Reply]]
"""Gives the responses, the final one last. Each is sent before the next is asked for. It may raise ProtocolViolation, and no more."""
