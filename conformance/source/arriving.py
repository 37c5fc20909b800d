"""The objects of a step by patient, study and series while they come: serial numbers alone, as in the report, so that nobody is named."""

from pathlib import Path

from conformance.judging import heading
from conformance.live import Branch


class Arriving:
    """The tree of a step. One thread alone fills it and looks at it."""

    def __init__(self) -> None:
        self.tree = Branch()
        self._studies: set[int] = set()

    @property
    def studies(self) -> int:
        """How many studies have come."""
        return len(self._studies)

    def place(self, path: Path | None, octets: int, began: float, ended: float) -> None:
        """Look into an object, and count it where it belongs; nowhere, if it does not say."""
        found = heading(path) if path else None
        if found is None:
            return
        self._studies.add(found.study)
        branch = self.tree
        branch.add(octets, began, ended)
        for key, name in ((found.patient, "patient"), (found.study, "study"), (found.series, "series")):
            above = branch.branches
            branch = above.setdefault(key, Branch(f"{name} {len(above) + 1}"))
            branch.add(octets, began, ended)
        if branch.objects == 1:
            branch.name += f" {found.modality}"
