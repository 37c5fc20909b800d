"""Histories drawn and shortened by Hypothesis."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import NoSuchExample

from conformance.cases import MAX_STEPS, Step
from conformance.suite.histories import History, canonical

_STEP = st.builds(
    Step,
    act=st.sampled_from(("store", "store", "store", "store", "find", "patient", "count", "retrieve", "correct", "commit")),
    study=st.integers(0, 3),
    series=st.integers(0, 2),
    instance=st.integers(0, 1),
    on=st.sampled_from(("fresh", "first", "second")),
)
HISTORIES = st.lists(st.none() | _STEP, min_size=MAX_STEPS, max_size=MAX_STEPS).map(canonical)
"""Histories of some twenty steps. Each place in the list may be empty, so that a step is left out without moving the others."""


def shortest(shows: Callable[[History], bool], *, drawn: int, seed: int) -> History | None:
    """Draw so many histories, and give the first that shows something, as short as it still shows it; None where none does."""
    how = settings(database=None, max_examples=drawn, deadline=None, phases=(Phase.generate, Phase.shrink))
    with TemporaryDirectory() as folder:
        set_hypothesis_home_dir(Path(folder))  # it would make a folder where the tester stands
        try:
            return find(HISTORIES, shows, settings=how, random=Random(seed))
        except NoSuchExample:
            return None
        finally:
            set_hypothesis_home_dir(None)
