"""A client for the tests, on the harness's own driver: an independent stack at the other end of the wire."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset

from conformance.dimse import (
    Answer,
    Association,
    Context,
    Endpoint,
    FindAnswer,
    Listener,
    Policy,
    Received,
    RetrieveAnswer,
    Timeouts,
    associate,
)
from conformance.reference.archive import Archive

from .objects import EXPLICIT, IMPLICIT, Instance

VERIFICATION = "1.2.840.10008.1.1"
STUDY_FIND, STUDY_MOVE, STUDY_GET = (f"1.2.840.10008.5.1.4.1.2.2.{number}" for number in (1, 2, 3))
PATIENT_FIND = "1.2.840.10008.5.1.4.1.2.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"
LIMITS = Timeouts(connect=5, associate=5, response=10, subop=10, release=5, report=10, send=5)


@dataclass(frozen=True)
class Delivery:
    """What a retrieve answered and what it delivered."""

    answer: RetrieveAnswer
    objects: list[Received] = field(default_factory=list)
    associations: int = 0

    @property
    def uids(self) -> set[str]:
        return {received.sop_instance_uid for received in self.objects}


@dataclass(frozen=True)
class Client:
    """Talks to one archive under one AE title; its listener is a move destination that the archive knows."""

    archive: Archive
    listener: Listener
    title: str

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", self.archive.port, self.archive.settings.ae_title, self.title)

    def associate(self, *contexts: Context, **how: Any) -> Association:
        """Open an association, for Verification if nothing else is said."""
        endpoint = how.pop("endpoint", self.endpoint)
        return associate(endpoint, contexts or (Context(VERIFICATION, (IMPLICIT,)),), timeouts=LIMITS, **how)

    def echo(self) -> int:
        with self.associate() as association:
            return association.echo().status

    def store(self, *instances: Instance, **command: Any) -> list[Answer]:
        """Send objects on one association, each in its own syntax."""
        pairs = dict.fromkeys((instance.sop_class_uid, instance.transfer_syntax_uid) for instance in instances)
        with self.associate(*(Context(sop_class, (syntax,)) for sop_class, syntax in pairs)) as association:
            return [association.store(instance, **command) for instance in instances]

    def find(
        self, level: str | None, model: str = STUDY_FIND, syntax: str = EXPLICIT, cancel_after: int | None = None, **keys: Any
    ) -> FindAnswer:
        with self.associate(Context(model, (syntax,))) as association:
            return association.find(model, identifier(level, keys), cancel_after=cancel_after)

    def move(
        self, level: str, policy: Policy | None = None, destination: str = "", cancel_after: int | None = None, **keys: Any
    ) -> Delivery:
        with self.listener.reception(policy or Policy()) as reception, self.associate(Context(STUDY_MOVE, (EXPLICIT,))) as association:
            asked = identifier(level, keys)
            answer = association.move(STUDY_MOVE, asked, destination or self.title, cancel_after=cancel_after)
            return Delivery(answer, list(reception.objects), len(reception.associations))

    def get(self, level: str, offers: Sequence[tuple[str, str]], status: int = 0, **keys: Any) -> Delivery:
        """Retrieve on the same association, taking the SCP role for the (class, syntax) pairs offered."""
        came: list[Received] = []

        def take(received: Received) -> int:
            came.append(received)
            return status

        storage = [Context(sop_class, (syntax,), scu_role=True, scp_role=True) for sop_class, syntax in offers]
        with self.associate(Context(STUDY_GET, (EXPLICIT,)), *storage) as association:
            return Delivery(association.get(STUDY_GET, identifier(level, keys), on_store=take), came)


def identifier(level: str | None, keys: dict[str, Any]) -> Dataset:
    """Make an identifier from keywords; a list is multi-valued."""
    dataset = Dataset()
    if level is not None:
        dataset.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(dataset, keyword, value)
    return dataset


def values(answer: FindAnswer, keyword: str) -> list[str]:
    """List one attribute of the matches, in order."""
    return sorted(str(match.get(keyword, "")) for match in answer.matches)
