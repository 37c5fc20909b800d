"""The cast of a history, and the model of what an archive holds of it.

The cast is small, so that steps meet: four studies of three patients, of whom two have like Patient IDs and two the same one of
different issuers.
"""

from dataclasses import dataclass, field, replace

from pydicom.uid import ExplicitVRLittleEndian

from conformance.cases import Step
from conformance.dimse import StatusClass
from conformance.suite.histories.history import PLACES, SHAPES, Place, place_of
from generators import Encoded, Issuer, Patient, Study, Synthesizer, encode

OTHER_ISSUER = Issuer("SYNTHETIC-B", "2.25.310458246739824793746534657936453219902")
NEXT_NUMBER, BYTE = 70, 256


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


def _study(synthesizer: Synthesizer, number: int, owner: Patient) -> Study:
    shape = SHAPES[number]
    whole = synthesizer.study("CT", series=len(shape), instances=max(shape), rows=8, columns=8, patient=owner)
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
