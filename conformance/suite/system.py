"""The system under test as a check sees it: store, find, retrieve, each in one call; to associate with it is in `peer`."""

import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import pytest
from msgspec import structs
from pydicom import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from conformance.acts import Act
from conformance.cases import Step
from conformance.dimse import (
    ACCEPT_ALL,
    AVAILABILITY,
    PUSH_MODEL,
    Answer,
    Association,
    AssociationRequest,
    Context,
    Endpoint,
    FindAnswer,
    Listener,
    NotAccepted,
    Policy,
    Received,
    RetrieveAnswer,
    StatusClass,
)
from conformance.findings import require
from conformance.ledger import Ledger
from conformance.offer import Offer
from conformance.suite.peer import VERIFICATION, Peer, polls
from conformance.suite.queries import Query, Value, image_query, study_query
from conformance.target import Target
from generators import KINDS, Encoded, Study, Synthesizer, encode_study

UNCOMPRESSED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
TAKEN = frozenset({StatusClass.SUCCESS, StatusClass.WARNING})
IMPATIENT_SECONDS = 2.0
LATE_SECONDS = 2.0  # for objects that a final response counts and that have not come: what is late is not lost
SLOW_RATE = 1 << 20  # bytes a second
MAX_MATCHES = 2000
SUCCESS, OUT_OF_RESOURCES = 0x0000, 0xA700  # what we answer to a C-STORE


def query_context(sop_class: str) -> Context:
    """Offer a query or retrieve class in both uncompressed little endian syntaxes."""
    return Context(sop_class, (ImplicitVRLittleEndian, ExplicitVRLittleEndian))


def storage_contexts(instances: Iterable[Encoded], *, scp: bool = False) -> list[Context]:
    """Offer each (SOP class, transfer syntax) once, one syntax to a context, so that bytes go out as they are.

    The default syntax is offered for each class as well, as a requestor must (PS3.5 10.1).
    `scp` proposes that we take the SCP role, as C-GET needs (PS3.7 D.3.3.4).
    """
    pairs = dict.fromkeys((instance.sop_class_uid, instance.transfer_syntax_uid) for instance in instances)
    default = dict.fromkeys((sop_class, str(ImplicitVRLittleEndian)) for sop_class, _ in pairs)
    role = True if scp else None
    return [Context(sop_class, (syntax,), scu_role=role, scp_role=role) for sop_class, syntax in pairs | default]


def context_id_for(association: Association, instance: Encoded, abstract_syntax: str = "") -> int:
    """The context in which an object travels: that of its own class, or of another one.

    Raises:
        NotAccepted: there is none.
    """
    wanted = (abstract_syntax or instance.sop_class_uid, instance.transfer_syntax_uid)
    context = association.accepted(*wanted)
    if context is None:
        raise NotAccepted(*wanted)
    return context.id


def content(received: Received) -> Dataset:
    """Decode what the system sent us."""
    return Encoded(received.sop_class_uid, received.sop_instance_uid, received.transfer_syntax_uid, received.data).dataset()


def is_for_storage(request: AssociationRequest) -> bool:
    """Whether an association was opened to us to store: not to see by C-ECHO whether we live, nor to report."""
    return any(context.abstract_syntax not in (VERIFICATION.abstract_syntax, PUSH_MODEL, AVAILABILITY) for context in request.contexts)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The answer to a C-MOVE or C-GET, and what was delivered for it. `associations` counts those opened to us for storage.

    `late` counts the objects that came only after the final response, which had said that they were delivered.
    """

    answer: RetrieveAnswer
    objects: tuple[Received, ...]
    foreign: int
    associations: int
    largest_pdu: int
    late: int = 0

    @property
    def uids(self) -> list[str]:
        return sorted(received.sop_instance_uid for received in self.objects)


class System(Peer):
    """The system under test. One check at a time uses it; `begin` opens a new page for each. `history` is the one to replay, if any."""

    def __init__(
        self, target: Target, listener: Listener, synthesizer: Synthesizer, ledger: Ledger, history: tuple[Step, ...] = ()
    ) -> None:
        super().__init__(target)
        self.listener = listener
        self.synthesizer = synthesizer
        self.ledger = ledger
        self.history = history
        self.offer: Offer | None = None
        self._patience = target.claims.visible_seconds
        self._takes: dict[str, bool] = {}

    @contextmanager
    def unhurried(self, octets: int) -> Iterator[None]:
        """Wait longer, by what so many bytes take on a slow way: where their number is the question, the time is not."""
        usual, more = self.target, octets / SLOW_RATE
        waits, claims = usual.timeouts, usual.claims
        longer = {name: getattr(waits, name) + more for name in ("response", "subop", "operation")}
        visible = structs.replace(claims, visible_seconds=claims.visible_seconds + more)
        self.target = replace(usual, timeouts=replace(waits, **longer), claims=visible)
        try:
            yield
        finally:
            self.target = usual

    def send(self, association: Association, instance: Encoded, *, context_id: int | None = None, **command: str | None) -> Answer:
        """Send one object on an open association, in the context of its class or in another; `command` sets the affected UIDs apart."""
        self.ledger.note_sent(instance, command.get("sop_instance_uid"))
        self.acts.append(Act("storescu {peer} {files}", (instance,)))
        answer = association.store(instance, context_id=context_id, **command)  # type: ignore[arg-type] # the two UIDs only
        self.ledger.note_answer(instance, answer)
        return answer

    def store(self, *instances: Encoded) -> list[Answer]:
        """Send objects on one fresh association."""
        with self.associate(storage_contexts(instances)) as association:
            return [self.send(association, instance) for instance in instances]

    def keep(self, *instances: Encoded) -> None:
        """Store sound objects that a check builds on.

        Raises:
            NotExercised: the system did not take one of them.
        """
        for instance, answer in zip(instances, self.store(*instances), strict=True):
            require(answer.status_class in TAKEN, f"a sound {UID(instance.sop_class_uid).name} object was answered {answer}")

    def keep_study(self, study: Study, syntax: str = ExplicitVRLittleEndian) -> list[Encoded]:
        """Store a sound study, and wait until its objects are listed, where the system can be asked.

        Raises:
            NotExercised: an object was refused, or was acknowledged and not even its study is found.
        """
        instances = encode_study(study, syntax)
        self.keep(*instances)
        with suppress(NotAccepted):
            whole = self.settle(study)
            require(whole or self.find(study_query(study)).matches, "a sound study was acknowledged and is not found")
            require(whole or not any(map(self.ledger.is_coerced, instances)), "a sound study, taken with warnings, is not listed whole")
        return instances

    def settle(self, study: Study, uids: Iterable[str] = ()) -> bool:
        """Wait until every object of a study, or those with `uids`, is listed. Says whether they are, and blames nobody.

        Once the declared time was waited for in vain, it is not waited for again: the checks that blame use `await_found`.
        """
        wanted = set(uids) or {instance.uid for instance in study.instances}
        listed = any(wanted <= self.listed(study) for _ in polls(self._patience))
        self._patience = self._patience if listed else min(self._patience, IMPATIENT_SECONDS)
        return listed

    def listed(self, study: Study) -> set[str]:
        """The SOP Instance UIDs that the system lists for a study, series by series."""
        answers = [self.find(image_query(study, series), limit=2 * len(series.instances) + MAX_MATCHES) for series in study.series]
        return {str(match.get("SOPInstanceUID", "")) for answer in answers for match in answer.matches}

    def takes(self, kind: str) -> bool:
        """Whether the system accepts the storage class of a kind that the generators make (a name of `KINDS`), as they are sent."""
        if kind not in self._takes:
            proposed = [Context(KINDS[kind].sop_class_uid, (syntax,)) for syntax in UNCOMPRESSED]
            self._takes[kind] = any(one.accepted and one.transfer_syntax == ExplicitVRLittleEndian for one in self.negotiate(proposed))
        return self._takes[kind]

    def find(self, query: Query, *, limit: int = MAX_MATCHES) -> FindAnswer:
        """Ask one question on a fresh association; past so many matches the answer is cancelled."""
        self.acts.append(Act(query.dcmtk()))
        with self.associate((query_context(query.root.find),)) as association:
            return association.find(query.root.find, query.identifier(), limit=limit)

    def ask(self, level: str, **keys: Value) -> FindAnswer:
        """Ask one question in Study Root, its keys given by keyword."""
        return self.find(Query(level, keys))

    def await_found(self, query: Query, *, since: float | None = None) -> bool:
        """Ask until the answer has a match or the declared time to become visible is over. Says whether it had.

        `since` is the monotonic time at which the object was sent, just now by default.
        """
        return self.comes_true(lambda: bool(self.find(query).matches), since=since)

    def comes_true(self, seen: Callable[[], bool], *, since: float | None = None) -> bool:
        """Look until something is seen or the declared time to become visible is over; `since` as for `await_found`."""
        spent = 0.0 if since is None else time.monotonic() - since
        return any(seen() for _ in polls(self.target.claims.visible_seconds - spent))

    def policy(self, **how: object) -> Policy:
        """How our Storage SCP is to behave during one retrieve; the parts not named accept everything that is ours."""
        return replace(ACCEPT_ALL, **how)  # type: ignore[arg-type] # replace checks the names

    def move(
        self,
        query: Query,
        *,
        policy: Policy = ACCEPT_ALL,
        destination: str | None = None,
        cancel_after: int | None = None,
        endpoint: Endpoint | None = None,
    ) -> Delivery:
        """Ask the system to send to our own Storage SCP, and cancel after so many pending responses, if any number is given."""
        destination = destination or self.target.calling_ae
        cancel = "" if cancel_after is None else f" --cancel {cancel_after}"
        note = f"# to a destination that {policy.manners}\n" if policy.manners else ""
        self.acts.append(Act(note + query.dcmtk(f"movescu -aem {shlex.quote(destination)}{cancel}")))
        contexts = (query_context(query.root.move),)
        ours = replace(policy, ours=self.ledger.is_ours)
        with self.listener.reception(ours) as reception, self.associate(contexts, endpoint=endpoint) as association:
            answer = association.move(query.root.move, query.identifier(), destination, cancel_after=cancel_after)
            punctual = len(reception.objects)
            reception.wait_for(answer.counters.completed or 0, LATE_SECONDS)
        self.ledger.foreign += reception.foreign
        opened = sum(map(is_for_storage, reception.associations))
        objects = tuple(reception.objects)
        return Delivery(answer, objects, reception.foreign, opened, reception.largest_pdu, late=len(objects) - punctual)

    def get(self, query: Query, instances: Sequence[Encoded], *, status: Callable[[Received], int] | None = None) -> Delivery:
        """Retrieve on the same association, offering contexts for `instances` only."""
        objects: list[Received] = []
        foreign = 0

        def take(received: Received) -> int:
            nonlocal foreign
            if not self.ledger.is_ours(received.sop_instance_uid):
                foreign += 1
                return OUT_OF_RESOURCES
            objects.append(received)
            return status(received) if status else SUCCESS

        self.acts.append(Act(query.dcmtk("getscu")))
        contexts = [query_context(query.root.get), *storage_contexts(instances, scp=True)]
        with self.associate(contexts) as association:
            answer = association.get(query.root.get, query.identifier(), on_store=take)
        self.ledger.foreign += foreign
        return Delivery(answer, tuple(objects), foreign, 0, 0)

    def retrieve(self, query: Query, instances: Sequence[Encoded]) -> Delivery:
        """Retrieve by C-MOVE, or by C-GET where the system offers no C-MOVE."""
        try:
            return self.move(query)
        except NotAccepted:
            return self.get(query, instances)


SYSTEM = pytest.StashKey[System]()
"""Where the plugin puts the system under test for the checks to find."""
