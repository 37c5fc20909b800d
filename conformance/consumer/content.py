"""The prepared content of our archive: a few synthetic studies, known to the last object, that a viewer is asked to find and to open."""

from dataclasses import dataclass

from generators import Encoded, Issuer, Study, Synthesizer, encode_study

OTHER_ISSUER = Issuer("SYNTHETIC-CLINIC", "2.25.118059219371263862101312131514120394761")
ACCENTED_NAME = "SYNTHETIC-Lévesque^Zoé"
"""Whose name the operator types: the same in every run, so that a command can too."""
CORE_KINDS = ("CT", "MR", "CR", "US", "SR", "CT-ENHANCED")
"""What the study that is opened is made of: images of one frame, of several frames, and a report."""


@dataclass(frozen=True, slots=True)
class Content:
    """The studies by the part that they play.

    `accented` belongs to a patient whose name no viewer can type in ASCII alone, its text is in Latin-1. `mixed` has the core object
    set; its patient shares a Patient ID with the patient of `namesake`, who comes from another issuer. `series` has several series.
    """

    accented: Study
    mixed: Study
    namesake: Study
    series: Study

    @property
    def studies(self) -> tuple[Study, ...]:
        return self.accented, self.mixed, self.namesake, self.series

    @property
    def ambiguous(self) -> frozenset[str]:
        """The Patient IDs that stand for two patients."""
        return frozenset({self.mixed.patient.id})

    def instances(self) -> list[Encoded]:
        """Every object, encoded."""
        return [one for study in self.studies for one in encode_study(study)]


def prepare(synthesizer: Synthesizer) -> Content:
    """Make the content of a run."""
    shared = synthesizer.patient(script="ascii")
    namesake = synthesizer.patient(script="ascii", id=shared.id, issuer=OTHER_ISSUER)
    return Content(
        accented=synthesizer.study("CT", patient=synthesizer.patient(name=ACCENTED_NAME), character_set="ISO_IR 100"),
        mixed=synthesizer.study(modalities=CORE_KINDS, instances=2, patient=shared),
        namesake=synthesizer.study("CT", patient=namesake),
        series=synthesizer.study("MR", series=2, instances=3),
    )
