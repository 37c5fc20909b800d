"""The questions before the first check: is this a matter of conformance at all, or of configuration?

Each role has its own `Journey`. Steps for an archive, in order, and what stops the run:

1. association: the host and port take a connection, and the system lets our AE title in under its own;
2. C-ECHO is answered;
3. presentation contexts: what the system accepts of verification, storage, query and retrieve;
4. C-STORE: one sound synthetic object is taken;
5. C-FIND: a query for it is answered;
6. retrieve: it comes back to our Storage SCP, which listens before the first step.

What fails where a service is offered is reported as configuration, with what to change, and no requirement is judged. A service
that is not offered is only noted: the checks judge that. An object that was taken but is not found or delivered is noted too.
Where only rows of services are selected that an information system offers without an archive, storage is not asked for: 1 to 3 remain.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from conformance.dimse import AssociationEnded, Context, Ending, EndingKind, NotAccepted, ProtocolViolation, StatusClass, describe
from conformance.suite.peer import VERIFICATION
from conformance.suite.queries import STUDY_ROOT, study_query
from conformance.suite.sop_classes import CORE_STORAGE, CT
from conformance.suite.system import TAKEN, UNCOMPRESSED, System, query_context
from generators import Encoded, Study, encode_study
from reports.results import Identity, NegotiatedContext, Preflight

T = TypeVar("T")
RETRIEVE_CLASSES = (STUDY_ROOT.move, STUDY_ROOT.get)
WITHOUT_STORAGE = frozenset({"worklist", "mpps"})


class Stop(Exception):
    """The preflight ends here: `detail` says what was seen, `remedy` what to change."""

    def __init__(self, detail: str, remedy: str) -> None:
        self.detail, self.remedy = detail, remedy
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Note:
    """A step that passed; `remedy` is not empty where somebody should look at what was seen."""

    detail: str
    remedy: str = ""


class Journey(ABC):
    """The preflight of one subject. `steps` are made one by one, so that each can be shown and recorded as it ends.

    `services` are those that the selected rows wait for, "" where one waits for none.
    """

    def __init__(self) -> None:
        self.services: Collection[str] = ("",)
        self.identity: Identity | None = None

    @abstractmethod
    def plan(self) -> Mapping[str, Callable[[], Note]]:
        """The steps by name, in order. A step raises Stop where the run cannot go on."""

    def steps(self) -> Iterator[Preflight]:
        """Run the steps. After the first that failed the others are `not reached`."""
        stopped = False
        for name, step in self.plan().items():
            if stopped:
                yield Preflight(name, "not reached", "an earlier step failed")
                continue
            began = time.monotonic()
            try:
                note = step()
            except Stop as stop:
                stopped = True
                yield Preflight(name, "failed", stop.detail, stop.remedy, time.monotonic() - began)
            else:
                state = "noted" if note.remedy else "passed"
                yield Preflight(name, state, note.detail, note.remedy, time.monotonic() - began)


class ArchiveJourney(Journey):
    """The preflight of an archive."""

    def __init__(self, system: System) -> None:
        super().__init__()
        self.system = system
        self._study: Study | None = None
        self._instances: list[Encoded] = []

    def plan(self) -> Mapping[str, Callable[[], Note]]:
        """The steps above, in their order."""
        steps = {"association": self._association, "C-ECHO": self._echo, "presentation contexts": self._contexts}
        journey = {"C-STORE": self._store, "C-FIND": self._find, "retrieve": self._retrieve}
        return steps | journey if self._stores else steps

    @property
    def _stores(self) -> bool:
        return not WITHOUT_STORAGE.issuperset(self.services)

    def _association(self) -> Note:
        try:
            with self.system.associate() as association:
                acceptance = association.acceptance
        except AssociationEnded as error:
            raise Stop(str(error.ending), remedy_for(error.ending, self.system)) from error
        except ProtocolViolation as error:
            raise Stop(str(error), "look at the port with a network trace: this is not a DICOM answer") from error
        self.identity = Identity(
            implementation_class_uid=", ".join(acceptance.implementation_class_uids),
            implementation_version=acceptance.implementation_version,
            max_pdu=acceptance.max_pdu,
        )
        target = self.system.target
        return Note(f"{target.ae_title} at {target.host}:{target.port} lets {target.calling_ae} in")

    def _echo(self) -> Note:
        try:
            answer = self._ask("C-ECHO", self.system.echo)
        except NotAccepted:
            return Note("Verification is not offered", "the verification checks will judge that")
        if answer.status != 0:
            raise Stop(f"C-ECHO answered {answer.status:04X}", "see the system's log for why it refuses a C-ECHO")
        return Note("answered 0000")

    def _contexts(self) -> Note:
        offers = [
            VERIFICATION,
            *(Context(uid, UNCOMPRESSED) for uid in CORE_STORAGE),
            query_context(STUDY_ROOT.find),
            *(query_context(uid) for uid in RETRIEVE_CLASSES),
        ]
        contexts = self._ask("the association", lambda: self._negotiate(offers))
        if self.identity is not None:
            self.identity = Identity(
                self.identity.implementation_class_uid, self.identity.implementation_version, self.identity.max_pdu, contexts
            )
        accepted = {context.abstract_syntax for context in contexts if context.result == 0}
        storage = [uid for uid in CORE_STORAGE if uid in accepted]
        detail = f"{len(storage)} of {len(CORE_STORAGE)} core storage classes, find {'yes' if STUDY_ROOT.find in accepted else 'no'}, " + (
            f"move {'yes' if STUDY_ROOT.move in accepted else 'no'}, get {'yes' if STUDY_ROOT.get in accepted else 'no'}"
        )
        if self._stores and CT not in accepted:
            raise Stop(detail, f"let AE {self.system.target.calling_ae} store CT images on {self.system.target.ae_title}")
        return Note(detail)

    def _negotiate(self, offers: list[Context]) -> list[NegotiatedContext]:
        with self.system.associate(offers) as association:
            return [NegotiatedContext(c.abstract_syntax, c.transfer_syntax, c.result) for c in association.acceptance.contexts]

    def _store(self) -> Note:
        self._study = self.system.synthesizer.study("CT", instances=1)
        self._instances = encode_study(self._study)
        try:
            answer = self._ask("C-STORE", lambda: self.system.store(*self._instances)[0])
        except NotAccepted as error:
            raise Stop(
                str(error), "let the system accept CT Image Storage in Explicit VR Little Endian, in which this release sends"
            ) from error
        if answer.status_class not in TAKEN:
            raise Stop(
                f"a sound synthetic CT object was answered {describe('C-STORE', answer.status)} {answer.comment}".rstrip(),
                f"let AE {self.system.target.calling_ae} store on {self.system.target.ae_title}, and let synthetic patients in",
            )
        return Note(f"a synthetic CT object was answered {describe('C-STORE', answer.status)}")

    def _find(self) -> Note:
        try:
            answer = self._ask("C-FIND", lambda: self.system.find(study_query(self._known)))
        except NotAccepted:
            return Note("Study Root FIND is not offered", "the query checks will judge that")
        if answer.final.status_class is not StatusClass.SUCCESS:
            raise Stop(
                f"C-FIND was answered {describe('C-FIND', answer.final.status)} {answer.final.comment}".rstrip(),
                f"let AE {self.system.target.calling_ae} query {self.system.target.ae_title}",
            )
        if not answer.matches and not self._ask("C-FIND", lambda: self.system.await_found(study_query(self._known))):
            return Note("the object was taken but is not found", "the storage checks will judge that")
        return Note("the object is found")

    @property
    def _known(self) -> Study:
        assert self._study is not None
        return self._study

    def _retrieve(self) -> Note:
        query = study_query(self._known)
        try:
            delivery = self._ask("C-MOVE", lambda: self.system.move(query))
        except NotAccepted:
            return self._retrieve_by_get()
        status = delivery.answer.final.status
        if delivery.objects:
            return Note(f"C-MOVE delivered the object, {describe('C-MOVE', status)}")
        if delivery.answer.final.status_class is StatusClass.SUCCESS:
            return Note("C-MOVE was answered 0000 and delivered nothing", "the retrieve checks will judge that")
        target = self.system.target
        raise Stop(
            f"C-MOVE answered {describe('C-MOVE', status)} and delivered nothing",
            f"register AE {target.calling_ae} at {target.advertised} as a destination on {target.ae_title}",
        )

    def _retrieve_by_get(self) -> Note:
        try:
            delivery = self._ask("C-GET", lambda: self.system.get(study_query(self._known), self._instances))
        except NotAccepted:
            return Note("neither Study Root MOVE nor GET is offered", "the retrieve checks will judge that")
        return Note(f"C-GET delivered {len(delivery.objects)} object(s); C-MOVE is not offered", "the retrieve checks will judge that")

    def _ask(self, what: str, act: Callable[[], T]) -> T:
        """Do one thing; an ended association stops the preflight with the remedy for it."""
        try:
            return act()
        except AssociationEnded as error:
            raise Stop(f"{what}: {error.ending}", remedy_for(error.ending, self.system)) from error
        except ProtocolViolation as error:
            raise Stop(f"{what}: {error}", "the answer contradicts the request; look at it with a network trace") from error


def remedy_for(ending: Ending, system: System) -> str:
    """Say what an integrator changes when the system ends a conversation so."""
    target = system.target
    register = f"register AE {target.calling_ae} on {target.ae_title}, with the rights to store, query and retrieve"
    if ending.kind is EndingKind.REJECT:
        return {
            (1, 3): register,
            (1, 7): f"--target-ae={target.ae_title} is not an AE title of this system; ask for the right one",
        }.get((ending.source, ending.reason), "see the system's log for why it rejects the association")
    return {
        EndingKind.REFUSED: f"nothing listens on {target.host}:{target.port}; check --port, the service and the firewall",
        EndingKind.UNREACHABLE: f"{target.host} cannot be reached; check --host and the network",
        EndingKind.ABORT: register,
        EndingKind.CLOSE: f"{register}; or the port is not a DICOM port",
        EndingKind.RESET: f"{register}; or the port is not a DICOM port",
        EndingKind.SILENCE: "the system took the connection and never answered; check the port, TLS, and its log",
    }.get(ending.kind, "see the system's log for why it ends the association")
