"""The objects of a step by patient, study and series while they come: serial numbers alone, as in the report, so that nobody is named."""

from pathlib import Path

from conformance.judging import heading
from conformance.live import Growth


class Arriving:
    """The tree of a step. One thread alone fills it and looks at it."""

    def __init__(self) -> None:
        self.tree = Growth()
        self._patients: dict[int, int] = {}

    @property
    def studies(self) -> int:
        """How many studies have come."""
        return len(self._patients)

    def place(self, path: Path | None, octets: int, began: float, ended: float) -> None:
        """Look into an object, and count it where it belongs: a study hangs on the patient of its first. Nowhere, if it does not say."""
        found = heading(path) if path else None
        if found is None:
            return
        patient = self._patients.setdefault(found.study, found.patient)
        of_patient = _below(self.tree, patient, f"patient {len(self.tree.branches) + 1}")
        of_study = _below(of_patient, found.study, f"study {len(self._patients)}")
        of_series = _below(of_study, found.series, f"series {len(of_study.branches) + 1} {found.modality}")
        for branch in (self.tree, of_patient, of_study, of_series):
            branch.add(octets, began, ended)


def _below(branch: Growth, key: int, name: str) -> Growth:
    return branch.branches.setdefault(key, Growth(name))
