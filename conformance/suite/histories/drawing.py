"""Histories drawn by Hypothesis."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import NoSuchExample

from conformance.cases import MAX_STEPS, Step
from conformance.suite.histories.history import History, canonical

SLOTS = 50
_STEP = st.builds(
    Step,
    act=st.sampled_from(("store",) * 8 + ("correct",) * 3 + ("retrieve", "commit") * 2 + ("find", "count") + ("patient",) * 2),
    study=st.sampled_from((0, 0, 0, 1, 1, 2, 3)),  # as they have objects
    series=st.integers(0, 2),
    instance=st.integers(0, 1),
    on=st.sampled_from(("fresh", "first", "second")),
)
HISTORIES = st.lists(st.none() | _STEP, min_size=SLOTS, max_size=SLOTS).map(lambda steps: canonical(steps)[:MAX_STEPS])
"""Histories of some twenty steps. Each slot of the list may be empty, so that a step is left out without moving the others."""


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
