"""A correction at the source: what came after it, held against what was sent before, so that nobody is blamed for what is neither."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydicom import Dataset

from conformance.dimse.identifiers import items_of
from conformance.source.heads import text

IDENTITY = ("PatientID", "PatientName", "PatientBirthDate", "AccessionNumber", "StudyInstanceUID")
ORDERED = ("AccessionNumber", "StudyInstanceUID")
REJECTIONS = frozenset(("113001", "113037", "113038"))  # PS3.16 CID 7010: what says that objects are wrong
EXPIRED = "113039"  # of CID 7010 too, and says nothing of the kind


@dataclass(frozen=True, slots=True)
class Correction:
    """Objects by their SOP Instance UIDs: those that were sent first, and those that came when one of their studies was to be corrected."""

    sent: Mapping[str, Dataset]
    came: Mapping[str, Dataset]

    @property
    def overwritten(self) -> list[Dataset]:
        """What came with other identifying data under the UID that it had."""
        return [head for uid, head in self.came.items() if uid in self.sent and _identity(head) != _identity(self.sent[uid])]

    @property
    def corrected(self) -> list[Dataset]:
        """What came under a new UID, of an order or a study that was sent before, and for another patient."""
        new = [head for uid, head in self.came.items() if uid not in self.sent]
        return [head for head in new if any(_is_another_patients(head, before) for before in self.sent.values())]

    @property
    def notes(self) -> list[Dataset]:
        """The rejection notes, whatever they reject and why."""
        return [head for head in self.came.values() if text(head, "Modality") == "KO" and _title(head) in {*REJECTIONS, EXPIRED}]

    @property
    def reasons(self) -> set[str]:
        """The titles of the notes that name something of what was sent."""
        return {_title(note) for note in self.notes if not self.sent.keys().isdisjoint(_named(note))}


def _identity(head: Dataset) -> tuple[str, ...]:
    """What says whose an object is. It is compared, and never shown."""
    return tuple(text(head, keyword) for keyword in IDENTITY)


def _is_another_patients(head: Dataset, before: Dataset) -> bool:
    of_it = any(text(head, keyword) == text(before, keyword) != "" for keyword in ORDERED)
    return of_it and text(head, "PatientID") != text(before, "PatientID")


def _title(head: Dataset) -> str:
    """The code of a document's title; "" where it has none."""
    return next((text(name, "CodeValue") for name in items_of(head, "ConceptNameCodeSequence")), "")


def _named(note: Dataset) -> set[str]:
    """The SOP Instance UIDs of the evidence of a note (PS3.3 C.17.6.2)."""
    evidence = items_of(note, "CurrentRequestedProcedureEvidenceSequence")
    return {str(element.value) for item in evidence for element in item.iterall() if element.keyword == "ReferencedSOPInstanceUID"}
