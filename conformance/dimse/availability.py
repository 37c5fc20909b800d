"""Instance Availability Notification as a service provider (PS3.4 Annex R): the N-CREATE read."""

from conformance.dimse.answers import AvailabilityNotice
from conformance.dimse.channel import Message
from conformance.dimse.endings import ProtocolViolation
from conformance.dimse.identifiers import decode_dataset

AVAILABILITY = "1.2.840.10008.5.1.4.33"


def read_notice(message: Message, transfer_syntax: str, *, calling_ae: str) -> AvailabilityNotice:
    """Read a notice (PS3.4 Table R.3.2-1). Raises ProtocolViolation where it has no readable attribute list."""
    clause = "PS3.4 R.3.2.1.1"
    if message.data is None:
        raise ProtocolViolation(clause, "an attribute list", "an N-CREATE-RQ without a data set")
    notice = decode_dataset(message.data, transfer_syntax, clause=clause)
    objects = [
        referenced for series in notice.get("ReferencedSeriesSequence") or () for referenced in series.get("ReferencedSOPSequence") or ()
    ]
    return AvailabilityNotice(
        study_uid=str(notice.get("StudyInstanceUID") or ""),
        availability={str(one.get("ReferencedSOPInstanceUID") or ""): str(one.get("InstanceAvailability") or "") for one in objects},
        calling_ae=calling_ae,
    )
