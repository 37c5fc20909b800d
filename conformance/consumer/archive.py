"""Our archive, as a consumer meets it: the embedded archive with a prepared content, watched, and on demand at fault.

The parts of `conformance.reference` serve; what is here writes down what is asked of them, and answers as a step's `Conduct` says.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from itertools import count
from typing import Any

from pynetdicom import build_context

from conformance.consumer.journal import Asking, Delivery, Journal
from conformance.dimse import AssociationRequest
from conformance.dimse.pdu import HEADER, Pdu, PduType, decode_associate
from conformance.dimse.reception import request_facts
from conformance.errors import ConformanceError
from conformance.reference.archive import Archive, Parts, Settings
from conformance.reference.encoding import encode
from conformance.reference.errors import UndecodableText
from conformance.reference.find import Finder, Query
from conformance.reference.index import Located
from conformance.reference.keys import Attributes
from conformance.reference.models import FIND, PENDING_WARNING, IdentifierRefused
from conformance.reference.retrieve import Outlet
from conformance.reference.rules import NOT_SUPPORTED, OUT_OF_RESOURCES, Refusal
from conformance.reference.services import Address, Desk, Request, Services
from conformance.reference.syntax import syntax_of
from conformance.reference.transcoding import TARGETS
from conformance.reference.wire import Acceptor, UpperLayer
from generators import Encoded

MAX_PDU = 65536
_SERIALS = count(1)


class PreparationError(ConformanceError):
    """The archive did not take its own prepared content."""


class Conduct(StrEnum):
    """How the archive answers during a step: faithfully, or with what a consumer has to notice."""

    FAITHFUL = "faithful"
    ECHO_REFUSED = "C-ECHO is answered 0122"
    QUERY_BREAKS_OFF = "a query ends A700 after its first match"
    QUERY_UNFILTERED = "a query is answered FF01 with what does not match"
    RETRIEVE_FAILS_ONE = "a retrieve ends B000 and names an object that was not sent"
    RETRIEVE_OMITS_ONE = "a retrieve ends 0000 and leaves one object out"


class ViewerArchive:
    """The archive of one run. Its journal holds the step under way: `step` begins a new one."""

    def __init__(self, ae_title: str, address: Address, peers: Mapping[str, Address]) -> None:
        host, port = address
        parts = Parts(services=WatchedServices, acceptor=WatchedAcceptor)
        settings = Settings(host=host, port=port, ae_title=ae_title, peers=peers, max_pdu=MAX_PDU)
        try:
            self._archive = Archive(settings, parts)
        except OSError as error:
            where, remedy = f"{host}:{port}", "choose an address and a free port of this machine"
            raise ConformanceError(f"cannot listen: {error.strerror}", where=where, remedy=remedy) from error
        assert isinstance(self._archive.services, WatchedServices)
        self._services = self._archive.services

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return self._archive.port

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Listen for the length of the block."""
        with self._archive:
            yield

    def prepare(self, instances: Iterable[Encoded]) -> None:
        """Take the content in. Raises PreparationError for an object that our own rules refuse."""
        for one in instances:
            refusal = self._services.desk.intake.take(
                one.sop_class_uid, one.sop_instance_uid, one.sop_class_uid, one.transfer_syntax_uid, one.data
            )
            if refusal is not None:
                raise PreparationError(f"refuses its own content: {refusal.comment}", where=one.sop_instance_uid)

    @contextmanager
    def step(self, conduct: Conduct, journal: Journal) -> Iterator[None]:
        """Answer in this way, and write down what is asked, for the length of the block."""
        self._services.conduct, self._services.journal = conduct, journal
        try:
            yield
        finally:
            self._services.conduct = Conduct.FAITHFUL


class WatchedLayer(UpperLayer):
    """An upper layer that keeps the A-ASSOCIATE-RQ as bytes, of which pynetdicom forgets what is there twice."""

    def __init__(self, assoc: Acceptor) -> None:
        super().__init__(assoc)
        self.proposal = b""

    def _decode_pdu(self, bytestream: bytearray) -> tuple[Any, str]:
        if bytestream[0] == PduType.ASSOCIATE_RQ:
            self.proposal = bytes(bytestream)
        return super()._decode_pdu(bytestream)


class WatchedAcceptor(Acceptor):
    """An association of the consumer with us."""

    layer = WatchedLayer

    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.asking: Asking | None = None
        self._serial = next(_SERIALS)

    @property
    def proposal(self) -> AssociationRequest:
        """The facts of its A-ASSOCIATE-RQ."""
        assert isinstance(self.dul, WatchedLayer)
        pdu = Pdu(self.dul.proposal[0], self.dul.proposal[HEADER.size :])
        return request_facts(decode_associate(pdu), self._serial, ())


class WatchedServices(Services):
    """The services, written down, and at fault where the conduct says so."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.journal, self.conduct = Journal(()), Conduct.FAITHFUL
        finder = EverythingMatches(desk.finder.index, desk.finder.matcher, desk.finder.ae_title)
        self._unfiltered = Services(replace(desk, finder=finder))

    def serve(self, assoc: Acceptor, message: Any, context_id: int) -> None:
        """Write a request down, then serve it."""
        if message.MessageIDBeingRespondedTo is not None:
            return
        assert isinstance(assoc, WatchedAcceptor)
        journal, assoc.asking = self.journal, asking_of(assoc, message, context_id)
        assoc.asking.known = assoc.asking.destination in self.desk.peers
        journal.begin(assoc.asking, assoc.proposal)
        try:
            super().serve(assoc, message, context_id)
        finally:
            journal.end()

    def echo(self, request: Request) -> None:
        """C-ECHO, refused where the step wants to see what the operator is told."""
        if self.conduct is Conduct.ECHO_REFUSED:
            self.refuse(request, NOT_SUPPORTED, "refused on purpose")
        else:
            super().echo(request)

    def take(self, _request: Request, _data: bytes) -> Refusal:
        """Keep nothing: what a consumer stores may belong to a real patient."""
        return Refusal(NOT_SUPPORTED, "this archive keeps its own content only")

    def find(self, request: Request) -> None:
        """C-FIND: faithful, broken off after its first match, or with what does not match."""
        if self.conduct is Conduct.QUERY_BREAKS_OFF:
            self._break_off(request)
        elif self.conduct is Conduct.QUERY_UNFILTERED:
            self._unfiltered.find(request)
        else:
            super().find(request)

    def _break_off(self, request: Request) -> None:
        levels = FIND[request.abstract_syntax]
        try:
            status, found = next(self.desk.finder.answer(self.identify(request, levels), levels))
            request.respond(Status=status, Identifier=encode(found, syntax_of(request.transfer_syntax)))
        except (IdentifierRefused, UndecodableText, StopIteration):
            pass  # a failure is what this query ends with, whatever it asked
        self.refuse(request, OUT_OF_RESOURCES, "refused on purpose")

    def move_to(self, request: Request, destination: str, address: Address, targets: Sequence[Located]) -> None:
        """C-MOVE to a destination that is known, which may not be reached."""
        asking_on(request).named = names(targets)
        super().move_to(request, destination, address, targets)

    def run(self, request: Request, targets: Sequence[Located], outlet: Outlet) -> None:
        """Deliver, and write down what the receiver accepts and answers."""
        asking = asking_on(request)
        asking.named, asking.reached = names(targets), True
        asking.accepted = {located.sop_class_uid: tuple(outlet.syntaxes(located.sop_class_uid)) for located in targets}
        if asking.message == "C-MOVE":
            self._propose_alone(asking)
        withheld = targets[-1] if targets and self.conduct is Conduct.RETRIEVE_FAILS_ONE else None
        sent = targets[:-1] if self.conduct is Conduct.RETRIEVE_OMITS_ONE else targets
        super().run(request, sent, WatchedOutlet(outlet, asking, withheld))

    def _propose_alone(self, asking: Asking) -> None:
        """Propose by itself what was refused beside another syntax of its class: an acceptor may choose among several (PS3.8 9.3.3.2)."""
        for syntax in TARGETS:
            beside = [sop_class for sop_class, taken in asking.accepted.items() if taken and syntax not in taken]
            contexts = [build_context(sop_class, syntax) for sop_class in beside]
            courier = self.desk.call()
            try:
                if beside and courier.open(self.desk.peers[asking.destination], asking.destination, contexts, []):
                    asking.accepted |= {
                        str(one.abstract_syntax): (*asking.accepted[str(one.abstract_syntax)], syntax) for one in courier.accepted_contexts
                    }
                asking.refused |= {(str(one.abstract_syntax), syntax) for one in courier.rejected_contexts}
            finally:
                courier.close()


class WatchedOutlet:
    """Where objects go, written down. The object that is `withheld` is not sent, and its sub-operation has failed."""

    def __init__(self, outlet: Outlet, asking: Asking, withheld: Located | None) -> None:
        self._outlet, self._asking, self._withheld = outlet, asking, withheld

    def syntaxes(self, sop_class: str) -> Sequence[str]:
        """The transfer syntaxes accepted for a class."""
        return self._outlet.syntaxes(sop_class)

    def store(self, located: Located, transfer_syntax: str, data: bytes) -> int | None:
        """Send one object, and write its response down."""
        if located == self._withheld:
            return None
        status = self._outlet.store(located, transfer_syntax, data)
        self._asking.deliveries.append(Delivery(located.sop_class_uid, located.sop_instance_uid, transfer_syntax, status))
        return status


class EverythingMatches(Finder):
    """Answers with all that the archive has at a level, as one does that supports none of the optional keys asked for."""

    def pending(self, _query: Query) -> int:
        """FF01 (PS3.4 C.4.1.1.4)."""
        return PENDING_WARNING

    def match(self, _query: Query, _entity: Attributes) -> bool:
        """Filtering is left to the consumer."""
        return True


def names(targets: Sequence[Located]) -> frozenset[str]:
    """The SOP Instance UIDs of objects."""
    return frozenset(located.sop_instance_uid for located in targets)


def asking_of(assoc: Acceptor, message: Any, context_id: int) -> Asking:
    """Take the facts of a request; its identifier as the bytes that came."""
    context = assoc._accepted_cx[context_id]
    identifier = getattr(message, "Identifier", None)
    return Asking(
        message=type(message).__name__.replace("_", "-"),
        abstract_syntax=str(context.abstract_syntax),
        transfer_syntax=str(context.transfer_syntax[0]),
        identifier=b"" if identifier is None else identifier.getvalue(),
        destination=str(getattr(message, "MoveDestination", None) or "").strip(),
    )


def asking_on(request: Request) -> Asking:
    """What was written down of the request under way on an association."""
    asking = request.assoc.asking if isinstance(request.assoc, WatchedAcceptor) else None
    assert asking is not None
    return asking
