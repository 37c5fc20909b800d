"""What came in while a check was listening: objects, associations, and what was wrong with either."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.dimse.answers import Received
from conformance.dimse.endings import Ending, ProtocolViolation
from conformance.dimse.negotiation import Negotiated, read_title
from conformance.dimse.pdu import AssociatePdu, PresentationContext, UserItem, uid_text
from conformance.dimse.policy import Policy

MAX_KEPT = 4 << 30  # bytes of objects in memory; past it they are refused as out of resources
MAX_ASSOCIATIONS = 10_000


@dataclass(frozen=True, slots=True)
class AssociationRequest:
    """An A-ASSOCIATE-RQ as it came: AE titles as their 16 bytes too, contexts as proposed and as answered.

    `answers` is empty where the association was rejected. `max_pdu` is what the requestor announced, 0 for no limit.
    """

    association: int
    raw_called: bytes
    raw_calling: bytes
    application_context: str
    protocol_version: int
    max_pdu: int
    implementation_class_uids: tuple[str, ...]
    implementation_version: str
    contexts: tuple[PresentationContext, ...]
    roles: Mapping[str, tuple[bool, bool]]
    answers: tuple[Negotiated, ...]

    @property
    def called_ae(self) -> str:
        """The called AE title without the spaces around it."""
        return read_title(self.raw_called)

    @property
    def calling_ae(self) -> str:
        """The calling AE title without the spaces around it."""
        return read_title(self.raw_calling)


def request_facts(pdu: AssociatePdu, association: int, answers: tuple[Negotiated, ...]) -> AssociationRequest:
    """Take the facts out of a decoded A-ASSOCIATE-RQ."""
    return AssociationRequest(
        association=association,
        raw_called=pdu.called,
        raw_calling=pdu.calling,
        application_context=pdu.application_context,
        protocol_version=pdu.protocol_version,
        max_pdu=pdu.max_pdu,
        implementation_class_uids=tuple(map(uid_text, pdu.values(UserItem.IMPLEMENTATION_CLASS_UID))),
        implementation_version=next(map(uid_text, pdu.values(UserItem.IMPLEMENTATION_VERSION)), ""),
        contexts=pdu.contexts,
        roles=pdu.roles,
        answers=answers,
    )


def wait_for(changed: threading.Condition, happened: Callable[[], bool], seconds: float, waited: Callable[[float], None]) -> bool:
    """Wait for something another thread does, and report the seconds it took."""
    began = time.monotonic()
    with changed:
        done = changed.wait_for(happened, seconds)
    waited(time.monotonic() - began)
    return done


class Reception:
    """What the listener received under one policy. Its threads add, the check reads; `wait_for` joins the two.

    `open` has the serial numbers of the associations that have not ended, and `coming` of those among them over which an object has begun
    to come that has no answer yet. `foreign` counts objects that were not this run's, `refused` those past the memory bound. `violations`
    and `endings` say how associations went wrong that were not released.
    """

    def __init__(self, policy: Policy, waited: Callable[[float], None]) -> None:
        self.policy = policy
        self.objects: list[Received] = []
        self.associations: list[AssociationRequest] = []
        self.violations: list[ProtocolViolation] = []
        self.endings: list[Ending] = []
        self.open: set[int] = set()
        self.coming: set[int] = set()
        self.foreign = 0
        self.refused = 0
        self.largest_pdu = 0
        self._kept = 0
        self._waited = waited
        self._changed = threading.Condition()

    def wait_for(self, count: int, seconds: float) -> bool:
        """Wait until `count` objects have come; False when they have not within `seconds`."""
        return self._wait(lambda: len(self.objects) >= count, seconds)

    def wait_for_associations(self, count: int, seconds: float) -> bool:
        """Wait until `count` associations have been asked for; False when they have not within `seconds`."""
        return self._wait(lambda: len(self.associations) >= count, seconds)

    def _wait(self, happened: Callable[[], bool], seconds: float) -> bool:
        return wait_for(self._changed, happened, seconds, self._waited)

    # --- called by the listener's threads

    def add_association(self, request: AssociationRequest) -> None:
        """Add an association request; one with answers is open from now on."""
        with self._changed:
            self.open |= {request.association} if request.answers else set()
            if len(self.associations) < MAX_ASSOCIATIONS:
                self.associations.append(request)
            self._changed.notify_all()

    def end_association(self, association: int) -> None:
        """Take an association for over, and whatever was coming over it."""
        with self._changed:
            self.open.discard(association)
            self.coming.discard(association)

    def begin_object(self, association: int) -> None:
        """Expect an object that begins to come."""
        with self._changed:
            self.coming.add(association)

    def end_object(self, association: int) -> None:
        """Expect it no more: it has its answer."""
        with self._changed:
            self.coming.discard(association)

    def has_room(self, received: Received) -> bool:
        """Whether the object still fits into memory; one that does not is counted as refused."""
        with self._changed:
            fits = self._kept + len(received.data) <= MAX_KEPT
            self._kept += len(received.data) * fits
            self.refused += not fits
            return fits

    def add_object(self, received: Received) -> None:
        """Add an object that came whole."""
        with self._changed:
            self.objects.append(received)
            self.largest_pdu = max(self.largest_pdu, received.pdu_lengths_max)
            self._changed.notify_all()

    def add_foreign(self) -> None:
        """Count an object that is not this run's."""
        with self._changed:
            self.foreign += 1
            self._changed.notify_all()

    def add_trouble(self, trouble: Ending | ProtocolViolation) -> None:
        """Add how an association went wrong."""
        with self._changed:
            if isinstance(trouble, Ending):
                self.endings.append(trouble)
            else:
                self.violations.append(trouble)
            self._changed.notify_all()
