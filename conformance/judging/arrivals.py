"""What goes into the judging: a file, and what the association that carried it said of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from generators.identity import HEALTH_CARD_OID

PLACEHOLDERS = frozenset(("UNKNOWN", "UNIDENTIFIED", "NONE", "N/A", "NA", "NIL", "NULL", "TEST", "ANON", "ANONYMOUS", "PATIENT", "DUMMY"))


@dataclass(frozen=True, slots=True)
class Arrival:
    """One Part 10 file. `name` is how findings call it: relative, never a patient's name.

    `sop_class_uid` and `sop_instance_uid` are those of the C-STORE command, `transfer_syntax_uid` what its presentation context was
    accepted with, `calling_ae` who sent it; all empty for a file that no association carried. `began` and `ended` are when its first
    octet and its last one came, in seconds after a moment that is one for all arrivals; both 0 where nobody measured it. `refused` says
    why it must not even be opened: it is then counted and named as unreadable.
    """

    path: Path
    name: str = ""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    transfer_syntax_uid: str = ""
    calling_ae: str = ""
    began: float = 0.0
    ended: float = 0.0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Authority:
    """An assigning authority that the profile registers: its local name, its OID, and the prefix of the numbers it gives, if any."""

    name: str
    oid: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the profile of the source registers. Where it registers nothing, only form and presence are judged.

    `complete` says that every object of the studies has come, as after a person said so; an inbox cannot know.
    """

    patient_id_issuers: tuple[Authority, ...] = ()
    accession_issuers: tuple[Authority, ...] = ()
    institutions: tuple[str, ...] = ()
    health_card_oids: tuple[str, ...] = (HEALTH_CARD_OID,)
    placeholders: frozenset[str] = PLACEHOLDERS
    complete: bool = True
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
