"""The roles in which a system is tested: for each the room of its checks, what they act on, and its preflight.

A role is added by a room (a package with `FOLDER`, `ORDER`, checks in `test_*.py` and a conftest that takes its subject from the
stash), a function that starts the subject, a preflight, and a line in `ROOMS`.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import pytest

from conformance import consumer, source, suite
from conformance.acts import Act
from conformance.cases import Step
from conformance.consumer.preflight import ConsumerJourney
from conformance.consumer.stage import STAGE, Stage
from conformance.dimse import Listener
from conformance.embedded import (
    LOOPBACK,
    PASSCODE,
    SEND_ONLY_AE,
    USER,
    consumer_trigger,
    embedded_archive,
    embedded_tls,
    embedded_web,
    free_port,
    sender_trigger,
)
from conformance.evidence import Recorder
from conformance.guide import Role
from conformance.ledger import Ledger
from conformance.offer import Offer
from conformance.operating import Operator
from conformance.preflight import ArchiveJourney, Journey
from conformance.source.objects import INBOX, Inbox
from conformance.source.preflight import InboxJourney, SourceJourney
from conformance.source.repository import REPOSITORY, Repository
from conformance.suite.system import SYSTEM, System
from conformance.target import EMBEDDED, Target, User
from generators import Synthesizer


@dataclass(frozen=True, slots=True)
class Means:
    """What a subject is made of. `folder` is the report folder; `ask` puts the question of a requirement to the operator.

    `history` are the steps of a saved history that is to be replayed.
    """

    target: Target
    synthesizer: Synthesizer
    folder: Path
    operator: Operator
    ask: Callable[[str, str], None]
    history: tuple[Step, ...] = ()


class Subject(Protocol):
    """What the checks of a role act on, as far as a run and its records know it."""

    @property
    def target(self) -> Target:
        """Who is tested, with the addresses that are really used."""

    @property
    def recorder(self) -> Recorder:
        """The evidence of the check under way."""

    @property
    def acts(self) -> list[Act]:
        """What the check under way did, as DCMTK would do it."""

    @property
    def ledger(self) -> Ledger:
        """What is left on the system, and what came that was not ours."""

    @property
    def offer(self) -> Offer | None:
        """What the system accepted when it was asked for everything; None where it was not."""

    def begin(self) -> None:
        """Start the evidence of the next check."""

    def serves_within(self, seconds: float, /) -> bool:
        """Whether the run can go on, after checks that were left without an answer."""


@dataclass(frozen=True, slots=True)
class Room:
    """One role: its checks, where they find their subject, how that is started, and the questions before the first check."""

    folder: Path
    order: tuple[str, ...]
    key: pytest.StashKey[Any]
    start: Callable[[Means, ExitStack], Subject]
    preflight: Callable[[Any], Journey]

    def leaves_out(self, module: Path) -> bool:
        """Whether a module of checks lies in the folder and is not asked."""
        return module.parent == self.folder and module.stem.startswith("test_") and module.stem not in self.order


def start_system(means: Means, opened: ExitStack) -> System:
    """Start our Storage SCP, and the embedded archive if it is the one to test."""
    target = means.target
    listener = opened.enter_context(
        Listener(target.listen_host, target.listen_port, target.calling_ae, timeouts=target.timeouts, recorder_for=lambda: system.recorder)
    )
    target = replace(target, advertised=target.advertised or f"{target.listen_host}:{listener.port}")
    if target.host == EMBEDDED:
        peer = f"{target.calling_ae}={target.listen_host}:{listener.port}"
        folder = Path(opened.enter_context(TemporaryDirectory()))
        (web_options, web), (tls_options, tls) = embedded_web(folder), embedded_tls(folder)
        host, port = opened.enter_context(embedded_archive(target.ae_title, peer, [*web_options, *tls_options]))
        target = replace(target, host=host, port=port, web=web, tls=tls, send_only_ae=SEND_ONLY_AE, user=User(USER, PASSCODE))
    system = System(target, listener, means.synthesizer, Ledger(), means.history)
    return system


def start_repository(means: Means, opened: ExitStack) -> Repository:
    """Start the repository to which a source sends, and let the embedded sender do the steps if it is the one to test."""
    target, operator = means.target, means.operator
    if target.host == EMBEDDED:
        target = replace(target, host=target.listen_host, port=free_port())
        operator = replace(operator, trigger=operator.trigger or sender_trigger(target.port))
    return opened.enter_context(Repository.serving(target, means.synthesizer, operator, means.ask))


def start_inbox(means: Means, _opened: ExitStack) -> Inbox:
    """Take a folder of files for what a source brought."""
    return Inbox(means.target)


def start_stage(means: Means, opened: ExitStack) -> Stage:
    """Start the archive that a consumer asks, and let the embedded consumer do the steps if it is the one to test."""
    target, operator = means.target, means.operator
    if target.host == EMBEDDED:
        target = replace(target, host=LOOPBACK, port=free_port())
        operator = replace(operator, trigger=operator.trigger or consumer_trigger(target.port))
    return opened.enter_context(Stage.serving(target, means.synthesizer, operator, means.ask))


ROOMS: Mapping[Role, Room] = {
    Role.ARCHIVE: Room(suite.FOLDER, suite.ORDER, SYSTEM, start_system, ArchiveJourney),
    Role.SOURCE: Room(source.FOLDER, source.ORDER, REPOSITORY, start_repository, SourceJourney),
    Role.CONSUMER: Room(consumer.FOLDER, consumer.ORDER, STAGE, start_stage, ConsumerJourney),
}

INBOX_ROOM = Room(source.FOLDER, ("test_objects",), INBOX, start_inbox, InboxJourney)
"""What of the room of a source can be judged without a network."""


def room_of(target: Target) -> Room:
    """Give the room whose checks a run asks."""
    return INBOX_ROOM if target.inbox else ROOMS[target.role]
