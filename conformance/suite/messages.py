"""Messages and PDUs made by hand: what a careful requestor never sends, or never so (PS3.7 6.3, PS3.8 9.3.5, Annex E)."""

import time
from collections.abc import Iterator, Mapping

from conformance.dimse import Answer, Association, Context, Field, PduType, Pdv, ProtocolViolation, encode_command, encode_pdu, encode_pdvs
from conformance.suite.sop_classes import CT
from generators import Encoded

UNKNOWN_PDU = encode_pdu(0x42, bytes(4))
RELEASE_RP = encode_pdu(PduType.RELEASE_RP, bytes(4))
RELEASE_RQ = encode_pdu(PduType.RELEASE_RQ, bytes(4))
WITH_DATA = 0x0001
NEVER_KNOWN = "2.25.310458246739824793746534657936453219873"
ODD_SYNTAX = Context(CT, (NEVER_KNOWN,))
MESSAGE_ID = 4711


def store_command(instance: Encoded) -> Mapping[str, object]:
    """The command set of a C-STORE request, but for what the driver adds."""
    return {
        "CommandField": int(Field.C_STORE_RQ),
        "AffectedSOPClassUID": instance.sop_class_uid,
        "AffectedSOPInstanceUID": instance.sop_instance_uid,
        "Priority": 0,
    }


def store_fragments(context_id: int, instance: Encoded, size: int) -> list[Pdv]:
    """A whole C-STORE request in fragments of at most `size` bytes, which must be even (PS3.8 E.1)."""
    command = encode_command({"MessageID": MESSAGE_ID, "CommandDataSetType": WITH_DATA, **store_command(instance)})
    return [*_fragments(context_id, True, command, size), *_fragments(context_id, False, instance.data, size)]


def _fragments(context_id: int, is_command: bool, data: bytes, size: int) -> Iterator[Pdv]:
    for start in range(0, len(data), size):
        yield Pdv(context_id, is_command, start + size >= len(data), memoryview(data)[start : start + size])


def packed(pdvs: list[Pdv], limit: int) -> Iterator[bytes]:
    """Put as many fragments into each PDU as a receiver of PDUs of `limit` bytes takes (0: one PDU for all)."""
    batch: list[Pdv] = []
    used = 0
    for pdv in pdvs:
        length = len(pdv.data) + 6
        if batch and limit and used + length > limit:
            yield encode_pdvs(batch)
            batch, used = [], 0
        batch.append(pdv)
        used += length
    yield encode_pdvs(batch)


def await_store(association: Association, sent: float, seconds: float) -> Answer:
    """Read the response to the C-STORE request that was made by hand and sent at this monotonic time.

    Raises:
        AssociationEnded: the system ended the association, or said nothing for so long.
        ProtocolViolation: what came answers something else.
    """
    message = association.await_message(seconds)
    if message.field != Field.C_STORE_RSP:
        raise ProtocolViolation("PS3.7 9.3.1.2", "a C-STORE-RSP", f"a {message.name}")
    return Answer(
        status=message.number("Status") or 0,
        command=message.command,
        seconds=time.monotonic() - sent,
        comment=message.text("ErrorComment"),
        service="C-STORE",
    )
