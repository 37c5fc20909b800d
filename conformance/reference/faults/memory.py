"""What a faulty archive remembers beside its tree: of studies and patients, for all its parts, and of associations, for its intake."""

import threading
from pathlib import Path
from typing import Any, cast
from weakref import WeakKeyDictionary

from conformance.reference.commitment import Committer, Order
from conformance.reference.encoding import DataSet
from conformance.reference.find import Finder
from conformance.reference.index import Index
from conformance.reference.intake import Intake
from conformance.reference.retrieve import Retriever
from conformance.reference.rules import Candidate, Refusal


class Memory(Index):
    """An index with notes beside the tree: lists by study or patient, and the studies or patients that are marked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.noted: dict[str, list[str]] = {}
        self.marked: set[str] = set()

    def objects(self, study: str) -> list[str]:
        """The SOP Instance UIDs of what a study holds now."""
        return [located.sop_instance_uid for located in self.locate({"StudyInstanceUID": [study]})]

    def studies(self, *patients: str) -> list[str]:
        """The studies under these Patient IDs, or all."""
        return [str(study["StudyInstanceUID"]) for study in self.select("STUDY", {"PatientID": patients} if patients else {})]

    def patients(self, *uids: str) -> set[str]:
        """The Patient IDs of those of these objects that are stored."""
        series = [located.series for located in map(self.instance, uids) if located is not None]
        owners = [self.owner(self.study_of(each) or "") for each in series]
        return {owner.patient_id for owner in owners if owner is not None}


def memory(part: Intake | Finder | Retriever | Committer) -> Memory:
    """The notes that the parts of one archive share."""
    return cast(Memory, part.index)


class KnowsWhereItWas(Intake):
    """Remembers of which studies each association has sent something."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.been: WeakKeyDictionary[threading.Thread, list[str]] = WeakKeyDictionary()  # each association has a thread of its own

    def settle(self, candidate: Candidate) -> Refusal | None:
        refusal = super().settle(candidate)
        self.been.setdefault(threading.current_thread(), []).append(candidate.text("StudyInstanceUID"))
        return refusal

    def before(self) -> list[str]:
        """The studies of this association, in the order in which it sent them."""
        return self.been.get(threading.current_thread(), [])


class NotesContents(Committer):
    """Notes with each report what every study holds."""

    def result(self, order: Order) -> tuple[int, DataSet]:
        notes = memory(self)
        notes.noted = {study: notes.objects(study) for study in notes.studies()}
        return super().result(order)
