"""Storage Commitment (PS3.4 Annex J): the information of an N-ACTION, and the N-EVENT-REPORT read."""

from collections.abc import Sequence

from pydicom.dataset import Dataset

from conformance.dimse.answers import CommitmentReport
from conformance.dimse.channel import Message
from conformance.dimse.endings import ProtocolViolation
from conformance.dimse.identifiers import decode_dataset, items_of

PUSH_MODEL = "1.2.840.10008.1.20.1"
PUSH_MODEL_INSTANCE = "1.2.840.10008.1.20.1.1"


def commitment_information(transaction_uid: str, references: Sequence[tuple[str, str]]) -> Dataset:
    """Ask for the commitment of (SOP class, instance) pairs (PS3.4 Table J.3-1)."""
    information = Dataset()
    information.TransactionUID = transaction_uid
    information.ReferencedSOPSequence = [_reference(*reference) for reference in references]
    return information


def _reference(sop_class: str, instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = instance
    return item


def read_report(
    message: Message, transfer_syntax: str, *, calling_ae: str, new_association: bool, roles: tuple[bool, bool] | None
) -> CommitmentReport:
    """Read an N-EVENT-REPORT-RQ (PS3.4 Table J.3-2). Raises ProtocolViolation where it has no readable event information."""
    clause = "PS3.4 J.3.3.1.1"
    if message.data is None:
        raise ProtocolViolation(clause, "event information", "an N-EVENT-REPORT-RQ without a data set")
    event = decode_dataset(message.data, transfer_syntax, clause=clause)
    return CommitmentReport(
        transaction_uid=_text(event, "TransactionUID"),
        event_type=message.number("EventTypeID") or 0,
        referenced=references_of(event),
        failed=tuple((*_pair(item), _reason(item)) for item in items_of(event, "FailedSOPSequence")),
        calling_ae=calling_ae,
        new_association=new_association,
        roles=roles,
        has_referenced_sequence="ReferencedSOPSequence" in event,
    )


def references_of(information: Dataset) -> tuple[tuple[str, str], ...]:
    """The (SOP class, instance) pairs that a request names, or that a report says are committed."""
    return tuple(_pair(item) for item in items_of(information, "ReferencedSOPSequence"))


def _pair(item: Dataset) -> tuple[str, str]:
    return _text(item, "ReferencedSOPClassUID"), _text(item, "ReferencedSOPInstanceUID")


def _text(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword) or "")


def _reason(item: Dataset) -> int | None:
    reason = item.get("FailureReason")
    return reason if isinstance(reason, int) else None
