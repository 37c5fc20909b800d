"""Storage: what was acknowledged is there, whole and unchanged (PS3.4 Annex B)."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from conformance.dimse import Answer, Association, AssociationEnded, Context, StatusClass
from conformance.findings import NotApplicable, NotExercised, expect, require
from conformance.suite.attempts import Attempt, Attempts
from conformance.suite.conftest import Stored
from conformance.suite.contents import rich
from conformance.suite.expectations import ISSUERS, expect_found, expect_same_content, expect_taken
from conformance.suite.queries import image_query, study_query
from conformance.suite.sop_classes import CORE_STORAGE
from conformance.suite.system import TAKEN, UNCOMPRESSED, Delivery, System, content, storage_contexts
from conformance.target import Claims
from generators import FAULTS, Encoded, Study, Synthesizer, encode, encode_study
from generators import KINDS as ALL_KINDS

KINDS = ("CT", "MR", "CR", "US", "SR")
REFUSABLE = ("absent-sop-instance-uid", "absent-study-uid", "absent-patient-id", "overlong-patient-id")
UIDS = ("(0008,0016)", "(0008,0018)", "(0020,000D)", "(0020,000E)", "(0040,A375)", "(0040,A730)", "(0008,1140)")
COUNTER = "NumberOfStudyRelatedInstances"
ODD_BUT_FINDABLE = ("overlong-accession-number", "overlong-patient-id", "absent-patient-id")


@pytest.mark.requirement("STORE-01")
@pytest.mark.parametrize("kind", KINDS)
def test_finds_and_retrieves_what_it_acknowledged(system: System, synthesizer: Synthesizer, kind: str) -> None:
    if not system.takes(kind):
        raise NotApplicable(f"the system accepts no {kind}")
    study = synthesizer.study(kind, instances=2)
    instances = encode_study(study)
    sent = time.monotonic()
    answers = system.store(*instances)
    require(all(answer.status_class in TAKEN for answer in answers), f"a sound {kind} object was refused")
    series = study.series[0]
    for instance in series.instances:
        found = system.await_found(image_query(study, series, instance), since=sent)
        expect(found, expected="each acknowledged object found", got=f"object {instance.number} not found after {_wait(system)}")
    delivery = system.retrieve(study_query(study), instances)
    missing = {instance.sop_instance_uid for instance in instances} - set(delivery.uids)
    expect(not missing, expected="each acknowledged object retrieved", got=f"{len(missing)} of {len(instances)} not delivered")


@pytest.fixture(scope="module")
def odd_objects(attempts: Attempts) -> dict[str, Attempt]:
    """All of them sent before the first is looked for, so that the time to become visible runs for all at once."""
    return {fault: attempts.of(fault) for fault in ODD_BUT_FINDABLE}


@pytest.mark.requirement("STORE-01")
@pytest.mark.parametrize("fault", ODD_BUT_FINDABLE)
def test_finds_an_odd_object_that_it_answered_with_success(system: System, odd_objects: dict[str, Attempt], fault: str) -> None:
    attempt = odd_objects[fault]
    if attempt.answer is None or attempt.answer.status_class is not StatusClass.SUCCESS:
        raise NotApplicable(f"the object was not answered with success: {attempt}")
    series = attempt.study.series[0]
    expect(
        system.await_found(image_query(attempt.study, series, series.instances[0]), since=attempt.sent),
        expected="an object that was answered 0000 found",
        got=f"{attempt}, and the object not found after {_wait(system)}",
        hint="The sender may delete its copy after a success. Look for errors of the database beside this store.",
    )


def _wait(system: System) -> str:
    return f"{system.target.claims.visible_seconds:g} s"


@pytest.mark.requirement("STORE-04")
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian], ids=["explicit", "implicit"])
def test_returns_every_attribute_it_was_given(system: System, synthesizer: Synthesizer, syntax: str) -> None:
    study = synthesizer.study("CT", instances=1)
    sent = encode(rich(next(iter(study.datasets()))), syntax)
    system.keep(sent)
    require(not system.ledger.is_coerced(sent), "the object was coerced, and reported so: what else was kept cannot be told")
    delivery = system.retrieve(study_query(study), [sent])
    require(len(delivery.objects) == 1, f"the object was not delivered: {delivery.answer.final}")
    expect_same_content(sent, delivery.objects[0], but=tuple(ISSUERS.values()))


@pytest.mark.requirement("STORE-05")
def test_stores_an_object_of_each_class_it_declares(system: System, synthesizer: Synthesizer, claims: Claims) -> None:
    declared = claims.sop_classes or list(CORE_STORAGE)
    accepted = system.accepts([Context(uid, UNCOMPRESSED) for uid in declared])
    refused = [UID(uid).name for uid in claims.sop_classes if uid not in accepted]
    expect(not refused, expected="each declared class accepted in negotiation", got=f"refused: {', '.join(refused)}")
    made = {kind.sop_class_uid: kind.name for kind in ALL_KINDS.values() if claims.sop_classes or kind.name in KINDS}
    kinds = [made[uid] for uid in accepted if uid in made]
    require(kinds, "none of the declared classes can be generated by this release")
    for kind in kinds:
        instance = encode_study(synthesizer.study(kind, instances=1))[-1]
        expect_taken(system.store(instance)[0], what=f"a sound object of {UID(instance.sop_class_uid).name}")
    unmade = [UID(uid).name for uid in claims.sop_classes if uid not in made]
    require(not unmade, f"declared and negotiated, but not stored, for this release cannot generate them: {', '.join(unmade)}")


EVIDENCE = ("PR", "KO", "SR", "SR-ENHANCED", "SR-COMPREHENSIVE", "SR-DOSE", "PDF")
CORE_KINDS = ("CT", *(kind.name for kind in ALL_KINDS.values() if kind.sop_class_uid in CORE_STORAGE and kind.name != "CT"))


@dataclass(frozen=True, slots=True)
class CoreStudy:
    """One study with an object of each core class; `answers` by SOP Instance UID, without those whose class was not negotiated."""

    study: Study
    instances: list[Encoded]
    answers: dict[str, Answer]

    def taken(self, instance: Encoded) -> bool:
        answer = self.answers.get(instance.sop_instance_uid)
        return answer is not None and answer.status_class in TAKEN


@pytest.fixture(scope="module")
def core_study(system: System, synthesizer: Synthesizer) -> CoreStudy:
    """A CT image first, then an object of every other class that the register names, each in a syntax that is accepted for it."""
    study = synthesizer.study(modalities=CORE_KINDS, instances=1)
    explicit, implicit = (encode_study(study, syntax) for syntax in UNCOMPRESSED)
    with system.associate(storage_contexts(explicit)) as association:
        instances = [
            default if association.accepted(usual.sop_class_uid, usual.transfer_syntax_uid) is None else usual
            for usual, default in zip(explicit, implicit, strict=True)
        ]
        offered = [instance for instance in instances if association.accepted(instance.sop_class_uid)]
        answers = {instance.sop_instance_uid: system.send(association, instance) for instance in offered}
    return CoreStudy(study, instances, answers)


@pytest.mark.requirement("STORE-06")
def test_stores_an_object_of_each_core_class(core_study: CoreStudy) -> None:
    require(core_study.taken(core_study.instances[0]), "the CT image, which every archive takes, was refused")
    refused = [instance for instance in core_study.instances if not core_study.taken(instance)]
    told = [f"{UID(one.sop_class_uid).name}: {core_study.answers.get(one.sop_instance_uid, 'not negotiated')}" for one in refused]
    expect(not refused, expected=f"an object of each of {len(CORE_STORAGE)} classes taken", got="; ".join(told[:5]))


@pytest.mark.requirement("STORE-18")
def test_delivers_reports_and_documents_with_their_study(system: System, core_study: CoreStudy) -> None:
    study = core_study.study
    image, *others = core_study.instances
    kinds = dict(zip((i.sop_instance_uid for i in core_study.instances), (i.kind for i in study.instances), strict=True))
    evidence = [instance for instance in others if kinds[instance.sop_instance_uid] in EVIDENCE and core_study.taken(instance)]
    require(evidence, "no report, presentation state or document was taken")
    taken = [instance for instance in core_study.instances if core_study.taken(instance)]
    last = study.series[core_study.instances.index(evidence[-1])]
    require(system.await_found(image_query(study, last, last.instances[0])) or system.find(study_query(study)).matches, "the study is lost")
    delivery = system.retrieve(study_query(study), taken)
    delivered = set(delivery.uids)
    if not delivered >= {instance.sop_instance_uid for instance in evidence}:  # one broken transfer loses no document from a study
        delivery = system.retrieve(study_query(study), taken)
        delivered |= set(delivery.uids)
    missing = [UID(instance.sop_class_uid).name for instance in evidence if instance.sop_instance_uid not in delivered]
    cut = missing and delivery.foreign
    require(not cut, "an object under a UID that is not ours ended the transfer, which STORE-13 decides")
    require(image.sop_instance_uid in delivered, "not even the CT image of the study was delivered")
    expect(not missing, expected="every object of the study delivered with it", got=f"not delivered: {', '.join(missing)}")


@pytest.mark.requirement("STORE-07")
def test_joins_a_study_that_comes_shuffled_over_five_associations(system: System, ct_study: Stored, synthesizer: Synthesizer) -> None:
    once = len(system.find(study_query(ct_study.study)).matches) == 1  # else it repeats what came on one association, too
    study = synthesizer.study("CT", series=2, instances=5)
    instances = encode_study(study)
    random.Random(study.uid).shuffle(instances)
    for start in range(0, len(instances), 2):
        system.keep(*instances[start : start + 2])
    require(system.await_found(study_query(study)), "the study was acknowledged and is not found")
    system.settle(study)
    expect_found(system.find(study_query(study)), "StudyInstanceUID", {study.uid: "the study"}, because="it is one study", once=once)
    for series in study.series:
        expect_found(
            system.find(image_query(study, series)),
            "SOPInstanceUID",
            {instance.uid: f"object {instance.number} of series {series.number}" for instance in series.instances},
            because="the objects of one series, however they came",
        )


@pytest.mark.requirement("STORE-08")
def test_takes_the_same_object_twice_without_harm(system: System, keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> None:
    stored = keep(synthesizer.study("CT", instances=2))
    before = pixels(system.retrieve(study_query(stored.study), stored.instances))
    require(len(before) == len(stored.instances), "the study is not delivered before its objects are sent again")
    counted = number_of_instances(system, stored.study)
    for answer in system.store(*stored.instances):
        expect_taken(answer, what="an identical object that is stored already")
    series = stored.study.series[0]
    expect_found(
        system.find(image_query(stored.study, series)),
        "SOPInstanceUID",
        {instance.uid: f"object {instance.number}" for instance in series.instances},
        because="storing an identical object again changes no count",
    )
    if counted == {str(len(stored.instances))}:  # whether it counts, and truly, is for QUERY-15 to decide
        expect(
            system.comes_true(lambda: number_of_instances(system, stored.study) == counted),
            expected=f"{COUNTER} {len(stored.instances)} as before",
            got=", ".join(number_of_instances(system, stored.study)) or "no match",
        )
    after = pixels(system.retrieve(study_query(stored.study), stored.instances))
    expect(after == before, expected="the same objects delivered as before", got=f"{len(after)} objects, not all with the same pixels")


def number_of_instances(system: System, study: Study) -> set[str]:
    """What a query says of how many instances a study has."""
    return {str(match.get(COUNTER, "")) for match in system.find(study_query(study).where({COUNTER: ""})).matches}


def pixels(delivery: Delivery) -> list[tuple[str, bytes]]:
    """What a delivery brought: each object with its pixel data."""
    return sorted((received.sop_instance_uid, bytes(content(received).get("PixelData", b""))) for received in delivery.objects)


@pytest.mark.requirement("STORE-10")
def test_goes_on_with_the_study_after_it_refused_one_object(system: System, synthesizer: Synthesizer) -> None:
    for fault in REFUSABLE:
        before, broken, after = synthesizer.study("CT", instances=3).datasets()
        first, bad, second = encode(before), FAULTS[fault].encode(broken), encode(after)
        with system.associate(storage_contexts([first, bad])) as association:
            require(system.send(association, first).status_class in TAKEN, "the first sound object was refused")
            try:
                refusal = system.send(association, bad)
            except AssociationEnded:
                continue
            if refusal.status_class is StatusClass.FAILURE:
                expect_goes_on(system, association, second)
                return
    raise NotExercised("the system answered none of the broken objects with a failure status")


def expect_goes_on(system: System, association: Association, sound: Encoded) -> None:
    """Blame the system unless it takes a sound object on an association on which it just refused another."""
    try:
        answer = system.send(association, sound)
    except AssociationEnded as error:
        system.blame(error, expected="the association usable after a failure status")
    expect_taken(answer, what="a sound object after one that was refused, on the same association")


@pytest.mark.requirement("STORE-13")
def test_returns_the_uids_of_the_hierarchy_as_it_received_them(system: System, mixed_study: Stored) -> None:
    delivery = system.retrieve(study_query(mixed_study.study), mixed_study.instances)
    sent = {instance.sop_instance_uid: instance for instance in mixed_study.instances}
    expect(not delivery.foreign, expected="SOP Instance UIDs as they were sent", got=f"{delivery.foreign} objects under other UIDs")
    require(delivery.objects, "no object was delivered")
    for received in delivery.objects:
        expect_same_content(sent[received.sop_instance_uid], received, only=UIDS)
