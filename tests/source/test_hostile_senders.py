"""Hostile senders: they neither stop our repository, nor write outside its folder, nor leave behind what they did not finish."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.dimse import (
    Association,
    AssociationEnded,
    Context,
    Endpoint,
    Field,
    Listener,
    PduType,
    Pdv,
    Timeouts,
    associate,
    encode_command,
    encode_pdvs,
)
from conformance.dimse.pdu import HEADER
from conformance.source.intake import Intake
from conformance.source.script import SEND
from generators import Encoded, Synthesizer, encode_study

ASSOCIATIONS, AT_ONCE = 1000, 8
ESCAPES = ("../../../etc/passwd", "..", "/etc/passwd", "<script>alert(1)</script>", "[red]\x1b[31m", "a" * 4000)
TIMEOUTS = Timeouts(associate=2.0, response=2.0)


class Yard:
    """Our repository at one step, and whoever comes."""

    def __init__(self, spool: Path, listener: Listener) -> None:
        self.spool, self.listener = spool, listener
        self.intake = Intake(SEND, spool, silence=1.0)
        self.sound = encode_study(Synthesizer(1, "HOSTILE").study("CT", instances=1))[0]

    def call(self) -> Association:
        """Open an association for CT images."""
        context = Context(self.sound.sop_class_uid, (self.sound.transfer_syntax_uid,))
        return associate(Endpoint("127.0.0.1", self.listener.port, "DIR", "HOSTILE"), (context,), timeouts=TIMEOUTS)

    def serves(self) -> bool:
        """Whether a sound object is still taken."""
        with self.call() as association:
            return association.store(self.sound).status == 0


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    spool = tmp_path / "spool"
    spool.mkdir()
    with Listener("127.0.0.1", 0, "DIR", timeouts=TIMEOUTS) as listener:
        yard = Yard(spool, listener)
        with listener.reception(yard.intake.policy) as yard.intake.reception:
            yield yard


@pytest.mark.parametrize("uid", ESCAPES, ids=range(len(ESCAPES)))
def test_a_uid_never_becomes_a_path(yard: Yard, uid: str) -> None:
    with yard.call() as association:
        association.store(yard.sound, sop_instance_uid=uid)
    files = [path for path in yard.spool.parent.rglob("*") if path.is_file()]
    assert [path.parent for path in files] == [yard.spool]
    assert re.fullmatch(r"\d{6}-\d{6}\.dcm", files[0].name)
    assert uid not in yard.intake.told()
    assert yard.serves()


def announce_ten_gibibytes(association: Association, sound: Encoded) -> None:
    """Send a C-STORE request, then the header of a P-DATA-TF as long as a length field allows, again and again."""
    command = {
        "AffectedSOPClassUID": sound.sop_class_uid,
        "CommandField": int(Field.C_STORE_RQ),
        "MessageID": 1,
        "Priority": 0,
        "CommandDataSetType": 1,
        "AffectedSOPInstanceUID": sound.sop_instance_uid,
    }
    association.send_bytes(encode_pdvs([Pdv(1, True, True, memoryview(encode_command(command)))]))
    for _ in range(3):
        association.send_bytes(HEADER.pack(PduType.DATA, 0xFFFFFFFF))


def send_fragments_without_end(association: Association, sound: Encoded) -> None:
    """Send empty fragments of a command that never ends."""
    nothing = encode_pdvs([Pdv(1, True, False, memoryview(b""))])
    for _ in range(5000):
        association.send_bytes(nothing)


def stop_in_the_middle(association: Association, sound: Encoded) -> None:
    """Send half an object and go."""
    association.half_store(sound, 0.5)
    association.close()


@pytest.mark.parametrize("attack", [announce_ten_gibibytes, send_fragments_without_end, stop_in_the_middle])
def test_what_never_ends_leaves_nothing_behind(yard: Yard, attack: Callable[[Association, Encoded], None]) -> None:
    association = yard.call()
    try:
        attack(association, yard.sound)
        if association.is_open:
            association.await_ending(5.0)
    except AssociationEnded:
        pass  # it was ended in the middle of the attack
    assert yard.serves()
    with yard.listener.unreachable():  # every thread has ended
        pass
    assert len(list(yard.spool.iterdir())) == len(yard.intake.attempts) == 1


def test_a_thousand_associations_are_served_and_let_go(yard: Yard) -> None:
    def come(times: int) -> None:
        for number in range(times):
            association = yard.call()
            (association.abort, association.close, association.reset)[number % 3]()

    callers = [threading.Thread(target=come, args=(ASSOCIATIONS // AT_ONCE,)) for _ in range(AT_ONCE)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert len(yard.intake.associations) == ASSOCIATIONS
    assert yard.serves()
