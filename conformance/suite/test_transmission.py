"""Transmission: however a message is cut, however slowly it comes, and however many come at once (PS3.8 9.3.5, Annex E)."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from conformance.dimse import Answer, Association, AssociationEnded, EndingKind
from conformance.findings import Nonconformance, expect, require
from conformance.suite.attempts import encode_first
from conformance.suite.expectations import expect_found, expect_one_tree, expect_same_content, expect_taken
from conformance.suite.messages import await_store, packed, store_fragments
from conformance.suite.queries import Query, image_query, study_query
from conformance.suite.system import TAKEN, Act, System, storage_contexts
from conformance.target import Claims
from generators import Encoded, Study, Synthesizer, encode_study

WHOLE = 1 << 20  # bytes of a fragment that holds all of a small object
GAVE_UP = frozenset({EndingKind.ABORT, EndingKind.CLOSE, EndingKind.RESET})
LONGEST_PAUSE = 5.0  # seconds
PARTS = 4
STUDIES, ASSOCIATIONS = 20, 10

Cut = Callable[[int, Encoded, int], Iterator[bytes]]

CUTS: dict[str, Cut] = {
    "2-byte fragments": lambda context, instance, _: (pdu for pdv in store_fragments(context, instance, 2) for pdu in packed([pdv], 0)),
    "128-byte fragments": lambda context, instance, _: (pdu for pdv in store_fragments(context, instance, 128) for pdu in packed([pdv], 0)),
    "command and data in one PDU": lambda context, instance, limit: packed(store_fragments(context, instance, limit or WHOLE), limit),
    "many fragments in one PDU": lambda context, instance, limit: packed(store_fragments(context, instance, 64), limit),
}


def at_once(association: Association, pdus: Iterator[bytes]) -> None:
    association.send_bytes(b"".join(pdus))


def store_by_hand(
    system: System, instance: Encoded, cut: Cut, *, transmit: Callable[[Association, Iterator[bytes]], None] = at_once
) -> Answer:
    """Send one object in PDUs made by hand, and give the answer; an association that the system ends meanwhile is blamed."""
    system.ledger.note_sent(instance)
    system.acts.append(Act("storescu {peer} {files}", (instance,)))
    with system.associate(storage_contexts([instance])) as association:
        context = association.accepted(instance.sop_class_uid)
        require(context is not None, "CT Image Storage is not accepted")
        assert context is not None
        try:
            transmit(association, cut(context.id, instance, association.acceptance.max_pdu))
            answer = await_store(association, time.monotonic(), system.target.timeouts.response)
        except AssociationEnded as error:
            if error.ending.kind not in GAVE_UP:
                raise
            raise Nonconformance(expected="the object taken as when it comes in long fragments", got=str(error.ending)) from error
    system.ledger.note_answer(instance, answer)
    return answer


def expect_stored_like_any_other(system: System, study: Study, instance: Encoded, answer: Answer, how: str) -> None:
    """Blame the system unless it took the object and gives it back whole."""
    expect_taken(answer, what=f"a sound object sent in {how}")
    require(system.await_found(study_query(study)), f"{answer}, and the object is not found")
    delivery = system.retrieve(study_query(study), [instance])
    require(len(delivery.objects) == 1, f"{answer}, and the object is not delivered: {delivery.answer.final}")
    expect_same_content(instance, delivery.objects[0], only=("(0008,0018)", "(0010,0020)", "(0020,000D)", "(7FE0,0010)"))


@pytest.mark.requirement("ROBUST-07")
@pytest.mark.parametrize("how", CUTS)
def test_takes_a_message_however_it_is_cut(system: System, synthesizer: Synthesizer, how: str) -> None:
    system.keep_study(synthesizer.study("CT", instances=1))
    study = synthesizer.study("CT", instances=1)
    instance = encode_first(study)
    expect_stored_like_any_other(system, study, instance, store_by_hand(system, instance, CUTS[how]), how)
    system.require_alive(f"after {how}")


@pytest.mark.slow
@pytest.mark.requirement("ROBUST-07")
def test_takes_a_message_from_a_slow_sender(system: System, synthesizer: Synthesizer, claims: Claims) -> None:
    pause = min(LONGEST_PAUSE, claims.silence_seconds / 10)

    def haltingly(association: Association, pdus: Iterator[bytes]) -> None:
        whole = b"".join(pdus)
        step = len(whole) // PARTS
        for start in range(0, len(whole) - step, step):
            association.send_bytes(whole[start : start + step])
            ending = association.await_ending(pause)
            if ending.kind is not EndingKind.SILENCE:
                raise AssociationEnded(ending)
        association.send_bytes(whole[start + step :])

    system.keep_study(synthesizer.study("CT", instances=1))
    study = synthesizer.study("CT", instances=1)
    instance = encode_first(study)
    answer = store_by_hand(system, instance, CUTS["128-byte fragments"], transmit=haltingly)
    expect_stored_like_any_other(system, study, instance, answer, f"{PARTS} parts with {pause:g} s between them")


@pytest.mark.slow
@pytest.mark.requirement("ROBUST-08")
def test_keeps_studies_apart_that_come_at_once(system: System, synthesizer: Synthesizer, claims: Claims) -> None:
    studies = [synthesizer.study("CT", series=2, instances=2) for _ in range(STUDIES)]
    # Neighbours in this order are of one study, so the first two images of each arrive together on two associations.
    instances = [instance for study in studies for instance in encode_study(study)]
    system.keep_study(synthesizer.study("CT", instances=1))
    answers = send_at_once(system, instances, min(ASSOCIATIONS, claims.associations))
    refused = [answer for answer in answers if answer.status_class not in TAKEN]
    require(not refused, f"{len(refused)} of {len(answers)} sound objects were refused: {refused and refused[0]}")
    for study in studies:
        last = study.series[-1]
        require(system.await_found(image_query(study, last, last.instances[-1])), "an object that was taken is not found")
        expect_found(
            system.find(Query("STUDY", {"PatientID": study.patient.id, "StudyInstanceUID": ""})),
            "StudyInstanceUID",
            {study.uid: f"study {study.id}"},
            because="the one study of its patient",
            once=True,
        )
        expect_one_tree(system, study)


def send_at_once(system: System, instances: list[Encoded], number: int) -> list[Answer]:
    """Deal the objects out to so many associations, and send on all of them at the same time."""
    hands = [instances[place::number] for place in range(number)]
    with ExitStack() as stack:
        held = [stack.enter_context(system.associate(storage_contexts(instances))) for _ in hands]

        def play(place: int) -> list[Answer]:
            return [held[place].store(instance) for instance in hands[place]]

        for instance in instances:
            system.ledger.note_sent(instance)
        with ThreadPoolExecutor(number) as pool:
            answers = list(pool.map(play, range(number)))
    for hand, answered in zip(hands, answers, strict=True):
        for instance, answer in zip(hand, answered, strict=True):
            system.ledger.note_answer(instance, answer)
    return [answer for answered in answers for answer in answered]
