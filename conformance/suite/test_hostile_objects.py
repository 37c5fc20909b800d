"""Hostile objects and questions: bytes that cannot be read, identifiers that look like code, retrieves of everything.

What a weak system makes of them may harm it. They run late, each with its controls, and no foreign data crosses.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pytest
from pydicom.uid import UID

from conformance.acts import Act
from conformance.dimse import Answer, Association, AssociationEnded, Ending, EndingKind, NotAccepted, StatusClass
from conformance.findings import NotApplicable, expect, require
from conformance.suite.attempts import encode_first
from conformance.suite.conftest import Stored
from conformance.suite.expectations import expect_found, expect_same_content, expect_taken
from conformance.suite.messages import await_store, store_command
from conformance.suite.queries import STUDY_ROOT, Query, study_query
from conformance.suite.system import Delivery, System, context_id_for, storage_contexts
from generators import FAULTS, Encoded, Study, Synthesizer, encode_study

UNDECODABLE: dict[str, str] = {
    "cut inside its pixel data": "",
    "cut inside its header": "cut-inside-an-element",
    "a length past its end": "length-past-the-end",
    "Implicit VR in an Explicit VR context": "implicit-in-explicit",
}
CUT = 64  # bytes of the last element
OUT_OF_RESOURCES = 0xA7


@dataclass(slots=True)
class Unread:
    """An object whose bytes cannot be read, sent on an association of its own, and what came of it."""

    study: Study
    instance: Encoded
    association: Association
    sent: float
    answer: Answer | None = None
    ending: Ending | None = None

    def __str__(self) -> str:
        return str(self.answer or self.ending)


@pytest.fixture(scope="module")
def undecodable(system: System) -> dict[str, Unread]:
    """All of them sent before the first is waited for: a system may be silent for half a minute over each."""
    before, after = encode_study(system.synthesizer.study("CT", instances=2))
    system.keep(before)
    sent: dict[str, Unread] = {}
    for what in UNDECODABLE:
        try:
            sent[what] = send_undecodable(system, what)
        except AssociationEnded:  # it may serve one association at a time
            await_outcomes(system, sent.values())
            sent[what] = send_undecodable(system, what)
    await_outcomes(system, sent.values())
    system.keep(after)
    return sent


def send_undecodable(system: System, what: str) -> Unread:
    study = system.synthesizer.study("CT", instances=1)
    sound, fault = encode_first(study), UNDECODABLE[what]
    instance = FAULTS[fault].encode(sound.dataset()) if fault else replace(sound, data=sound.data[:-CUT])
    association = system.associate(storage_contexts([instance]))
    context_id = context_id_for(association, instance)
    system.ledger.note_sent(instance)
    system.acts.append(Act("storescu {peer} {files}", (instance,)))
    association.send_message(context_id, store_command(instance), instance.data)
    return Unread(study, instance, association, time.monotonic())


def await_outcomes(system: System, outstanding: Iterable[Unread]) -> None:
    """Wait for the answer or the end of each, and leave its association."""
    for unread in outstanding:
        if unread.answer is None and unread.ending is None:
            await_outcome(system, unread)


def await_outcome(system: System, unread: Unread) -> None:
    left = system.target.timeouts.response - (time.monotonic() - unread.sent)
    try:
        with unread.association:
            unread.answer = await_store(unread.association, unread.sent, max(left, 0.0))
    except AssociationEnded as error:
        unread.ending = error.ending
    else:
        system.ledger.note_answer(encode_first(unread.study), unread.answer)


@pytest.mark.slow
@pytest.mark.hostile
@pytest.mark.requirement("REJECT-09")
@pytest.mark.parametrize("what", UNDECODABLE)
def test_keeps_nothing_of_an_object_that_it_cannot_read(system: System, undecodable: dict[str, Unread], what: str) -> None:
    unread = undecodable[what]
    shown = sum(bool(system.find(query).matches) for query in own_queries(unread.study))
    expect(not shown, expected="nothing stored of a data set that cannot be read", got=f"{unread}, and its study is found")
    if unread.ending is not None and unread.ending.kind is EndingKind.SILENCE:
        raise AssociationEnded(unread.ending)
    answer = unread.answer
    expect(
        answer is None or (answer.status_class is StatusClass.FAILURE and answer.status >> 8 != OUT_OF_RESOURCES),
        expected=f"Cxxx, or an abort, for an unreadable data set: {what}",
        got=f"{unread}",
        hint="A sender may delete its copy after a success, and sends again and again after A7xx.",
    )


def own_queries(study: Study) -> tuple[Query, Query]:
    """The study by its own UID, and whatever there is of its patient."""
    return study_query(study), Query("STUDY", {"PatientID": study.patient.id, "StudyInstanceUID": ""})


SPECIAL: dict[str, tuple[str, str]] = {  # what is put behind a Patient ID, and what a misreading would take it for
    "wild cards": ("12*4?", "12X4Y"),
    "quotes": ("O'OR'1'='1", "X"),
    "percent and underscore": ("1%_", "1YY"),
    "caret and equals": ("1^2=3", "1"),
    "markup": ("<b>1</b>&amp;", "<b>1</b>&"),
}


@pytest.mark.hostile
@pytest.mark.requirement("REJECT-15")
@pytest.mark.parametrize("what", SPECIAL)
def test_takes_special_characters_for_data(system: System, keep: Callable[[Study], Stored], synthesizer: Synthesizer, what: str) -> None:
    special, misread = SPECIAL[what]
    stem = synthesizer.patient().id
    keep(synthesizer.study("CT", instances=1, patient=synthesizer.patient(id=stem + misread)))
    study = synthesizer.study("CT", instances=1, patient=synthesizer.patient(id=stem + special))
    instance = encode_first(study)
    expect_taken(system.store(instance)[0], what=f"a sound object whose Patient ID holds {what}")
    expect(system.await_found(study_query(study)), expected="the object found by its Study Instance UID", got="nothing found")
    matches = system.find(study_query(study, PatientID="")).matches
    shown = [str(match.get("PatientID", "")) for match in matches]
    expect(shown == [study.patient.id], expected=f"the one study, its Patient ID {study.patient.id!r}", got=f"{shown}")
    if "*" not in special:  # with wild cards the key may match more than itself (PS3.4 C.2.2.2.4)
        expect_found(
            system.find(Query("STUDY", {"PatientID": study.patient.id, "StudyInstanceUID": ""})),
            "StudyInstanceUID",
            {study.uid: "the study of this patient"},
            because=f"{what} in a Patient ID stand for themselves",
        )
    delivery = system.retrieve(study_query(study), [instance])
    require(len(delivery.objects) == 1, f"the object is not delivered: {delivery.answer.final}")
    expect_same_content(instance, delivery.objects[0], only=("(0010,0020)",))


def without_key(what: str, study: Study) -> Query:
    """A retrieve at STUDY level that does not name a study."""
    accession = {"AccessionNumber": study.order.accession}
    keys = {"an empty key": {"StudyInstanceUID": ""}, "a wild card": {"StudyInstanceUID": "*"}, "accession only": accession}
    return Query("STUDY", keys[what])


@pytest.mark.hostile
@pytest.mark.requirement("RETR-09")
@pytest.mark.parametrize("what", ["accession only", "a wild card", "an empty key"])
@pytest.mark.parametrize("service", ["C-MOVE", "C-GET"])
def test_sends_nothing_for_a_retrieve_without_unique_key(system: System, ct_study: Stored, service: str, what: str) -> None:
    query = without_key(what, ct_study.study)
    delivery = probe_move(system, query) if service == "C-MOVE" else probe_get(system, query)
    counters = [*delivery.answer.pending, delivery.answer.counters]
    attempted = max((count.completed or 0) + (count.failed or 0) + (count.warning or 0) for count in counters)
    tried = [f"{delivery.associations} associations asked for"] * bool(delivery.associations)
    tried += [f"{attempted} sub-operations counted"] * bool(attempted)
    expect(
        not tried,
        expected=f"no sub-operation for a {service} with {what} in place of a Study Instance UID",
        got=f"{' and '.join(tried)}, final status {delivery.answer.final}; nothing could cross",
        hint="Such a request reaches everything that the archive holds. Look for a setting that demands the unique keys.",
    )


def probe_move(system: System, query: Query) -> Delivery:
    """Ask with a destination that refuses every association; at the first report of progress the system is told to stop."""
    return system.move(query, policy=system.policy(reject=(1, 1, 1)), cancel_after=1)


def probe_get(system: System, query: Query) -> Delivery:
    """Ask without a single storage context."""
    try:
        return system.get(query, [])
    except NotAccepted as error:
        raise NotApplicable(f"{UID(STUDY_ROOT.get).name} is not offered") from error
