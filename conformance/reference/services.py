"""The DIMSE services: each turns a request into questions to a part, and the answers into responses (PS3.7 9, PS3.4 B and C)."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pynetdicom import build_context
from pynetdicom.dimse_primitives import C_ECHO, C_FIND, C_GET, C_MOVE, C_STORE, N_ACTION, N_CREATE, N_SET
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification  # type: ignore[attr-defined]

from conformance.reference.commitment import Committer
from conformance.reference.door import STORAGE
from conformance.reference.encoding import DataSet, encode
from conformance.reference.errors import UndecodableText
from conformance.reference.find import Finder
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.models import (
    CANCELLED,
    FIND,
    GET,
    MOVE,
    PENDING,
    UNABLE_TO_PROCESS,
    Identifier,
    IdentifierRefused,
    read_identifier,
)
from conformance.reference.notice import Notifier
from conformance.reference.retrieve import UNKNOWN_DESTINATION, Outlet, Progress, Retriever, proposals
from conformance.reference.rules import CANNOT_UNDERSTAND, Refusal
from conformance.reference.steps import PERFORMED_STEP, Reply, Steps
from conformance.reference.syntax import syntax_of
from conformance.reference.wire import Acceptor, Courier, PromptAssociation
from conformance.reference.worklist import WORKLIST, Worklist

LOGGER = logging.getLogger(__name__)

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110  # PS3.7 C.5.18
UNRECOGNIZED = 0x0211  # PS3.7 C.5.23
SUB_OPERATION_SECONDS = 30.0

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts that the services ask."""

    intake: Intake
    finder: Finder
    retriever: Retriever
    committer: Committer
    worklist: Worklist
    steps: Steps
    notifier: Notifier
    peers: Mapping[str, Address]
    call: Callable[[], Courier]


@dataclass(frozen=True, slots=True)
class Request:
    """A request on an association, and the context that it came in."""

    assoc: Acceptor
    message: Any
    context_id: int
    abstract_syntax: str
    transfer_syntax: str

    @property
    def message_id(self) -> int:
        """The Message ID that every response repeats."""
        return int(self.message.MessageID or 0)

    @property
    def calling_ae(self) -> str:
        """Who sent the request."""
        return str(self.assoc.requestor.ae_title).strip()

    @property
    def cancelled(self) -> bool:
        """Whether a C-CANCEL for this request has come."""
        return self.message_id in self.assoc.dimse.cancel_req

    def respond(self, **fields: Any) -> None:
        """Send one response: the fields of the command set by keyword; `Identifier` and the like as bytes."""
        response = type(self.message)()
        response.MessageIDBeingRespondedTo = self.message.MessageID
        response.AffectedSOPClassUID = self.message.AffectedSOPClassUID
        for keyword, value in fields.items():
            if value is not None:
                setattr(response, keyword, BytesIO(value) if isinstance(value, bytes) else value)
        self.assoc.dimse.send_msg(response, self.context_id)


class Services:
    """Finds the service of a request and runs it. A service that fails inside answers with a failure; the archive goes on."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        # Primitive -> service, and the abstract syntaxes on which it may be asked for.
        self.table: Mapping[type, tuple[Callable[[Request], None], frozenset[str]]] = {
            C_ECHO: (self.echo, frozenset({Verification})),
            C_STORE: (self.store, STORAGE),
            C_FIND: (self.find, frozenset({*FIND, WORKLIST})),
            C_MOVE: (self.move, frozenset(MOVE)),
            C_GET: (self.get, frozenset(GET)),
            N_ACTION: (self.commit, frozenset({StorageCommitmentPushModel})),
            N_CREATE: (self.begin_step, frozenset({PERFORMED_STEP})),
            N_SET: (self.change_step, frozenset({PERFORMED_STEP})),
        }

    def serve(self, assoc: Acceptor, message: Any, context_id: int) -> None:
        """Serve one message. Responses that nobody asked for are dropped."""
        if message.MessageIDBeingRespondedTo is not None:
            return
        context = assoc._accepted_cx[context_id]
        request = Request(assoc, message, context_id, str(context.abstract_syntax), str(context.transfer_syntax[0]))
        service, syntaxes = self.table.get(type(message), (self.unrecognized, frozenset()))
        if request.abstract_syntax not in syntaxes:
            service = self.unrecognized
        try:
            service(request)
        except Exception:  # whatever went wrong inside, the peer is owed an answer and the next request a service
            LOGGER.exception("%s failed", type(message).__name__)
            normalized = isinstance(message, (N_ACTION, N_CREATE, N_SET))
            self.refuse(request, PROCESSING_FAILURE if normalized else CANNOT_UNDERSTAND, "the archive failed inside")

    def refuse(self, request: Request, status: int, comment: str) -> None:
        """Answer with a failure and its reason; the comment has at most 64 characters (PS3.7 C.5.2)."""
        request.respond(Status=status, ErrorComment=comment[:64])

    def unrecognized(self, request: Request) -> None:
        """Answer a service that this context does not offer (PS3.7 C.5.23)."""
        self.refuse(request, UNRECOGNIZED, "the presentation context does not offer this service")

    def echo(self, request: Request) -> None:
        """C-ECHO (PS3.4 A.4)."""
        request.respond(Status=SUCCESS)

    def store(self, request: Request) -> None:
        """C-STORE (PS3.4 B.2)."""
        stream = request.message.DataSet
        refusal = Refusal(CANNOT_UNDERSTAND, "the request has no data set") if stream is None else self.take(request, stream.getvalue())
        self.stored(request, refusal)

    def take(self, request: Request, data: bytes) -> Refusal | None:
        """Ask the intake to keep an object."""
        command = request.message
        classes = str(command.AffectedSOPClassUID or ""), str(command.AffectedSOPInstanceUID or "")
        return self.desk.intake.take(*classes, request.abstract_syntax, request.transfer_syntax, data)

    def stored(self, request: Request, refusal: Refusal | None) -> None:
        """Answer a C-STORE; the response names the instance of the request (PS3.7 9.1.1.1)."""
        named = {"AffectedSOPInstanceUID": request.message.AffectedSOPInstanceUID}
        if refusal is None:
            request.respond(Status=SUCCESS, **named)
            return
        blame = {} if refusal.tag is None else {"OffendingElement": [refusal.tag]}
        request.respond(Status=refusal.status, ErrorComment=refusal.comment[:64], **named, **blame)

    def find(self, request: Request) -> None:
        """C-FIND of the query and of the worklist service (PS3.4 C.4.1, K.4.1)."""
        syntax = syntax_of(request.transfer_syntax)
        try:
            for status, found in self.matches(request):
                if request.cancelled:
                    request.respond(Status=CANCELLED)
                    return
                if request.assoc.is_over:
                    return
                request.respond(Status=status, Identifier=encode(found, syntax))
            request.respond(Status=CANCELLED if request.cancelled else SUCCESS)
        except IdentifierRefused as refused:
            self.refuse(request, refused.status, refused.what)
        except UndecodableText as unfit:
            self.refuse(request, UNABLE_TO_PROCESS, unfit.what)

    def matches(self, request: Request) -> Iterator[tuple[int, DataSet]]:
        """Yield status and identifier of each match. Raises IdentifierRefused."""
        if request.abstract_syntax == WORKLIST:
            found = self.desk.worklist.answer(request.message.Identifier, syntax_of(request.transfer_syntax))
            return ((PENDING, match) for match in found)
        levels = FIND[request.abstract_syntax]
        return self.desk.finder.answer(self.identify(request, levels), levels)

    def identify(self, request: Request, levels: tuple[str, ...]) -> Identifier:
        """Read the identifier of a query or retrieve. Raises IdentifierRefused."""
        return read_identifier(request.message.Identifier, syntax_of(request.transfer_syntax), levels)

    def targets(self, request: Request, levels: tuple[str, ...]) -> Sequence[Located] | None:
        """Find what a retrieve asks for; None where it was refused, and answered."""
        try:
            identifier = self.identify(request, levels)
            return self.desk.retriever.select(identifier, levels)
        except IdentifierRefused as refused:
            self.refuse(request, refused.status, refused.what)
        except UndecodableText as unfit:
            self.refuse(request, UNABLE_TO_PROCESS, unfit.what)
        return None

    def move(self, request: Request) -> None:
        """C-MOVE (PS3.4 C.4.2): to registered destinations only."""
        destination = str(request.message.MoveDestination or "").strip()
        address = self.desk.peers.get(destination)
        if address is None:
            self.unknown_destination(request)
            return
        targets = self.targets(request, MOVE[request.abstract_syntax])
        if targets is not None:
            self.move_to(request, destination, address, targets)

    def unknown_destination(self, request: Request) -> None:
        """Refuse a destination that is not registered (PS3.4 Table C.4-2)."""
        self.refuse(request, UNKNOWN_DESTINATION, "the move destination is not registered")

    def move_to(self, request: Request, destination: str, address: Address, targets: Sequence[Located]) -> None:
        """Deliver to a destination; nothing to deliver opens no association."""
        if not targets:
            self.report(request, self.desk.retriever.unreachable(targets))
            return
        courier = self.desk.call()
        contexts = [build_context(sop_class, syntax) for sop_class, syntax in proposals(targets)]
        try:
            if not courier.open(address, destination, contexts, []):
                self.report(request, self.desk.retriever.unreachable(targets))
                return
            self.run(request, targets, Sending(courier, request.message, request.calling_ae, as_scu=False))
        finally:
            courier.close()

    def get(self, request: Request) -> None:
        """C-GET (PS3.4 C.4.3): back through the association on which it came."""
        targets = self.targets(request, GET[request.abstract_syntax])
        if targets is not None:
            self.run(request, targets, Sending(request.assoc, request.message, None, as_scu=True))

    def run(self, request: Request, targets: Sequence[Located], outlet: Outlet) -> None:
        """Deliver, and report on each step."""
        for progress in self.desk.retriever.deliver(targets, outlet, lambda: request.cancelled or request.assoc.is_over):
            self.report(request, progress)

    def report(self, request: Request, progress: Progress) -> None:
        """Send one response of a retrieve."""
        tally, found = progress.tally, progress.identifier
        request.respond(
            Status=progress.status,
            NumberOfRemainingSuboperations=tally.remaining if progress.show_remaining else None,
            NumberOfCompletedSuboperations=tally.completed,
            NumberOfFailedSuboperations=tally.failed,
            NumberOfWarningSuboperations=tally.warning,
            Identifier=None if found is None else encode(found, syntax_of(request.transfer_syntax)),
        )

    def commit(self, request: Request) -> None:
        """N-ACTION of storage commitment (PS3.4 J.3.2)."""
        message = request.message
        status, comment = self.desk.committer.take(message, syntax_of(request.transfer_syntax), request.calling_ae)
        request.respond(
            Status=status,
            ErrorComment=comment[:64] or None,
            AffectedSOPClassUID=message.RequestedSOPClassUID,
            AffectedSOPInstanceUID=message.RequestedSOPInstanceUID,
            ActionTypeID=message.ActionTypeID if status == SUCCESS else None,
        )

    def begin_step(self, request: Request) -> None:
        """N-CREATE of a performed procedure step (PS3.4 F.7.2.1)."""
        message, syntax = request.message, syntax_of(request.transfer_syntax)
        instance = str(message.AffectedSOPInstanceUID or "")
        self.stepped(request, instance, self.desk.steps.create(instance, message.AttributeList, syntax))

    def change_step(self, request: Request) -> None:
        """N-SET of a performed procedure step (PS3.4 F.7.2.2); one that completes it is followed by a notice."""
        message, syntax = request.message, syntax_of(request.transfer_syntax)
        instance = str(message.RequestedSOPInstanceUID or "")
        reply = self.desk.steps.set(instance, message.ModificationList, syntax)
        self.stepped(request, instance, reply)
        self.desk.notifier.notify(request.calling_ae, reply.finished)

    def stepped(self, request: Request, instance: str, reply: Reply) -> None:
        """Answer a request about a step."""
        request.respond(
            Status=reply.status,
            ErrorComment=reply.comment[:64] or None,
            ErrorID=reply.error_id,
            AffectedSOPClassUID=PERFORMED_STEP,
            AffectedSOPInstanceUID=instance or None,
        )


class Sending:
    """Stores objects on an association: the archive's own to a move destination, or the peer's own for C-GET."""

    def __init__(self, assoc: PromptAssociation, message: Any, originator: str | None, *, as_scu: bool) -> None:
        self.assoc, self.message, self.originator = assoc, message, originator
        self.contexts = [context for context in assoc.accepted_contexts if context.as_scu or not as_scu]
        self.sent = 0

    def syntaxes(self, sop_class: str) -> Sequence[str]:
        """The transfer syntaxes accepted for a class."""
        return [str(context.transfer_syntax[0]) for context in self.contexts if context.abstract_syntax == sop_class]

    def store(self, located: Located, transfer_syntax: str, data: bytes) -> int | None:
        """Send one object. Returns the status of the response, None where none came."""
        wanted = (located.sop_class_uid, transfer_syntax)
        context = next(one for one in self.contexts if (one.abstract_syntax, one.transfer_syntax[0]) == wanted)
        response = self.assoc.ask(self.command(located, data), context.context_id or 0, SUB_OPERATION_SECONDS)
        return None if response is None else int(response.Status)

    def command(self, located: Located, data: bytes) -> C_STORE:
        """Write the C-STORE request; in a C-MOVE it names who asked for it (PS3.7 9.1.1.1.6)."""
        self.sent += 1
        command = C_STORE()
        command.MessageID = (int(self.message.MessageID) + self.sent) % 0x10000
        command.AffectedSOPClassUID, command.AffectedSOPInstanceUID = located.sop_class_uid, located.sop_instance_uid
        command.Priority = self.message.Priority
        command.DataSet = BytesIO(data)
        if self.originator is not None:
            command.MoveOriginatorApplicationEntityTitle = self.originator
            command.MoveOriginatorMessageID = self.message.MessageID
        return command
