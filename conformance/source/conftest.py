"""What the checks of a source look at."""

import pytest

from conformance.judging import Judgement
from conformance.source.objects import INBOX, Inbox, judge_subject
from conformance.source.repository import REPOSITORY, Repository
from conformance.target import Claims


@pytest.fixture(scope="session")
def repository(request: pytest.FixtureRequest) -> Repository:
    return request.config.stash[REPOSITORY]


@pytest.fixture(scope="session")
def brought(request: pytest.FixtureRequest) -> Repository | Inbox:
    """Where what the source brought is: our repository, or a folder."""
    stash = request.config.stash
    return stash[INBOX] if INBOX in stash else stash[REPOSITORY]


@pytest.fixture(scope="session")
def received(brought: Repository | Inbox) -> Judgement:
    """What the source brought, judged."""
    return judge_subject(brought)


@pytest.fixture(scope="session")
def claims(brought: Repository | Inbox) -> Claims:
    """What the profile says of the source."""
    return brought.target.claims
