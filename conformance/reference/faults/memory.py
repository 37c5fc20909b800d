"""What the parts of one faulty archive tell each other beside its index."""

from pathlib import Path
from typing import cast

from conformance.reference.commitment import Committer
from conformance.reference.find import Finder
from conformance.reference.index import Index
from conformance.reference.intake import Intake
from conformance.reference.retrieve import Retriever


class Memory(Index):
    """An index with notes beside the tree: `noted` by study, patient or object, `opened` those studies that are open."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.noted: dict[str, list[str]] = {}
        self.opened: set[str] = set()

    def objects(self, study: str) -> list[str]:
        """The SOP Instance UIDs of what a study holds now."""
        return [located.sop_instance_uid for located in self.locate({"StudyInstanceUID": [study]})]

    def studies(self, uids: list[str]) -> set[str]:
        """The studies that hold these objects."""
        found = (self.instance(uid) for uid in uids)
        return {self.study_of(located.series) or "" for located in found if located is not None}


def memory(part: Intake | Finder | Retriever | Committer) -> Memory:
    """The notes that the parts of one archive share."""
    return cast(Memory, part.index)
