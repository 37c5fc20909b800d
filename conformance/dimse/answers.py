"""What the services give back: answers, query responses, sub-operation counters, received objects, commitment reports, notices."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydicom.dataset import Dataset

from conformance.dimse.status import StatusClass, describe, status_class
from conformance.dimse.wire import Buffer

OUT_OF_RESOURCES = 0xA7  # the first byte of the status


class Storable(Protocol):
    """A SOP instance as bytes: the data set alone, without preamble and file meta information, in its transfer syntax."""

    @property
    def sop_class_uid(self) -> str: ...
    @property
    def sop_instance_uid(self) -> str: ...
    @property
    def transfer_syntax_uid(self) -> str: ...
    @property
    def data(self) -> Buffer: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """The final response to a request. `seconds` runs from the request's last byte to the response.

    `early`: the response came before the last byte of the request had been sent.
    """

    status: int
    command: Mapping[str, object]
    seconds: float
    comment: str
    service: str
    early: bool = False

    @property
    def status_class(self) -> StatusClass:
        """The class of the status for this service."""
        return status_class(self.service, self.status)

    @property
    def short_of_resources(self) -> bool:
        """Whether the status is A7xx, which lays it on the system and not on the object (PS3.4 Table B.2-1)."""
        return self.status >> 8 == OUT_OF_RESOURCES

    def __str__(self) -> str:
        said = f", comment {self.comment!r}" if self.comment else ""
        return f"{describe(self.service, self.status)}{said}"


@dataclass(frozen=True, slots=True)
class FindResponse:
    """One pending response: its identifier decoded and as the bytes it came in; None and b"" where it carried none."""

    status: int
    identifier: Dataset | None
    raw: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class FindAnswer:
    """All of a C-FIND. `truncated`: more than the limit came, the query was cancelled and the rest counted out."""

    responses: tuple[FindResponse, ...]
    final: Answer
    final_identifier: Dataset | None
    truncated: bool

    @property
    def matches(self) -> list[Dataset]:
        """The identifiers of the pending responses that carried one."""
        return [response.identifier for response in self.responses if response.identifier is not None]


@dataclass(frozen=True, slots=True)
class SubOperations:
    """The four counters of a retrieve response; None where the element is absent (PS3.7 9.1.3.1, 9.1.4.1)."""

    remaining: int | None
    completed: int | None
    failed: int | None
    warning: int | None


@dataclass(frozen=True, slots=True)
class RetrieveAnswer:
    """All of a C-MOVE or C-GET. `failed_uids` is None where Failed SOP Instance UID List is absent; `stored` counts C-GET only."""

    pending: tuple[SubOperations, ...]
    final: Answer
    counters: SubOperations
    failed_uids: tuple[str, ...] | None
    stored: int


@dataclass(frozen=True, slots=True)
class Received:
    """An object that a C-STORE brought. `data` is its data set as it came, or b"" where it was written to `path` (a Part 10 file).

    `association` is the serial number of the association, `pdu_lengths_max` the greatest P-DATA-TF length seen on it so far.
    `seconds` is how long its data set took to come; 0.0 where nobody measured it.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data: bytes
    calling_ae: str
    called_ae: str
    move_originator_ae: str | None
    move_originator_message_id: int | None
    association: int
    pdu_lengths_max: int
    path: Path | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CommitmentReport:
    """An N-EVENT-REPORT of Storage Commitment (PS3.4 J.3.3). Rows are (SOP class, instance) and (SOP class, instance, reason).

    `roles` are the (SCU, SCP) roles that the reporter asked for on its own association, None where it sent no role selection.
    """

    transaction_uid: str
    event_type: int
    referenced: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str, int | None], ...]
    calling_ae: str
    new_association: bool
    roles: tuple[bool, bool] | None
    has_referenced_sequence: bool


@dataclass(frozen=True, slots=True)
class AvailabilityNotice:
    """An N-CREATE of Instance Availability Notification (PS3.4 R.3.2): the availability of each SOP Instance UID of one study."""

    study_uid: str
    availability: Mapping[str, str]
    calling_ae: str
