"""How the listener answers: what it accepts, what status it gives, which objects are this run's own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from conformance.dimse.answers import Received
from conformance.dimse.availability import AVAILABILITY
from conformance.dimse.commitment import PUSH_MODEL
from conformance.dimse.negotiation import Negotiated
from conformance.dimse.pdu import PresentationContext
from conformance.dimse.providing import Provider

VERIFICATION = "1.2.840.10008.1.1"
ALWAYS = frozenset({VERIFICATION, PUSH_MODEL, AVAILABILITY})
PROVIDED_IN = frozenset({ExplicitVRLittleEndian, ImplicitVRLittleEndian})  # nothing that has to be inflated
SUCCESS = 0x0000
REJECTED_ABSTRACT_SYNTAX, REJECTED_TRANSFER_SYNTAXES = 3, 4  # PS3.8 Table 9-18


class Reaction(StrEnum):
    """What a policy may do instead of answering a C-STORE."""

    ABORT = "abort"
    CLOSE = "close the connection"
    SILENCE = "say nothing more"


def _success(_received: Received) -> int:
    return SUCCESS


def _alive() -> int:
    return SUCCESS


def _everything(_sop_instance_uid: str) -> bool:
    return True


def _at_once() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Policy:
    """How to treat associations and objects during one reception.

    `contexts` names the transfer syntax to accept for a proposed storage context, or None to refuse it; without it the first of
    `transfer_syntaxes` that is proposed is accepted (of an empty list: the first proposed), for `accept_sop_classes` (None:
    every storage class, known or private). Verification, Storage Commitment and Instance Availability are always accepted.
    `ours` says whether a SOP Instance UID is of this run; any other object is counted as foreign and nothing of it is kept.
    `reject` is the result, source and reason of an A-ASSOCIATE-RJ to every request. `max_pdu` overrides the listener's.
    `admit` is called before a request is answered, and may wait: the peer has its connection and no association meanwhile.
    `directory`: objects are written there as Part 10 files while they arrive, and not kept in memory.
    `echo` gives the status of each C-ECHO. `turn` is asked for the policy of each association, by what it proposes; the largest PDU
    and `admit` stay those of this one. `silence` is for how many seconds SILENCE lasts; None: for the listener's idle time.
    `providers`: services beside these, by SOP class, each accepted in a little endian syntax as it stands, and answered by its provider.
    """

    contexts: Callable[[PresentationContext], str | None] | None = None
    transfer_syntaxes: tuple[str, ...] = ()
    accept_sop_classes: frozenset[str] | None = None
    status: Callable[[Received], int | Reaction] = _success
    ours: Callable[[str], bool] = _everything
    reject: tuple[int, int, int] | None = None
    max_pdu: int | None = None
    admit: Callable[[], object] = _at_once
    directory: Path | None = None
    echo: Callable[[], int] = _alive
    silence: float | None = None
    turn: Callable[[Sequence[PresentationContext]], "Policy"] | None = None
    providers: Mapping[str, Provider] = field(default_factory=dict)

    @property
    def manners(self) -> str:
        """What of it another destination must do alike, in words; empty where everything is accepted."""
        told = {
            "max_pdu": f"announces a maximum PDU length of {self.max_pdu}",
            "status": "answers some objects with a failure",
            "accept_sop_classes": "accepts some of the storage classes only",
            "transfer_syntaxes": f"accepts no transfer syntax but {', '.join(self.transfer_syntaxes)}",
            "contexts": "chooses the transfer syntaxes",
            "reject": "rejects the association",
        }
        return " and ".join(words for name, words in told.items() if getattr(self, name) != getattr(ACCEPT_ALL, name))

    def negotiate(self, context: PresentationContext) -> Negotiated:
        """Answer one proposed context (PS3.8 9.3.3.2)."""
        if not self._supports(context.abstract_syntax):
            return Negotiated(context.id, context.abstract_syntax, "", REJECTED_ABSTRACT_SYNTAX)
        syntax = self._choose(context)
        if syntax is None or syntax not in context.transfer_syntaxes:
            return Negotiated(context.id, context.abstract_syntax, "", REJECTED_TRANSFER_SYNTAXES)
        return Negotiated(context.id, context.abstract_syntax, syntax, 0)

    def _supports(self, abstract_syntax: str) -> bool:
        if abstract_syntax in ALWAYS or abstract_syntax in self.providers:
            return True
        if self.accept_sop_classes is not None:
            return abstract_syntax in self.accept_sop_classes
        return _is_storage(abstract_syntax)

    def _choose(self, context: PresentationContext) -> str | None:
        if context.abstract_syntax in self.providers:
            return next((syntax for syntax in context.transfer_syntaxes if syntax in PROVIDED_IN), None)
        if context.abstract_syntax in ALWAYS:
            return next(iter(context.transfer_syntaxes), None)
        if self.contexts is not None:
            return self.contexts(context)
        preferred = self.transfer_syntaxes or context.transfer_syntaxes
        return next((syntax for syntax in preferred if syntax in context.transfer_syntaxes), None)


def _is_storage(abstract_syntax: str) -> bool:
    """A SOP class whose name says storage, or one that no dictionary knows: a vendor's private storage class."""
    uid = UID(abstract_syntax)
    return "Storage" in uid.name or uid.name == uid


ACCEPT_ALL = Policy()
NO_STORAGE = Policy(accept_sop_classes=frozenset())
