"""What a source makes of failures: of a C-ECHO, of single objects, and of a repository that is not well for a while."""

import pytest

from conformance.findings import Nonconformance, expect, require
from conformance.source.repository import Repository
from conformance.source.script import FAILING, RETRY, STATUSES, VERIFY, VERIFY_REFUSED

STAGES = ("nothing", "A700", "a transient rejection (2/3/1)", "a connection that we closed", "an association that went well")


@pytest.mark.requirement("VERIF-03")
def test_tells_whether_its_echo_was_answered(repository: Repository) -> None:
    for step in (VERIFY, VERIFY_REFUSED):
        repository.intake(step)
    repository.ask("VERIF-03")


@pytest.mark.requirement("STORE-15")
def test_tells_which_objects_were_not_stored(repository: Repository) -> None:
    repository.intake(STATUSES)
    repository.ask("STORE-15")


@pytest.mark.slow
@pytest.mark.requirement("STORE-17")
def test_tries_again_until_it_succeeds(repository: Repository) -> None:
    performance, intake = repository.performed(RETRY)
    require(intake.attempts, f"step {RETRY.name!r}: {performance.reason}; nothing was sent")
    if performance.done:
        return
    bound = repository.retries_within(performance)
    first = {attempt.uid for attempt in intake.attempts} - {attempt.uid for attempt in intake.taken}
    met = STAGES[min(intake.turns_taken, len(STAGES) - 1)]
    others = f", and {len(intake.taken)} came under other UIDs" if intake.taken else ""
    raise Nonconformance(
        expected=f"the {len(first)} objects that were not taken, sooner or later, under their UIDs",
        got=f"after {met} {performance.reason}: they did not come again{others}",
        hint=f"The profile says that the product tries again within {bound:g} s.",
    )


@pytest.mark.slow
@pytest.mark.requirement("ROBUST-11")
def test_keeps_what_a_failing_repository_did_not_take(repository: Repository) -> None:
    performance, intake = repository.performed(FAILING)
    require(intake.attempts, f"step {FAILING.name!r}: {performance.reason}; nothing was sent")
    require(intake.well, f"step {FAILING.name!r}: {performance.reason}; it did not come until we were well")
    missing, again = intake.missing(), {attempt.study for attempt in intake.taken} - {0}
    lost = {attempt.uid for attempt in intake.attempts if attempt.uid in missing and attempt.study in again}
    require(not (lost and performance.cut_short), performance.reason)
    require(lost or not missing, "what came when we were well is of other studies than what had been tried before")
    expect(
        not lost,
        expected="every object that was tried before an abort or a time-out comes when we are well again",
        got=f"{len(lost)} of {len({attempt.uid for attempt in intake.attempts})} objects did not come any more; {performance.reason}",
        hint="The study was asked for again, whole.",
    )
