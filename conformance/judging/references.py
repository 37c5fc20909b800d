"""References of key objects, presentation states and reports, against what was received (INTEG-15)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom import Dataset

from conformance.judging.agreement import Uids
from conformance.judging.gathering import Gathering, SeriesSeen, digest
from conformance.judging.identifiers import items_of
from conformance.judging.reading import Instance, text_of
from conformance.judging.rules import Breach

MAX_REFERENCES = 200_000
_EVIDENCE = ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")
_PRESENTATION_STATES = "1.2.840.10008.5.1.4.1.1.11."
_BREACH = Breach(
    "references to objects that are in the named study (PS3.3 C.17.6.2)",
    "a reference names an instance that was not received with its study",
)


@dataclass(frozen=True, slots=True)
class _Referring:
    """One object that refers to others: pairs of the study that holds the other, and the other, as digests of their UIDs."""

    series: SeriesSeen
    name: str
    others: tuple[tuple[int, int], ...]


class References:
    """Collects what objects refer to, up to a bound, and resolves it once all have come."""

    def __init__(self) -> None:
        self._held: list[_Referring] = []
        self._room = MAX_REFERENCES

    def see(self, instance: Instance, series: SeriesSeen) -> None:
        """Keep the references of one object to instances of a named study."""
        others = tuple((digest(study), digest(uid)) for study, uid in _references(instance))[: self._room]
        if others:
            self._room -= len(others)
            self._held.append(_Referring(series, instance.arrival.name, others))

    def resolve(self, studies: set[int], uids: Uids, gathering: Gathering, *, complete: bool) -> None:
        """Judge the references into studies that came; where these may be incomplete, leave the row unexercised."""
        if not complete:
            gathering.excuse("INTEG-15", "whether the studies came whole cannot be known")
            return
        for referring in self._held:
            arising = [uid for study, uid in referring.others if study in studies]
            if arising:
                gathering.examine("INTEG-15")
            if any(uid not in uids for uid in arising):
                gathering.note("INTEG-15", _BREACH, referring.series, referring.name)


def _references(instance: Instance) -> Iterator[tuple[str, str]]:
    """Give study and instance of each reference of a document or a presentation state."""
    for keyword in _EVIDENCE:
        for study in items_of(instance.dataset, keyword):
            yield from ((text_of(study, "StudyInstanceUID"), uid) for uid in _of_series(study))
    if instance.text("SOPClassUID").startswith(_PRESENTATION_STATES):
        yield from ((instance.text("StudyInstanceUID"), uid) for uid in _of_series(instance.dataset))


def _of_series(holder: Dataset) -> Iterator[str]:
    for series in items_of(holder, "ReferencedSeriesSequence"):
        for keyword in ("ReferencedSOPSequence", "ReferencedImageSequence"):
            yield from filter(None, (text_of(item, "ReferencedSOPInstanceUID") for item in items_of(series, keyword)))
