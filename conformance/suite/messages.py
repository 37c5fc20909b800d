"""Messages and PDUs made by hand: cut otherwise than the driver cuts them, or wrong on purpose (PS3.7 6.3, PS3.8 9.3.5, Annex E)."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from conformance.acts import Act
from conformance.dimse import (
    Answer,
    Association,
    AssociationEnded,
    Context,
    EndingKind,
    Field,
    PduType,
    Pdv,
    ProtocolViolation,
    encode_command,
    encode_pdu,
    encode_pdvs,
)
from conformance.findings import Nonconformance, require
from conformance.suite.attempts import encode_first
from conformance.suite.expectations import expect_same_content, expect_taken
from conformance.suite.queries import study_query
from conformance.suite.sop_classes import CT
from conformance.suite.system import System, context_id_for, storage_contexts
from generators import Encoded

UNKNOWN_PDU = encode_pdu(0x42, bytes(4))
RELEASE_RP = encode_pdu(PduType.RELEASE_RP, bytes(4))
RELEASE_RQ = encode_pdu(PduType.RELEASE_RQ, bytes(4))
WITH_DATA = 0x0001
ODD_SYNTAX = Context(CT, ("2.25.310458246739824793746534657936453219873",))
MESSAGE_ID = 4711
SMALL, WHOLE = 64, 1 << 20  # bytes of a fragment
GAVE_UP = frozenset({EndingKind.ABORT, EndingKind.CLOSE, EndingKind.RESET})
KEPT = ("(0008,0018)", "(0010,0020)", "(0020,000D)", "(7FE0,0010)")

Cut = Callable[[int, Encoded, int], bytes]  # context id, object, the receiver's maximum PDU length -> all PDUs of its C-STORE request
Transmit = Callable[[Association, bytes], None]


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


def one_by_one(context_id: int, instance: Encoded, size: int) -> bytes:
    """A C-STORE request whose every fragment has a PDU of its own."""
    return b"".join(encode_pdvs([pdv]) for pdv in store_fragments(context_id, instance, size))


def packed(pdvs: Iterable[Pdv], limit: int) -> bytes:
    """Put as many fragments into each PDU as a receiver of PDUs of `limit` bytes takes (0: one PDU for all)."""
    batches: list[list[Pdv]] = [[]]
    used = 0
    for pdv in pdvs:
        length = len(pdv.data) + 6
        if limit and batches[-1] and used + length > limit:
            batches.append([])
            used = 0
        batches[-1].append(pdv)
        used += length
    return b"".join(map(encode_pdvs, batches))


def command_and_data(context_id: int, instance: Encoded, limit: int) -> bytes:
    """One fragment of each, together in one PDU as far as it holds them (PS3.8 E.1)."""
    return packed(store_fragments(context_id, instance, ((limit or WHOLE) - 6) & ~1), limit)


def data_together(context_id: int, instance: Encoded, limit: int) -> bytes:
    """The command in PDUs of its own, the data in small fragments, many to a PDU."""
    pdvs = store_fragments(context_id, instance, SMALL)
    return packed([pdv for pdv in pdvs if pdv.is_command], limit) + packed([pdv for pdv in pdvs if not pdv.is_command], limit)


def all_mixed(context_id: int, instance: Encoded, limit: int) -> bytes:
    """Small fragments, many to a PDU, the last of the command beside the first of the data."""
    return packed(store_fragments(context_id, instance, SMALL), limit)


CUTS: Mapping[str, Cut] = {
    "2-byte fragments": lambda context_id, instance, _: one_by_one(context_id, instance, 2),
    "128-byte fragments": lambda context_id, instance, _: one_by_one(context_id, instance, 128),
    "command and data in one PDU": command_and_data,
    "many data fragments in one PDU": data_together,
}


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


def store_by_hand(system: System, instance: Encoded, cut: Cut, transmit: Transmit = Association.send_bytes) -> Answer:
    """Send one object in PDUs made by hand, and give the answer. An association that the system ends meanwhile is blamed."""
    system.ledger.note_sent(instance)
    system.acts.append(Act("storescu {peer} {files}", (instance,)))
    with system.associate(storage_contexts([instance])) as association:
        try:
            transmit(association, cut(context_id_for(association, instance), instance, association.acceptance.max_pdu))
            answer = await_store(association, time.monotonic(), system.target.timeouts.response)
        except AssociationEnded as error:
            if error.ending.kind not in GAVE_UP:
                raise
            raise Nonconformance(expected="the object taken as when it is sent otherwise", got=str(error.ending)) from error
    system.ledger.note_answer(instance, answer)
    return answer


def expect_taken_however_sent(system: System, how: str, cut: Cut, transmit: Transmit = Association.send_bytes) -> None:
    """Blame the system unless it takes a sound object that is cut and sent so, and gives it back whole; another is taken before it."""
    system.keep_study(system.synthesizer.study("CT", instances=1))
    study = system.synthesizer.study("CT", instances=1)
    instance = encode_first(study)
    answer = store_by_hand(system, instance, cut, transmit)
    expect_taken(answer, what=f"a sound object sent in {how}")
    require(system.await_found(study_query(study)), f"{answer}, and the object is not found")
    delivery = system.retrieve(study_query(study), [instance])
    require(len(delivery.objects) == 1, f"{answer}, and the object is not delivered: {delivery.answer.final}")
    expect_same_content(instance, delivery.objects[0], only=KEPT)
