"""Retrieve: complete, faithful, and honest about what failed (PS3.4 C.4.2, C.4.3)."""

import time
from collections.abc import Callable, Collection
from contextlib import nullcontext

import pytest
from pydicom.uid import BasicTextSRStorage

from conformance.dimse import ACCEPT_ALL, NotAccepted, Received, StatusClass
from conformance.findings import Nonconformance, NotApplicable, expect, expect_answers_by, require
from conformance.suite.conftest import Stored
from conformance.suite.expectations import ISSUERS, expect_delivered, expect_same_content, only_match
from conformance.suite.queries import Query, image_query, study_query
from conformance.suite.system import Delivery, System
from generators import Synthesizer

REFUSED = 0xA700
UNKNOWN_DESTINATION = 0xA801
SOME_FAILED = 0xB000
ATTEMPTS = 2
CANCEL_AFTER = 3
FEW = 20
SLOW_SECONDS = 0.03


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
        require(not system.ledger.is_coerced(sent), "an object was coerced, and reported so: what else was kept cannot be told")
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


def expect_true_counters(delivery: Delivery, total: int, *, refused: Collection[str] = ()) -> None:
    """Blame the system unless the counters of its final response agree with what came (PS3.4 C.4.2.1.6 to C.4.2.1.9).

    `refused` names what we answered with a failure; a system that does not count the failed need not account for it. Each counter
    may stay out of the response.
    """
    final = delivery.answer.counters
    expect(
        not delivery.late,
        expected="the final response after the last sub-operation, whose outcome it counts (PS3.4 C.4.2.3.1)",
        got=f"{delivery.late} of {len(delivery.objects)} objects came only after it had counted them as completed",
    )
    expect(final.remaining is None, expected="no Number of Remaining Sub-operations in the final response", got=f"{final.remaining}")
    taken = sum(uid not in refused for uid in delivery.uids)
    completed = [one.completed for one in (*delivery.answer.pending, final) if one.completed is not None]
    expect(
        max(completed, default=0) <= taken and final.completed in (None, taken),
        expected=f"Completed {taken} at the end, as many as were answered with success, and never more",
        got=", ".join(map(str, completed)),
    )
    counted = [count for count in (final.completed, final.failed, final.warning) if count is not None]
    told = total if final.failed is not None else total - len(refused)
    expect(final.completed is None or sum(counted) == told, expected=f"final counters that add up to {told}", got=f"{counted}")


@pytest.mark.requirement("RETR-03")
def test_counts_no_refused_object_as_completed(system: System, ct_study: Stored) -> None:
    refused = ct_study.instances[1].sop_instance_uid
    delivery = system.move(study_query(ct_study.study), policy=system.policy(status=one_refused(refused)))
    require(refused in delivery.uids, "the object to refuse was not sent to us")
    expect_true_counters(delivery, len(ct_study.instances), refused={refused})


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


@pytest.mark.requirement("RETR-07")
def test_counts_as_failed_what_the_destination_does_not_take(system: System, mixed_study: Stored) -> None:
    reports = sorted(one.sop_instance_uid for one in mixed_study.instances if one.sop_class_uid == BasicTextSRStorage)
    images = frozenset(one.sop_class_uid for one in mixed_study.instances if one.sop_class_uid != BasicTextSRStorage)
    require(set(reports) <= set(system.move(study_query(mixed_study.study)).uids), "the reports are not delivered when they are accepted")
    delivery = system.move(study_query(mixed_study.study), policy=system.policy(accept_sop_classes=images))
    answer = delivery.answer
    wanted = f"{len(reports)} objects, for which no context was accepted,"
    expect(answer.final.status_class is not StatusClass.SUCCESS, expected=f"{wanted} counted as failed: B000", got=str(answer.final))
    counted = answer.counters.failed
    expect(counted is None or counted >= len(reports), expected=f"{wanted} counted as failed", got=f"{answer.final}, Failed {counted}")
    listed = answer.failed_uids or ()
    expect(
        set(reports) <= set(listed),
        expected=f"{wanted} in Failed SOP Instance UID List",
        got=f"{answer.final}, and {len(set(reports) & set(listed)) or 'none'} of them listed",
    )


@pytest.mark.requirement("RETR-08")
def test_opens_no_association_when_there_is_nothing_to_send(system: System, ct_study: Stored, synthesizer: Synthesizer) -> None:
    require(system.move(study_query(ct_study.study)).objects, "a study that is there is not delivered")
    delivery = system.move(Query("STUDY", {"StudyInstanceUID": synthesizer.uid()}))
    final, counters = delivery.answer.final, delivery.answer.counters
    expect(
        final.status_class in (StatusClass.SUCCESS, StatusClass.FAILURE),
        expected="0000, or a failure, for a study that is not there",
        got=str(final),
    )
    expect(not counters.completed, expected="no completed sub-operation", got=f"Completed {counters.completed}")
    expect(not delivery.associations, expected="no association to the destination", got=f"{delivery.associations} opened, nothing sent")


@pytest.mark.requirement("RETR-10")
def test_names_the_originator_of_a_move(system: System, ct_study: Stored) -> None:
    delivery = system.move(study_query(ct_study.study))
    require(delivery.objects, "no object was delivered")
    asked = (system.target.calling_ae, delivery.answer.final.command.get("MessageIDBeingRespondedTo"))
    said = {(received.move_originator_ae, received.move_originator_message_id) for received in delivery.objects}
    expect(
        said == {asked},
        expected=f"Move Originator {asked[0]} and Message ID {asked[1]} in each C-STORE request",
        got="; ".join(f"{ae or 'no title'}, {number if number is not None else 'no Message ID'}" for ae, number in said),
    )


def slowly(_: Received) -> int:
    """Answer success as a busy destination does."""
    time.sleep(SLOW_SECONDS)
    return 0x0000


@pytest.mark.requirement("RETR-11")
def test_stops_a_retrieve_that_is_cancelled(system: System, long_study: Stored) -> None:
    for _ in range(ATTEMPTS):  # a busy machine of ours may have sent the cancel late
        delivery = system.move(study_query(long_study.study), policy=system.policy(status=slowly), cancel_after=CANCEL_AFTER)
        if delivery.answer.final.status_class is StatusClass.CANCEL:
            break
    pending, total = delivery.answer.pending, len(long_study.instances)
    require(len(pending) >= CANCEL_AFTER, f"{len(pending)} pending responses came, so that nothing was cancelled")
    left = pending[CANCEL_AFTER - 1].remaining
    require(left is None or left > FEW, f"{left} of {total} sub-operations were left when the cancel was sent")
    expect(
        len(delivery.objects) < total,
        expected="the remaining sub-operations stopped by the cancel",
        got=f"all {total} objects sent, {total * SLOW_SECONDS:.0f} s of work at the destination, and {delivery.answer.final}",
    )
    expect(delivery.answer.final.status_class is StatusClass.CANCEL, expected="FE00", got=str(delivery.answer.final))
    expect_true_counters_of_a_cancel(delivery, total)


def expect_true_counters_of_a_cancel(delivery: Delivery, total: int) -> None:
    """Blame the system unless FE00 says how many went (PS3.4 C.4.2.3.1).

    What was on its way, at most one object on each association, may stand on either side.
    """
    counters, came, under_way = delivery.answer.counters, len(delivery.objects), max(1, delivery.associations)
    counts = (counters.completed, counters.failed, counters.warning)
    expect(None not in counts, expected="completed, failed and warning counts with FE00", got=f"{counts}")
    done = sum(count or 0 for count in counts)
    expect(0 <= came - (counters.completed or 0) <= under_way, expected=f"Completed {came}, as many as came", got=f"{counters.completed}")
    expect(
        counters.remaining is None or 0 <= total - done - counters.remaining <= under_way,
        expected=f"completed, failed, warning and remaining that add up to {total}",
        got=f"{(*counts, counters.remaining)}",
    )


@pytest.mark.requirement("RETR-13")
def test_serves_retrieves_where_its_matches_say(system: System, ct_study: Stored) -> None:
    match = only_match(system.find(study_query(ct_study.study)), of="a Study Instance UID")
    said = match.get("RetrieveAETitle") or ()
    titles = {said} if isinstance(said, str) else set(said)
    if not titles:
        raise NotApplicable("the matches name no Retrieve AE Title, which QUERY-09 judges")
    target = system.target
    expect(
        target.calling_ae not in titles or target.calling_ae == target.ae_title,
        expected="AE titles from which the study can be retrieved",
        got=f"{target.calling_ae}, the title under which we sent it, which offers no retrieve",
    )
    require(target.ae_title in titles, f"only {', '.join(sorted(titles))} named: the operator must say where that is, or attest to it")
    try:
        delivery = system.retrieve(study_query(ct_study.study), ct_study.instances)
    except NotAccepted as error:
        raise Nonconformance(expected=f"C-MOVE or C-GET on {target.ae_title}", got="both presentation contexts refused") from error
    expect(delivery.objects, expected=f"the study retrieved from {target.ae_title}", got=f"no object and {delivery.answer.final}")


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
