"""What the checks of a source look at."""

import pytest

from conformance.source.repository import REPOSITORY, Repository


@pytest.fixture(scope="session")
def repository(request: pytest.FixtureRequest) -> Repository:
    return request.config.stash[REPOSITORY]
