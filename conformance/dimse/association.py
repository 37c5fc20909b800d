"""The requestor's side of an association: opened by `associate`, its services, its endings, and what a hostile peer would do.

Steps and what they raise: `associate` (AssociationEnded: REFUSED, UNREACHABLE, TLS, REJECT, ABORT, CLOSE, RESET, SILENCE;
ProtocolViolation for an acceptance of what was not asked), a service (NotAccepted before anything is sent; AssociationEnded;
ProtocolViolation), `release` (AssociationEnded, ProtocolViolation). An error closes the association; no thread is behind it.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from pydicom.dataset import Dataset

from conformance.dimse.answers import Answer, CommitmentReport, FindAnswer, Received, RetrieveAnswer, Storable
from conformance.dimse.channel import Channel, Message, note_pdu
from conformance.dimse.command import DATA_SET, NO_DATA_SET, Field, message_name
from conformance.dimse.commitment import PUSH_MODEL, PUSH_MODEL_INSTANCE, commitment_information, read_report
from conformance.dimse.deadline import Deadline
from conformance.dimse.endings import AssociationEnded, Ending, EndingKind, NotAccepted, ProtocolViolation
from conformance.dimse.endpoint import Endpoint, Timeouts
from conformance.dimse.exchange import Exchange, Request, answer_of
from conformance.dimse.handshake import end_wire, negotiate
from conformance.dimse.identifiers import encode_dataset
from conformance.dimse.incoming import read_store
from conformance.dimse.negotiation import (
    APPLICATION_CONTEXT,
    Acceptance,
    Context,
    Negotiated,
    UserIdentity,
    build_request,
)
from conformance.dimse.pdu import RELEASE_RP, RELEASE_RQ, PduType, pdu_name
from conformance.dimse.query import find
from conformance.dimse.retrieve import retrieve
from conformance.dimse.wire import Buffer, Wire, connect, data_pdu_limit, ending_of
from conformance.errors import ConformanceError
from conformance.evidence import Recorder

VERIFICATION = "1.2.840.10008.1.1"


def associate(
    endpoint: Endpoint,
    contexts: Sequence[Context],
    *,
    timeouts: Timeouts | None = None,
    recorder: Recorder | None = None,
    max_pdu: int = 65536,
    application_context: str = APPLICATION_CONTEXT,
    protocol_version: int = 1,
    user_identity: UserIdentity | None = None,
    raw_called: bytes | None = None,
    raw_calling: bytes | None = None,
    context_ids: Sequence[int] | None = None,
) -> "Association":
    """Connect, ask for these contexts and read the answer. Everything is sent as given; `max_pdu` 0 announces no limit.

    Raises AssociationEnded when there is no acceptance, ProtocolViolation when it answers what was not asked (PS3.8 9.3.3),
    ValueError for what cannot be encoded (an AE title above 16 bytes, more contexts than ids).
    """
    request = build_request(
        endpoint,
        contexts,
        max_pdu=max_pdu,
        application_context=application_context,
        protocol_version=protocol_version,
        user_identity=user_identity,
        raw_called=raw_called,
        raw_calling=raw_calling,
        context_ids=context_ids,
    )
    timeouts = timeouts or Timeouts()
    wire = connect(endpoint, timeouts, recorder)
    wire.max_data_pdu = data_pdu_limit(max_pdu)
    try:
        return Association(wire, negotiate(wire, request))
    except (AssociationEnded, ProtocolViolation) as error:
        end_wire(wire, error)
        raise


class Association:
    """An accepted association. As a context manager it is released at the end, and aborted when an exception leaves the block."""

    def __init__(self, wire: Wire, acceptance: Acceptance) -> None:
        self.acceptance = acceptance
        self.ending: Ending | None = None  # how it ended, when the peer ended it
        self._wire = wire
        self._contexts = {context.id: context for context in acceptance.contexts}
        self._exchange = Exchange(Channel(wire, acceptance.max_pdu), wire.timeouts, self._take_report)
        self._reports: deque[CommitmentReport] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self.is_open:
            return
        if kind is not None:
            self.abort()
            return
        with contextlib.suppress(AssociationEnded):  # kept in `ending`: whether a release is answered is a question of its own
            self.release()

    # --- facts

    @property
    def is_open(self) -> bool:
        """Whether nobody has ended it yet, as far as is known."""
        return self._wire.is_open

    @property
    def recorder(self) -> Recorder | None:
        """Where its messages are noted."""
        return self._wire.recorder

    @property
    def largest_pdu(self) -> int:
        """The greatest length field of a P-DATA-TF received, which the announced maximum bounds (PS3.8 D.1)."""
        return self._wire.largest_pdu

    def accepted(self, abstract_syntax: str, transfer_syntax: str | None = None) -> Negotiated | None:
        """The first accepted context for this abstract syntax, and for this transfer syntax if one is named."""
        return next(
            (
                context
                for context in self.acceptance.contexts
                if context.accepted and context.abstract_syntax == abstract_syntax and transfer_syntax in (None, context.transfer_syntax)
            ),
            None,
        )

    def _need(self, abstract_syntax: str, transfer_syntax: str | None = None) -> Negotiated:
        context = self.accepted(abstract_syntax, transfer_syntax)
        if context is None:
            raise NotAccepted(abstract_syntax, transfer_syntax)
        return context

    # --- services

    def echo(self) -> Answer:
        """C-ECHO (PS3.7 9.1.5)."""
        context = self._need(VERIFICATION)
        return self._ask(Field.C_ECHO_RQ, context.id, {"AffectedSOPClassUID": VERIFICATION})

    def store(
        self,
        instance: Storable,
        *,
        sop_class_uid: str | None = None,
        sop_instance_uid: str | None = None,
        context_id: int | None = None,
        priority: int = 0,
        move_originator: tuple[str, int] | None = None,
        pdv_size: int | None = None,
    ) -> Answer:
        """C-STORE (PS3.7 9.1.1): the instance's bytes, as they are, on the context of its class and transfer syntax.

        The UIDs change the command set only. `context_id` is used whether accepted or not; `pdv_size` sets the data bytes of
        each fragment, whatever was negotiated.
        """
        elements = _store_elements(instance, sop_class_uid, sop_instance_uid, priority, move_originator)
        context_id = self._store_context(instance, sop_class_uid, context_id)
        return self._ask(Field.C_STORE_RQ, context_id, elements, instance.data, pdv_size=pdv_size)

    def find(self, model: str, identifier: Dataset, *, cancel_after: int | None = None, limit: int = 2000) -> FindAnswer:
        """C-FIND (PS3.4 C.4.1). After `cancel_after` responses, or more than `limit`, a C-CANCEL is sent."""
        context = self._need(model)
        with self._guarded():
            return find(self._exchange, context, model, identifier, cancel_after=cancel_after, limit=limit)

    def move(self, model: str, identifier: Dataset, destination: str, *, cancel_after: int | None = None) -> RetrieveAnswer:
        """C-MOVE (PS3.4 C.4.2) to an AE title, which is sent as given."""
        context = self._need(model)
        with self._guarded():
            return retrieve(self._exchange, context, model, identifier, destination=destination, on_store=None, cancel_after=cancel_after)

    def get(
        self, model: str, identifier: Dataset, *, on_store: Callable[[Received], int], cancel_after: int | None = None
    ) -> RetrieveAnswer:
        """C-GET (PS3.4 C.4.3): `on_store` is given each object that comes on this association and says the status to answer."""
        context = self._need(model)

        def store(message: Message) -> int:
            return on_store(self._received(message))

        with self._guarded():
            return retrieve(self._exchange, context, model, identifier, destination=None, on_store=store, cancel_after=cancel_after)

    def commit(
        self,
        transaction_uid: str,
        references: Sequence[tuple[str, str]],
        *,
        action_type: int = 1,
        action_information: Dataset | None = None,
    ) -> Answer:
        """Request storage commitment by N-ACTION (PS3.4 J.3.2) for (SOP class, instance) pairs, or with information as given."""
        information = commitment_information(transaction_uid, references) if action_information is None else action_information
        elements = {"RequestedSOPClassUID": PUSH_MODEL, "RequestedSOPInstanceUID": PUSH_MODEL_INSTANCE, "ActionTypeID": action_type}
        return self._ask_of(Field.N_ACTION_RQ, PUSH_MODEL, elements, information)

    def create(self, sop_class: str, instance: str, attributes: Dataset) -> Answer:
        """N-CREATE of an instance under a UID of ours (PS3.7 10.1.5)."""
        elements = {"AffectedSOPClassUID": sop_class, "AffectedSOPInstanceUID": instance}
        return self._ask_of(Field.N_CREATE_RQ, sop_class, elements, attributes)

    def set(self, sop_class: str, instance: str, modifications: Dataset) -> Answer:
        """N-SET of an instance (PS3.7 10.1.3)."""
        elements = {"RequestedSOPClassUID": sop_class, "RequestedSOPInstanceUID": instance}
        return self._ask_of(Field.N_SET_RQ, sop_class, elements, modifications)

    def await_report(self, seconds: float) -> CommitmentReport | None:
        """Wait for an N-EVENT-REPORT on this association; it is answered 0000. None when none came in time."""
        if self._reports:
            return self._reports.popleft()
        with self._guarded():
            try:
                message = self._exchange.channel.receive(Deadline(seconds, "N-EVENT-REPORT-RQ"))
            except AssociationEnded as ended:
                if ended.ending.kind is EndingKind.SILENCE:
                    return None
                raise
            if not self._take_report(message):
                raise ProtocolViolation("PS3.7 10.3.1.1", "an N-EVENT-REPORT-RQ", f"a {message.name}")
        return self._reports.popleft()

    # --- ending

    def release(self) -> float:
        """Release the association (PS3.8 7.2). Gives the seconds the answer took."""
        with self._guarded():
            self._exchange.refuse_leftovers()
            note_pdu(self._wire, "sent", "A-RELEASE-RQ")
            deadline = Deadline(self._wire.timeouts.release, "release", fixed=True)
            self._wire.send([RELEASE_RQ], deadline)
            self._await_release(deadline)
        self._wire.close()
        return deadline.elapsed()

    def abort(self) -> None:
        """Send an A-ABORT as the service user and close."""
        if not self.is_open:
            return
        note_pdu(self._wire, "sent", "A-ABORT")
        self._wire.abort()

    def close(self) -> None:
        """Close the connection with a FIN, without a release."""
        self._wire.close()

    def reset(self) -> None:
        """Close the connection with a RST, without a release."""
        self._wire.reset()

    # --- for hostile checks

    def send_bytes(self, data: bytes) -> None:
        """Send these bytes as they are."""
        with self._guarded():
            self._wire.send_bytes(data)

    def send_message(self, context_id: int, command: Mapping[str, object], data: Buffer | None = None) -> int:
        """Send a message with this command set; only Message ID and Command Data Set Type are added where absent. Gives its id."""
        message_id = self._exchange.next_id()
        kind = NO_DATA_SET if data is None else DATA_SET
        whole = {"MessageID": message_id, "CommandDataSetType": kind, **command}
        with self._guarded():
            deadline = Deadline(self._wire.timeouts.send, message_name(command.get("CommandField")))
            self._exchange.channel.send(context_id, whole, data, deadline)
        return message_id

    def await_message(self, seconds: float) -> Message:
        """Read the next message, whatever it answers. Raises AssociationEnded, ProtocolViolation."""
        with self._guarded():
            return self._exchange.channel.receive(Deadline(seconds, "a message"))

    def await_ending(self, seconds: float) -> Ending:
        """Read until the peer ends it; SILENCE when it has not within `seconds`, and then it stays open.

        Once it has ended, the ending that is known is raised as AssociationEnded, as by every other operation.
        """
        with self._guarded():
            ending = self._wire.await_ending(seconds)
        if ending.kind is not EndingKind.SILENCE:
            self.ending = ending
            end_wire(self._wire, AssociationEnded(ending))
        return ending

    def half_store(self, instance: Storable, fraction: float, *, context_id: int | None = None) -> Request:
        """Send a C-STORE request's command set and this fraction (0 to 1) of its data set, an even number of bytes, and nothing more."""
        context_id = self._store_context(instance, None, context_id)
        elements = _store_elements(instance, None, None, 0, None)
        with self._guarded():
            return self._exchange.begin_part(
                Field.C_STORE_RQ, context_id, elements, memoryview(instance.data)[: _even_part(instance, fraction)]
            )

    def early_answer(self, request: Request, seconds: float) -> Answer | None:
        """Wait for an answer to a request of which only the beginning was sent; None when none came, and it stays open."""
        with self._guarded():
            try:
                return answer_of(self._exchange.await_response(request, seconds), request)
            except AssociationEnded as ended:
                if ended.ending.kind is EndingKind.SILENCE:
                    return None
                raise

    def finish_store(self, request: Request, instance: Storable, fraction: float) -> Answer:
        """Send what `half_store` with the same fraction left, and read the answer."""
        with self._guarded():
            self._exchange.finish(request, memoryview(instance.data)[_even_part(instance, fraction) :])
            return answer_of(self._exchange.await_response(request, self._wire.timeouts.response), request)

    # --- inside

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        if not self.is_open:
            raise AssociationEnded(self.ending) if self.ending else ConformanceError("the association was ended by our side")
        try:
            yield
        except (AssociationEnded, ProtocolViolation) as error:
            self.ending = error.ending if isinstance(error, AssociationEnded) else None
            end_wire(self._wire, error)
            raise

    def _ask(
        self, field: Field, context_id: int, elements: Mapping[str, object], data: Buffer | None = None, *, pdv_size: int | None = None
    ) -> Answer:
        with self._guarded():
            request: Request = self._exchange.begin(field, context_id, elements, data, pdv_size=pdv_size)
            return answer_of(self._exchange.await_response(request, self._wire.timeouts.response), request)

    def _ask_of(self, field: Field, sop_class: str, elements: Mapping[str, object], dataset: Dataset) -> Answer:
        context = self._need(sop_class)
        return self._ask(field, context.id, elements, encode_dataset(dataset, context.transfer_syntax))

    def _store_context(self, instance: Storable, sop_class_uid: str | None, context_id: int | None) -> int:
        if context_id is not None:
            return context_id
        return self._need(sop_class_uid or instance.sop_class_uid, instance.transfer_syntax_uid).id

    def _received(self, message: Message) -> Received:
        return read_store(
            message,
            self._contexts.get(message.context_id),
            calling_ae=self.acceptance.calling_ae,
            called_ae=self.acceptance.called_ae,
            association=0,
            pdu_lengths_max=self._wire.largest_pdu,
        )

    def _take_report(self, message: Message) -> bool:
        if message.field != Field.N_EVENT_REPORT_RQ:
            return False
        context = self._contexts.get(message.context_id)
        if context is None or not context.accepted or context.abstract_syntax != PUSH_MODEL:
            raise ProtocolViolation("PS3.8 7.6", "a report on its accepted presentation context", f"context {message.context_id}")
        report = read_report(message, context.transfer_syntax, calling_ae=self.acceptance.called_ae, new_association=False, roles=None)
        self._exchange.answer(message, 0)
        self._reports.append(report)
        return True

    def _await_release(self, deadline: Deadline) -> None:
        """Read up to the A-RELEASE-RP. Requests that crossed ours are dropped; a release that crossed it is answered."""
        while True:
            pdu = self._wire.receive(deadline)
            if pdu.type == PduType.RELEASE_RP:
                return note_pdu(self._wire, "received", "A-RELEASE-RP")
            if pdu.type == PduType.RELEASE_RQ:
                self._wire.send([RELEASE_RP], deadline)
            elif pdu.type == PduType.ABORT:
                raise AssociationEnded(ending_of(pdu, deadline) or Ending(EndingKind.ABORT, "release", deadline.elapsed()))
            elif pdu.type == PduType.DATA:
                self._exchange.refuse_responses(pdu)
            else:
                raise ProtocolViolation("PS3.8 9.2.3", "an A-RELEASE-RP", pdu_name(pdu.type))


def _even_part(instance: Storable, fraction: float) -> int:
    return int(len(instance.data) * fraction) & ~1  # a fragment of odd length is none (PS3.8 D.1)


def _store_elements(
    instance: Storable, sop_class_uid: str | None, sop_instance_uid: str | None, priority: int, move_originator: tuple[str, int] | None
) -> dict[str, object]:
    elements: dict[str, object] = {
        "AffectedSOPClassUID": instance.sop_class_uid if sop_class_uid is None else sop_class_uid,
        "AffectedSOPInstanceUID": instance.sop_instance_uid if sop_instance_uid is None else sop_instance_uid,
        "Priority": priority,
    }
    if move_originator:
        elements["MoveOriginatorApplicationEntityTitle"], elements["MoveOriginatorMessageID"] = move_originator
    return elements
