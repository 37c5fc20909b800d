"""Rejection notes: what a site takes back is taken back from the shared copy as well (IHE RAD TF-3 4.66)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.dimse import Answer, Ending
from conformance.findings import NotApplicable, expect, require
from conformance.suite.conftest import Stored
from conformance.suite.expectations import expect_found, expect_taken
from conformance.suite.queries import Query, study_query
from conformance.suite.rejections import Case, Rejections, refused, taken
from conformance.suite.system import System
from conformance.target import Claims
from generators import Rejection, Study, Synthesizer, encode, encode_study, rejection_note


@pytest.fixture(scope="module")
def rejections(system: System, claims: Claims) -> Rejections:
    """Rejection notes, where they are claimed: an archive that knows none takes them like any other document."""
    if "iocm" not in (claims.services or ()):
        raise NotApplicable("the profile does not claim iocm, and what is accepted on the wire does not tell")
    return Rejections(system, claims)


def by_code(why: object) -> str:
    return str(why.value.code) if isinstance(why, Rejection) else ""


@pytest.mark.requirement("IOCM-01")
@pytest.mark.parametrize("why", Rejection, ids=by_code)
def test_takes_a_rejection_note(rejections: Rejections, why: Rejection) -> None:
    case = rejections.of(why)
    expect(case.taken, expected=f"success or a warning for a note {why}", got=str(case.answer))


@pytest.mark.requirement("IOCM-01")
def test_processes_rejection_notes(rejections: Rejections) -> None:
    hiding = [case for why in (Rejection.PATIENT_SAFETY, Rejection.WRONG_WORKLIST_ENTRY) if (case := rejections.of(why)).taken]
    require(hiding, "no note was taken")
    expect(
        any(case.gone for case in hiding),
        expected="a note that is taken acted upon",
        got="a note kept as a document: whatever its title, everything that it rejects is still listed",
    )


@pytest.mark.requirement("IOCM-01")
@pytest.mark.parametrize("why", Rejection, ids=by_code)
def test_leaves_what_a_note_does_not_name(system: System, rejections: Rejections, why: Rejection) -> None:
    case = rejections.of(why)
    lost = {instance.uid for instance in case.spared} - system.listed(case.study)
    expect(not lost, expected="the object of the study that the note does not name still listed", got="it is listed no more")
    expect(system.listed(case.other), expected="another study of the patient still listed", got="it is listed no more")


@pytest.mark.requirement("IOCM-02")
def test_hides_what_was_rejected_for_patient_safety(rejections: Rejections) -> None:
    rejections.expect_hidden(taken_case(rejections, Rejection.PATIENT_SAFETY))


def taken_case(rejections: Rejections, why: Rejection) -> Case:
    case = rejections.of(why)
    require(case.taken, f"the note was answered {case.answer}: see IOCM-01")
    return case


@pytest.mark.requirement("IOCM-02")
def test_refuses_what_was_rejected_for_patient_safety_when_it_comes_again(
    rejections: Rejections, keep: Callable[[Study], Stored], synthesizer: Synthesizer
) -> None:
    case = taken_case(rejections, Rejection.PATIENT_SAFETY)
    require(case.gone, "the rejected objects were never hidden")
    answer = rejections.answer_to(case.sent[case.named[0].uid])
    keep(synthesizer.study("CT", instances=1))
    expect(
        refused(answer),
        expected="a failure status for an object that was rejected for patient safety and comes again",
        got=str(answer),
        hint="A router that tries again would bring back images of the wrong patient.",
    )


@pytest.mark.requirement("IOCM-03")
def test_hides_what_was_made_under_a_wrong_worklist_entry(rejections: Rejections) -> None:
    rejections.expect_hidden(taken_case(rejections, Rejection.WRONG_WORKLIST_ENTRY))


@pytest.mark.requirement("IOCM-03")
def test_shows_the_corrected_copies_under_the_right_patient(system: System, rejections: Rejections, synthesizer: Synthesizer) -> None:
    case = taken_case(rejections, Rejection.WRONG_WORKLIST_ENTRY)
    corrected = corrected_copy(case.study, synthesizer)
    for answer in system.store(*encode_study(corrected)):
        expect_taken(answer, what="a corrected copy under a new SOP Instance UID")
    expect(
        system.await_found(study_query(corrected)) and system.settle(corrected),
        expected="the corrected copies listed",
        got=f"they are not after {system.target.claims.visible_seconds:g} s",
    )
    found = system.find(Query("STUDY", {"PatientID": corrected.patient.id, "StudyInstanceUID": ""}))
    expect_found(found, "StudyInstanceUID", {corrected.uid: "the corrected study"}, because="the studies of the right patient")


def corrected_copy(study: Study, synthesizer: Synthesizer) -> Study:
    """The same images for another patient: every UID is new."""
    series = tuple(
        replace(each, uid=synthesizer.uid(), instances=tuple(replace(one, uid=synthesizer.uid()) for one in each.instances))
        for each in study.series
    )
    return replace(study, uid=synthesizer.uid(), patient=synthesizer.patient(), order=synthesizer.order(), series=series)


@pytest.mark.requirement("IOCM-04")
def test_shows_what_was_rejected_for_quality_as_documented(system: System, claims: Claims, rejections: Rejections) -> None:
    require(claims.rejected_for_quality, "the profile does not say what claims.rejected-for-quality is")
    case = taken_case(rejections, Rejection.QUALITY)
    if claims.rejected_for_quality == "hidden":
        return rejections.expect_hidden(case)
    return expect_shown(system, rejections, case)


def expect_shown(system: System, rejections: Rejections, case: Case) -> None:
    """Blame the system unless the rejected objects are listed and delivered as before."""
    missing = sum(1 for instance in case.named if instance.uid not in system.listed(case.study))
    expect(
        not missing,
        expected=f"{len(case.named)} objects still listed after a note {case.why}, as the profile says",
        got=f"{missing} listed no more",
    )
    rejections.require_delivering(case)
    delivered = rejections.delivered(case)
    expect(delivered == len(case.named), expected=f"{len(case.named)} objects still delivered", got=f"{delivered} delivered")


@pytest.mark.requirement("IOCM-05")
def test_removes_what_outlived_its_retention_as_declared(system: System, claims: Claims, rejections: Rejections) -> None:
    require(claims.retention_expired, "the profile does not say what claims.retention-expired is")
    case = taken_case(rejections, Rejection.RETENTION_EXPIRED)
    if claims.retention_expired == "kept":
        return expect_shown(system, rejections, case)
    rejections.expect_hidden(case)
    return expect_honest_about_its_return(system, rejections, case)


def expect_honest_about_its_return(system: System, rejections: Rejections, case: Case) -> None:
    """Blame the system for an object that comes again, is acknowledged, and is not there: it may be accepted, or refused.

    The control is an object of the same series that comes late as well, for the first time.
    """
    again = case.named[0]
    answer = rejections.answer_to(case.sent[again.uid])
    if not taken(answer):
        return
    first, *others = case.study.series
    late = system.synthesizer.instance(again.kind, len(first.instances) + 1)
    grown = replace(case.study, series=(replace(first, instances=(*first.instances, late)), *others))
    system.keep(encode(grown.dataset(late)))
    require(system.comes_true(lambda: late.uid in system.listed(grown)), "an object that comes late, for the first time, is not listed")
    expect(
        again.uid in system.listed(grown),
        expected="an object that was removed and comes again refused, or taken and listed again",
        got=f"{answer}, and it is not listed when a later one is",
    )


@pytest.mark.requirement("IOCM-06")
def test_counters_and_deliveries_follow_a_rejection(system: System, rejections: Rejections) -> None:
    case = rejections.obeyed()
    require(not case.before.contradictions(), f"the counters were wrong before the note: {'; '.join(case.before.contradictions())}")
    after = rejections.account(case.study)
    contradictions = after.contradictions()
    expect(not contradictions, expected="counters of what is listed, after a rejection", got="; ".join(contradictions))
    rejections.require_delivering(case)
    delivered = set(system.retrieve(study_query(case.study), list(case.sent.values())).uids)
    hidden, missing = len(delivered - set(after.listed)), len(set(case.sent) & set(after.listed) - delivered)
    expect(
        not hidden and not missing,
        expected="a retrieve of the study that delivers what the query lists",
        got=f"{hidden} delivered that are not listed, {missing} listed that are not delivered",
    )


@pytest.mark.requirement("IOCM-07")
def test_a_note_that_overtakes_its_objects_is_refused_or_kept(system: System, rejections: Rejections, synthesizer: Synthesizer) -> None:
    study = synthesizer.study("CT", instances=4)
    *stored, late, last = (encode(dataset) for dataset in study.datasets())
    system.keep(*stored)
    note = rejection_note(synthesizer, study, study.instances[2:3], Rejection.PATIENT_SAFETY)
    answer = rejections.answer_to(note)
    expect(not isinstance(answer, Ending), expected="an answer to a note about an object that is not stored", got=str(answer))
    then = rejections.answer_to(late)
    system.keep(last)
    found = system.comes_true(lambda: last.sop_instance_uid in system.listed(study))
    require(found, "an object of the study that came after the note is not listed")
    listed = system.listed(study)
    lost = sum(1 for each in stored if each.sop_instance_uid not in listed)
    expect(
        not lost, expected="a note about an object that is not stored rejects no other", got=f"{lost} of {len(stored)} others not listed"
    )
    shown = late.sop_instance_uid in listed
    expect_one_way(answer, then, shown=shown)


def expect_one_way(note: Answer | Ending, late: Answer | Ending, *, shown: bool) -> None:
    """Blame the system for a note that it took and forgot, or refused and obeyed."""
    if taken(note):
        expect(
            not shown,
            expected="a note that was taken in advance kept until its object comes, or else refused",
            got=f"the note answered {note}, and its object answered {late} and listed",
            hint="Notes often overtake the images: the sender now takes the object for rejected.",
        )
        return
    expect(
        taken(late) and shown,
        expected="an object taken whose note was refused",
        got=f"the note answered {note}, the object {late}" + ("" if shown else ", not listed"),
    )
