"""One run of a consumer: our archive with its prepared content, and the journal of each step, which is taken once and judged often."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

import pytest

from conformance.acts import Act
from conformance.consumer.archive import ViewerArchive
from conformance.consumer.content import Content, prepare
from conformance.consumer.identifiers import Asked, encoding_breaches, read
from conformance.consumer.journal import Asking, Journal
from conformance.consumer.models import MODELS
from conformance.consumer.script import OPEN, QUESTIONS, RETRIEVE, SEARCH, Step
from conformance.evidence import Recorder
from conformance.findings import require
from conformance.ledger import Ledger, Left
from conformance.offer import Offer
from conformance.operating import Errand, Operator, Performance, Watch
from conformance.suite.system import SUCCESS
from conformance.target import Target
from generators import Synthesizer

STAGE = pytest.StashKey["Stage"]()

Ask = Callable[[str, str], None]
"""Asks the operator the question of a requirement, and keeps the answer as an attestation."""


class Hands(Protocol):
    """Whoever works the consumer: an `Operator`."""

    def perform(self, errand: Errand, watch: Watch) -> Performance:
        """Have a step taken, and wait until what it is for has come."""


class Stage:
    """What the checks look at. A step that was not taken leaves them unexercised; it is not asked for twice."""

    def __init__(self, target: Target, archive: ViewerArchive, content: Content, hands: Hands, ask: Ask) -> None:
        self.target, self.content = target, content
        self._archive, self._hands, self._ask = archive, hands, ask
        self._taken: dict[str, tuple[Performance, Journal]] = {}
        self.ledger = Ledger()
        self.offer: Offer | None = None
        self.begin()

    @classmethod
    @contextmanager
    def serving(cls, target: Target, synthesizer: Synthesizer, operator: Operator, ask: Ask) -> Iterator["Stage"]:
        """Prepare the archive and listen for the length of the block. Raises ConformanceError where our port is taken."""
        content = prepare(synthesizer)
        peers = {target.ae_title: (target.host, target.port)}
        archive = ViewerArchive(target.calling_ae, (target.listen_host, target.listen_port), peers)
        archive.prepare(content.instances())
        with archive.serving():
            target = replace(target, advertised=target.advertised or f"{target.listen_host}:{archive.port}")
            host, _, port = target.advertised.rpartition(":")
            facts = {"host": host, "port": port, "ae": target.calling_ae, "calling": target.ae_title}
            yield cls(target, archive, content, replace(operator, facts=facts), ask)

    def begin(self) -> None:
        """Start the evidence of the next check."""
        self.recorder = Recorder()
        self.acts: list[Act] = []

    def serves_within(self, _seconds: float) -> bool:
        """A consumer serves nothing that a run could wait for: each step has its own time."""
        return True

    def journal(self, step: Step) -> Journal:
        """What came during a step. Raises NotExercised where it was not taken, or where it brought none of what it is for."""
        if step.name not in self._taken:
            self._taken[step.name] = self._take(step)
        performance, journal = self._taken[step.name]
        for asking in journal.askings:
            self._note(asking)
        require(journal.of(*step.awaited), f"step {step.name!r} brought no {' or '.join(step.awaited)}: {performance.reason}")
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
        asked = self.journal(SEARCH).of("C-FIND") + self.journal(OPEN).of("C-FIND")
        return [one for one in asked if one.abstract_syntax in MODELS]  # a worklist has neither levels nor unique keys

    def retrieves(self) -> list[Asking]:
        """The retrieves of the study that is opened."""
        return self.journal(OPEN).of("C-MOVE", "C-GET")

    def ask(self, requirement: str) -> None:
        """Ask the operator what a step showed."""
        self._ask(requirement, QUESTIONS[requirement])

    def _take(self, step: Step) -> tuple[Performance, Journal]:
        objects = frozenset(one.uid for one in self.content.mixed.instances) if step.awaited == RETRIEVE else frozenset()
        journal = Journal(step.awaited, objects)
        with self._archive.step(step.conduct, journal):
            performance = self._hands.perform(Errand(step.name, step.told(self.content)), journal)
        sent = {one.sop_instance_uid for asking in journal.askings for one in asking.deliveries if one.status == SUCCESS}
        self.ledger.left.update({left.sop_uid: left for left in self._owned() if left.sop_uid in sent})
        return performance, journal

    def _owned(self) -> Iterator[Left]:
        """The content as the one who has it now may have to find it, to take it away."""
        for study in self.content.studies:
            for series in study.series:
                for instance in series.instances:
                    yield Left(study.patient.id, study.uid, series.uid, instance.uid)


def _filled(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def readable(askings: list[Asking]) -> Iterator[tuple[Asking, Asked]]:
    """The requests whose identifiers are encoded as negotiated; of the others it is for XFER-07 to say."""
    for asking in askings:
        if not encoding_breaches(asking.identifier, asking.transfer_syntax):
            yield asking, read(asking.identifier, asking.transfer_syntax, MODELS[asking.abstract_syntax])
