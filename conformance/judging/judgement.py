"""What the judging says: per row of the register what was looked at and what was found, grouped so that a person can read it.

Nothing here shows a value of a patient: findings tell tags, counts and shapes, and call studies and series by serial numbers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

MAX_PLACES = 6
NOT_SPOKEN_OF = "nothing was received that this row speaks of"
MAX_ITEMS = 100
"""Items of a sequence that are looked at."""
REGISTER = "the register's own rule"
DCIODVFY = "dciodvfy"
DCENTVFY = "dcentvfy"
HIGHDICOM = "highdicom tables"


@dataclass(frozen=True, slots=True)
class Place:
    """In how many of the instances of one series a finding stands. Studies and series are numbered from 1 as they came."""

    study: int
    series: int
    affected: int
    instances: int

    def __str__(self) -> str:
        return f"in {self.affected} of {self.instances} instances of series {self.series} (study {self.study})"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, wherever it stands. `tool` is who said it; `example` a file, by its name relative to where it was found.

    `places` holds the first series, `more` counts those that are left out.
    """

    requirement: str
    expected: str
    got: str
    tool: str
    places: tuple[Place, ...]
    more: int = 0
    example: str = ""

    @property
    def where(self) -> str:
        told = "; ".join(map(str, self.places)) + f"; and in {self.more} more series" * bool(self.more)
        return f"{told}, such as {self.example}" if self.example else told

    def __str__(self) -> str:
        return f"{self.got} {self.where} [{self.tool}]"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the received objects say on one row. `examined` counts the instances in which its question arises.

    0 is no pass: nothing that the row speaks of was received, or its tool is not there; `reason` then says which.
    """

    requirement: str
    examined: int = 0
    findings: tuple[Finding, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be judged at all: its name relative to where it was found, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class SeriesReceived:
    """A branch of the tree of what was received. `thumbnail` is a PNG of at most 96 pixels a side; empty: none could be made.

    `began` is when its first octet came, and `seconds` from then to its last one, as the arrivals say.
    """

    serial: int
    modality: str
    instances: int
    octets: int
    transfer_syntaxes: tuple[str, ...] = ()
    sop_classes: tuple[str, ...] = ()
    thumbnail: bytes = b""
    began: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StudyReceived:
    """A study, by serial number; `uid_root` is the beginning of its UID, which names who assigned it and nobody's study."""

    serial: int
    uid_root: str
    series: tuple[SeriesReceived, ...] = ()


@dataclass(frozen=True, slots=True)
class PatientReceived:
    """A patient, by serial number alone."""

    serial: int
    studies: tuple[StudyReceived, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that was judged in one pass.

    `instances`, `series` and `studies` count what could be read; `unreadable` holds the first files that could not, `unread` counts
    them all. `remarks` are findings that no row of the register decides (their `requirement` is empty).
    """

    instances: int = 0
    series: int = 0
    studies: int = 0
    rulings: Mapping[str, Ruling] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()
    unread: int = 0
    remarks: tuple[Finding, ...] = ()
    patients: tuple[PatientReceived, ...] = ()

    def ruling(self, requirement: str) -> Ruling:
        """Give the ruling on a row; one that nothing was examined for, where the question never arose."""
        found = self.rulings.get(requirement, Ruling(requirement))
        return found if found.examined or found.reason else replace(found, reason=NOT_SPOKEN_OF)

    def findings(self) -> Iterator[Finding]:
        """Give every finding that blames, in the order of the rows."""
        for ruling in self.rulings.values():
            yield from ruling.findings
