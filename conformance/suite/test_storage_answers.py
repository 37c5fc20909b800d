"""Storage: what the answer to a C-STORE says, and when it comes (PS3.7 9.1.1, PS3.4 B.2.3, B.4.1.3)."""

import time
from dataclasses import dataclass

import pytest
from pydicom import Dataset, Sequence

from conformance.acts import Act
from conformance.dimse import Answer, Association, NotAccepted, StatusClass
from conformance.findings import NotApplicable, expect, require
from conformance.suite.peer import polls
from conformance.suite.queries import image_query, study_query
from conformance.suite.system import TAKEN, System, content, storage_contexts
from conformance.target import Claims
from generators import Difference, Encoded, Synthesizer, differences, encode, encode_study

C_STORE_RQ = 0x0001
MESSAGE_IDS = (1, 255, 256, 0x8000, 0xFFFF)  # any 16 bits are an id
HELD_BACK_SECONDS = 1.0
ALMOST_ALL = 0.99


@pytest.mark.requirement("STORE-02")
def test_names_the_request_in_its_response(system: System, synthesizer: Synthesizer) -> None:
    control, *instances = encode_study(synthesizer.study("CT", instances=1 + len(MESSAGE_IDS)))
    system.keep(control)
    with system.associate(storage_contexts(instances)) as association:
        for instance, message_id in zip(instances, MESSAGE_IDS, strict=True):
            command = send_numbered(system, association, instance, message_id).command
            asked = {"AffectedSOPClassUID": instance.sop_class_uid, "AffectedSOPInstanceUID": instance.sop_instance_uid}
            said = command.get("MessageIDBeingRespondedTo")
            expect(said == message_id, expected=f"Message ID Being Responded To {message_id}", got=f"{said}")
            wrong = [keyword for keyword, uid in asked.items() if command.get(keyword, uid) != uid]
            expect(not wrong, expected="the affected UIDs of the request, or none", got=f"another {' and another '.join(wrong)}")


def send_numbered(system: System, association: Association, instance: Encoded, message_id: int) -> Answer:
    """Send an object under a Message ID of ours, and give the answer whatever request it names."""
    context = association.accepted(instance.sop_class_uid, instance.transfer_syntax_uid)
    assert context is not None, "the control was sent in the same context"
    system.ledger.note_sent(instance)
    system.acts.append(Act("storescu {peer} {files}", (instance,)))
    command = {
        "CommandField": C_STORE_RQ,
        "MessageID": message_id,
        "AffectedSOPClassUID": instance.sop_class_uid,
        "AffectedSOPInstanceUID": instance.sop_instance_uid,
        "Priority": 0,
    }
    began = time.monotonic()
    association.send_message(context.id, command, instance.data)
    message = association.await_message(system.target.timeouts.response)
    status = message.number("Status")
    require(message.name == "C-STORE-RSP" and status is not None, f"not answered by a C-STORE response with a status: {message.name}")
    answer = Answer(status or 0, message.command, time.monotonic() - began, message.text("ErrorComment"), "C-STORE")
    system.ledger.note_answer(instance, answer)
    return answer


@pytest.mark.requirement("STORE-03")
def test_answers_no_success_before_the_last_fragment(system: System, synthesizer: Synthesizer) -> None:
    control, held_back = encode_study(synthesizer.study("CT", instances=2, rows=256, columns=256))
    with system.associate(storage_contexts([held_back])) as association:
        require(system.send(association, control).status_class in TAKEN, "a sound object was refused when it came whole")
        system.ledger.note_sent(held_back)
        system.acts.append(Act("storescu {peer} {files}", (held_back,)))
        request = association.half_store(held_back, ALMOST_ALL)
        early = association.early_answer(request, HELD_BACK_SECONDS)
        if early is None:
            system.ledger.note_answer(held_back, association.finish_store(request, held_back, ALMOST_ALL))
            return
        association.abort()
    expect(
        early.status_class not in TAKEN,
        expected="no success and no warning while the end of the data set is missing",
        got=f"{early}, {early.seconds:.1f} s after the beginning of the object and before its end was sent",
        hint="The sender may delete its copy after a success, even if the connection breaks before the object is whole.",
    )


@pytest.mark.requirement("STORE-14")
@pytest.mark.parametrize("kind", ["CT", "NM"])
def test_shows_an_object_within_the_declared_time(system: System, synthesizer: Synthesizer, claims: Claims, kind: str) -> None:
    study = synthesizer.study(kind, instances=1)
    try:
        system.keep(*encode_study(study))
    except NotAccepted as error:
        raise NotApplicable(f"{kind} objects are not accepted, which STORE-06 judges") from error
    sent = time.monotonic()
    query = image_query(study, study.series[0], study.series[0].instances[0])
    if system.await_found(query, since=sent):
        return
    # An object that never shows is lost, which STORE-01 decides.
    require(any(system.find(query).matches for _ in polls(claims.visible_seconds)), "the object is not found at all")
    expect(
        False,
        expected=f"a stored object found by C-FIND within {claims.visible_seconds:g} s",
        got=f"found after {time.monotonic() - sent:.1f} s",
    )


# What an archive adds to say that it coerced, or from where an object came: the trail is no coercion itself.
TRAIL = ("(0400,0561)", "(0018,A001)", "(0008,0015)")
EARLIER_SYSTEM = "SYNTHETIC PACS"


@dataclass(frozen=True, slots=True)
class Kept:
    """One object as it was answered for and as it came back: the values that were replaced or added on the way."""

    answer: Answer
    received: Dataset
    coerced: tuple[Difference, ...]

    def __str__(self) -> str:
        return f"{self.answer}, and {'; '.join(map(str, self.coerced[:3]))}"


@pytest.fixture(scope="module")
def changed(system: System, synthesizer: Synthesizer) -> list[Kept]:
    """Objects that invite coercion, of which the system changed at least one value.

    They name no issuer of their identifiers, so that an archive may add its own, and carry the trail of an earlier correction.
    """
    patient, order = synthesizer.patient(issuer=None, other_ids=()), synthesizer.order(issuer=None)
    study = synthesizer.study(modalities=("CT", "SR"), instances=1, patient=patient, order=order)
    offered = [encode(with_earlier_trail(dataset)) for dataset in study.datasets()]
    answered = [(one, answer) for one, answer in zip(offered, system.store(*offered), strict=True) if answer.status_class in TAKEN]
    require(answered, "every sound object was refused")
    sent = [one for one, _ in answered]
    require(system.await_found(study_query(study)), "a sound study was acknowledged and is not found")
    came = {received.sop_instance_uid: content(received) for received in system.retrieve(study_query(study), sent).objects}
    require(came, "no object was delivered")
    pairs = [(one, answer, came[one.sop_instance_uid]) for one, answer in answered if one.sop_instance_uid in came]
    kept = [Kept(answer, received, coercions(one.dataset(), received)) for one, answer, received in pairs]
    found = [one for one in kept if one.coerced]
    if not found:
        raise NotApplicable("no attribute was changed in what was stored and retrieved")
    return found


def with_earlier_trail(dataset: Dataset) -> Dataset:
    """Add an Original Attributes Sequence item (PS3.3 C.12.1.1.9), as another archive would have left it."""
    prior, item = Dataset(), Dataset()
    prior.StudyID = "EARLIER"
    item.ModifiedAttributesSequence = Sequence([prior])
    item.AttributeModificationDateTime = "20240101120000"
    item.ModifyingSystem = EARLIER_SYSTEM
    item.SourceOfPreviousValues = "SYNTHETIC SCANNER"
    item.ReasonForTheAttributeModification = "CORRECT"
    dataset.OriginalAttributesSequence = Sequence([item])
    return dataset


def coercions(sent: Dataset, received: Dataset) -> tuple[Difference, ...]:
    """Standard attributes whose value was replaced or added. A value that is gone is a loss, which STORE-04 decides."""
    return tuple(
        difference
        for difference in differences(sent, received)
        if difference.b and not is_private(difference.path) and not difference.path.startswith(TRAIL)
    )


def is_private(path: str) -> bool:
    return int(path[1:5], 16) % 2 == 1


@pytest.mark.requirement("STORE-11")
def test_warns_when_it_changed_an_object(changed: list[Kept]) -> None:
    silent = [kept for kept in changed if kept.answer.status_class is not StatusClass.WARNING]
    expect(
        not silent,
        expected="a warning, B000 as a rule, for an object of which the archive changed an attribute",
        got="; ".join(map(str, silent[:2])),
    )


@pytest.mark.requirement("STORE-12")
def test_leaves_a_trail_in_an_object_that_it_changed(changed: list[Kept]) -> None:
    for kept in changed:
        items = list(kept.received.get("OriginalAttributesSequence") or [])
        systems = [str(item.get("ModifyingSystem", "")) for item in items]
        expect(
            EARLIER_SYSTEM in systems, expected="the item of an earlier correction kept", got=f"items of {', '.join(systems) or 'nobody'}"
        )
        own = [item for item in items if item.get("ModifyingSystem") != EARLIER_SYSTEM]
        expect_whole_trail(own, kept)


def expect_whole_trail(items: list[Dataset], kept: Kept) -> None:
    """Blame the system unless an item of its own says what was there before each replaced value, when, by whom and why."""
    expect(items, expected="an Original Attributes Sequence item of the archive's own in a changed object", got=f"none; {kept}")
    needed = ("AttributeModificationDateTime", "ModifyingSystem", "ReasonForTheAttributeModification")
    missing = [keyword for item in items for keyword in needed if not item.get(keyword)]
    expect(not missing, expected="time, system and reason in each item", got=f"missing: {', '.join(missing)}")
    prior = {
        f"({e.tag.group:04X},{e.tag.element:04X})" for item in items for old in item.get("ModifiedAttributesSequence") or [] for e in old
    }
    unsaid = [difference.path for difference in kept.coerced if difference.a is not None and difference.path[:11] not in prior]
    expect(not unsaid, expected="the prior value of each replaced attribute", got=f"none of {', '.join(unsaid)}")
