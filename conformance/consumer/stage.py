"""One run of a consumer: our archive with its prepared content, and the journal of each step, which is taken once and judged often."""

from collections.abc import Callable, Iterator, Mapping

from conformance.consumer.archive import ViewerArchive
from conformance.consumer.content import Content
from conformance.consumer.identifiers import Asked, encoding_breaches, read
from conformance.consumer.journal import Asking, Journal
from conformance.consumer.models import MODELS
from conformance.consumer.script import OPEN, QUESTIONS, SEARCH, Step
from conformance.evidence import Recorder
from conformance.findings import require

SETTLING_SECONDS = 30.0

Perform = Callable[[Step, str], bool]
"""Has a step taken, by the operator or by a command, as the text tells; False where nobody took it."""
Ask = Callable[[str, str], None]
"""Asks the operator the question of a requirement, and keeps the answer as an attestation."""


class Stage:
    """What the checks look at. A step that was not taken leaves them unexercised; it is not asked for twice."""

    def __init__(self, archive: ViewerArchive, content: Content, perform: Perform, ask: Ask) -> None:
        self.content = content
        self._archive, self._perform, self._ask = archive, perform, ask
        self._taken: dict[str, tuple[bool, Journal]] = {}
        self.recorder = Recorder()

    def begin(self) -> None:
        """Start the evidence of the next check."""
        self.recorder = Recorder()

    def journal(self, step: Step) -> Journal:
        """What came during a step. Raises NotExercised where it was not taken, or where it brought none of what it is for."""
        if step.name not in self._taken:
            self._taken[step.name] = self._take(step)
        done, journal = self._taken[step.name]
        require(done, f"step {step.name!r} was not taken")
        for asking in journal.askings:
            self._note(asking)
        require(journal.of(*step.awaited), f"step {step.name!r} brought no {' or '.join(step.awaited)}")
        return journal

    def _note(self, asking: Asking) -> None:
        """Keep as evidence that a request came and what was answered to it; of an identifier its size alone."""
        fields = {"AffectedSOPClassUID": asking.abstract_syntax, "MoveDestination": asking.destination}
        self.recorder.note("received", f"{asking.message}-RQ", size=len(asking.identifier), fields=_filled(fields))
        for one in asking.deliveries:
            fields = {"AffectedSOPClassUID": one.sop_class_uid, "AffectedSOPInstanceUID": one.sop_instance_uid}
            self.recorder.note("sent", "C-STORE-RQ", fields=fields)
            if one.status is not None:
                self.recorder.note("received", "C-STORE-RSP", fields={"Status": f"{one.status:04X}"})

    def queries(self) -> list[Asking]:
        """The queries of the search and of the study that is opened."""
        return self.journal(SEARCH).of("C-FIND") + self.journal(OPEN).of("C-FIND")

    def retrieves(self) -> list[Asking]:
        """The retrieves of the study that is opened."""
        return self.journal(OPEN).of("C-MOVE", "C-GET")

    def ask(self, requirement: str) -> None:
        """Ask the operator what a step showed."""
        self._ask(requirement, QUESTIONS[requirement])

    def _take(self, step: Step) -> tuple[bool, Journal]:
        with self._archive.step(step.conduct) as journal:
            done = self._perform(step, step.told(self.content))
            return done and journal.wait_until_idle(SETTLING_SECONDS), journal


def _filled(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def readable(askings: list[Asking]) -> Iterator[tuple[Asking, Asked]]:
    """The requests whose identifiers are encoded as negotiated; of the others it is for XFER-07 to say."""
    for asking in askings:
        if not encoding_breaches(asking.identifier, asking.transfer_syntax):
            yield asking, read(asking.identifier, asking.transfer_syntax, MODELS[asking.abstract_syntax])
