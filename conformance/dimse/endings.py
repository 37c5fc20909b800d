"""How an association ends when nobody released it, and the errors that say so.

Reject, abort, close, reset and silence are different facts about a peer: each is a kind of its own, with its time and with
what was awaited. A ProtocolViolation is bytes that contradict what was asked; it always names the clause.
"""

from dataclasses import dataclass
from enum import StrEnum

from conformance.errors import ConformanceError


class EndingKind(StrEnum):
    """What the peer, or the way to it, did."""

    REFUSED = "connection refused"
    UNREACHABLE = "unreachable"
    TLS = "TLS failed"
    REJECT = "A-ASSOCIATE-RJ"
    ABORT = "A-ABORT"
    RELEASE = "A-RELEASE-RQ"
    CLOSE = "connection closed"
    RESET = "connection reset"
    SILENCE = "silence"


TRANSIENT = 2
_RESULTS = {1: "rejected-permanent", TRANSIENT: "rejected-transient"}
_REJECT_REASONS = {  # PS3.8 Table 9-21: (source, reason)
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}
_ABORT_SOURCES = {0: "service user", 2: "service provider"}  # PS3.8 Table 9-26
_ABORT_REASONS = {
    0: "reason not specified",
    1: "unrecognized PDU",
    2: "unexpected PDU",
    4: "unrecognized PDU parameter",
    5: "unexpected PDU parameter",
    6: "invalid PDU parameter value",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended: `during` names what was awaited or sent, `seconds` counts from the start of that wait."""

    kind: EndingKind
    during: str
    seconds: float
    result: int = 0
    source: int = 0
    reason: int = 0
    detail: str = ""

    @property
    def is_transient(self) -> bool:
        """Whether it is a rejection for the moment only (PS3.8 Table 9-21)."""
        return (self.kind, self.result) == (EndingKind.REJECT, TRANSIENT)

    def __str__(self) -> str:
        return f"{self._what()} after {self.seconds:.2f} s during {self.during}"

    def _what(self) -> str:
        match self.kind:
            case EndingKind.REJECT:
                meaning = _REJECT_REASONS.get((self.source, self.reason), "a reason that PS3.8 does not define")
                result = _RESULTS.get(self.result, "a result that PS3.8 does not define")
                return f"{self.kind} {self.result}/{self.source}/{self.reason} ({result}: {meaning})"
            case EndingKind.ABORT:
                by = _ABORT_SOURCES.get(self.source, "a source that PS3.8 does not define")
                why = f", {_ABORT_REASONS.get(self.reason, 'unknown reason')}" if self.source == 2 else ""
                return f"{self.kind} {self.source}/{self.reason} ({by}{why})"
            case _:
                return f"{self.kind} ({self.detail})" if self.detail else str(self.kind)


class AssociationEnded(ConformanceError):
    """The peer ended the association, or never began it, or said nothing within the time allowed."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        super().__init__(str(ending))


class ProtocolViolation(ConformanceError):
    """The peer's bytes contradict what was asked or cannot be read. The association was aborted."""

    def __init__(self, clause: str, expected: str, got: str) -> None:
        self.clause, self.expected, self.got = clause, expected, got
        super().__init__(f"expected {expected}; got {got} ({clause})")


class NotAccepted(ConformanceError):
    """The operation needs a presentation context that the peer did not accept; nothing was sent."""

    def __init__(self, abstract_syntax: str, transfer_syntax: str | None = None) -> None:
        self.abstract_syntax, self.transfer_syntax = abstract_syntax, transfer_syntax
        within = f" in transfer syntax {transfer_syntax}" if transfer_syntax else ""
        super().__init__(f"no accepted presentation context for {abstract_syntax}{within}", remedy="propose it when associating")
