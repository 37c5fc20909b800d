"""What the run sent, what the system answered or brought, and what is left on it: the memory that outlives a single check."""

from collections import Counter
from dataclasses import dataclass, field

from pydicom.multival import MultiValue

from conformance.dimse import Answer, StatusClass
from conformance.judging import Judgement
from generators import Encoded


@dataclass(frozen=True, slots=True)
class Left:
    """One object that the system took: what a site needs to find and purge it."""

    patient_id: str
    study_uid: str
    series_uid: str
    sop_uid: str


@dataclass(slots=True)
class Ledger:
    """Objects sent and taken, statuses seen, and foreign objects counted; nothing foreign is kept."""

    sent: set[str] = field(default_factory=set)
    left: dict[str, Left] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    foreign: int = 0
    received: Judgement | None = None
    _coerced: set[str] = field(default_factory=set)

    def is_ours(self, sop_instance_uid: str) -> bool:
        return sop_instance_uid in self.sent

    def is_coerced(self, instance: Encoded) -> bool:
        """Whether the system said with a warning that it changed this object (PS3.4 B.4.1.3)."""
        return instance.sop_instance_uid in self._coerced

    def note_sent(self, instance: Encoded, command_uid: str | None = None) -> None:
        self.sent.update(uid for uid in (instance.sop_instance_uid, command_uid) if uid)

    def note_answer(self, instance: Encoded, answer: Answer) -> None:
        """Count the status of a C-STORE response, and remember the object if the system took it."""
        self.statuses[answer.status] += 1
        if answer.status_class is StatusClass.WARNING:
            self._coerced.add(instance.sop_instance_uid)
        if answer.status_class not in (StatusClass.SUCCESS, StatusClass.WARNING):
            return
        self.note_left(instance)

    def note_left(self, instance: Encoded) -> None:
        """Remember an object that the system took."""
        dataset = instance.dataset()
        self.left[instance.sop_instance_uid] = Left(
            patient_id=_as_sent(dataset.get("PatientID")),
            study_uid=_as_sent(dataset.get("StudyInstanceUID")),
            series_uid=_as_sent(dataset.get("SeriesInstanceUID")),
            sop_uid=instance.sop_instance_uid,
        )


def _as_sent(value: object) -> str:
    """An identifier, or, where a fault gave it several values, all of them with the backslash between."""
    return "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value or "")
