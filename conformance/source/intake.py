"""What came during one step of a source: every attempt to store, and what it was answered."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom import dcmread

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
from conformance.reference.steps import PERFORMED_STEP
from conformance.reference.worklist import WORKLIST
from conformance.source.script import OUT_OF_RESOURCES, Step

MAX_SPOOL = 64 << 30  # bytes on disk in one step; past it we are out of resources, and say so
LOOKS = 50  # objects that are looked into at a time
BESIDE = frozenset({VERIFICATION, PUSH_MODEL, WORKLIST, PERFORMED_STEP})
TAKEN = range(0xB000, 0xC000)  # warnings: the object is stored all the same (PS3.4 Table B.2-1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One object that came whole, what was answered or done instead, and how long its file is."""

    received: Received
    answer: int | Reaction
    octets: int = 0

    @property
    def taken(self) -> bool:
        """Whether the source was told that we have it."""
        return self.answer == 0 or self.answer in TAKEN

    @property
    def uid(self) -> str:
        """The SOP Instance UID of the command."""
        return self.received.sop_instance_uid


class Intake:
    """One step under way, filled by the listener's threads and read by the check: `arrived`, `stirred` and `told` are for the operator.

    `providers` are the services beside storage, and `rests` says whether nothing is under way in them.
    """

    def __init__(
        self,
        step: Step,
        spool: Path,
        *,
        silence: float,
        providers: Mapping[str, Provider] | None = None,
        rests: Callable[[], bool] = lambda: True,
    ) -> None:
        self.step = step
        self.attempts: list[Attempt] = []
        self.echoes = 0
        self.turns_taken = 0
        self.octets = 0
        self.reception: Reception
        self._studies: set[str] = set()
        self._looked_into = 0
        self._stirred = self._began = time.monotonic()
        self._lock = threading.Lock()
        self._rests = rests
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
        """When anything last happened; what has begun and not ended goes on happening."""
        return self._stirred

    def told(self) -> str:
        """What has come, in one line."""
        seconds = max(self._stirred - self._began, 0.001)
        rate = f"{self.octets / seconds / 1e6:.1f} MB/s"
        return f"{self.turns_taken} associations, {len(self.attempts)} objects, {self.octets / 1e6:.1f} MB, {rate}, {self.echoes} echoes"

    def _count_studies(self) -> int:
        """Look into some of the objects that it has not looked into yet: by the operator's thread, not while they are received."""
        if len(self._studies) < self.step.studies:
            new = self.attempts[self._looked_into : self._looked_into + LOOKS]
            self._looked_into += len(new)
            self._studies.update(filter(None, (study_of(attempt.received.path) for attempt in new)))
        return len(self._studies)

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
            self.attempts.append(Attempt(received, answer, octets))
        return answer


def is_for_storage(contexts: Sequence[PresentationContext]) -> bool:
    """Whether an association proposes more than to verify, to commit, and to ask and tell about what is scheduled."""
    return any(context.abstract_syntax not in BESIDE for context in contexts)


def study_of(path: Path | None) -> str:
    """The Study Instance UID of a file; "" where it cannot be read, whatever is wrong with it."""
    if path is None:
        return ""
    try:
        return str(dcmread(path, stop_before_pixels=True, specific_tags=["StudyInstanceUID"]).get("StudyInstanceUID") or "")
    except Exception:  # the bytes are a stranger's; it is for the judging to say what is wrong
        return ""
