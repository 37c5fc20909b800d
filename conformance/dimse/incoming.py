"""What a peer's C-STORE request brings, for a C-GET and for the listener alike."""

from pathlib import Path

from conformance.dimse.answers import Received
from conformance.dimse.channel import Message
from conformance.dimse.endings import ProtocolViolation
from conformance.dimse.negotiation import Negotiated


def read_store(
    message: Message,
    context: Negotiated | None,
    *,
    calling_ae: str,
    called_ae: str,
    association: int,
    pdu_lengths_max: int,
    path: Path | None = None,
    seconds: float = 0.0,
) -> Received:
    """Take the facts of a C-STORE-RQ. Raises ProtocolViolation on a context not accepted, or without a data set or UIDs."""
    clause = "PS3.7 9.3.1.1"
    if context is None or not context.accepted:
        raise ProtocolViolation("PS3.8 7.6", "data on an accepted presentation context", f"context {message.context_id}")
    if message.data is None:
        raise ProtocolViolation(clause, "a C-STORE-RQ with a data set", "one without")
    sop_class, instance = message.text("AffectedSOPClassUID"), message.text("AffectedSOPInstanceUID")
    if not sop_class or not instance:
        raise ProtocolViolation(clause, "Affected SOP Class and Instance UID", f"{sop_class or 'none'} and {instance or 'none'}")
    if sop_class != context.abstract_syntax:
        raise ProtocolViolation("PS3.4 B.1.1", f"SOP class {context.abstract_syntax} on context {context.id}", sop_class)
    return Received(
        sop_class_uid=sop_class,
        sop_instance_uid=instance,
        transfer_syntax_uid=context.transfer_syntax,
        data=message.data,
        calling_ae=calling_ae,
        called_ae=called_ae,
        move_originator_ae=message.text("MoveOriginatorApplicationEntityTitle") or None,
        move_originator_message_id=message.number("MoveOriginatorMessageID"),
        association=association,
        pdu_lengths_max=pdu_lengths_max,
        path=path,
        seconds=seconds,
    )
