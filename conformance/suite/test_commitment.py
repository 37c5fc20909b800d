"""Storage commitment: who answers for an image, and for which (PS3.4 Annex J)."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydicom import Dataset

from conformance.dimse import Answer, AssociationEnded, CommitmentReport, Ending, EndingKind, NotAccepted, StatusClass
from conformance.findings import Nonconformance, NotApplicable, NotExercised, expect, require
from conformance.suite.commitments import PUSH_MODEL, UNKNOWN_INSTANCE, Commitments, Reference, told
from conformance.suite.conftest import Stored
from conformance.suite.expectations import ISSUERS, expect_same_content
from conformance.suite.queries import study_query
from conformance.suite.sop_classes import CT, MR
from conformance.suite.system import System
from conformance.target import Claims
from generators import Study, Synthesizer

ALL_COMMITTED, SOME_FAILED = 1, 2
CLASS_CONFLICT, UNSUPPORTED_CLASS, DUPLICATE_TRANSACTION = 0x0119, 0x0122, 0x0131  # PS3.3 C.14.1.1
PRIVATE_CLASS = "2.25.310458246739824793746534657936453219811"
HOLD_SECONDS = 10.0
LONGEST_ABSENCE = 120.0  # as the register has it; from a system that is quicker to try again, no longer than its own pause
DELIVERY_SECONDS = 10.0


@pytest.fixture(scope="module")
def commitments(system: System, claims: Claims) -> Commitments:
    """Requests for commitment, where the system claims the service, or claims nothing and offers it."""
    asked = Commitments(system)
    unclaimed = "commitment" not in claims.services if claims.services is not None else not asked.offered()
    if unclaimed:
        raise NotApplicable("Storage Commitment is neither claimed nor offered")
    return asked


@pytest.fixture(scope="module")
def held(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> list[Reference]:
    """Five CT objects that the system holds, as a commitment request names them."""
    return references(keep(synthesizer.study("CT", instances=5)))


def references(stored: Stored) -> list[Reference]:
    return [(instance.sop_class_uid, instance.sop_instance_uid) for instance in stored.instances]


@pytest.mark.requirement("COMMIT-01")
def test_takes_a_request_for_commitment_on(system: System, held: list[Reference]) -> None:
    asked = Commitments(system)
    try:
        answer = asked.ask(asked.transaction(), held)
    except NotAccepted as error:
        raise Nonconformance(expected="Storage Commitment Push Model accepted", got="its presentation context refused") from error
    expect(answer.status == 0, expected="0000 for a request about five objects that were stored", got=str(answer))


@pytest.mark.requirement("COMMIT-02")
def test_reports_on_an_association_of_its_own(system: System, commitments: Commitments, held: list[Reference]) -> None:
    transaction = commitments.transaction()
    answer = commitments.ask(transaction, held)
    require(answer.status_class is StatusClass.SUCCESS, f"the request was answered {answer}")
    report = commitments.await_report(transaction)
    if report is None:
        raise Nonconformance(
            expected=f"an N-EVENT-REPORT on a new association to {system.target.advertised} once the first was released",
            got=f"none within {system.target.timeouts.report:g} s",
            hint=f"Look for the address that the system has for AE {system.target.calling_ae}.",
        )
    expect(
        report.calling_ae == system.target.ae_title,
        expected=f"the association opened by {system.target.ae_title}, which took the request on",
        got=f"opened by {report.calling_ae!r}",
    )
    expect(
        report.roles is not None and report.roles[1],
        expected="the SCP role proposed by SCP/SCU Role Selection (PS3.7 D.3.3.4)",
        got="no role selection" if report.roles is None else "the SCU role only",
    )


@pytest.mark.requirement("COMMIT-03")
def test_commits_what_it_holds(commitments: Commitments, held: list[Reference]) -> None:
    report = commitments.report_of(held)
    expect(report.event_type == ALL_COMMITTED, expected="event type 1 for objects that are all stored", got=told(report))
    expect(
        sorted(report.referenced) == sorted(held),
        expected="one reference for each of the five objects asked for",
        got=told(report) if report.has_referenced_sequence else "no Referenced SOP Sequence",
    )


def reasons_of(report: CommitmentReport, asked: Reference) -> list[int | None]:
    """The reasons with which the instance failed, one for each time that it stands in the report."""
    return [reason for _, uid, reason in report.failed if uid == asked[1]]


def shown(reasons: list[int | None], report: CommitmentReport, asked: Reference) -> str:
    if not reasons:
        return "committed" if asked[1] in {uid for _, uid in report.referenced} else "not in the report"
    return ", ".join("failed without a reason" if reason is None else f"failed with {reason:04X}" for reason in reasons)


@pytest.mark.requirement("COMMIT-04")
def test_never_commits_what_it_does_not_hold(commitments: Commitments, synthesizer: Synthesizer, held: list[Reference]) -> None:
    invented = [(CT, synthesizer.uid()) for _ in range(2)]
    report = commitments.report_of([*held, *invented])
    for asked in invented:
        reasons = reasons_of(report, asked)
        expect(
            set(reasons) == {UNKNOWN_INSTANCE} and asked not in report.referenced,
            expected="an object that was never sent failed with 0112 (no such object instance)",
            got=shown(reasons, report, asked),
            hint="A sender deletes what was committed.",
        )
    expect(report.event_type == SOME_FAILED, expected="event type 2 where some failed", got=told(report))


@pytest.mark.requirement("COMMIT-05")
@pytest.mark.parametrize("case", ["another class", "private class"])
def test_compares_the_class_too(commitments: Commitments, synthesizer: Synthesizer, held: list[Reference], case: str) -> None:
    asked, right = {
        "another class": ((MR, held[0][1]), {CLASS_CONFLICT}),
        "private class": ((PRIVATE_CLASS, synthesizer.uid()), {UNKNOWN_INSTANCE, UNSUPPORTED_CLASS}),
    }[case]
    control = commitments.report_of(held[:1])
    require(control.event_type == ALL_COMMITTED, f"the object under its own class is not committed: {told(control)}")
    report = commitments.report_of([asked])
    reasons = reasons_of(report, asked)
    expect(
        reasons and set(reasons) <= right,
        expected={"another class": "a CT object asked for as MR failed with 0119", "private class": "0112 or 0122"}[case],
        got=shown(reasons, report, asked),
    )


@pytest.mark.requirement("COMMIT-06")
@pytest.mark.parametrize("count", [1, 100, 250, pytest.param(2000, marks=pytest.mark.slow)])
def test_accounts_once_for_each_instance(commitments: Commitments, synthesizer: Synthesizer, count: int) -> None:
    asked = [(CT, synthesizer.uid()) for _ in range(count)]
    report = commitments.report_of(asked)
    told_of = Counter([uid for _, uid in report.referenced] + [uid for _, uid, _ in report.failed])
    wanted = {uid for _, uid in asked}
    missing, extra = len(wanted - set(told_of)), len(set(told_of) - wanted)
    repeated = sum(1 for uid in wanted if told_of[uid] > 1)
    expect(
        not (missing or extra or repeated),
        expected=f"each of the {count} instances asked for once, and no other",
        got=f"{missing} missing, {repeated} more than once, {extra} that were not asked for",
    )


@pytest.mark.requirement("COMMIT-07")
def test_repeats_the_transaction_uid(commitments: Commitments, held: list[Reference]) -> None:
    transaction = commitments.transaction()
    commitments.strays()
    answer = commitments.ask(transaction, held)
    require(answer.status_class is StatusClass.SUCCESS, f"the request was answered {answer}")
    report = commitments.await_report(transaction)
    if report is None:
        raise NotExercised("no report came")
    expect(
        report.transaction_uid == transaction,
        expected="the report under the Transaction UID of the request",
        got="a Transaction UID that nobody gave" if report.transaction_uid else "an empty Transaction UID",
    )


@pytest.mark.requirement("COMMIT-07")
def test_refuses_a_transaction_uid_that_is_still_active(
    system: System, commitments: Commitments, synthesizer: Synthesizer, held: list[Reference]
) -> None:
    """Our side keeps the association for the report waiting: until the report has been sent the UID is active (PS3.4 J.3.3)."""
    transaction, second = commitments.transaction(), (CT, synthesizer.uid())
    gate = threading.Event()
    with system.listener.reception(system.policy(admit=lambda: gate.wait(HOLD_SECONDS))):
        try:
            refused = asked_twice(system, transaction, held, second)
        finally:
            gate.set()
        if refused:
            return
        reports = [report for _ in range(2) if (report := commitments.await_report(transaction))]
    require(reports, "the request that came first was never reported, so whether it was still active cannot be told")
    reasons = [reason for report in reports for reason in reasons_of(report, second)]
    expect(
        set(reasons) == {DUPLICATE_TRANSACTION},
        expected="a second request under a Transaction UID that is active refused, or failed with 0131",
        got=f"answered 0000 and {shown(reasons, reports[-1], second)}",
    )


def asked_twice(system: System, transaction: str, first: list[Reference], second: Reference) -> bool:
    """Ask twice under one Transaction UID. Says whether the second request was refused."""
    with system.associate((PUSH_MODEL,)) as association:
        answer = association.commit(transaction, first)
        require(answer.status_class is StatusClass.SUCCESS, f"the first request was answered {answer}")
        try:
            return association.commit(transaction, [second]).status_class is StatusClass.FAILURE
        except AssociationEnded as error:
            require(error.ending.kind is EndingKind.ABORT, f"the second request was left without an answer: {error.ending}")
            return True


def information(transaction: str, named: list[Reference] | None) -> Dataset:
    """Write the information of a request (PS3.4 Table J.3-1), or a part of it."""
    dataset = Dataset()
    if transaction:
        dataset.TransactionUID = transaction
    if named is not None:
        dataset.ReferencedSOPSequence = []
        for sop_class, uid in named:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
            dataset.ReferencedSOPSequence.append(item)
    return dataset


MALFORMED = ("no transaction", "no sequence", "empty sequence", "unknown action")


@pytest.fixture(scope="module")
def malformed(commitments: Commitments, held: list[Reference]) -> Mapping[str, tuple[Answer | Ending, bool]]:
    """The malformed requests, all at once, between sound ones: what was answered, and whether a report came all the same."""
    commitments.report_of(held)
    transactions = {case: commitments.transaction() for case in MALFORMED}
    with ThreadPoolExecutor(len(MALFORMED)) as pool:  # a system that answers none of them keeps us waiting only once
        answers = dict(
            zip(MALFORMED, pool.map(lambda case: answer_to(commitments, case, transactions[case], held), MALFORMED), strict=True)
        )
    commitments.report_of(held)  # what is asked later is reported later
    strays = commitments.strays()
    reported = {case: bool(strays) if case == "no transaction" else commitments.has_come(transactions[case]) for case in MALFORMED}
    return {case: (answers[case], reported[case]) for case in MALFORMED}


def answer_to(commitments: Commitments, case: str, transaction: str, held: list[Reference]) -> Answer | Ending:
    broken = {
        "no transaction": information("", held),
        "no sequence": information(transaction, None),
        "empty sequence": information(transaction, []),
        "unknown action": information(transaction, held),
    }[case]
    try:
        return commitments.ask(transaction, held, action=2 if case == "unknown action" else 1, information=broken)
    except AssociationEnded as error:
        return error.ending


@pytest.mark.slow
@pytest.mark.hostile
@pytest.mark.requirement("COMMIT-08")
@pytest.mark.parametrize("case", MALFORMED)
def test_refuses_a_malformed_request(malformed: Mapping[str, tuple[Answer | Ending, bool]], case: str) -> None:
    answer, reported = malformed[case]
    expect(not reported, expected=f"no report about a request with {case}", got=f"{answer}, and a report")
    if isinstance(answer, Ending):
        require(answer.kind is EndingKind.ABORT, f"the request was left without an answer: {answer}")
        return
    expect(
        answer.status_class is StatusClass.FAILURE,
        expected=f"a failure status, or an abort, for a request with {case}",
        got=str(answer),
    )


@pytest.mark.requirement("COMMIT-09")
def test_delivers_what_it_committed(
    system: System, commitments: Commitments, keep: Callable[[Study], Stored], synthesizer: Synthesizer
) -> None:
    stored = keep(synthesizer.study("CT", instances=3))
    report = commitments.report_of(references(stored))
    committed = {uid for _, uid in report.referenced}
    require(committed, f"nothing was committed: {told(report)}")
    delivery = system.retrieve(study_query(stored.study), stored.instances)
    missing = committed - set(delivery.uids)
    expect(not missing, expected=f"each of {len(committed)} committed objects delivered", got=f"{len(missing)} not delivered")
    for received in delivery.objects:
        sent = next(instance for instance in stored.instances if instance.sop_instance_uid == received.sop_instance_uid)
        if not system.ledger.is_coerced(sent):  # what it said that it changed may have changed
            expect_same_content(sent, received, but=tuple(ISSUERS.values()))


@pytest.mark.slow
@pytest.mark.requirement("COMMIT-10")
def test_repeats_a_report_that_could_not_be_delivered(commitments: Commitments, claims: Claims, held: list[Reference]) -> None:
    pause = claims.retry_seconds
    if pause is None:
        raise NotExercised("how soon it tries again is not known: the profile does not declare claims.retry-seconds")
    commitments.report_of(held[:1])
    report = commitments.report_after_absence(held, min(pause, LONGEST_ABSENCE), pause + DELIVERY_SECONDS)
    commitments.report_of(held[:1])
    expect(
        report is not None,
        expected=f"the N-EVENT-REPORT repeated within {pause:g} s, as declared, once we could be reached again",
        got=f"none within {pause + DELIVERY_SECONDS:g} s, while a later request is reported",
        hint="Look for a setting of the number of attempts, and of the pause between them.",
    )
