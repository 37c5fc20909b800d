"""Histories: what is done to an archive in which order, with which objects, and the model of what it holds afterwards.

The cast of a history is small, so that its steps meet: four studies of three patients, of whom two have like Patient IDs and two the
same one of different issuers. Steps are data (`conformance.cases.Step`): they are drawn, reduced, saved and read back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pydicom.uid import ExplicitVRLittleEndian

from conformance.cases import Step
from conformance.dimse import StatusClass
from generators import Encoded, Issuer, Study, Synthesizer, encode

Place = tuple[int, int, int]
"""Where an object of the cast stands: its study, its series and its number there, each from 0."""
History = tuple[Step, ...]

SHAPES = ((2, 2, 1), (2, 1), (2,), (1,))  # the objects of each series of each study
PLACES = tuple((study, series, n) for study, shape in enumerate(SHAPES) for series, size in enumerate(shape) for n in range(size))
OTHER_ISSUER = Issuer("SYNTHETIC-B", "2.25.310458246739824793746534657936453219902")
NAMED = {"store": 3, "correct": 3, "find": 2, "patient": 1, "count": 2, "retrieve": 1, "commit": 3}  # numbers that the act goes by
ON_ANY = frozenset({"store", "correct", "find", "patient", "count"})  # acts of which the association is the history's choice
NEXT_NUMBER, BYTE = 70, 256


class Symptom(StrEnum):
    """How an archive can differ from the model."""

    REFUSED = "refused again"
    MISSING = "missing"
    TREE = "elsewhere in the tree"
    PATIENT = "wrong under its patient"
    COUNT = "wrong count"
    LACKING = "not delivered"
    DELIVERED = "delivered wrongly"
    CONTENT = "other content"
    COMMITTED = "committed without the object"
    UNCOMMITTED = "not committed"


ROWS = {
    Symptom.REFUSED: "STORE-08",
    Symptom.MISSING: "STORE-01",
    Symptom.TREE: "INTEG-01",
    Symptom.PATIENT: "IDENT-03",
    Symptom.COUNT: "QUERY-15",
    Symptom.LACKING: "RETR-01",
    Symptom.DELIVERED: "RETR-01",
    Symptom.CONTENT: "STORE-04",
    Symptom.UNCOMMITTED: "COMMIT-03",
    Symptom.COMMITTED: "COMMIT-04",
}
AFTER_STORING_AGAIN = dict.fromkeys((Symptom.MISSING, Symptom.COUNT, Symptom.LACKING, Symptom.CONTENT), "STORE-08")
AFTER_CORRECTING = dict.fromkeys((Symptom.MISSING, Symptom.LACKING, Symptom.CONTENT), "INTEG-05")


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where an archive differed from the model, in the vendor's words. `at_once`: no time to take something in excuses it."""

    symptom: Symptom
    expected: str
    got: str
    at_once: bool = False


def row_of(symptom: Symptom, history: History) -> str:
    """The requirement that a symptom breaks, after a history of which no step can be left out or made plainer.

    A correction or an identical object in it is then what brings the symptom about, and the row about it says that it must not.
    """
    acts = {step.act for step in history}
    if "correct" in acts and symptom in AFTER_CORRECTING:
        return AFTER_CORRECTING[symptom]
    if stored_again(history) and symptom in AFTER_STORING_AGAIN:
        return AFTER_STORING_AGAIN[symptom]
    return ROWS[symptom]


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


class Cast:
    """The studies of one playing: the same people and shapes each time, under identities that were never used before."""

    def __init__(self, synthesizer: Synthesizer) -> None:
        first = synthesizer.patient(script="english")
        like = synthesizer.patient(script="english", id=f"{first.id}1")
        stranger = synthesizer.patient(script="english", id=first.id, issuer=OTHER_ISSUER)
        owners = (first, first, like, stranger)
        self.studies = [_study(synthesizer, number, owner) for number, owner in enumerate(owners)]
        self.places = {self.uid(place): place for place in PLACES}
        self._encoded: dict[tuple[Place, int], Encoded] = {}

    def uid(self, place: Place) -> str:
        """The SOP Instance UID of an object."""
        study, series, number = place
        return self.studies[study].series[series].instances[number].uid

    def encoded(self, place: Place, version: int) -> Encoded:
        """An object as it is sent: version 0, or one of its corrections, with pixels and an Instance Number of its own."""
        if (place, version) not in self._encoded:
            study = self.studies[place[0]]
            dataset = study.dataset(study.series[place[1]].instances[place[2]])
            dataset.PixelData = bytes((byte + version) % BYTE for byte in dataset.PixelData)
            dataset.InstanceNumber = int(dataset.InstanceNumber) + NEXT_NUMBER * version
            self._encoded[place, version] = encode(dataset, ExplicitVRLittleEndian)
        return self._encoded[place, version]


def _study(synthesizer: Synthesizer, number: int, owner: object) -> Study:
    shape = SHAPES[number]
    whole = synthesizer.study("CT", series=len(shape), instances=max(shape), rows=8, columns=8, patient=owner)  # type: ignore[arg-type]
    series = tuple(replace(each, instances=each.instances[:size]) for each, size in zip(whole.series, shape, strict=True))
    return replace(whole, series=series)


@dataclass(slots=True)
class Model:
    """What the archive must show: the objects that it acknowledged, each with the contents that may lawfully be kept of it.

    Which content stays under a SOP Instance UID that comes again is the archive's own policy (INTEG-05), so each that was sent may.
    `doubtful` are objects that it refused or warned of: they may show or not. `again` are those that it was sent once more,
    `delivered` those that it delivered since their content was last another.
    """

    held: dict[Place, set[int]] = field(default_factory=dict)
    doubtful: set[Place] = field(default_factory=set)
    again: set[Place] = field(default_factory=set)
    delivered: set[Place] = field(default_factory=set)
    _corrections: dict[Place, int] = field(default_factory=dict)

    def version(self, step: Step) -> int:
        """The content that a step sends: always the first to store, always another to correct."""
        place = place_of(step)
        if step.act == "correct":
            self._corrections[place] = self._corrections.get(place, 0) + 1
            return self._corrections[place]
        return 0

    def note(self, place: Place, version: int, answered: StatusClass) -> None:
        """Take in what was answered to an object. One that was taken with a warning may be changed, or kept apart (REJECT-05)."""
        if answered is StatusClass.WARNING:
            self.held.pop(place, None)
            self.doubtful.add(place)
        elif place in self.held:
            self.held[place].add(version)
            self.again.add(place)
            self.delivered -= {place} if self.corrected(place) else set()
        elif answered is StatusClass.SUCCESS:
            self.held[place] = {version}
            self.doubtful.discard(place)
        else:
            self.doubtful.add(place)

    def corrected(self, place: Place) -> bool:
        """Whether other content was sent under the UID of a held object."""
        return len(self.held.get(place, ())) > 1

    def within(self, study: int, series: int | None = None) -> list[Place]:
        """The held objects of a study or of one of its series."""
        return sorted(place for place in self.held if place[0] == study and series in (None, place[1]))

    def unheld(self, study: int) -> Place | None:
        """An object of a study that was never sent."""
        return next((place for place in PLACES if place[0] == study and place not in self.held and place not in self.doubtful), None)

    def is_sure(self, study: int) -> bool:
        """Whether nothing of a study was refused or warned of: only then is the number of its objects known."""
        return not any(place[0] == study for place in self.doubtful)
