"""Histories drawn by Hypothesis."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import NoSuchExample

from conformance.cases import MAX_STEPS, Step
from conformance.suite.histories.history import PLACES, SHAPES, History, Place, canonical, place_of

SLOTS = 60
ACTS = ("store",) * 8 + ("correct",) * 3 + ("retrieve", "commit", "patient") * 2 + ("find", "count")
EACH_STUDY = tuple(place_of(Step("commit", study, series, n)) for series in range(3) for n in range(2) for study in range(len(SHAPES)))
Drawn = tuple[Step, int]
"""A step without its object, and the number of that among those that the step may be about."""

_STEP = st.builds(Step, act=st.sampled_from(ACTS), on=st.sampled_from(("fresh", "first", "second")))
_SLOT = st.none() | st.tuples(_STEP, st.integers(0, 119))


def told(slots: Iterable[Drawn | None], left_out: Collection[int]) -> History:
    """Read what was drawn as a history in which steps meet.

    The studies that it leaves out are never sent, so that what is sent comes close together. To correct, list, count or retrieve is
    about what was sent before; commitment is asked for of whatever there is in the cast, sent or not.
    """
    sendable = [place for place in PLACES if place[0] not in left_out]
    sent: dict[Place, None] = {}
    steps = []
    for step, number in filter(None, slots):
        among = {"store": sendable, "commit": EACH_STUDY}.get(step.act, tuple(sent))
        if among:
            study, series, instance = place = among[number % len(among)]
            sent |= {place: None} if step.act == "store" else {}
            steps.append(msgspec.structs.replace(step, study=study, series=series, instance=instance))
    return canonical(steps)[:MAX_STEPS]


HISTORIES = st.builds(told, st.lists(_SLOT, min_size=SLOTS, max_size=SLOTS), st.sets(st.integers(0, len(SHAPES) - 1), max_size=2))
"""Histories of some twenty-five steps. Each slot of the list may be empty, so that a step is left out without moving the others."""


def first_drawn(shows: Callable[[History], bool], *, drawn: int, seed: int) -> History | None:
    """Draw so many histories, and give the first that shows something; None where none does.

    Hypothesis does not reduce it here: `searching.plainest` does that with half of the playings, and says of each step that it is needed.
    """
    how = settings(database=None, max_examples=drawn, deadline=None, phases=(Phase.generate,))
    with TemporaryDirectory() as folder:
        set_hypothesis_home_dir(Path(folder))  # it would make a folder where the tester stands
        try:
            return find(HISTORIES, shows, settings=how, random=Random(seed))
        except NoSuchExample:
            return None
        finally:
            set_hypothesis_home_dir(None)
