"""The system under test as an application to associate with: contexts, C-ECHO, bare connections, and whether it still serves."""

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.acts import Act
from conformance.dimse import (
    Answer,
    Association,
    AssociationEnded,
    Context,
    EndingKind,
    Endpoint,
    Negotiated,
    NotAccepted,
    ProtocolViolation,
    StatusClass,
    Wire,
    associate,
    connect,
)
from conformance.evidence import Recorder
from conformance.findings import Nonconformance, NotExercised, require
from conformance.target import Target

POLL_SECONDS = 0.05
GRACE_SECONDS = 10.0
DELIBERATE = frozenset({EndingKind.REJECT, EndingKind.ABORT, EndingKind.CLOSE, EndingKind.RESET, EndingKind.RELEASE})
MAX_CONTEXTS = 128
VERIFICATION = Context(str(Verification), (ImplicitVRLittleEndian,))


def polls(seconds: float) -> Iterator[None]:
    """Give turns until the time is over: at least one, quickly at first, then once a second."""
    deadline, pause = time.monotonic() + seconds, POLL_SECONDS
    yield
    while time.monotonic() < deadline:
        time.sleep(min(pause, max(deadline - time.monotonic(), 0.0)))
        pause = min(pause * 2, 1.0)
        yield


class Peer:
    """An application under test. `acts` and `recorder` are what was done, and what crossed the wire, since `begin`."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.recorder = Recorder()
        self.acts: list[Act] = []

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
                if not error.ending.is_transient:
                    break
        raise later
