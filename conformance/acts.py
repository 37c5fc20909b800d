"""What a check did to the system, told so that a person can do it again without the harness."""

from dataclasses import dataclass

from generators import Encoded


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a check did, as DCMTK would do it; `{peer}` and `{files}` are filled in when it is shown."""

    command: str
    instances: tuple[Encoded, ...] = ()
