"""C-MOVE and C-GET as a service user (PS3.4 C.4.2, C.4.3; PS3.7 9.1.3, 9.1.4)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from conformance.dimse.answers import RetrieveAnswer, SubOperations
from conformance.dimse.channel import Message
from conformance.dimse.command import Field
from conformance.dimse.deadline import Deadline
from conformance.dimse.exchange import Exchange, Request, answer_of
from conformance.dimse.identifiers import decode_dataset, encode_dataset
from conformance.dimse.negotiation import Negotiated
from conformance.dimse.query import MEDIUM_PRIORITY, time_for_next
from conformance.dimse.status import StatusClass, status_class

StoreHandler = Callable[[Message], int]


@dataclass(slots=True)
class _Retrieve:
    pending: list[SubOperations] = field(default_factory=list)
    stored: int = 0
    cancelled: Deadline | None = None


def retrieve(
    exchange: Exchange,
    context: Negotiated,
    model: str,
    identifier: Dataset,
    *,
    destination: str | None,
    on_store: StoreHandler | None,
    cancel_after: int | None,
) -> RetrieveAnswer:
    """Send a C-MOVE (with a destination) or a C-GET (with `on_store`) and read until its final response.

    `cancel_after` counts pending responses, or the objects a C-GET has stored, whichever comes first. Raises AssociationEnded,
    ProtocolViolation.
    """
    request = _begin(exchange, context, model, identifier, destination)
    state = _Retrieve()
    whole = Deadline(exchange.timeouts.operation, f"{request.service}-RSP", fixed=True)
    while True:
        if cancel_after is not None and state.cancelled is None and max(len(state.pending), state.stored) >= cancel_after:
            exchange.cancel(request)
            state.cancelled = Deadline(exchange.timeouts.operation, f"{request.service}-RSP after C-CANCEL-RQ", fixed=True)
        seconds = time_for_next(exchange.timeouts.subop, state.cancelled or whole)
        message = exchange.await_response(request, seconds, stores=on_store is not None)
        if message.field == Field.C_STORE_RQ and on_store:
            exchange.answer(message, on_store(message))
            state.stored += 1
        elif status_class(request.service, message.number("Status") or 0) is StatusClass.PENDING:
            state.pending.append(_counters(message))
        else:
            return _finish(state, message, request, context)


def _begin(exchange: Exchange, context: Negotiated, model: str, identifier: Dataset, destination: str | None) -> Request:
    elements: dict[str, object] = {"AffectedSOPClassUID": model, "Priority": MEDIUM_PRIORITY}
    if destination is not None:
        elements["MoveDestination"] = destination
    field_ = Field.C_GET_RQ if destination is None else Field.C_MOVE_RQ
    return exchange.begin(field_, context.id, elements, encode_dataset(identifier, context.transfer_syntax))


def _counters(message: Message) -> SubOperations:
    return SubOperations(
        remaining=message.number("NumberOfRemainingSuboperations"),
        completed=message.number("NumberOfCompletedSuboperations"),
        failed=message.number("NumberOfFailedSuboperations"),
        warning=message.number("NumberOfWarningSuboperations"),
    )


def _finish(state: _Retrieve, message: Message, request: Request, context: Negotiated) -> RetrieveAnswer:
    return RetrieveAnswer(
        pending=tuple(state.pending),
        final=answer_of(message, request),
        counters=_counters(message),
        failed_uids=_failed_uids(message, context),
        stored=state.stored,
    )


def _failed_uids(message: Message, context: Negotiated) -> tuple[str, ...] | None:
    if message.data is None:
        return None
    identifier = decode_dataset(message.data, context.transfer_syntax, clause="PS3.4 C.4.2.1.4.2")
    if "FailedSOPInstanceUIDList" not in identifier:
        return None
    value = identifier.FailedSOPInstanceUIDList
    if not value:
        return ()
    return (str(value),) if isinstance(value, str) else tuple(map(str, value))
