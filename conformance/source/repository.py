"""Our repository, as a source meets it: it listens, has the operator take each step once, and keeps what came for all checks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from conformance.acts import Act
from conformance.dimse import Listener
from conformance.evidence import Recorder
from conformance.findings import NotApplicable, require
from conformance.ledger import Ledger
from conformance.offer import Offer
from conformance.operating import Errand, Operator, Performance
from conformance.source.desk import Desk
from conformance.source.intake import Attempt, Intake
from conformance.source.script import QUESTIONS, Step
from conformance.target import Target
from generators import Synthesizer

Ask = Callable[[str, str], None]


class Repository:
    """What the checks of a source look at. A step that was not taken leaves them unexercised, and is not asked for twice.

    Objects are spooled under serial numbers of our own, in a folder that goes with the run: nothing of a patient stays behind.
    """

    offer: Offer | None = None

    def __init__(self, target: Target, listener: Listener, synthesizer: Synthesizer, operator: Operator, ask: Ask, spool: Path) -> None:
        self.target = target
        self.listener = listener
        self.recorder = Recorder()
        self.acts: list[Act] = []
        self.ledger = Ledger()
        self._operator, self._ask, self._spool = operator, ask, spool
        self._intakes: list[Intake] = []
        self._taken: dict[str, tuple[Performance, Intake]] = {}
        self.desk = Desk(target, synthesizer, self._objects, lambda: self.recorder)

    @classmethod
    @contextmanager
    def serving(cls, target: Target, synthesizer: Synthesizer, operator: Operator, ask: Ask) -> Iterator["Repository"]:
        """Listen for the length of the block."""
        with (
            TemporaryDirectory(prefix="conformance-") as spool,
            Listener(
                target.listen_host,
                target.listen_port,
                target.calling_ae,
                timeouts=target.timeouts,
                recorder_for=lambda: repository.recorder,
            ) as listener,
        ):
            target = replace(target, advertised=target.advertised or f"{target.listen_host}:{listener.port}")
            host, _, port = target.advertised.rpartition(":")
            facts = {"host": host, "port": port, "ae": target.calling_ae, "calling": target.ae_title}
            repository = cls(target, listener, synthesizer, operator.knowing(facts), ask, Path(spool))
            try:
                yield repository
            finally:
                repository.close()

    def close(self) -> None:
        """End what goes on by itself."""
        self.desk.commitments.close()

    def begin(self) -> None:
        """Start the evidence of the next check."""
        self.recorder = Recorder()

    def serves_within(self, _seconds: float, /) -> bool:
        """A source need not serve: the run goes on."""
        return True

    def demand(self, service: str) -> None:
        """Ask nobody to show what the profile does not claim.

        Raises:
            NotApplicable: so it is.
        """
        claimed = self.target.claims.services
        if claimed is not None and service not in claimed:
            raise NotApplicable(f"the profile does not claim {service}")

    def intake(self, step: Step) -> Intake:
        """What came during a step.

        Raises:
            NotExercised: nobody took it, or it did not bring what it is for.
        """
        performance, intake = self.performed(step)
        require(performance.done, f"step {step.name!r}: {performance.reason}; {intake.told()}")
        return intake

    def performed(self, step: Step) -> tuple[Performance, Intake]:
        """How a step went, whether or not it brought what it is for, and what came."""
        if step.name not in self._taken:
            self._taken[step.name] = self._take(step)
        return self._taken[step.name]

    def retries_within(self, performance: Performance) -> float:
        """Within how many seconds the product tries again, as it says itself, where it was given that time.

        Raises:
            NotExercised: it was not, or the product does not say.
        """
        bound = self.target.claims.retry_seconds
        require(not performance.cut_short, performance.reason)
        require(bound is not None, f"{performance.reason}, and the profile does not declare claims.retry-seconds")
        return bound or 0.0

    def ask(self, requirement: str) -> None:
        """Ask the operator what a step showed."""
        self._ask(requirement, QUESTIONS[requirement])

    def _take(self, step: Step) -> tuple[Performance, Intake]:
        folder = self._spool / step.name
        folder.mkdir()
        intake = Intake(
            step,
            folder,
            silence=self.target.timeouts.response,
            providers=self.desk.providers,
            rests=self.desk.watched(step),
            busy=lambda: self.desk.commitments.reporting,
        )
        self._intakes.append(intake)
        errand = Errand(step.name, step.instruction, self._lasting(step))
        with self.listener.reception(intake.policy) as intake.reception:
            performance = self._operator.perform(errand, intake)
            for _ in step.turns[1:] if step.again else ():
                if performance.done:
                    break
                performance = self._operator.perform(replace(errand, instruction=step.again), intake)
        return replace(performance, done=performance.done or intake.of_use()), intake

    def _lasting(self, step: Step) -> float | None:
        if step.withholds:
            return self.target.claims.retry_seconds
        return (self.target.claims.retry_seconds or 0.0) if step.whole else None

    def _objects(self) -> list[Attempt]:
        return [attempt for intake in self._intakes for attempt in intake.taken]


REPOSITORY = pytest.StashKey[Repository]()
"""Where the plugin puts our repository for the checks to find."""
