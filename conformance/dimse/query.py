"""C-FIND as a service user (PS3.4 C.4.1, PS3.7 9.1.2)."""

from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from conformance.dimse.answers import FindAnswer, FindResponse
from conformance.dimse.channel import Message
from conformance.dimse.command import Field
from conformance.dimse.deadline import Deadline
from conformance.dimse.endings import AssociationEnded, Ending, EndingKind
from conformance.dimse.exchange import Exchange, Request, answer_of
from conformance.dimse.identifiers import decode_dataset, encode_dataset
from conformance.dimse.negotiation import Negotiated
from conformance.dimse.status import StatusClass, status_class

MEDIUM_PRIORITY = 0


@dataclass(slots=True)
class _Query:
    context: Negotiated
    cancel_after: int | None
    limit: int
    responses: list[FindResponse] = field(default_factory=list)
    truncated: bool = False
    cancelled: Deadline | None = None

    def wants_cancel(self) -> bool:
        """Whether enough has come, by the caller's number or by the limit, and no cancel was sent yet."""
        if self.cancelled:
            return False
        asked = self.cancel_after is not None and len(self.responses) >= self.cancel_after
        return asked or self.truncated


def find(exchange: Exchange, context: Negotiated, model: str, identifier: Dataset, *, cancel_after: int | None, limit: int) -> FindAnswer:
    """Send the query and read every response. Raises AssociationEnded, ProtocolViolation."""
    data = encode_dataset(identifier, context.transfer_syntax)
    request = exchange.begin(Field.C_FIND_RQ, context.id, {"AffectedSOPClassUID": model, "Priority": MEDIUM_PRIORITY}, data)
    query = _Query(context, cancel_after, limit)
    whole = Deadline(exchange.timeouts.operation, "C-FIND-RSP", fixed=True)
    while True:
        if query.wants_cancel():
            exchange.cancel(request)
            query.cancelled = Deadline(exchange.timeouts.response, "C-FIND-RSP after C-CANCEL-RQ", fixed=True)
        message = exchange.await_response(request, time_for_next(exchange.timeouts.response, query.cancelled or whole))
        if status_class("C-FIND", message.number("Status") or 0) is not StatusClass.PENDING:
            return _finish(query, message, request)
        _keep(query, message, request)


def time_for_next(seconds: float, whole: Deadline) -> float:
    """The time for the next response within the time for all. Raises AssociationEnded (SILENCE) when that has run out."""
    left = whole.remaining()
    if not left:
        detail = "responses keep coming, none is the final one"
        raise AssociationEnded(Ending(EndingKind.SILENCE, whole.awaiting, whole.elapsed(), detail=detail))
    return min(seconds, left)


def _keep(query: _Query, message: Message, request: Request) -> None:
    if len(query.responses) >= query.limit:
        query.truncated = True
        return
    answer = answer_of(message, request)
    identifier = _identifier(query, message)
    query.responses.append(FindResponse(answer.status, identifier, message.data or b"", answer.seconds))


def _identifier(query: _Query, message: Message) -> Dataset | None:
    if message.data is None:
        return None
    return decode_dataset(message.data, query.context.transfer_syntax, clause="PS3.4 C.4.1.1.3")


def _finish(query: _Query, message: Message, request: Request) -> FindAnswer:
    return FindAnswer(tuple(query.responses), answer_of(message, request), _identifier(query, message), query.truncated)
