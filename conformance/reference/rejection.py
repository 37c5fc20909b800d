"""Rejection notes: Key Object Selections that take stored objects back (IHE RAD TF-3 4.66).

Policy, as the register asks for one: what was rejected for patient safety or for a wrong worklist entry is hidden for good, what has
outlived its retention is deleted and may come again, what was rejected for quality stays in use. A note about objects that are not
stored is refused, so that whoever sent it knows (IOCM-07).
"""

from conformance.reference.depot import Depot
from conformance.reference.encoding import DataSet
from conformance.reference.index import Index, Located
from conformance.reference.keys import tag_of
from conformance.reference.rules import Candidate, Refusal
from conformance.reference.text import element_text

KEY_OBJECT_SELECTION = "1.2.840.10008.5.1.4.1.1.88.59"
QUALITY, PATIENT_SAFETY, WRONG_WORKLIST_ENTRY, RETENTION_EXPIRED = "113001", "113037", "113038", "113039"
UNKNOWN_OBJECTS = 0xA904  # data set does not match SOP class (PS3.4 Table B.2-1): the note refers to what is not here

_TITLE, _VALUE, _SCHEME = (tag_of(keyword) for keyword in ("ConceptNameCodeSequence", "CodeValue", "CodingSchemeDesignator"))
_EVIDENCE = tag_of("CurrentRequestedProcedureEvidenceSequence")
_SERIES, _OBJECTS, _INSTANCE = (tag_of(k) for k in ("ReferencedSeriesSequence", "ReferencedSOPSequence", "ReferencedSOPInstanceUID"))


class Rejector:
    """Reads the notes among the objects that come in, and does what they say."""

    titles = frozenset({QUALITY, PATIENT_SAFETY, WRONG_WORKLIST_ENTRY, RETENTION_EXPIRED})
    hidden = frozenset({PATIENT_SAFETY, WRONG_WORKLIST_ENTRY})
    deleted = frozenset({RETENTION_EXPIRED})

    def __init__(self, index: Index, depot: Depot) -> None:
        self.index, self.depot = index, depot

    def refusal(self, candidate: Candidate) -> Refusal | None:
        """Say why a note cannot be obeyed; other objects pass."""
        if not self.is_note(candidate):
            return None
        unknown = [uid for uid in named(candidate.dataset) if self.index.instance(uid) is None and not self.index.is_rejected(uid)]
        return Refusal(UNKNOWN_OBJECTS, "the note refers to objects that are not stored", _EVIDENCE) if unknown else None

    def is_note(self, candidate: Candidate) -> bool:
        """Whether an object is a rejection note."""
        return candidate.command_class == KEY_OBJECT_SELECTION and title(candidate.dataset) in self.titles

    def obey(self, candidate: Candidate) -> None:
        """Hide or delete what a note names, once the note itself is kept; other objects change nothing."""
        if self.is_note(candidate):
            self.take_back(candidate.text("StudyInstanceUID"), title(candidate.dataset), self.named(candidate))

    def named(self, candidate: Candidate) -> list[Located]:
        """Find the objects that a note names, as far as they are here."""
        return [located for uid in named(candidate.dataset) if (located := self.index.instance(uid)) is not None]

    def take_back(self, study: str, why: str, located: list[Located]) -> None:
        """Do to these objects what the title asks for."""
        if why in self.hidden:
            self.index.reject(study, located)
        if why in self.deleted:
            self.index.withdraw(located)
            for at in located:
                self.depot.drop(at)


def title(document: DataSet) -> str:
    """Read the document title's code, where it is of coding scheme DCM."""
    for item in items(document, _TITLE):
        if element_text(item.get(_SCHEME), "SH", ()) == "DCM":
            return element_text(item.get(_VALUE), "SH", ())
    return ""


def named(document: DataSet) -> list[str]:
    """List the SOP Instance UIDs that a document refers to (PS3.3 C.17.6.2)."""
    return [
        element_text(referenced.get(_INSTANCE), "UI", ())
        for study in items(document, _EVIDENCE)
        for series in items(study, _SERIES)
        for referenced in items(series, _OBJECTS)
    ]


def items(dataset: DataSet, tag: int) -> list[DataSet]:
    """List the items of a sequence that may be absent."""
    element = dataset.get(tag)
    return (element.items or []) if element is not None else []
