"""A C-STORE that is held back before its end: the wait for an answer that must not come yet, and the rest of it."""

from collections.abc import Callable

import pytest

from conformance.dimse import Context, Endpoint, associate

from .peers import CT, IMPLICIT, Script, ScriptedPeer, Stored, response

pytestmark = pytest.mark.timeout(60)
WAIT = 20.0
LAST = 2  # the bit of a message control header (PS3.8 E.2)
Scripted = Callable[[Script], Endpoint]
CONTEXTS = [Context(CT, (IMPLICIT,))]


def test_a_store_that_was_held_back_is_finished_once_nobody_answered_it(scripted: Scripted) -> None:
    data = bytes(range(250)) * 401  # an odd half, several PDUs
    came: list[bytes] = []

    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        body = peer.read_pdu().body
        last = 0
        while not last & LAST:
            part = peer.read_pdu().body
            last = part[5]
            came.append(part[6:])
        peer.send(response(body[4], {"CommandField": 1, "MessageID": 1}))
        peer.hold()

    association = associate(scripted(script), CONTEXTS)
    instance = Stored(data=data)
    request = association.half_store(instance, 0.5)
    assert association.early_answer(request, 0.05) is None
    assert association.finish_store(request, instance, 0.5).status == 0
    assert b"".join(came) == data
    assert [part for part in came if len(part) % 2] == []  # PS3.8 D.1: a fragment has an even length
    association.abort()


def test_an_answer_that_comes_before_the_end_of_a_store_is_seen(scripted: Scripted) -> None:
    def script(peer: ScriptedPeer) -> None:
        peer.accept()
        peer.send(response(peer.read_pdu().body[4], {"CommandField": 1, "MessageID": 1}))
        peer.hold()

    association = associate(scripted(script), CONTEXTS)
    early = association.early_answer(association.half_store(Stored(data=bytes(1000)), 0.5), WAIT)
    assert early is not None
    assert early.status == 0
    association.abort()
