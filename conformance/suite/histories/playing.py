"""A history played: its steps done on the system one after the other, on identities that were never used before."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from pydicom import Dataset

from conformance.acts import Act
from conformance.cases import Step
from conformance.dimse import Answer, Association, AssociationEnded, Ending, StatusClass
from conformance.findings import NotExercised
from conformance.suite.commitments import Commitments
from conformance.suite.histories.history import SHAPES, History, Place, name_of, place_of
from conformance.suite.histories.looking import Looks
from conformance.suite.histories.model import Cast, Model
from conformance.suite.histories.symptoms import Divergence, Symptom
from conformance.suite.peer import DELIBERATE, polls
from conformance.suite.queries import STUDY_ROOT, Query
from conformance.suite.system import TAKEN, System, context_id_for, query_context, storage_contexts
from generators import Encoded

Given = TypeVar("Given")
Look = Callable[[], Divergence | None]


@dataclass(slots=True)
class Played:
    """What one playing saw: the divergence at which it ended, and the rows of which it saw nothing wrong.

    `absent` is as in `Looks`; `idle` are the steps that came to nothing, and why; `acts` are what led to the divergence. `calls` counts
    the questions and the objects sent, `slowest` is the time, in seconds, after which something that was not there at once was.
    """

    divergence: Divergence | None = None
    rows: set[str] = field(default_factory=set)
    absent: dict[str, str] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    calls: int = 0
    slowest: float = 0.0


class Playing:
    """One playing. `patience` is how many seconds a difference may last before it is one.

    `commitments` is None where the system offers none. Held associations are opened when a step first needs them, and once more
    where the system ended one that was idle; with `alone` the system serves one at a time, and each is a fresh one.
    """

    def __init__(self, system: System, cast: Cast, commitments: Commitments | None, *, patience: float, alone: bool) -> None:
        self._system, self._cast, self._commitments, self._patience = system, cast, commitments, patience
        self._alone = alone
        self._model = Model()
        self._looks = Looks(system, cast, self._model, self._find)
        self._held: dict[str, Association] = {}
        self._open = ExitStack()
        self._seen = Played(rows=self._looks.rows, absent=self._looks.absent)

    def play(self, history: History) -> Played:
        """Do each step and then look at everything, until the system differs from the model."""
        before = len(self._system.acts)
        with self._open:
            steps = (self._act(step) for step in history)
            self._seen.divergence = next(filter(None, steps), None)
            self._seen.acts = self._system.acts[before:]
            for look in self._inspection():
                if self._seen.divergence is None:
                    self._seen.divergence = self._inspect(look)
                    self._seen.acts = self._system.acts[before:]
                else:  # every history ends alike, so that the next one meets no state that this one left open
                    look("last")
        self._seen.calls = len(self._system.acts) - before
        return self._seen

    def _act(self, step: Step) -> Divergence | None:
        look, (study, series, _) = self._looks, place_of(step)
        looks: Mapping[str, Look] = {
            "find": lambda: look.at_series(study, series, step.on),
            "patient": lambda: look.at_patient(study, step.on),
            "count": lambda: look.at_counters(study, series, step.on),
            "retrieve": lambda: look.at_delivery(study),
            "commit": lambda: self._commit(study, place=place_of(step)),
        }
        return self._lasting(looks[step.act]) if step.act in looks else self._send(step)

    def _inspection(self) -> Iterator[Callable[[str], Divergence | None]]:
        """Everything that can be looked at, each on an association that is named."""
        look = self._looks
        for study, shape in enumerate(SHAPES):
            yield partial(look.at_study, study)
            for series in range(len(shape)):
                yield partial(look.at_series, study, series)
                yield partial(look.at_counters, study, series)
            yield from (partial(each, study) for each in (look.at_patient, look.at_delivery, self._commit))

    def _inspect(self, look: Callable[[str], Divergence | None]) -> Divergence | None:
        """Look on the one association of the inspection; what is wrong there may not last on fresh ones."""
        seen = look("last")
        return self._lasting(lambda: look("fresh")) if seen and not seen.at_once else seen

    def _lasting(self, look: Look) -> Divergence | None:
        """Look again while the system may still be taking in what it acknowledged; only what lasts is a divergence."""
        began, seen = time.monotonic(), look()
        if seen is None or seen.at_once:
            return seen
        for _ in polls(self._patience):
            seen = look()
            if seen is None:
                self._seen.slowest = max(self._seen.slowest, time.monotonic() - began)
            if seen is None or seen.at_once:
                break
        return seen

    def _send(self, step: Step) -> Divergence | None:
        place, model = place_of(step), self._model
        if step.act == "correct" and place not in model.held:
            return None  # its first content was refused
        again = step.act == "store" and place in model.held and not model.corrected(place)
        version = model.version(step)
        instance = self._cast.encoded(place, version)
        answer = self._answer(step.on, instance)
        model.note(place, version, answer.status_class if isinstance(answer, Answer) else StatusClass.FAILURE)
        if isinstance(answer, Ending) or answer.short_of_resources:
            self._seen.idle.append(f"{name_of(place)}: {answer}")
        elif again and answer.status_class not in TAKEN:
            return Divergence(Symptom.REFUSED, f"success or a warning for {name_of(place)}, which is stored already", str(answer))
        elif place in model.doubtful:
            self._seen.idle.append(f"{name_of(place)} was answered {answer}")
        return None

    def _answer(self, on: str, instance: Encoded) -> Answer | Ending:
        """The answer to an object, or how the system ended the association over it: that tells the sender what a refusal tells.

        While the system is short of resources, it is sent again.
        """
        try:
            for _ in polls(self._patience):
                answer = self._with(
                    on, lambda association: self._system.send(association, instance, context_id=context_id_for(association, instance))
                )
                if not answer.short_of_resources:
                    break
            return answer
        except AssociationEnded as error:
            if error.ending.kind not in DELIBERATE:
                raise
            self._held.pop(on, None)
            return error.ending

    def _commit(self, study: int, _on: str = "fresh", place: Place | None = None) -> Divergence | None:
        """Ask for commitment of an object with its study; of one that was not stored, if there is one, where none is named."""
        held = self._model.within(study)
        if self._commitments is None or not (held or place):
            return None
        try:
            return self._looks.at_commitment(place or self._model.unheld(study) or held[0], self._commitments)
        except NotExercised as error:
            self._commitments = None  # the next would only be waited for in vain as well
            self._seen.idle.append(str(error))
            return None

    def _find(self, query: Query, on: str) -> list[Dataset]:
        self._system.acts.append(Act(query.dcmtk()))
        return self._with(on, lambda association: association.find(query.root.find, query.identifier()).matches)

    def _with(self, on: str, act: Callable[[Association], Given]) -> Given:
        """Act on the association that a step names; once more where it was ended, or not opened: idle ones are, and full houses wait."""
        with suppress(AssociationEnded):
            return self._once(on, act)
        self._held.pop(on, None)
        return self._once(on, act)

    def _once(self, on: str, act: Callable[[Association], Given]) -> Given:
        if on != "fresh" and not self._alone:
            return act(self._kept(on))
        with self._associate() as association:
            return act(association)

    def _kept(self, on: str) -> Association:
        if on not in self._held:
            self._held[on] = self._open.enter_context(self._associate())
        return self._held[on]

    def _associate(self) -> Association:
        sample = self._cast.encoded((0, 0, 0), 0)
        return self._system.associate([*storage_contexts([sample]), query_context(STUDY_ROOT.find)])
