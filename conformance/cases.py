"""A failed check as a case: a small file that names the question, so that it can be asked again, also of another host.

It holds the name of the check, the seed of its studies and the requirement that it broke, and nothing that the system answered; for a
history that failed, its steps as well.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from conformance.errors import ConformanceError

MAX_OCTETS = 65536
MAX_STEPS = 40

Name = Annotated[str, msgspec.Meta(pattern=r"^test_[\x20-\x7e]{1,200}\Z")]
RequirementId = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2,12}-[0-9]{2,3}\Z")]


class CaseError(ConformanceError):
    """A saved case that cannot be replayed."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step of a history: what is done, with which object of its cast, and on which association. Numbers count from 0.

    `conformance.suite.histories.history` says what each act is, and which objects there are.
    """

    act: Literal["store", "correct", "find", "patient", "count", "retrieve", "commit"]
    study: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0
    series: Annotated[int, msgspec.Meta(ge=0, le=2)] = 0
    instance: Annotated[int, msgspec.Meta(ge=0, le=1)] = 0
    on: Literal["fresh", "first", "second"] = "fresh"


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One check that failed. `slow`: it needs `--slow`. `steps`: the history that a search found, reduced."""

    schema: Literal[1]
    check: Name
    requirement: RequirementId
    seed: int
    slow: bool = False
    steps: Annotated[tuple[Step, ...], msgspec.Meta(max_length=MAX_STEPS)] = ()

    @property
    def file_name(self) -> str:
        slug = re.sub(r"[^A-Za-z0-9]+", "-", self.check.removeprefix("test_")).strip("-")[:100]
        return f"{self.requirement}-{slug}.json"


def save_case(case: Case, folder: Path) -> Path:
    """Write a case into a folder, and give its path."""
    path = folder / case.file_name
    path.write_bytes(msgspec.json.format(msgspec.json.encode(case)) + b"\n")
    return path


def load_case(path: Path) -> Case:
    """Read a case that anybody may have written.

    Raises:
        CaseError: the file cannot be read, is too large, or is no case of this schema.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_OCTETS + 1)
    except OSError as error:
        raise CaseError(
            f"cannot be read ({error.strerror})", where=f"--replay={path}", remedy="give a file of cases/ of a report"
        ) from error
    if len(text) > MAX_OCTETS:
        raise CaseError(f"is larger than {MAX_OCTETS} bytes", where=f"--replay={path}", remedy="give a file of cases/ of a report")
    try:
        return msgspec.json.decode(text, type=Case)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise CaseError(f"is no case: {error}", where=f"--replay={path}", remedy="give a file of cases/ of a report") from error
