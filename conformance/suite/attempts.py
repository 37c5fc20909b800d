"""Negative cases with their controls: a broken object between sound ones, and what the system made of it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from conformance.acts import Act
from conformance.dimse import Answer, Association, AssociationEnded, Ending, EndingKind, NotAccepted, StatusClass, describe
from conformance.findings import NotExercised, expect, require
from conformance.suite.expectations import expect_same_content
from conformance.suite.queries import Query, study_query
from conformance.suite.system import TAKEN, System, context_id_for, storage_contexts
from generators import FAULTS, Encoded, Study, encode, encode_study

DELIBERATE = frozenset({EndingKind.ABORT, EndingKind.REJECT})
CUTS: dict[str, Callable[[Association], object]] = {
    "abort": lambda association: association.abort(),
    "close": lambda association: association.close(),
    "reset": lambda association: association.reset(),
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the system made of one broken object: it answered, or it ended the association.

    `sent` is monotonic time, `control` the study of the sound objects around it.
    """

    instance: Encoded
    study: Study
    answer: Answer | None
    ending: Ending | None
    sent: float
    control: Study

    @property
    def refused(self) -> bool:
        return self.answer is not None and self.answer.status_class is StatusClass.FAILURE

    @property
    def taken(self) -> bool:
        return self.answer is not None and self.answer.status_class in TAKEN

    @property
    def warned(self) -> bool:
        return self.answer is not None and self.answer.status_class is StatusClass.WARNING

    @property
    def flagged(self) -> bool:
        """Whether the sender was told that something is wrong: by a failure, a warning, or the end of the association."""
        return not self.taken or self.warned

    def __str__(self) -> str:
        return str(self.answer or self.ending)


class Attempts:
    """Broken objects, each sent once in a run: the checks about the answer and about what it left share the attempt."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._made: dict[str, Attempt] = {}
        self.all: list[Attempt] = []

    def of(self, fault: str) -> Attempt:
        """Send a study's only instance with one named fault of `generators.FAULTS`, between sound ones.

        Raises:
            NotExercised: a control failed, or the system ended the association in a way that may not be its own doing.
        """
        if fault not in self._made:
            study = self._system.synthesizer.study("CT", instances=1)
            broken = FAULTS[fault].encode(next(iter(study.datasets())))
            self._made[fault] = self.send(broken, study)
        else:
            self._system.acts.append(Act("storescu {peer} {files}", (self._made[fault].instance,)))
        return self._made[fault]

    def send(self, broken: Encoded, study: Study, *, on: str = "", **command: str) -> Attempt:
        """Send one broken object between sound ones, on one association and then on a fresh one.

        `on` names the abstract syntax of the context that it travels in, where that is not to be its own.

        Raises:
            NotExercised: see `of`.
        """
        control = self._system.synthesizer.study("CT", instances=3)
        with controlled(self._system, encode_study(control), broken) as association:
            sent = time.monotonic()
            try:
                context_id = context_id_for(association, broken, on)
                answer, ending = self._system.send(association, broken, context_id=context_id, **command), None
            except AssociationEnded as error:
                answer, ending = None, error.ending
                require(ending.kind in DELIBERATE, f"the broken object was left without an answer: {ending}")
        self._await_what_came_later(control)
        self.all.append(Attempt(broken, study, answer, ending, sent, control))
        return self.all[-1]

    def _await_what_came_later(self, sound: Study) -> None:
        """Wait until the last control is found: what a broken object leaves then shows as well, if anything does."""
        series = sound.series[0]
        last = replace(sound, series=(replace(series, instances=series.instances[-1:]),))
        with suppress(NotAccepted):
            self._system.settle(last)


@contextmanager
def controlled(system: System, sound: list[Encoded], broken: Encoded) -> Iterator[Association]:
    """Open an association on which a sound object is taken before the negative case, and after it, there and on a fresh one."""
    before, after, fresh = sound
    with system.associate(storage_contexts([*sound, broken])) as association:
        _control(system, association, before, "before the broken object")
        yield association
        if association.is_open:
            _control(system, association, after, "after the broken object, on the same association")
    with system.associate(storage_contexts([fresh])) as association:
        _control(system, association, fresh, "after the broken object, on a fresh association")


def _control(system: System, association: Association, sound: Encoded, when: str) -> None:
    try:
        answer = system.send(association, sound)
    except AssociationEnded as error:
        raise NotExercised(f"the control failed {when}: {error.ending}") from error
    require(answer.status_class in TAKEN, f"the control failed {when}: {describe('C-STORE', answer.status)}")


def expect_refused(attempt: Attempt, *, because: str) -> None:
    """Blame the system unless it answered a failure status."""
    expect(
        attempt.refused,
        expected=f"a failure status for an object {because}",
        got=str(attempt),
        hint="Look for a setting that validates objects on receipt, or that lets incomplete objects in.",
    )


def shown(system: System, attempt: Attempt) -> bool:
    """Whether a study query for the object's own Study Instance UID, or else for its own Patient ID, returns it."""
    study = attempt.study
    dataset = attempt.instance.dataset()
    keys = {"StudyInstanceUID": study.uid} if dataset.get("StudyInstanceUID") else {"PatientID": study.patient.id, "StudyInstanceUID": ""}
    answer = system.find(Query("STUDY", keys))
    require(answer.final.status_class is StatusClass.SUCCESS, f"whether it shows cannot be told: {answer.final}")
    return bool(answer.matches)


def encode_first(study: Study) -> Encoded:
    """Encode the first instance of a study."""
    return encode(next(iter(study.datasets())))


def expect_kept_as_sent(system: System, attempt: Attempt, paths: Sequence[str]) -> None:
    """Blame the system unless the object that it took is found, and comes back with these elements as they were sent."""
    found = system.await_found(study_query(attempt.study), since=attempt.sent)
    require(found or system.find(study_query(attempt.control)).matches, "not even the sound objects around it are found")
    expect(
        found,
        expected="an object that was taken kept as it was sent",
        got=f"{attempt}, and its study is not found after {system.target.claims.visible_seconds:g} s",
    )
    delivery = system.retrieve(study_query(attempt.study), [attempt.instance])
    expect(not delivery.foreign, expected="the SOP Instance UID as it was sent", got=f"{attempt}, and an object under another UID")
    require(delivery.objects, f"{attempt}, and the object cannot be retrieved to see what was kept: {delivery.answer.final}")
    expect_same_content(attempt.instance, delivery.objects[0], only=paths)
