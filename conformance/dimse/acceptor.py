"""One association that a peer opened with us: negotiated, served and recorded, in the thread of the listener that runs it.

Steps: TLS handshake, `_receive_request` (else A-ABORT), reject or accept by the policy, one message after another until the
peer releases, ends or violates the association, or says nothing for the idle time.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from conformance.dimse.answers import AvailabilityNotice, CommitmentReport, Received
from conformance.dimse.availability import AVAILABILITY, read_notice
from conformance.dimse.channel import Channel, Message, Sink, note_pdu
from conformance.dimse.command import RESPONSE, Field
from conformance.dimse.commitment import PUSH_MODEL, read_report
from conformance.dimse.deadline import Deadline
from conformance.dimse.endings import AssociationEnded, EndingKind, ProtocolViolation
from conformance.dimse.exchange import answer
from conformance.dimse.handshake import associate_facts, end_wire
from conformance.dimse.incoming import read_store
from conformance.dimse.negotiation import Negotiated, own_items
from conformance.dimse.part10 import write_head
from conformance.dimse.pdu import (
    AssociatePdu,
    PduType,
    PresentationContext,
    UserItem,
    decode_associate,
    encode_associate,
    encode_reject,
    encode_role,
    pdu_name,
)
from conformance.dimse.policy import Reaction
from conformance.dimse.providing import Inquiry, Provider
from conformance.dimse.reception import AssociationRequest, Reception, request_facts
from conformance.dimse.wire import Wire, data_pdu_limit

OUT_OF_RESOURCES = 0xA700
UNRECOGNIZED_OPERATION = 0x0211


class _ForeignError(Exception):
    """The object that begins is not this run's. Carries the request so far, for its answer."""

    def __init__(self, request: Message) -> None:
        self.request = request
        super().__init__("an object that is not this run's")


@dataclass(frozen=True, slots=True)
class Terms:
    """What an acceptor works by: the reception, our maximum PDU, the idle time in seconds, and who takes commitment reports and notices."""

    reception: Reception
    max_pdu: int
    idle: float
    report: Callable[[CommitmentReport], None]
    notice: Callable[[AvailabilityNotice], None]


class Acceptor:
    """The acceptor's side of one association. `serve` returns when it is over and raises nothing of the peer's doing."""

    def __init__(self, wire: Wire, serial: int, terms: Terms) -> None:
        self._wire, self._serial, self._terms = wire, serial, terms
        self._reception = terms.reception
        self._policy = terms.reception.policy
        self._max_pdu = terms.max_pdu if self._policy.max_pdu is None else self._policy.max_pdu
        self._contexts: Mapping[int, Negotiated] = {}
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._written = 0
        self._began = 0.0

    def serve(self) -> None:
        """Run the association to its end and close the connection."""
        try:
            self._wire.shake_hands(Deadline(self._wire.timeouts.connect, "TLS handshake"))
            self._serve()
        except _ForeignError as foreign:
            self._refuse_foreign(foreign.request)
        except (AssociationEnded, ProtocolViolation) as error:
            self._end(error)
        finally:
            self._reception.end_association(self._serial)
            self._drop_file()
            self._wire.close()

    def _serve(self) -> None:
        pdu = self._receive_request()
        self._policy.admit()
        if self._policy.turn:
            self._policy = self._policy.turn(pdu.contexts)
        if self._policy.reject:
            return self._reject(pdu, self._policy.reject)
        request, channel = self._accept(pdu)
        while self._answer(channel, request):
            pass
        return None

    def _end(self, error: AssociationEnded | ProtocolViolation) -> None:
        if isinstance(error, ProtocolViolation):
            self._reception.add_trouble(error)
        elif error.ending.kind is not EndingKind.RELEASE:
            self._reception.add_trouble(error.ending)
        end_wire(self._wire, error)

    # --- negotiation

    def _receive_request(self) -> AssociatePdu:
        self._wire.max_data_pdu = data_pdu_limit(self._max_pdu)
        pdu = self._wire.receive(Deadline(self._wire.timeouts.associate, "A-ASSOCIATE-RQ"))
        if pdu.type != PduType.ASSOCIATE_RQ:
            raise ProtocolViolation("PS3.8 9.2.3", "an A-ASSOCIATE-RQ", pdu_name(pdu.type))
        request = decode_associate(pdu)
        note_pdu(self._wire, "received", "A-ASSOCIATE-RQ", associate_facts(request), len(pdu.body))
        return request

    def _reject(self, pdu: AssociatePdu, how: tuple[int, int, int]) -> None:
        self._reception.add_association(request_facts(pdu, self._serial, ()))
        result, source, reason = how
        note_pdu(self._wire, "sent", "A-ASSOCIATE-RJ", {"Result": result, "Source": source, "Reason": reason})
        self._wire.send([encode_reject(*how)], Deadline(self._wire.timeouts.send, "A-ASSOCIATE-RJ"))

    def _accept(self, pdu: AssociatePdu) -> tuple[AssociationRequest, Channel]:
        answers = tuple(self._policy.negotiate(context) for context in pdu.contexts)
        self._contexts = {context.id: context for context in answers}
        request = request_facts(pdu, self._serial, answers)
        acceptance = AssociatePdu(
            called=pdu.called,
            calling=pdu.calling,
            contexts=tuple(_answered(context, pdu) for context in answers),
            user_items=(*own_items(self._max_pdu), *_roles(request)),
        )
        data = encode_associate(PduType.ASSOCIATE_AC, acceptance)
        self._reception.add_association(request)
        note_pdu(self._wire, "sent", "A-ASSOCIATE-AC", associate_facts(acceptance), len(data))
        self._wire.send([data], Deadline(self._wire.timeouts.send, "A-ASSOCIATE-AC"))
        return request, Channel(self._wire, pdu.max_pdu)

    # --- messages

    def _answer(self, channel: Channel, request: AssociationRequest) -> bool:
        """Read one message and answer it. False when the policy has ended the association."""
        message = channel.receive(Deadline(self._terms.idle, "the next message"), sink_for=self._sink_for)
        provider = self._provider_of(message)
        match message.field:
            case Field.C_ECHO_RQ:
                answer(channel, message, self._policy.echo())
            case Field.C_STORE_RQ:
                goes_on = self._store(channel, message, request)
                self._reception.end_object(self._serial)
                return goes_on
            case Field.C_FIND_RQ | Field.N_ACTION_RQ | Field.N_CREATE_RQ | Field.N_SET_RQ if provider:
                self._provide(provider, channel, message, request)
            case Field.N_EVENT_REPORT_RQ:
                self._report(channel, message, request)
            case Field.N_CREATE_RQ:
                self._notice(channel, message, request)
            case Field.C_CANCEL_RQ:
                pass  # PS3.7 9.3.2.3: a cancel has no response of its own
            case field if field & RESPONSE:
                raise ProtocolViolation("PS3.7 8.1", "a request", f"a {message.name}, to which nothing was asked")
            case _:
                answer(channel, message, UNRECOGNIZED_OPERATION)
        return True

    def _store(self, channel: Channel, message: Message, request: AssociationRequest) -> bool:
        received = self._received(message, request)
        if not self._reception.has_room(received):
            answer(channel, message, OUT_OF_RESOURCES)
            return True
        reaction = self._policy.status(received)
        if isinstance(reaction, Reaction):
            return self._react(reaction, channel)
        self._reception.add_object(received)  # before the answer: a C-MOVE may end with it, and the check then looks at once
        answer(channel, message, reaction)
        return True

    def _received(self, message: Message, request: AssociationRequest) -> Received:
        path = self._close_file()
        return read_store(
            message,
            self._contexts.get(message.context_id),
            calling_ae=request.calling_ae,
            called_ae=request.called_ae,
            association=self._serial,
            pdu_lengths_max=self._wire.largest_pdu,
            path=path,
            seconds=time.monotonic() - self._began,
        )

    def _react(self, reaction: Reaction, channel: Channel) -> bool:
        if reaction is Reaction.ABORT:
            note_pdu(self._wire, "sent", "A-ABORT")
            self._wire.abort()
        elif reaction is Reaction.SILENCE:
            channel.wire.await_ending(self._terms.idle if self._policy.silence is None else self._policy.silence)
        return False

    def _report(self, channel: Channel, message: Message, request: AssociationRequest) -> None:
        context = self._context_of(message, PUSH_MODEL, "a report")
        roles = request.roles.get(PUSH_MODEL)
        report = read_report(message, context.transfer_syntax, calling_ae=request.calling_ae, new_association=True, roles=roles)
        answer(channel, message, 0)
        self._terms.report(report)

    def _notice(self, channel: Channel, message: Message, request: AssociationRequest) -> None:
        context = self._context_of(message, AVAILABILITY, "a notice")
        notice = read_notice(message, context.transfer_syntax, calling_ae=request.calling_ae)
        answer(channel, message, 0)
        self._terms.notice(notice)

    def _provider_of(self, message: Message) -> Provider | None:
        context = self._contexts.get(message.context_id)
        return self._policy.providers.get(context.abstract_syntax) if context and context.accepted else None

    def _provide(self, provider: Provider, channel: Channel, message: Message, request: AssociationRequest) -> None:
        for reply in provider(Inquiry(message, self._contexts[message.context_id].transfer_syntax, request.calling_ae)):
            answer(channel, message, reply.status, elements=reply.elements, data=reply.data)

    def _context_of(self, message: Message, abstract_syntax: str, what: str) -> Negotiated:
        context = self._contexts.get(message.context_id)
        if context is None or not context.accepted or context.abstract_syntax != abstract_syntax:
            raise ProtocolViolation("PS3.8 7.6", f"{what} on its accepted presentation context", f"context {message.context_id}")
        return context

    # --- where data sets go

    def _sink_for(self, context_id: int, command: Mapping[str, object]) -> Sink | None:
        """Refuse what is not ours before its data set is read; open a file where the policy wants files."""
        head = Message(context_id, command, None, 0)
        if head.field != Field.C_STORE_RQ:
            return None
        instance = head.text("AffectedSOPInstanceUID")
        if not self._policy.ours(instance):
            raise _ForeignError(head)
        self._began = time.monotonic()
        self._reception.begin_object(self._serial)
        context = self._contexts.get(context_id)
        if self._policy.directory is None or context is None:
            return None
        self._written += 1
        self._path = self._policy.directory / f"{self._serial:06}-{self._written:06}.dcm"  # a peer's UID never becomes a path
        self._file = self._path.open("wb")
        write_head(self._file, head.text("AffectedSOPClassUID"), instance, context.transfer_syntax)
        return self._file

    def _close_file(self) -> Path | None:
        path, self._path = self._path, None
        if self._file:
            self._file.close()
            self._file = None
        return path

    def _drop_file(self) -> None:
        """Remove what came of an object that never came whole."""
        path = self._close_file()
        if path:
            path.unlink(missing_ok=True)

    def _refuse_foreign(self, request: Message) -> None:
        self._reception.add_foreign()
        try:
            answer(Channel(self._wire, 0), request, OUT_OF_RESOURCES)
        except AssociationEnded:
            return
        note_pdu(self._wire, "sent", "A-ABORT")
        self._wire.abort()


def _answered(context: Negotiated, pdu: AssociatePdu) -> PresentationContext:
    """A refused context repeats a transfer syntax all the same: the item has one, which is not significant (PS3.8 9.3.3.2)."""
    proposed = next(proposed for proposed in pdu.contexts if proposed.id == context.id)
    syntax = context.transfer_syntax or next(iter(proposed.transfer_syntaxes), "1.2.840.10008.1.2")
    return PresentationContext(context.id, "", (syntax,), context.result)


def _roles(request: AssociationRequest) -> list[tuple[int, bytes]]:
    """Accept a requestor as SCU of anything, and as SCP of Storage Commitment only: its reports come that way."""
    return [(UserItem.ROLE_SELECTION, encode_role(uid, scu, scp and uid == PUSH_MODEL)) for uid, (scu, scp) in request.roles.items()]
