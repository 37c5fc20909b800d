"""Who comes in, and for what: the decisions on an A-ASSOCIATE-RQ (PS3.8 7.1.1, PS3.7 D.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom._uid_dict import UID_dictionary
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification  # type: ignore[attr-defined]

from conformance.reference.models import FIND, GET, MOVE
from conformance.reference.steps import PERFORMED_STEP
from conformance.reference.syntax import STORABLE
from conformance.reference.worklist import WORKLIST

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"

Rejection = tuple[int, int, int]
UNKNOWN_APPLICATION_CONTEXT: Rejection = (1, 1, 2)
UNKNOWN_CALLING_AE: Rejection = (1, 1, 3)
UNKNOWN_CALLED_AE: Rejection = (1, 1, 7)
LOCAL_LIMIT_EXCEEDED: Rejection = (2, 3, 2)

# Protocols and inventories belong to no patient; this archive has no tree for them.
_NO_PATIENT = frozenset(f"1.2.840.10008.5.1.4.1.1.{tail}" for tail in ("200.1", "200.3", "200.7", "201.1"))

_LISTED = frozenset(
    uid
    for uid, (name, kind, *_) in UID_dictionary.items()
    if kind == "SOP Class" and uid.startswith("1.2.840.10008.5.1.4.1.1.") and "Storage" in name
)
STORAGE: frozenset[str] = (_LISTED | {str(context.abstract_syntax) for context in AllStoragePresentationContexts}) - _NO_PATIENT
SERVICES: frozenset[str] = frozenset({Verification, StorageCommitmentPushModel, PERFORMED_STEP, WORKLIST, *FIND, *MOVE, *GET})
SERVICE_SYNTAXES: tuple[str, ...] = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)


@dataclass(frozen=True, slots=True)
class Knock:
    """An association request as it came: the titles with their padding, and how many associations are open now."""

    application_context: str
    called: str
    calling: str
    abstract_syntaxes: tuple[str, ...]
    busy: int


class Door:
    """Decides on one association request."""

    limit = 100  # associations at the same time

    response: bytes | None = b""  # what a user is told who is let in and asks for a word (PS3.7 D.3.3.7.2)

    def __init__(self, ae_title: str, calling: frozenset[str], send_only: frozenset[str], users: Mapping[str, str]) -> None:
        self.ae_title, self.calling, self.send_only, self.users = ae_title, calling, send_only, users

    def rejection(self, knock: Knock) -> Rejection | None:
        """Say why a request is rejected (result, source, reason of PS3.8 9.3.4), or None."""
        if not self.knows_application_context(knock.application_context):
            return UNKNOWN_APPLICATION_CONTEXT
        if not self.is_called(knock.called):
            return UNKNOWN_CALLED_AE
        if not self.may_call(knock.calling):
            return UNKNOWN_CALLING_AE
        return LOCAL_LIMIT_EXCEEDED if knock.busy >= self.limit else None

    def knows_application_context(self, name: str) -> bool:
        """There is one application context (PS3.7 A.2.1)."""
        return name == APPLICATION_CONTEXT

    def is_called(self, title: str) -> bool:
        """Padding on either side of a title is not significant (PS3.8 9.3.2)."""
        return title.strip(" \0") == self.ae_title

    def may_call(self, title: str) -> bool:
        """Every title may call where no list was given."""
        return not self.calling or title.strip(" \0") in self.calling

    def grants(self, calling: str, abstract_syntax: str) -> bool:
        """A title that may only send has storage and verification, and nothing else."""
        return calling.strip(" \0") not in self.send_only or abstract_syntax in STORAGE or abstract_syntax == Verification

    def authenticates(self, name: bytes, passcode: bytes) -> bool:
        """Whether this is a user, with the right passcode."""
        known = self.users.get(name.decode("utf-8", "replace"))
        return known is not None and known.encode() == passcode

    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        """List what is supported among the abstract syntaxes proposed; pynetdicom negotiates each context against it."""
        wanted = dict.fromkeys(str(context.abstract_syntax) for context in proposed)
        return [self.supported(uid) for uid in wanted if uid in STORAGE or uid in SERVICES]

    def supported(self, abstract_syntax: str) -> PresentationContext:
        """One supported context. A storage context may turn round for C-GET, if the peer asks (PS3.7 D.3.3.4)."""
        context = build_context(abstract_syntax, list(self.syntaxes(abstract_syntax)))
        if abstract_syntax in STORAGE:
            context.scu_role = context.scp_role = True
        return context

    def syntaxes(self, abstract_syntax: str) -> tuple[str, ...]:
        """The transfer syntaxes of an abstract syntax, best first."""
        return STORABLE if abstract_syntax in STORAGE else SERVICE_SYNTAXES
