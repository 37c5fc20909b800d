"""The system under test as a check sees it: associate, store, find, retrieve, each in one call."""

import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import NoReturn

import pytest
from msgspec import structs
from pydicom import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.acts import Act
from conformance.cases import Step
from conformance.dimse import (
    ACCEPT_ALL,
    AVAILABILITY,
    PUSH_MODEL,
    Answer,
    Association,
    AssociationEnded,
    AssociationRequest,
    Context,
    EndingKind,
    Endpoint,
    FindAnswer,
    Listener,
    Negotiated,
    NotAccepted,
    Policy,
    ProtocolViolation,
    Received,
    RetrieveAnswer,
    StatusClass,
    Wire,
    associate,
    connect,
)
from conformance.evidence import Recorder
from conformance.findings import Nonconformance, NotExercised, require
from conformance.ledger import Ledger
from conformance.offer import Offer
from conformance.suite.queries import Query, Value, image_query, study_query
from conformance.target import Target
from generators import KINDS, Encoded, Study, Synthesizer, encode_study

UNCOMPRESSED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
TAKEN = frozenset({StatusClass.SUCCESS, StatusClass.WARNING})
POLL_SECONDS = 0.05
IMPATIENT_SECONDS = 2.0
GRACE_SECONDS = 10.0
LATE_SECONDS = 2.0  # for objects that a final response counts and that have not come: what is late is not lost
SLOW_RATE = 1 << 20  # bytes a second
MAX_MATCHES = 2000
DELIBERATE = frozenset({EndingKind.REJECT, EndingKind.ABORT, EndingKind.CLOSE, EndingKind.RESET, EndingKind.RELEASE})
MAX_CONTEXTS = 128
SUCCESS, OUT_OF_RESOURCES = 0x0000, 0xA700  # what we answer to a C-STORE
TRANSIENT = 2  # the result of an A-ASSOCIATE-RJ (PS3.8 9.3.4)
VERIFICATION = Context(str(Verification), (ImplicitVRLittleEndian,))


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


def polls(seconds: float) -> Iterator[None]:
    """Give turns until the time is over: at least one, quickly at first, then once a second."""
    deadline, pause = time.monotonic() + seconds, POLL_SECONDS
    yield
    while time.monotonic() < deadline:
        time.sleep(min(pause, max(deadline - time.monotonic(), 0.0)))
        pause = min(pause * 2, 1.0)
        yield


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


class System:
    """The system under test. One check at a time uses it; `begin` opens a new page for each. `history` is the one to replay, if any."""

    def __init__(
        self, target: Target, listener: Listener, synthesizer: Synthesizer, ledger: Ledger, history: tuple[Step, ...] = ()
    ) -> None:
        self.target = target
        self.listener = listener
        self.synthesizer = synthesizer
        self.ledger = ledger
        self.history = history
        self.recorder = Recorder()
        self.acts: list[Act] = []
        self.offer: Offer | None = None
        self._patience = target.claims.visible_seconds
        self._takes: dict[str, bool] = {}

    def begin(self) -> None:
        """Start the evidence of the next check."""
        self.recorder = Recorder()
        self.acts = []

    @property
    def endpoint(self) -> Endpoint:
        return self.target.endpoint

    def called(self, ae_title: str) -> Endpoint:
        """The same system under another called AE title."""
        return replace(self.endpoint, called_ae=ae_title)

    def associate(self, contexts: Sequence[Context] = (VERIFICATION,), *, endpoint: Endpoint | None = None, **how: object) -> Association:
        """Open an association; `how` goes to `conformance.dimse.associate`. Under other titles it is an act of its own."""
        if endpoint is not None and not self.acts:
            titles = f"-aet {shlex.quote(endpoint.calling_ae)} -aec {shlex.quote(endpoint.called_ae)}"
            self.acts.append(Act(f"echoscu -v {titles} {endpoint.host} {endpoint.port}"))
        open_association: Callable[..., Association] = associate
        return open_association(endpoint or self.endpoint, contexts, timeouts=self.target.timeouts, recorder=self.recorder, **how)

    def accepts(self, contexts: Sequence[Context]) -> list[str]:
        """The abstract syntaxes that the system accepts."""
        return [answer.abstract_syntax for answer in self.negotiate(contexts) if answer.accepted]

    def negotiate(self, contexts: Sequence[Context]) -> Iterator[Negotiated]:
        """The answers to contexts, asked for in associations of at most 128."""
        for start in range(0, len(contexts), MAX_CONTEXTS):
            with self.associate(contexts[start : start + MAX_CONTEXTS]) as association:
                yield from association.acceptance.contexts

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

    @contextmanager
    def connection(self) -> Iterator[Wire]:
        """A bare connection, for bytes that make no association."""
        wire = connect(self.endpoint, self.target.timeouts, self.recorder)
        try:
            yield wire
        finally:
            wire.close()

    def echo(self) -> Answer:
        """Open a fresh association and send one C-ECHO."""
        with self.associate() as association:
            return association.echo()

    def require_alive(self, when: str) -> None:
        """Hold the control of a negative case: the system answers C-ECHO on a fresh association.

        Raises:
            NotExercised: it does not.
        """
        try:
            answer = self.echo()
        except AssociationEnded as error:
            raise NotExercised(f"the control failed {when}: {error.ending}") from error
        require(answer.status_class is StatusClass.SUCCESS, f"the control failed {when}: C-ECHO answered {answer.status:04X}")

    def blame(self, error: AssociationEnded, *, expected: str, silence: bool = False) -> NoReturn:
        """Blame the system for ending an association, once it has shown that it still serves: a dead one is not blamed.

        `silence`: not to answer within our time-outs is what the clause is about.

        Raises:
            Nonconformance: it ended what it should have gone on with.
            NotExercised: it does not answer at all any more.
            AssociationEnded: the ending may be our own, or the network's.
        """
        if error.ending.kind not in DELIBERATE and not (silence and error.ending.kind is EndingKind.SILENCE):
            raise error
        alive = error.ending.kind is EndingKind.REJECT or self.serves_within(GRACE_SECONDS)
        require(alive, f"the control failed after the case: no association; before it, {error.ending}")
        raise Nonconformance(expected=expected, got=str(error.ending)) from error

    def serves_within(self, seconds: float) -> bool:
        """Whether C-ECHO is answered on a fresh association before the time is over; an ended one is asked for again."""
        for _ in polls(seconds):
            try:
                return self.echo().status_class is StatusClass.SUCCESS
            except (AssociationEnded, ProtocolViolation, NotAccepted):
                continue
        return False

    def once_it_has_room(self, act: Callable[[], None]) -> None:
        """Do something that holds many associations; where the system says `later` (transient), give it time to free earlier ones."""
        for _ in polls(GRACE_SECONDS):
            try:
                return act()
            except AssociationEnded as error:
                later = error
                if (error.ending.kind, error.ending.result) != (EndingKind.REJECT, TRANSIENT):
                    break
        raise later

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
        """Whether the system accepts the storage class of a kind that the generators make (a name of `KINDS`)."""
        if kind not in self._takes:
            self._takes[kind] = bool(self.accepts([Context(KINDS[kind].sop_class_uid, (ExplicitVRLittleEndian,))]))
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
