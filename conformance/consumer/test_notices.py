"""What a consumer makes of failures: the situation is put here, and what its user saw is asked of its user."""

import pytest

from conformance.consumer.script import (
    OPEN_WITH_FAILURE,
    OPEN_WITH_GAP,
    SEARCH_INTERRUPTED,
    SEARCH_UNFILTERED,
    VERIFY,
    VERIFY_REFUSED,
    Step,
)
from conformance.consumer.stage import Stage


@pytest.mark.requirement("VERIF-03")
def test_tells_whether_its_echo_was_answered(stage: Stage) -> None:
    put(stage, "VERIF-03", VERIFY, VERIFY_REFUSED)


@pytest.mark.requirement("QUERY-20")
def test_tells_of_a_failed_query_and_filters_an_unfiltered_one(stage: Stage) -> None:
    put(stage, "QUERY-20", SEARCH_INTERRUPTED, SEARCH_UNFILTERED)


@pytest.mark.requirement("RETR-15")
def test_tells_of_images_that_are_missing(stage: Stage) -> None:
    put(stage, "RETR-15", OPEN_WITH_FAILURE, OPEN_WITH_GAP)


def put(stage: Stage, requirement: str, *steps: Step) -> None:
    """Take the steps, and ask what they showed. The check itself decides no more than that they were taken: the rest is attested."""
    for step in steps:
        stage.journal(step)
    stage.ask(requirement)
