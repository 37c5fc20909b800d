"""Requests and their responses: one outstanding request, and a response held against it, element by element.

Steps and what they raise: `begin` (ProtocolViolation for a response that nothing asked for, AssociationEnded), `await_response`
(AssociationEnded, ProtocolViolation for a response to something else).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.dimse.answers import Answer
from conformance.dimse.channel import Channel, Message
from conformance.dimse.command import DATA_SET, NO_DATA_SET, RESPONSE, Field, message_name
from conformance.dimse.deadline import Deadline
from conformance.dimse.endings import ProtocolViolation
from conformance.dimse.endpoint import Timeouts
from conformance.dimse.identifiers import MAX_IDENTIFIER
from conformance.dimse.pdu import Pdu
from conformance.dimse.wire import MAX_OBJECT, Buffer

CLAUSES = {  # PS3.7: the protocol of each response
    Field.C_STORE_RSP: "PS3.7 9.3.1.2",
    Field.C_FIND_RSP: "PS3.7 9.3.2.2",
    Field.C_GET_RSP: "PS3.7 9.3.3.2",
    Field.C_MOVE_RSP: "PS3.7 9.3.4.2",
    Field.C_ECHO_RSP: "PS3.7 9.3.5.2",
    Field.N_EVENT_REPORT_RSP: "PS3.7 10.3.1.2",
    Field.N_SET_RSP: "PS3.7 10.3.3.2",
    Field.N_ACTION_RSP: "PS3.7 10.3.4.2",
    Field.N_CREATE_RSP: "PS3.7 10.3.5.2",
}
_REPEATED = ("AffectedSOPClassUID", "AffectedSOPInstanceUID", "EventTypeID")  # by our own responses
_ECHOED = ("AffectedSOPClassUID", "AffectedSOPInstanceUID", "ActionTypeID")  # PS3.7: where present, equal to the request's


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was sent: what its response is held against. `sent` is on the monotonic clock."""

    field: Field
    context_id: int
    message_id: int
    echoed: Mapping[str, object]
    sent: float
    early: bool

    @property
    def response(self) -> Field:
        """The Command Field of its response."""
        return self.field.response

    @property
    def service(self) -> str:
        """The service's name, "C-STORE"."""
        return message_name(self.field).removesuffix("-RQ")


class Exchange:
    """The requests of one association. `aside` is offered every message that is no response; it says whether it took it."""

    def __init__(self, channel: Channel, timeouts: Timeouts, aside: Callable[[Message], bool]) -> None:
        self.channel, self.timeouts = channel, timeouts
        self._aside = aside
        self._last_id = 0

    def next_id(self) -> int:
        """Count up the message ids of this association, from 1, round at 65535."""
        self._last_id = self._last_id % 0xFFFF + 1
        return self._last_id

    def begin(
        self, field: Field, context_id: int, elements: Mapping[str, object], data: Buffer | None = None, *, pdv_size: int | None = None
    ) -> Request:
        """Send a request. A response that is already there answers nothing that was asked: a ProtocolViolation."""
        self.refuse_leftovers()
        command = self._command(field, elements, has_data=data is not None)
        self.channel.send(context_id, command, data, Deadline(self.timeouts.send, message_name(field)), pdv_size=pdv_size)
        early = data is not None and len(data) > 0 and self.channel.wire.read_while_sending
        return self._request(context_id, command, early=early)

    def begin_part(self, field: Field, context_id: int, elements: Mapping[str, object], start: Buffer) -> Request:
        """Send a request's command set and the beginning of its data set."""
        command = self._command(field, elements, has_data=True)
        self.channel.send_start(context_id, command, start, Deadline(self.timeouts.send, message_name(field)))
        return self._request(context_id, command, early=False)

    def finish(self, request: Request, rest: Buffer) -> None:
        """Send the rest of a data set that `begin_part` began."""
        self.channel.send_rest(request.context_id, rest, Deadline(self.timeouts.send, message_name(request.field)))

    def _command(self, field: Field, elements: Mapping[str, object], *, has_data: bool) -> dict[str, object]:
        kind = DATA_SET if has_data else NO_DATA_SET
        return {"CommandField": int(field), "MessageID": self.next_id(), "CommandDataSetType": kind, **elements}

    def _request(self, context_id: int, command: dict[str, object], *, early: bool) -> Request:
        message_id = int(str(command["MessageID"]))
        return Request(Field(int(str(command["CommandField"]))), context_id, message_id, expected_echoes(command), time.monotonic(), early)

    def refuse_leftovers(self) -> None:
        """Raise ProtocolViolation for a response that came although nothing is outstanding."""
        while message := self.channel.pending():
            if not self._aside(message):
                raise _left_over(message)

    def refuse_responses(self, pdu: Pdu) -> None:
        """Raise ProtocolViolation for a response in a P-DATA-TF that crossed our release."""
        for message in self.channel.take(pdu):
            if message.field & RESPONSE:
                raise _left_over(message)

    def await_response(self, request: Request, seconds: float, *, stores: bool = False) -> Message:
        """Read until the response to this request comes, or, with `stores`, a C-STORE request of a C-GET's sub-operation.

        Raises AssociationEnded or ProtocolViolation.
        """
        deadline = Deadline(seconds, message_name(request.response))
        while True:
            message = self.channel.receive(deadline, limit=MAX_OBJECT if stores else MAX_IDENTIFIER)
            if stores and message.field == Field.C_STORE_RQ:
                return message
            if not self._aside(message):
                check_response(message, request)
                return message

    def cancel(self, request: Request) -> None:
        """Send a C-CANCEL request (PS3.7 9.3.2.3)."""
        command = {
            "CommandField": int(Field.C_CANCEL_RQ),
            "MessageIDBeingRespondedTo": request.message_id,
            "CommandDataSetType": NO_DATA_SET,
        }
        self.channel.send(request.context_id, command, None, Deadline(self.timeouts.send, "C-CANCEL-RQ"))

    def answer(self, request: Message, status: int) -> None:
        """Answer a peer's request."""
        answer(self.channel, request, status)


def _left_over(message: Message) -> ProtocolViolation:
    clause = next((clause for field, clause in CLAUSES.items() if field == message.field), "PS3.7 8.1")
    got = f"a {message.name} to message {message.command.get('MessageIDBeingRespondedTo')}"
    return ProtocolViolation(clause, "no message before the next request", got)


def answer(
    channel: Channel, request: Message, status: int, *, elements: Mapping[str, object] | None = None, data: Buffer | None = None
) -> None:
    """Answer a peer's request with a status, repeating the UIDs and the type it names (PS3.7 9.3, 10.3)."""
    field = request.field | RESPONSE
    command = {
        **{name: request.command[name] for name in _REPEATED if name in request.command},
        **(elements or {}),
        "CommandField": field,
        "MessageIDBeingRespondedTo": request.number("MessageID") or 0,
        "CommandDataSetType": NO_DATA_SET if data is None else DATA_SET,
        "Status": status,
    }
    channel.send(request.context_id, command, data, Deadline(channel.wire.timeouts.send, message_name(field)))


def expected_echoes(elements: Mapping[str, object]) -> dict[str, object]:
    """What a response must repeat where it carries it: the affected UIDs, which a request may call requested ones."""
    named = {name.replace("Requested", "Affected"): _unpadded(value) for name, value in elements.items()}
    return {name: named[name] for name in _ECHOED if name in named}


def _unpadded(value: object) -> object:
    return value.rstrip("\0 ") if isinstance(value, str) else value


def check_response(message: Message, request: Request) -> None:
    """Hold a message against the request. Raises ProtocolViolation naming the first thing that differs."""
    clause = CLAUSES[request.response]
    _expect(clause, "Command Field", message.field, int(request.response), message.name, message_name(request.response))
    _expect(clause, "presentation context", message.context_id, request.context_id)
    _expect(clause, "Message ID Being Responded To", message.command.get("MessageIDBeingRespondedTo"), request.message_id)
    if message.number("Status") is None:
        raise ProtocolViolation(clause, f"a {message_name(request.response)} with Status", "no Status element")
    for name, asked in request.echoed.items():
        if name in message.command:
            _expect(clause, name, message.command[name], asked)
    if message.data is not None and request.field in (Field.C_ECHO_RQ, Field.C_STORE_RQ):
        raise ProtocolViolation(clause, "a response without a data set", f"Command Data Set Type and {message.size} bytes of one")


def _expect(clause: str, what: str, got: object, expected: object, got_text: str = "", expected_text: str = "") -> None:
    if got != expected:
        raise ProtocolViolation(clause, f"{what} {expected_text or expected}", got_text or ("none" if got is None else str(got)))


def answer_of(message: Message, request: Request) -> Answer:
    """Make the answer out of a response that `check_response` let pass."""
    return Answer(
        status=message.number("Status") or 0,
        command=message.command,
        seconds=time.monotonic() - request.sent,
        comment=message.text("ErrorComment"),
        service=request.service,
        early=request.early,
    )
