"""The search for a history after which a system differs from the model: drawn, reduced, and played once more before it blames."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from conformance.acts import Act
from conformance.cases import Step
from conformance.dimse import AssociationEnded
from conformance.evidence import Recorder
from conformance.suite.commitments import Commitments
from conformance.suite.histories.history import PLACES, History, Place, canonical, place_of, stored_again
from conformance.suite.histories.model import Cast
from conformance.suite.histories.playing import Played, Playing
from conformance.suite.histories.symptoms import Divergence, Symptom, row_of
from conformance.suite.system import System
from generators import Synthesizer

# A default run has seconds for the whole search, and a system keeps what is stored on it: ten histories bring some twenty-five studies.
DRAWN = 11  # the first that is drawn is always the plainest, which is empty
CALLS = 6000  # questions and objects sent in a whole search, reducing included; ten histories take some five hundred
MOST = 3  # ways to differ, of which each is waited for twice as long as the system says that it may take
HURRIED_SECONDS = 0.1  # how long a difference that once lasted is waited for while a history is reduced
AT_ONCE = 3
# First, so that each row is looked at, whatever comes later: an identical object, a correction, and all that are like each other.
PLAIN = (
    (Step("store"), Step("store")),
    (Step("store"), Step("correct")),
    (Step("store"), Step("store", series=1), Step("store", study=2), Step("store", study=3)),
)


@dataclass(frozen=True, slots=True)
class Blame:
    """A reduced history after which the system differed again, with all its time, and the evidence of that."""

    history: History
    divergence: Divergence
    acts: list[Act]
    recorder: Recorder


@dataclass(slots=True)
class Searched:
    """What a search saw, by rows: blamed, seen broken but not again, and looked at without seeing anything wrong.

    `cut` says why it was over before its end. `absent` gives the reason why a row of which nothing was seen does not apply; `idle` is
    as in `Played`.
    """

    blames: dict[str, Blame] = field(default_factory=dict)
    unsteady: dict[str, History] = field(default_factory=dict)
    rows: set[str] = field(default_factory=set)
    idle: list[str] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    cut: str = ""


class Search:
    """One search, which fills in what it saw. Each playing has identities of its own, so that it never meets what an earlier one left."""

    def __init__(self, system: System, commitments: Commitments | None, searched: Searched) -> None:
        self._system, self._commitments = system, commitments
        self._synthesizer = Synthesizer(system.synthesizer.seed, f"{system.synthesizer.nonce}H", uid_root=system.synthesizer.uid_root)
        self._alone = not serves_at_once(system, AT_ONCE)
        self._patience = system.target.claims.visible_seconds
        self._calls = CALLS
        self._memory: dict[History, Symptom | None] = {}
        self._searched = searched

    def run(self) -> None:
        """Search until no other symptom is found."""
        known: set[Symptom] = set()
        for symptom, history in islice(self._found(known), MOST):
            known.add(symptom)
            reduced = plainest(history, lambda other, symptom=symptom: self._symptom(other) is symptom)  # type: ignore[misc]
            if self._calls > 0:
                self._settle(reduced, symptom)
            else:  # what else is in the history may be what brings it about, so no row can be named for it but one to look into
                self._searched.unsteady.setdefault(row_of(symptom, reduced), reduced)

    def replay(self, history: History) -> None:
        """Play one saved history, and once more where the system differed."""
        played = self._play(history)
        if played.divergence is not None:
            self._settle(history, played.divergence.symptom)

    def _found(self, known: Collection[Symptom]) -> Iterator[tuple[Symptom, History]]:
        """Draw the same histories again and again, and give the first of each symptom that was not known before."""
        from conformance.suite.histories.drawing import first_drawn  # only now: Hypothesis takes its time to import

        while True:
            wanted: list[Symptom] = []

            def is_wanted(history: History, wanted: list[Symptom] = wanted) -> bool:
                symptom = self._symptom(history)
                if symptom is not None and not wanted and symptom not in known:
                    wanted.append(symptom)
                return symptom in wanted

            history = next(filter(is_wanted, PLAIN), None) or first_drawn(is_wanted, drawn=DRAWN, seed=self._synthesizer.seed)
            if history is None:
                return
            yield wanted[0], history

    def _symptom(self, history: History) -> Symptom | None:
        """Play a history once, and remember what came of it; none is played once the calls are spent."""
        if history in self._memory or not history:
            return self._memory.get(history)
        if self._calls <= 0:
            self._searched.cut = f"the search was cut short after {CALLS} questions"
            return None
        played = self._play(history)
        self._calls -= played.calls
        self._memory[history] = played.divergence.symptom if played.divergence else None
        return self._memory[history]

    def _play(self, history: History) -> Played:
        played = Playing(self._system, Cast(self._synthesizer), self._commitments, patience=self._patience, alone=self._alone).play(history)
        self._searched.rows |= played.rows
        self._searched.absent |= played.absent
        self._searched.idle += played.idle
        if played.divergence is not None:
            self._patience = min(self._patience, max(HURRIED_SECONDS, 2 * played.slowest))
        return played

    def _settle(self, history: History, symptom: Symptom) -> None:
        """Play a reduced history with all patience, on a fresh page: only what is seen again is blamed."""
        row = row_of(symptom, history)
        self._patience = self._system.target.claims.visible_seconds
        self._system.begin()
        again = self._play(history)
        if again.divergence is not None and again.divergence.symptom is symptom:
            self._searched.blames.setdefault(row, Blame(history, again.divergence, again.acts, self._system.recorder))
        else:
            self._searched.unsteady.setdefault(row, history)
        self._system.begin()


def serves_at_once(system: System, count: int) -> bool:
    """Whether the system accepts so many associations while each of them is open."""
    try:
        with ExitStack() as opened:
            for _ in range(count):
                opened.enter_context(system.associate())
    except AssociationEnded:
        return False
    return True


def plainest(history: History, shows: Callable[[History], bool]) -> History:
    """Leave out each step, and make each plainer, that a history does not need to show what it shows.

    An object that comes again gives way to one that comes for the first time, and a correction to an identical object: what is then
    left of either brings the symptom about.
    """
    for plainer in filter(shows, _plainer(history)):
        return plainest(plainer, shows)
    return history


def _plainer(history: History) -> Iterator[History]:
    size = len(history) // 2
    while size:
        for start in reversed(range(0, len(history), size)):
            yield canonical((*history[:start], *history[start + size :]))
        size //= 2
    for number in stored_again(history):
        for place in _unused(history, place_of(history[number])):
            yield _with(history, number, dict(zip(("study", "series", "instance"), place, strict=True)))
    for number, step in enumerate(history):
        if step.act == "correct":
            yield _with(history, number, {"act": "store"})
        if step.on != "fresh":
            yield _with(history, number, {"on": "fresh"})


def _with(history: History, number: int, changes: dict[str, object]) -> History:
    return canonical((*history[:number], msgspec.structs.replace(history[number], **changes), *history[number + 1 :]))


def _unused(history: History, near: Place) -> list[Place]:
    """Objects that a history does not store: the nearest one in its series, its study, and anywhere."""
    stored = {place_of(step) for step in history if step.act in ("store", "correct")}
    free = [place for place in PLACES if place not in stored]
    near_ones = [[place for place in free if place[:depth] == near[:depth]] for depth in (2, 1, 0)]
    return list(dict.fromkeys(places[0] for places in near_ones if places))
