"""Faults of the association: who is let in, on which terms, and how it ends.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import time
from collections.abc import Sequence
from typing import Any

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.presentation import PresentationContext

from conformance.reference.archive import Parts
from conformance.reference.door import LOCAL_LIMIT_EXCEEDED, SERVICE_SYNTAXES, SERVICES, STORAGE, Door, Knock, Rejection
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.intake import Intake
from conformance.reference.rules import NOT_SUPPORTED, OUT_OF_RESOURCES, RULES, Candidate, Refusal, Rule
from conformance.reference.services import Request, Services
from conformance.reference.syntax import ENCAPSULATED, STORABLE
from conformance.reference.wire import Acceptor, Courier, Messages

_ENHANCED = frozenset({"1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.4.1"})  # Enhanced CT and MR
PLACES = 100  # connections


class AnyTitle(Door):
    def is_called(self, _title: str) -> bool:
        return True


class AnyCaller(Door):
    def may_call(self, _title: str) -> bool:
        return True


class LeftPaddingCounts(Door):
    def is_called(self, title: str) -> bool:
        return title.rstrip(" \0") == self.ae_title


class AnyApplicationContext(Door):
    def knows_application_context(self, _name: str) -> bool:
        return True


class EightAtOnce(Door):
    limit = 8


class NoImplicitForEnhanced(Door):
    def syntaxes(self, abstract_syntax: str) -> tuple[str, ...]:
        offered = super().syntaxes(abstract_syntax)
        return tuple(uid for uid in offered if uid != ImplicitVRLittleEndian) if abstract_syntax in _ENHANCED else offered


class OwnSyntaxWins(Door):
    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        for context in proposed:
            if set(context.transfer_syntax) <= set(ENCAPSULATED):
                context.transfer_syntax = [ExplicitVRLittleEndian]
        return super().contexts(proposed)


class AnyClass(Door):
    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        return [self.supported(str(context.abstract_syntax)) for context in proposed]

    def syntaxes(self, abstract_syntax: str) -> tuple[str, ...]:
        return SERVICE_SYNTAXES if abstract_syntax in SERVICES else STORABLE


def known_class(candidate: Candidate) -> Refusal | None:
    return None if candidate.command_class in STORAGE else Refusal(NOT_SUPPORTED, "objects of this class are not stored")


class KnownClasses(Intake):
    rules = (*RULES, Rule("class", known_class))


class AllOrNothing(Door):
    def rejection(self, knock: Knock) -> Rejection | None:
        unknown = set(knock.abstract_syntaxes) - STORAGE - SERVICES
        return (1, 1, 1) if unknown else super().rejection(knock)


class NoStorageBesideUnknown(Door):
    """Refuses every storage context of a request in which one class is unknown."""

    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        known = all(context.abstract_syntax in STORAGE | SERVICES for context in proposed)
        return [context for context in super().contexts(proposed) if known or context.abstract_syntax not in STORAGE]


class SixtyFourContexts(Door):
    def rejection(self, knock: Knock) -> Rejection | None:
        return LOCAL_LIMIT_EXCEEDED if len(knock.abstract_syntaxes) > 64 else super().rejection(knock)


class FewRefusals(Acceptor):
    """Has room for 64 refusals in its answer."""

    @property
    def rejected_contexts(self) -> list[PresentationContext]:
        return super().rejected_contexts[:64]


class NoArtimTimer(Acceptor):
    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.acse_timeout = None


class NoIdleTimer(Acceptor):
    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.network_timeout = None


class ZeroIsNothing(Acceptor):
    """Aborts a peer that announces no limit, for it reads 0 as a length."""

    def _run_reactor(self) -> None:
        if self.requestor.maximum_length == 0:
            self.abort()
        super()._run_reactor()


class NoRoomForMatches(Services):
    """Cuts matches to the length that the peer announced, and finds that none fits into no length at all."""

    def find(self, request: Request) -> None:
        if request.assoc.requestor.maximum_length == 0:
            request.respond(Status=0x0000)
        else:
            super().find(request)


class SpentReleases(Acceptor):
    """After thirty associations in a row on which nothing was asked, the pool is spent: it closes instead of releasing."""

    asked = False

    def _serve_request(self, msg: Any, context_id: int) -> None:
        self.asked = True
        super()._serve_request(msg, context_id)

    def answer_release(self) -> None:
        server: Any = self._server
        server.unused = 0 if self.asked else getattr(server, "unused", 0) + 1
        if server.unused > 30 and self.dul.socket is not None:
            self.dul.socket.close()
        else:
            super().answer_release()


class CountsNoise(Acceptor):
    """Counts the connections that ended without a request, and considers each request that comes after them."""

    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.bind(evt.EVT_REQUESTED, lambda _: self.consider(self._server))

    def run_reactor(self) -> None:
        super().run_reactor()
        if self.requestor.primitive is None:
            server: Any = self._server
            server.noise = getattr(server, "noise", 0) + 1

    def consider(self, server: Any) -> None:
        """Wait until no connection is left half way, as a listener with a single negotiator does; then be deaf, or leave it to the door."""
        settled = time.monotonic() + 0.5
        while any(other.requestor.primitive is None for other in server.active_associations) and time.monotonic() < settled:
            time.sleep(0.005)
        if self.is_deaf(server, getattr(server, "noise", 0)):
            self.acse.send_reject(2, 3, 1)
            self.kill()

    def is_deaf(self, _server: Any, _noise: int, /) -> bool:
        return False


class DeafAfterNoise(CountsNoise):
    """After three connections that ended without a request, turns everybody away for a time, once."""

    seconds = 8.0  # longer than the silence that the archive's profile declares

    def is_deaf(self, server: Any, noise: int) -> bool:
        if noise >= 3 and not hasattr(server, "deaf_until"):
            server.deaf_until = time.monotonic() + self.seconds
        return time.monotonic() < float(getattr(server, "deaf_until", 0.0))


class LeaksConnections(CountsNoise):
    """Keeps a place for each connection that ends without a request, and has a hundred places."""

    def is_deaf(self, _server: Any, noise: int) -> bool:
        return noise >= PLACES


class StoresForEight(Services):
    """Has eight workers, and lets in everybody."""

    def take(self, request: Request, data: bytes) -> Refusal | None:
        server: Any = request.assoc._server
        busy = sum(1 for other in server.active_associations if other.is_established)
        return Refusal(OUT_OF_RESOURCES, "no worker is free") if busy > 8 else super().take(request, data)


class LongFragments(Messages):
    @property
    def maximum_pdu_size(self) -> int:
        return 65536


class LongPdus(Courier):
    """Sends PDUs of 64 KiB, whatever the receiver announced."""

    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.dimse = LongFragments(self)


ASSOCIATION_FAULTS: tuple[Fault, ...] = (
    Fault("any-calling-ae-accepted", "the calling AE title is not checked", Parts(door=AnyCaller), breaks=rows("SEC-01")),
    Fault("any-called-ae-accepted", "the called AE title is not checked", Parts(door=AnyTitle), breaks=rows("ASSOC-02")),
    Fault(
        "implicit-vr-refused-for-enhanced",
        "Enhanced CT and MR are refused in Implicit VR Little Endian",
        Parts(door=NoImplicitForEnhanced),
        breaks=rows("ASSOC-03"),
    ),
    Fault(
        "unproposed-syntax-accepted",
        "a context that proposes compressed syntaxes only is accepted in Explicit VR Little Endian",
        Parts(door=OwnSyntaxWins),
        breaks=rows("ASSOC-04"),
        blocks=rows("RETR-01 XFER-02 XFER-03 XFER-04 XFER-05 XFER-06 XFER-08 XFER-11 XFER-12 DOC-02"),
    ),
    Fault(
        "unknown-class-accepted",
        "any abstract syntax is accepted as if it were a storage class, and objects of an unknown one are then refused",
        Parts(door=AnyClass, intake=KnownClasses),
        breaks=rows("ASSOC-05"),
    ),
    Fault(
        "unknown-class-rejects-association",
        "one unknown abstract syntax rejects the whole association",
        Parts(door=AllOrNothing),
        breaks=rows("ASSOC-05 ASSOC-06"),
    ),
    Fault(
        "unknown-class-refuses-storage",
        "one unknown abstract syntax refuses every storage context beside it",
        Parts(door=NoStorageBesideUnknown),
        breaks=rows("ASSOC-05 ASSOC-06"),
    ),
    Fault(
        "more-than-64-contexts-rejected",
        "a request with more than 64 contexts is rejected",
        Parts(door=SixtyFourContexts),
        breaks=rows("ASSOC-06"),
        blocks=rows("DOC-02"),
    ),
    Fault(
        "refusals-after-64-unanswered",
        "of the contexts that are refused only 64 are answered",
        Parts(acceptor=FewRefusals),
        breaks=rows("ASSOC-06"),
    ),
    Fault(
        "pdu-limit-of-receiver-ignored",
        "P-DATA-TF of 64 KiB are sent whatever the move destination announced",
        Parts(courier=LongPdus),
        breaks=rows("ASSOC-07"),
    ),
    Fault(
        "no-pdu-limit-read-as-zero",
        "a peer that announces no limit is aborted",
        Parts(acceptor=ZeroIsNothing),
        breaks=rows("ASSOC-07"),
    ),
    Fault(
        "no-pdu-limit-finds-nothing",
        "a query of a peer that announces no limit is answered without matches",
        Parts(services=NoRoomForMatches),
        breaks=rows("ASSOC-07"),
    ),
    Fault(
        "implementation-uid-malformed",
        "the Implementation Class UID has a component with a leading zero",
        Parts(implementation="1.2.840.010.99"),
        breaks=rows("ASSOC-08"),
    ),
    Fault(
        "release-unanswered-when-spent",
        "after thirty associations in a row without a request, A-RELEASE-RQ is answered by closing",
        Parts(acceptor=SpentReleases),
        breaks=rows("ASSOC-09"),
    ),
    Fault(
        "left-padded-title-refused",
        "a called AE title with leading spaces is another title",
        Parts(door=LeftPaddingCounts),
        breaks=rows("ASSOC-10"),
    ),
    Fault("eight-associations-at-once", "a ninth simultaneous association is rejected", Parts(door=EightAtOnce), warns=rows("ASSOC-11")),
    Fault(
        "a-ninth-association-stores-nothing",
        "a C-STORE is answered A700 while more than eight associations are open",
        Parts(services=StoresForEight),
        warns=rows("ASSOC-11"),
    ),
    Fault("silent-connections-kept", "no ARTIM timer runs", Parts(acceptor=NoArtimTimer), warns=rows("ASSOC-12")),
    Fault("idle-associations-kept", "no timer runs on an open association", Parts(acceptor=NoIdleTimer), warns=rows("ASSOC-12")),
    Fault(
        "application-context-unchecked",
        "any application context name is accepted",
        Parts(door=AnyApplicationContext),
        warns=rows("ASSOC-14"),
    ),
    Fault(
        "noise-deafens-the-listener",
        "after three connections with noise every association is rejected for eight seconds",
        Parts(acceptor=DeafAfterNoise),
        breaks=rows("ROBUST-02"),
    ),
    Fault(
        "connections-leaked",
        f"after {PLACES} connections that ended without a request every association is rejected",
        Parts(acceptor=LeaksConnections),
        breaks=rows("ROBUST-02"),
    ),
)
