"""Retrieve: complete, faithful, and honest about what failed (PS3.4 C.4.2, C.4.3)."""

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from conformance.dimse import ACCEPT_ALL, NotAccepted, Received, StatusClass
from conformance.findings import Nonconformance, expect, expect_answers_by, require
from conformance.suite.conftest import Stored
from conformance.suite.expectations import ISSUERS, expect_delivered, expect_same_content
from conformance.suite.queries import Query, image_query, study_query
from conformance.suite.system import Delivery, System

REFUSED = 0xA700
UNKNOWN_DESTINATION = 0xA801
SOME_FAILED = 0xB000


@pytest.mark.requirement("RETR-01")
@pytest.mark.parametrize("which", ["ct_study", "mixed_study"])
def test_delivers_a_study_whole_and_unchanged(system: System, request: pytest.FixtureRequest, which: str) -> None:
    stored: Stored = request.getfixturevalue(which)
    try:
        delivery = system.move(study_query(stored.study))
    except NotAccepted as error:
        raise Nonconformance(expected="Study Root MOVE accepted", got="its presentation context refused") from error
    expect_delivered(delivery, stored.instances)
    for sent in stored.instances:
        received = next(received for received in delivery.objects if received.sop_instance_uid == sent.sop_instance_uid)
        expect_same_content(sent, received, but=tuple(ISSUERS.values()))


@pytest.mark.requirement("RETR-02")
@pytest.mark.parametrize("what", ["series", "object", "objects"])
def test_delivers_the_part_that_was_asked_for(system: System, ct_study: Stored, what: str) -> None:
    study, series = ct_study.study, ct_study.study.series[1]
    first, last = series.instances[0].uid, series.instances[-1].uid
    wanted = {"series": [instance.uid for instance in series.instances], "object": [first], "objects": [first, last]}[what]
    query = {
        "series": Query("SERIES", {"StudyInstanceUID": study.uid, "SeriesInstanceUID": series.uid}),
        "object": image_query(study, series, series.instances[0]),
        "objects": image_query(study, series, SOPInstanceUID=[first, last]),
    }[what]
    expect_delivered(system.move(query), [sent for sent in ct_study.instances if sent.sop_instance_uid in wanted])


@pytest.mark.requirement("RETR-03")
def test_counts_its_sub_operations_truly(system: System, ct_study: Stored) -> None:
    delivery = system.move(study_query(ct_study.study))
    require(delivery.objects, "no object was delivered")
    for pending in delivery.answer.pending:
        counters = (pending.remaining, pending.completed, pending.failed, pending.warning)
        expect(None not in counters, expected="the four counters in each pending response (PS3.4 C.4.2.1.6)", got=f"{counters}")
    expect_true_counters(delivery, len(ct_study.instances))


def expect_true_counters(delivery: Delivery, total: int) -> None:
    """Blame the system unless the counters of its final response agree with what came (PS3.4 C.4.2.1.6 to C.4.2.1.9)."""
    final = delivery.answer.counters
    expect(final.remaining is None, expected="no Number of Remaining Sub-operations in the final response", got=f"{final.remaining}")
    counted = [count for count in (final.completed, final.failed, final.warning) if count is not None]
    expect(not counted or sum(counted) == total, expected=f"final counters that add up to {total}", got=f"{counted}")
    expect(
        final.completed is None or final.completed == len(delivery.objects),
        expected=f"Completed {len(delivery.objects)}, as many as were answered with success",
        got=f"{final.completed}",
    )


@pytest.mark.requirement("RETR-04")
def test_refuses_an_unknown_destination(system: System, ct_study: Stored) -> None:
    require(system.move(study_query(ct_study.study)).objects, "the study is not delivered to the known destination")
    delivery = system.move(study_query(ct_study.study), destination="NO" + system.synthesizer.nonce)
    expect(not delivery.associations, expected="no association opened", got=f"{delivery.associations} opened to us")
    expect(
        delivery.answer.final.status == UNKNOWN_DESTINATION,
        expected="A801 (move destination unknown)",
        got=str(delivery.answer.final),
        hint="A client tells a wrong destination from other failures by this status alone (PS3.4 Table C.4-2).",
    )


def one_refused(refused: str) -> Callable[[Received], int]:
    """Answer A700 for one object, and success for the others."""
    return lambda received: REFUSED if received.sop_instance_uid == refused else 0x0000


def all_refused(_: Received) -> int:
    return REFUSED


@pytest.mark.requirement("RETR-05")
def test_warns_and_names_what_failed(system: System, ct_study: Stored) -> None:
    refused = ct_study.instances[1].sop_instance_uid
    delivery = system.move(study_query(ct_study.study), policy=system.policy(status=one_refused(refused)))
    require(refused in delivery.uids, "the object to refuse was not sent to us")
    answer = delivery.answer
    expect(
        answer.final.status == SOME_FAILED,
        expected="final status B000 when one of six sub-operations failed",
        got=str(answer.final),
    )
    expect(
        answer.failed_uids == (refused,),
        expected="Failed SOP Instance UID List with exactly the refused object",
        got="no list" if answer.failed_uids is None else f"{len(answer.failed_uids)} other or more objects",
    )


@pytest.mark.requirement("RETR-06")
@pytest.mark.parametrize("how", ["refused objects", "refused association", "closed port"])
def test_fails_when_nothing_could_be_sent(system: System, ct_study: Stored, how: str) -> None:
    require(system.move(study_query(ct_study.study)).objects, "the study is not delivered when nothing is refused")
    policy = {"refused objects": system.policy(status=all_refused), "refused association": system.policy(reject=(1, 1, 1))}.get(how)
    with system.listener.unreachable() if policy is None else nullcontext():
        delivery = system.move(study_query(ct_study.study), policy=policy or ACCEPT_ALL)
    expect(
        delivery.answer.final.status_class is StatusClass.FAILURE,
        expected=f"a failure status after {how}",
        got=str(delivery.answer.final),
        hint="A success, or a warning, hides that nothing arrived (PS3.4 C.4.2.3.1).",
    )


def get(system: System, stored: Stored, status: Callable[[Received], int] | None = None) -> Delivery:
    """Retrieve a study on the same association, and blame the system if it offers that not at all."""
    try:
        with expect_answers_by("PS3.7"):
            return system.get(study_query(stored.study), stored.instances, status=status)
    except NotAccepted as error:
        raise Nonconformance(expected="Study Root GET accepted", got="its presentation context refused") from error


@pytest.mark.requirement("RETR-12")
def test_delivers_a_study_on_the_same_association(system: System, ct_study: Stored) -> None:
    expect_delivered(get(system, ct_study), ct_study.instances)


@pytest.mark.requirement("RETR-12")
@pytest.mark.parametrize("how", ["one", "all"])
def test_ends_a_c_get_as_its_sub_operations_did(system: System, ct_study: Stored, how: str) -> None:
    refused = ct_study.instances[0].sop_instance_uid
    status, expected = {
        "one": (one_refused(refused), StatusClass.WARNING),
        "all": (all_refused, StatusClass.FAILURE),
    }[how]
    delivery = get(system, ct_study, status)
    require(delivery.objects, "nothing was sent to us")
    expect(
        delivery.answer.final.status_class is expected,
        expected={"one": "final status B000", "all": "a failure status, A702"}[how] + f" when {how} of {len(ct_study.instances)} failed",
        got=str(delivery.answer.final),
    )
