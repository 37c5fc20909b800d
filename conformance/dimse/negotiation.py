"""What an association is asked for and what the acceptor answered: the request is built as told, the answer is checked.

`build_request` writes the A-ASSOCIATE-RQ, `check_acceptance` holds the A-ASSOCIATE-AC against it and raises ProtocolViolation
for an answer to what was never asked: a context or a transfer syntax never proposed, or two answers to one context.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.dimse.endings import ProtocolViolation
from conformance.dimse.endpoint import Endpoint
from conformance.dimse.pdu import AssociatePdu, PresentationContext, UserItem, encode_extended, encode_role, uid_text

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
IMPLEMENTATION_CLASS_UID = "2.25.308613171870425377064137415312917563210"
IMPLEMENTATION_VERSION = "CONFORMANCE_1"
MAX_CONTEXTS = 128  # the odd ids from 1 to 255


@dataclass(frozen=True, slots=True)
class Context:
    """A presentation context to propose. A role that is not None adds a role selection sub-item (PS3.7 D.3.3.4).

    `extended`, where not empty, is the service class application information of an extended negotiation (PS3.7 D.3.3.5).
    """

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    scu_role: bool | None = None
    scp_role: bool | None = None
    extended: bytes = b""


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """A user identity sub-item (PS3.7 D.3.3.7): type 1 user name, 2 with passcode, 3 Kerberos, 4 SAML, 5 JWT."""

    type: int
    primary: bytes
    secondary: bytes = b""
    response: bool = False

    def encode(self) -> bytes:
        """Encode the sub-item's value."""
        head = bytes((self.type, self.response))
        return head + _counted(self.primary) + _counted(self.secondary)


@dataclass(frozen=True, slots=True)
class Negotiated:
    """The answer to one proposed context: `result` 0 is acceptance (PS3.8 9.3.3.2), `transfer_syntax` "" where not accepted."""

    id: int
    abstract_syntax: str
    transfer_syntax: str
    result: int

    @property
    def accepted(self) -> bool:
        """Whether messages may be sent on it."""
        return self.result == 0


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What an A-ASSOCIATE-AC said. `implementation_class_uids` holds every such sub-item sent, so that none or two are visible.

    `max_pdu` 0 is no limit. `roles` maps a SOP class to the (SCU, SCP) roles accepted, `extended`
    one to the answer to its extended negotiation. `seconds` is the time from request to
    answer. `contexts` are the answers in the order sent; a context without an answer is not among them.
    """

    called_ae: str
    calling_ae: str
    application_context: str
    max_pdu: int
    implementation_class_uids: tuple[str, ...]
    implementation_version: str
    contexts: tuple[Negotiated, ...]
    roles: Mapping[str, tuple[bool, bool]]
    extended: Mapping[str, bytes]
    user_identity: bytes | None
    seconds: float


def build_request(
    endpoint: Endpoint,
    contexts: Sequence[Context],
    *,
    max_pdu: int,
    application_context: str = APPLICATION_CONTEXT,
    protocol_version: int = 1,
    user_identity: UserIdentity | None = None,
    raw_called: bytes | None = None,
    raw_calling: bytes | None = None,
    context_ids: Sequence[int] | None = None,
) -> AssociatePdu:
    """Build the request. AE titles are padded to 16 bytes with spaces unless given raw. Raises ValueError for what cannot be encoded."""
    ids = list(context_ids) if context_ids is not None else list(range(1, 2 * len(contexts), 2))
    if len(ids) != len(contexts) or any(not 0 <= id_ <= 255 for id_ in ids):
        raise ValueError(f"{len(contexts)} contexts need as many ids from 0 to 255; at most {MAX_CONTEXTS} get one by themselves")
    if any(raw is not None and len(raw) != 16 for raw in (raw_called, raw_calling)):
        raise ValueError("a raw AE title is exactly 16 bytes")
    return AssociatePdu(
        called=raw_called if raw_called is not None else pad_title(endpoint.called_ae),
        calling=raw_calling if raw_calling is not None else pad_title(endpoint.calling_ae),
        contexts=tuple(
            PresentationContext(id_, context.abstract_syntax, context.transfer_syntaxes) for id_, context in zip(ids, contexts, strict=True)
        ),
        user_items=(*own_items(max_pdu), *_roles(contexts), *_extended(contexts), *_identity(user_identity)),
        application_context=application_context,
        protocol_version=protocol_version,
    )


def pad_title(title: str) -> bytes:
    """Encode an AE title in its 16 bytes. Raises ValueError for a longer one."""
    data = title.encode()
    if len(data) > 16:
        raise ValueError(f"the AE title {title!r} has more than 16 bytes")
    return data.ljust(16)


def read_title(data: bytes) -> str:
    """Read an AE title of 16 bytes: spaces around it do not count (PS3.8 9.3.2); other bytes are shown as they are."""
    return data.decode("ascii", "backslashreplace").strip(" ")


def own_items(max_pdu: int) -> tuple[tuple[int, bytes], ...]:
    """The user information sub-items that each of our own A-ASSOCIATE PDUs carries."""
    return (
        (UserItem.MAXIMUM_LENGTH, max_pdu.to_bytes(4)),
        (UserItem.IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_CLASS_UID.encode()),
        (UserItem.IMPLEMENTATION_VERSION, IMPLEMENTATION_VERSION.encode()),
    )


def _roles(contexts: Sequence[Context]) -> list[tuple[int, bytes]]:
    """One sub-item for each SOP class, however many contexts propose it."""
    roles = {
        context.abstract_syntax: (bool(context.scu_role), bool(context.scp_role))
        for context in contexts
        if context.scu_role is not None or context.scp_role is not None
    }
    return [(UserItem.ROLE_SELECTION, encode_role(uid, scu, scp)) for uid, (scu, scp) in roles.items()]


def _extended(contexts: Sequence[Context]) -> list[tuple[int, bytes]]:
    asked = {context.abstract_syntax: context.extended for context in contexts if context.extended}
    return [(UserItem.EXTENDED_NEGOTIATION, encode_extended(uid, information)) for uid, information in asked.items()]


def _identity(identity: UserIdentity | None) -> list[tuple[int, bytes]]:
    return [(UserItem.USER_IDENTITY_RQ, identity.encode())] if identity else []


def _counted(value: bytes) -> bytes:
    return len(value).to_bytes(2) + value


def check_acceptance(request: AssociatePdu, answer: AssociatePdu, seconds: float) -> Acceptance:
    """Hold the answer against the request. Raises ProtocolViolation for an answer to what was not asked."""
    proposed = {context.id: context for context in request.contexts}
    allowed = Counter(context.id for context in request.contexts)
    for id_, count in Counter(context.id for context in answer.contexts).items():
        if id_ not in proposed:
            raise _violation("answers to the contexts proposed", f"an answer to context {id_}, which was not proposed")
        if count > allowed[id_]:
            raise _violation(f"one answer to context {id_}", f"{count} answers")
    return Acceptance(
        called_ae=read_title(answer.called),
        calling_ae=read_title(answer.calling),
        application_context=answer.application_context,
        max_pdu=answer.max_pdu,
        implementation_class_uids=tuple(map(uid_text, answer.values(UserItem.IMPLEMENTATION_CLASS_UID))),
        implementation_version=next(map(uid_text, answer.values(UserItem.IMPLEMENTATION_VERSION)), ""),
        contexts=tuple(_check_context(proposed[context.id], context) for context in answer.contexts),
        roles=answer.roles,
        extended=answer.extended,
        user_identity=next((value[2:] for value in answer.values(UserItem.USER_IDENTITY_AC)), None),
        seconds=seconds,
    )


def _check_context(proposed: PresentationContext, answer: PresentationContext) -> Negotiated:
    result = answer.result if answer.result is not None else -1
    if not 0 <= result <= 4:
        raise _violation(f"result 0 to 4 for context {answer.id}", f"result {result}" if result >= 0 else "a proposal instead of an answer")
    if result != 0:
        return Negotiated(answer.id, proposed.abstract_syntax, "", result)
    if len(answer.transfer_syntaxes) != 1:
        raise _violation(f"one transfer syntax for the accepted context {answer.id}", f"{len(answer.transfer_syntaxes)}")
    (syntax,) = answer.transfer_syntaxes
    if syntax not in proposed.transfer_syntaxes:
        raise _violation(f"one of the transfer syntaxes proposed for context {answer.id}", f"{syntax}, which was not proposed for it")
    return Negotiated(answer.id, proposed.abstract_syntax, syntax, 0)


def _violation(expected: str, got: str) -> ProtocolViolation:
    return ProtocolViolation("PS3.8 9.3.3.2", expected, got)
