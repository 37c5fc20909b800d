"""Transmission: however a message is cut, however slowly it comes, and however many come at once (PS3.8 9.3.5, Annex E)."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from conformance.dimse import Answer, Association, AssociationEnded, EndingKind
from conformance.findings import require
from conformance.suite.expectations import expect_found, expect_one_tree
from conformance.suite.messages import CUTS, expect_taken_however_sent
from conformance.suite.queries import Query, image_query
from conformance.suite.system import TAKEN, System, storage_contexts
from conformance.target import Claims
from generators import Encoded, Study, Synthesizer, encode_study

LONGEST_PAUSE = 5.0  # seconds
PARTS = 4
STUDIES, ASSOCIATIONS = 20, 10


@pytest.mark.slow
@pytest.mark.requirement("ROBUST-07")
@pytest.mark.parametrize("how", CUTS)
def test_takes_a_message_however_it_is_cut(system: System, how: str) -> None:
    expect_taken_however_sent(system, how, CUTS[how])


@pytest.mark.slow
@pytest.mark.requirement("ROBUST-07")
def test_takes_a_message_from_a_slow_sender(system: System, claims: Claims) -> None:
    pause = min(LONGEST_PAUSE, claims.silence_seconds / 10)

    def haltingly(association: Association, whole: bytes) -> None:
        step = len(whole) // PARTS
        for start in range(0, step * (PARTS - 1), step):
            association.send_bytes(whole[start : start + step])
            ending = association.await_ending(pause)
            if ending.kind is not EndingKind.SILENCE:
                raise AssociationEnded(ending)
        association.send_bytes(whole[step * (PARTS - 1) :])

    expect_taken_however_sent(system, f"{PARTS} parts with {pause:g} s between them", CUTS["128-byte fragments"], haltingly)


@pytest.mark.slow
@pytest.mark.requirement("ROBUST-08")
def test_keeps_studies_apart_that_come_at_once(system: System, synthesizer: Synthesizer, claims: Claims) -> None:
    studies = [synthesizer.study("CT", series=2, instances=2) for _ in range(STUDIES)]
    # Neighbours in this order are of one study, so the first two images of each arrive together on two associations.
    instances = [instance for study in studies for instance in encode_study(study)]
    alone = synthesizer.study("CT", series=2, instances=2)
    system.keep_study(alone)
    once = len(system.find(of_patient(alone)).matches) == 1  # else it repeats every study: no race shows by that
    answers = send_at_once(system, instances, min(ASSOCIATIONS, claims.associations))
    refused = [instance for instance in instances if answers[instance.sop_instance_uid].status_class not in TAKEN]
    if refused:  # a busy system may refuse, and the sender comes again
        system.keep(*refused)
    for study in studies:
        last = study.series[-1]
        system.await_found(image_query(study, last, last.instances[-1]))
        expect_found(
            system.find(of_patient(study)),
            "StudyInstanceUID",
            {study.uid: f"study {study.id}"},
            because="the one study of its patient",
            once=once,
        )
        expect_one_tree(system, study)


def of_patient(study: Study) -> Query:
    return Query("STUDY", {"PatientID": study.patient.id, "StudyInstanceUID": ""})


def send_at_once(system: System, instances: list[Encoded], number: int) -> dict[str, Answer]:
    """Deal the objects out to so many associations, and send on all of them at the same time. Gives the answers by SOP Instance UID."""
    with ExitStack() as stack:
        held = open_some(system, stack, instances, number)
        hands = [instances[place :: len(held)] for place in range(len(held))]

        def play(place: int) -> list[Answer]:
            return [held[place].store(instance) for instance in hands[place]]

        for instance in instances:
            system.ledger.note_sent(instance)
        with ThreadPoolExecutor(len(held)) as pool:
            played = list(pool.map(play, range(len(held))))
    answers: dict[str, Answer] = {}
    for hand, answered in zip(hands, played, strict=True):
        for instance, answer in zip(hand, answered, strict=True):
            system.ledger.note_answer(instance, answer)
            answers[instance.sop_instance_uid] = answer
    return answers


def open_some(system: System, stack: ExitStack, instances: list[Encoded], number: int) -> list[Association]:
    """Open so many associations, or as many as the system lets in: ASSOC-11 decides on their number."""
    held: list[Association] = []
    with suppress(AssociationEnded):
        while len(held) < number:
            held.append(stack.enter_context(system.associate(storage_contexts(instances))))
    require(len(held) > 1, "the system does not serve two associations at once")
    return held
