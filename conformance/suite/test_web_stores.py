"""DICOMweb, storing: what a STOW-RS answer is worth, and whether both doors lead to one archive (PS3.18 10.5)."""

from collections.abc import Callable, Sequence

import pytest
from pydicom import Dataset

from conformance.findings import NotExercised, expect, require
from conformance.suite.conftest import Stored
from conformance.suite.dicomweb import NO_CONTENT, OK, Stowed, Web, results, value
from conformance.suite.expectations import expect_one_tree
from conformance.suite.queries import study_query
from conformance.suite.system import System, content
from generators import FAULTS, Encoded, Study, Synthesizer, differences, encode_study

STORED, SOME, NONE_STORED = 200, 202, (400, 409)
CONFLICT = 409
# Objects that few archives can keep, the likeliest first; all of them name themselves.
UNFIT = ("absent-study-uid", "absent-series-uid", "overlong-study-uid")


def fresh(synthesizer: Synthesizer, **how: object) -> tuple[Study, list[Encoded]]:
    """Make a sound CT study of two instances."""
    make: Callable[..., Study] = synthesizer.study
    study = make("CT", **how)
    return study, encode_study(study)


def uids(instances: Sequence[Encoded]) -> tuple[str, ...]:
    """The SOP Instance UIDs, in order."""
    return tuple(sorted(instance.sop_instance_uid for instance in instances))


@pytest.mark.requirement("WEB-04")
def test_a_sound_study_is_answered_200_and_is_there(web: Web, ct_study: Stored, synthesizer: Synthesizer) -> None:
    study, instances = fresh(synthesizer)
    stowed = web.store(*instances)
    require(stowed.referenced or stowed.status in (STORED, SOME), f"no sound study is taken by POST: {stowed}")
    there = held(web, study, instances, known=ct_study)
    expect(
        uids(there) == tuple(sorted(stowed.referenced)),
        expected="exactly the instances that can be retrieved in the Referenced SOP Sequence",
        got=f"{stowed}, and {len(there)} can be retrieved",
    )
    expect_status(stowed, len(instances), len(there))


def held(web: Web, study: Study, instances: Sequence[Encoded], *, known: Stored) -> list[Encoded]:
    """The instances that can be retrieved; that none can says nothing where none of a study can that came by C-STORE."""
    there = [instance for instance in instances if web.holds(study, instance)]
    require(there or web.holds(known.study, known.instances[0]), "nothing can be retrieved, even of what came by C-STORE")
    return there


def expect_status(stowed: Stowed, posted: int, stored: int) -> None:
    """Blame the system unless its status says whether all, some or none were stored (PS3.18 10.5.3.1)."""
    allowed = NONE_STORED if stored == 0 else (SOME,) if stored < posted or stowed.failed else (STORED, SOME)
    expect(
        stowed.status in allowed,
        expected=f"HTTP {' or '.join(map(str, allowed))}: {stored} of {posted} stored",
        got=str(stowed),
    )


@pytest.fixture(scope="module")
def unfit(web: Web, synthesizer: Synthesizer) -> str:
    """The name of a fault for which the system, which takes sound objects, stores no object that is posted alone."""
    _, sound = fresh(synthesizer)
    control = web.store(*sound)
    require(control.referenced, f"the control failed: a sound study was answered {control}")
    for fault in UNFIT:
        if not web.store(broken(synthesizer, fault)).referenced:
            return fault
    raise NotExercised(f"objects with {', '.join(UNFIT)} are all said to be stored, so that no mixed request can be made")


def broken(synthesizer: Synthesizer, fault: str) -> Encoded:
    """Make one object with a named fault, of a study of its own."""
    return FAULTS[fault].encode(next(iter(synthesizer.study("CT", instances=1).datasets())))


@pytest.mark.requirement("WEB-04")
def test_a_request_of_which_nothing_is_stored_is_answered_409_or_400(web: Web, synthesizer: Synthesizer, unfit: str) -> None:
    expect_status(web.store(broken(synthesizer, unfit), broken(synthesizer, unfit)), 2, 0)


@pytest.mark.requirement("WEB-04")
def test_a_request_of_which_some_are_stored_is_answered_202_and_names_both(
    web: Web, ct_study: Stored, synthesizer: Synthesizer, unfit: str
) -> None:
    study, sound = fresh(synthesizer)
    refused = [broken(synthesizer, unfit) for _ in range(2)]
    stowed = web.store(sound[0], refused[0], sound[1], refused[1])
    there = held(web, study, sound, known=ct_study)
    require(there or stowed.referenced, f"the sound instances of a mixed request are not stored either: {stowed}")
    expect_status(stowed, 4, len(there))
    expect(
        (tuple(sorted(stowed.referenced)), tuple(sorted(stowed.failed))) == (uids(there), uids(refused)),
        expected=f"{len(there)} stored instances in the Referenced SOP Sequence and 2 refused ones in the Failed SOP Sequence",
        got=str(stowed),
    )


@pytest.mark.requirement("WEB-05")
def test_an_instance_of_another_study_than_the_resource_is_refused(web: Web, synthesizer: Synthesizer) -> None:
    control, (before, after) = fresh(synthesizer)
    study, (stray,) = fresh(synthesizer, instances=1)  # with a series of its own, so that nothing else stands against keeping it
    other = synthesizer.uid()
    _control(web, before, control, "before the case")
    stowed = web.store(stray, study=other)
    _control(web, after, control, "after the case")
    expect(
        stowed.status == CONFLICT and not stowed.referenced,
        expected="409 for an instance of another study than that of the resource",
        got=str(stowed),
    )
    under = [uid for uid in (study.uid, other) if web.retrieve(uid, study.series[0].uid, stray.sop_instance_uid).status == STORED]
    expect(not under, expected="the refused instance nowhere", got=f"it is stored under {len(under)} of the two studies")


def _control(web: Web, instance: Encoded, study: Study, when: str) -> None:
    stowed = web.store(instance, study=study.uid)
    require(instance.sop_instance_uid in stowed.referenced, f"the control failed {when}: {stowed}")


@pytest.mark.requirement("WEB-06")
@pytest.mark.parametrize("case", ["sound", "absent-issuer-of-patient-id", "empty-institution", "lower-case-modality", "another-name"])
def test_what_is_changed_is_recorded_in_the_object(web: Web, synthesizer: Synthesizer, case: str) -> None:
    study, dataset = _provoking(web, synthesizer, case)
    stowed = web.store(dataset)
    if case != "sound" and not stowed.referenced:
        return  # what is refused is not changed
    require(stowed.referenced and web.holds(study, dataset), f"the object is not taken: {stowed}")
    (kept,) = web.delivered(study.uid, study.series[0].uid, dataset.sop_instance_uid)
    changed = {each.path.partition("[")[0] for each in differences(dataset.dataset(), kept) if each.a is not None}
    silent = sorted(changed - recorded(kept))
    expect(
        not silent,
        expected="every attribute that was changed in the Original Attributes Sequence",
        got=f"{', '.join(silent)} changed and not recorded",
    )


def _provoking(web: Web, synthesizer: Synthesizer, case: str) -> tuple[Study, Encoded]:
    """Make an object that archives are tempted to correct."""
    if case == "another-name":
        first, instances = fresh(synthesizer, instances=1)
        web.keep(first, instances)
        renamed = synthesizer.patient(id=first.patient.id, issuer=first.patient.issuer, name=f"{first.patient.name}-RENAMED")
        study, (instance,) = fresh(synthesizer, instances=1, patient=renamed)
        return study, instance
    study, (instance,) = fresh(synthesizer, instances=1)
    return study, instance if case == "sound" else FAULTS[case].encode(instance.dataset())


def recorded(dataset: Dataset) -> set[str]:
    """The attributes whose earlier values an object holds (PS3.3 C.12.1.1.9), written as a difference writes its path."""
    items = (item for entry in dataset.get("OriginalAttributesSequence", []) for item in entry.get("ModifiedAttributesSequence", []))
    return {f"({element.tag.group:04X},{element.tag.element:04X})" for item in items for element in item}


@pytest.mark.requirement("WEB-07")
def test_what_came_by_dimse_is_the_same_on_dicomweb(system: System, web: Web, ct_study: Stored) -> None:
    study = ct_study.study
    shown = system.comes_true(lambda: web.shows(study))
    status = web.search(StudyInstanceUID=study.uid).status
    require(shown or status in (OK, NO_CONTENT), f"a search with the given credentials was answered HTTP {status}")
    expect(
        shown,
        expected="a study that C-FIND lists found on DICOMweb",
        got=f"not found after {system.target.claims.visible_seconds:g} s",
    )
    expect_same_on_both(system, web, study, ct_study.instances)


@pytest.mark.requirement("WEB-07")
def test_what_came_by_dicomweb_is_the_same_by_dimse(system: System, web: Web, synthesizer: Synthesizer) -> None:
    study, instances = fresh(synthesizer, series=2)
    web.keep(study, instances)
    expect(
        system.await_found(study_query(study)),
        expected="a study that came by DICOMweb found by C-FIND",
        got=f"not found after {system.target.claims.visible_seconds:g} s",
    )
    expect_one_tree(system, study)
    expect_same_on_both(system, web, study, instances)


def expect_same_on_both(system: System, web: Web, study: Study, instances: Sequence[Encoded]) -> None:
    """Blame the system unless identifiers, counts and objects of a study are those of the other door."""
    counts = {"NumberOfStudyRelatedSeries": "", "NumberOfStudyRelatedInstances": ""}
    answer = system.find(study_query(study, PatientID="", AccessionNumber="", **counts))
    match = next((each for each in answer.matches if each.get("StudyInstanceUID") == study.uid), None)
    require(match is not None, f"C-FIND does not list the study where it is asked for counts and identifiers: {answer.final}")
    assert match is not None
    result = next(each for each in results(web.search(StudyInstanceUID=study.uid)) if value(each, "StudyInstanceUID") == study.uid)
    for keyword in ("PatientID", "AccessionNumber", *counts):
        there, here = str(match.get(keyword) or ""), value(result, keyword)
        expect(there in ("", here) or not here, expected=f"{keyword} as C-FIND returns it: {there}", got=here)
    delivery = system.retrieve(study_query(study), instances)
    moved = {received.sop_instance_uid: content(received) for received in delivery.objects}
    require(len(moved) == len(instances), f"the study is not delivered whole by DIMSE: {delivery.answer.final}")
    sent = {str(dataset.SOPInstanceUID): dataset for dataset in web.delivered(study.uid)}
    require(moved.keys() == sent.keys(), f"{len(moved)} objects are delivered by DIMSE and {len(sent)} by DICOMweb, which WEB-03 decides")
    apart = [str(each) for uid in moved for each in differences(moved[uid], sent[uid])]
    expect(not apart, expected="the same objects by both doors", got="; ".join(apart[:3]))
