"""Rejection notes: Key Object Selections that take objects of a study back (IHE RAD TF-3 4.66, PS3.16 CID 7010)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from generators.elements import code
from generators.encoding import Encoded, encode
from generators.kinds import Scene
from generators.kinds.derived import key_object_selection
from generators.synthesizer import Synthesizer
from generators.tree import Instance, Series, Study


@dataclass(frozen=True, slots=True)
class Title:
    """A document title of coding scheme DCM."""

    code: str
    meaning: str


class Rejection(Enum):
    """Why objects are taken back, as the document title says it."""

    QUALITY = Title("113001", "Rejected for Quality Reasons")
    PATIENT_SAFETY = Title("113037", "Rejected for Patient Safety Reasons")
    WRONG_WORKLIST_ENTRY = Title("113038", "Incorrect Modality Worklist Entry")
    RETENTION_EXPIRED = Title("113039", "Data Retention Policy Expired")

    def __str__(self) -> str:
        return f"{self.value.code} ({self.value.meaning})"


def rejection_note(synthesizer: Synthesizer, study: Study, rejected: Sequence[Instance], why: Rejection) -> Encoded:
    """Make the note that takes these instances of a study back: an object of the same study, in a series of its own."""
    instance = synthesizer.instance("KO")
    series = Series(synthesizer.uid(), "KO", len(study.series) + 1, "Rejection note", (instance,))
    scene = Scene(replace(study, series=(*study.series, series)), series, instance)
    named = [replace(scene, series=study.series_of(each), instance=each) for each in rejected]
    title = code(why.value.code, "DCM", why.value.meaning)
    return encode(key_object_selection(scene, named, title, f"SYNTHETIC: {why.value.meaning}"))
