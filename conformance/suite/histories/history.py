"""What a history is: what is done to an archive in which order, with which objects of its cast.

Steps are data (`conformance.cases.Step`): they are drawn, reduced, saved and read back.
"""

from collections.abc import Iterable

from conformance.cases import Step

Place = tuple[int, int, int]
"""Where an object of the cast stands: its study, its series and its number there, each from 0."""
History = tuple[Step, ...]

SHAPES = ((2, 2, 1), (2, 1), (2,), (1,))  # the objects of each series of each study
PLACES = tuple((study, series, n) for study, shape in enumerate(SHAPES) for series, size in enumerate(shape) for n in range(size))
NAMED = {"store": 3, "correct": 3, "find": 2, "patient": 1, "count": 2, "retrieve": 1, "commit": 3}  # numbers that the act goes by
ON_ANY = frozenset({"store", "correct", "find", "patient", "count"})  # acts of which the association is the history's choice


def stored_again(history: History) -> list[int]:
    """The steps that store an object once more."""
    places = [place_of(step) if step.act == "store" else None for step in history]
    return [number for number, place in enumerate(places) if place is not None and place in places[:number]]


def place_of(step: Step) -> Place:
    """The object that a step is about: after the last series of a study, or the last object of a series, comes the first again."""
    series = step.series % len(SHAPES[step.study])
    return step.study, series, step.instance % SHAPES[step.study][series]


def canonical(steps: Iterable[Step | None]) -> History:
    """Leave out what is no step, or corrects what was never stored, and what a step says beyond its act: equal histories are then equal."""
    kept: list[Step] = []
    stored: set[Place] = set()
    for step in filter(None, steps):
        place = place_of(step)
        if step.act == "store":
            stored.add(place)
        elif step.act == "correct" and place not in stored:
            continue
        study, series, instance = (*place[: NAMED[step.act]], 0, 0)[:3]
        kept.append(Step(step.act, study, series, instance, step.on if step.act in ON_ANY else "fresh"))
    return tuple(kept)


def name_of(place: Place, depth: int = 3) -> str:
    """An object, or with less depth its series or study, by numbers from 1."""
    return " ".join(f"{what} {number + 1}" for what, number in list(zip(("study", "series", "object"), place, strict=True))[:depth])


def in_words(step: Step) -> str:
    """One step as a sentence."""
    words = _WORDS[step.act].format(name_of(place_of(step), NAMED[step.act]))
    where = " on a fresh association" if step.on == "fresh" else f" on the {step.on} association"
    return words + where * (step.act in ON_ANY)


_WORDS = {
    "store": "store {}",
    "correct": "store other content under the SOP Instance UID of {}",
    "find": "list {} by C-FIND",
    "patient": "list the studies of the patient of {} by C-FIND",
    "count": "ask for the counters of {}",
    "retrieve": "retrieve {}",
    "commit": "ask for commitment of {}",
}


def script(history: History) -> str:
    """A history as numbered sentences."""
    return "; ".join(f"{number}. {in_words(step)}" for number, step in enumerate(history, 1))
