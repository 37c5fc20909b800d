"""Fixtures: an archive in this process, with a client that is one of its peers; and the bare parts in a folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.dimse import Listener
from conformance.reference.archive import Archive, Settings
from conformance.reference.depot import Depot
from conformance.reference.index import Index
from conformance.reference.intake import Intake
from conformance.reference.rejection import Rejector

from .client import LIMITS, Client

TITLE = "TESTER"


@pytest.fixture(scope="package")
def client() -> Iterator[Client]:
    """One archive for all tests of the package: each brings studies of its own."""
    with Listener("127.0.0.1", 0, TITLE, timeouts=LIMITS) as listener:
        peers = {TITLE: ("127.0.0.1", listener.port), "NOBODY": ("127.0.0.1", 1)}
        with Archive(Settings(peers=peers, artim=1.0, idle=30.0)) as archive:
            yield Client(archive, listener, TITLE)


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    """The intake alone, on an empty index and depot."""
    index = Index(tmp_path / "index.sqlite")
    depot = Depot(tmp_path / "objects")
    yield Intake(index, depot, Rejector(index, depot))
    index.close()
