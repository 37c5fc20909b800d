"""What came during one step of a source: every attempt to store, and what it was answered."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.dimse import (
    PUSH_MODEL,
    VERIFICATION,
    AssociationRequest,
    Inquiry,
    Policy,
    PresentationContext,
    Provider,
    Reaction,
    Received,
    Reception,
    Reply,
)
from conformance.judging import heading
from conformance.live import Growth
from conformance.reference.steps import PERFORMED_STEP
from conformance.reference.worklist import WORKLIST
from conformance.source.arriving import Arriving
from conformance.source.script import OUT_OF_RESOURCES, Step
from reports.language import language

MAX_SPOOL = 64 << 30  # bytes on disk in one step; past it we are out of resources, and say so
LOOK_SECONDS, QUIET_LOOK_SECONDS = 0.005, 0.1  # for how long objects are looked into at a time: little while others come
QUIET_SECONDS = 0.5
ENGLISH = language("en")
BESIDE = frozenset({VERIFICATION, PUSH_MODEL, WORKLIST, PERFORMED_STEP})
TAKEN = range(0xB000, 0xC000)  # warnings: the object is stored all the same (PS3.4 Table B.2-1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One object that came whole, what was answered or done instead, how long its file is, and when in the step it began and ended."""

    received: Received
    answer: int | Reaction
    octets: int = 0
    began: float = 0.0
    ended: float = 0.0

    @property
    def taken(self) -> bool:
        """Whether the source was told that we have it."""
        return self.answer == 0 or self.answer in TAKEN

    @property
    def uid(self) -> str:
        """The SOP Instance UID of the command."""
        return self.received.sop_instance_uid

    @property
    def study(self) -> int:
        """Its study, as a number that tells no value; 0 where the object does not say."""
        found = heading(self.received.path) if self.received.path else None
        return found.study if found else 0


class Intake:
    """One step under way, filled by the listener's threads and read by the check: `arrived`, `stirred` and `told` are for the operator.

    `providers` are the services beside storage. `rests` says whether nothing is awaited of them, and `busy` whether they themselves are
    at something, whose length is not the source's.
    """

    def __init__(
        self,
        step: Step,
        spool: Path,
        *,
        silence: float,
        providers: Mapping[str, Provider] | None = None,
        rests: Callable[[], bool] = lambda: True,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.step = step
        self.attempts: list[Attempt] = []
        self.echoes = 0
        self.turns_taken = 0
        self.octets = 0
        self.reception: Reception
        self._arriving = Arriving()
        self._looked_into = 0
        self._stirred = self._began = time.monotonic()
        self._lock = threading.Lock()
        self._rests, self._busy = rests, busy
        self.policy = Policy(
            directory=spool,
            echo=self._echo,
            turn=self._turn,
            max_pdu=step.max_pdu,
            silence=silence,
            providers={sop_class: self._stirring(provider) for sop_class, provider in (providers or {}).items()},
        )

    # --- for checks

    @property
    def associations(self) -> list[AssociationRequest]:
        """The associations that were opened for storage."""
        return [request for request in self.reception.associations if is_for_storage(request.contexts)]

    @property
    def taken(self) -> list[Attempt]:
        """The attempts after which the source was told that we have the object."""
        return [attempt for attempt in self.attempts if attempt.taken]

    def missing(self) -> set[str]:
        """The SOP Instance UIDs that were tried and never taken."""
        return {attempt.uid for attempt in self.attempts} - {attempt.uid for attempt in self.taken}

    @property
    def well(self) -> bool:
        """Whether the source came until it found us well."""
        return self.turns_taken >= len(self.step.turns)

    # --- for the operator

    def arrived(self) -> bool:
        """Whether all that the step waits for has come."""
        return self.of_use() and self._rests() and (self.step.studies == 1 or self._count_studies() >= self.step.studies)

    def of_use(self) -> bool:
        """Whether enough has come for checks to look at."""
        with self._lock:
            if not self.step.objects:
                return self.echoes > 0
            enough = len(self.attempts) >= self.step.objects
            return enough and not (self.step.whole and (self.missing() or not self.well))

    def stirred(self) -> float:
        """When anything last happened: now, as long as anything is under way, or an association stays open for what is still awaited."""
        if self.reception.coming or self._busy() or (self.reception.open and not self.arrived()):
            self._stirred = time.monotonic()
        return self._stirred

    def told(self) -> str:
        """What has come, in one line."""
        seconds = self.attempts[-1].ended - self.attempts[0].began if self.attempts else 0.0
        size, rate = ENGLISH.size(self.octets), ENGLISH.rate(self.octets, seconds)
        return f"{self.turns_taken} associations, {len(self.attempts)} objects, {size}, {rate}, {self.echoes} echoes"

    def tree(self) -> Growth:
        """What has come, by patient, study and series, as far as it was looked into."""
        self._look_into()
        tree = self._arriving.tree
        tree.unplaced = len(self.attempts) - tree.objects
        return tree

    def _count_studies(self) -> int:
        if self._arriving.studies < self.step.studies:
            self._look_into()
        return self._arriving.studies

    def _look_into(self) -> None:
        """Look into objects that have come, for a moment: by the operator's thread, not while they are received."""
        now = time.monotonic()
        until = now + (LOOK_SECONDS if now - self._stirred < QUIET_SECONDS else QUIET_LOOK_SECONDS)
        while self._looked_into < len(self.attempts) and time.monotonic() < until:
            one = self.attempts[self._looked_into]
            self._looked_into += 1
            self._arriving.place(one.received.path, one.octets, one.began, one.ended)

    # --- called by the listener's threads

    def _echo(self) -> int:
        with self._lock:
            self.echoes += 1
            self._stirred = time.monotonic()
        return self.step.echo

    def _stirring(self, provider: Provider) -> Provider:
        def provide(inquiry: Inquiry) -> Iterator[Reply]:
            self._stirred = time.monotonic()
            yield from provider(inquiry)

        return provide

    def _turn(self, contexts: Sequence[PresentationContext]) -> Policy:
        with self._lock:
            self._stirred = time.monotonic()
            if not is_for_storage(contexts):
                return replace(self.policy, turn=None)
            turn = self.step.turns[min(self.turns_taken, len(self.step.turns) - 1)]
            self.turns_taken += 1
        count = iter(range(1 << 62))
        return replace(turn.over(self.policy), status=lambda received: self._store(received, turn.answer(next(count))))

    def _store(self, received: Received, answer: int | Reaction) -> int | Reaction:
        with self._lock:
            self._stirred = time.monotonic()
            octets = received.path.stat().st_size if received.path else 0
            self.octets += octets
            if self.octets > MAX_SPOOL:
                answer = OUT_OF_RESOURCES
            ended = self._stirred - self._began
            self.attempts.append(Attempt(received, answer, octets, ended - received.seconds, ended))
        return answer


def is_for_storage(contexts: Sequence[PresentationContext]) -> bool:
    """Whether an association proposes more than to verify, to commit, and to ask and tell about what is scheduled."""
    return any(context.abstract_syntax not in BESIDE for context in contexts)
