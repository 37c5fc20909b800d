"""Many systems side by side: which requirement fails where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.verdicts import Certification, Verdict
from reports.identity import system_name
from reports.judging import Judged, certification, counts, judged
from reports.reading import FILE_NAME, load_results
from reports.results import Results, ResultsError

MOST = 200  # runs in one table


@dataclass(frozen=True, slots=True)
class System:
    """One run of the fleet. `trouble` says why its file could not be used."""

    folder: str
    name: str
    results: Results | None = None
    certification: Certification | None = None
    counts: Mapping[Verdict, int] | None = None
    rows: Mapping[str, Judged] | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The runs found under a folder and every requirement that any of them judged, in the order of the first."""

    systems: tuple[System, ...]
    requirements: tuple[Judged, ...]

    @property
    def readable(self) -> tuple[System, ...]:
        return tuple(system for system in self.systems if not system.trouble)

    @property
    def unlike(self) -> tuple[Judged, ...]:
        """The requirements on which not all systems agree, or that none meets."""
        return tuple(row for row in self.requirements if self._verdicts(row.row.id) not in ({Verdict.PASS}, {Verdict.NOT_APPLICABLE}))

    def verdict(self, system: System, requirement: str) -> Verdict | None:
        row = (system.rows or {}).get(requirement)
        return row.verdict if row else None

    def _verdicts(self, requirement: str) -> set[Verdict | None]:
        return {self.verdict(system, requirement) for system in self.readable}


def load_fleet(folder: Path) -> Fleet:
    """Read every results file below a folder. Raises `ResultsError` where there is none, or where there are too many."""
    paths = sorted(folder.rglob(FILE_NAME))
    if not paths:
        raise ResultsError(f"holds no {FILE_NAME}", where=str(folder), remedy="give a folder of report folders")
    if len(paths) > MOST:
        raise ResultsError(f"holds {len(paths)} runs; one table takes {MOST}", where=str(folder), remedy="give a folder of fewer")
    systems = tuple(_system(path, folder) for path in paths)
    return Fleet(systems, tuple(_requirements(systems)))


def _system(path: Path, folder: Path) -> System:
    place = str(path.parent.relative_to(folder))
    try:
        results = load_results(path)
    except ResultsError as error:
        return System(place, place, trouble=error.what)
    rows = judged(results)
    name = results.identity.implementation_version if results.identity else ""
    title = f"{system_name(results)} ({name})" if name else system_name(results)
    return System(place, title, results, certification(results, rows), counts(rows), {row.row.id: row for row in rows})


def _requirements(systems: Iterable[System]) -> Iterable[Judged]:
    found: dict[str, Judged] = {}
    for system in systems:
        for id_, row in (system.rows or {}).items():
            found.setdefault(id_, row)
    return found.values()
