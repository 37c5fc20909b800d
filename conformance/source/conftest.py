"""What the checks of a source look at."""

import pytest

from conformance.judging import Judgement
from conformance.source.objects import INBOX, judge_subject
from conformance.source.repository import REPOSITORY, Repository


@pytest.fixture(scope="session")
def repository(request: pytest.FixtureRequest) -> Repository:
    return request.config.stash[REPOSITORY]


@pytest.fixture(scope="session")
def received(request: pytest.FixtureRequest) -> Judgement:
    """What the source brought, judged."""
    stash = request.config.stash
    return judge_subject(stash[INBOX] if INBOX in stash else stash[REPOSITORY])
