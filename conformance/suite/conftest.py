"""What the checks arrange with: the system under test, and studies that are stored once and asked about many times."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from conformance.suite.attempts import Attempts
from conformance.suite.dicomweb import Web
from conformance.suite.encodings import Shelves
from conformance.suite.system import SYSTEM, System
from conformance.target import Claims
from generators import Encoded, Study, Synthesizer

MANY = 60


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a case so that -k can select it: without spaces."""
    return val.replace(" ", "-") if isinstance(val, str) else None


@dataclass(frozen=True, slots=True)
class Stored:
    """A study that the system took, and its objects as they were sent."""

    study: Study
    instances: list[Encoded]


@pytest.fixture(scope="session")
def system(request: pytest.FixtureRequest) -> System:
    return request.config.stash[SYSTEM]


@pytest.fixture(scope="session")
def claims(system: System) -> Claims:
    return system.target.claims


@pytest.fixture(scope="session")
def synthesizer(system: System) -> Synthesizer:
    return system.synthesizer


@pytest.fixture(scope="session")
def attempts(system: System) -> Attempts:
    return Attempts(system)


@pytest.fixture(scope="session")
def shelves(system: System) -> Shelves:
    return Shelves(system)


@pytest.fixture(scope="session")
def web(system: System) -> Web:
    return Web.open(system)


@pytest.fixture(scope="session")
def keep(system: System) -> Callable[[Study], Stored]:
    """Store a sound study, or leave the check unexercised."""
    return lambda study: Stored(study, system.keep_study(study))


@pytest.fixture(scope="session")
def ct_study(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> Stored:
    """Two CT series of three instances."""
    return keep(synthesizer.study("CT", series=2, instances=3))


@pytest.fixture(scope="session")
def mixed_study(system: System, keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> Stored:
    """One study with images and a report: of CT, MR, CR, US and SR those that the system accepts, two of each."""
    kinds = [kind for kind in ("CT", "MR", "CR", "US", "SR") if system.takes(kind)]
    return keep(synthesizer.study(modalities=kinds, instances=2))


@pytest.fixture(scope="session")
def long_study(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> Stored:
    """One CT series of many small instances: what a cancel can come in the middle of."""
    return keep(synthesizer.study("CT", instances=MANY))
