"""What the checks look at: the stage on which the consumer is."""

import pytest

from conformance.consumer.stage import STAGE, Stage


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest) -> Stage:
    return request.config.stash[STAGE]
