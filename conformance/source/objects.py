"""What a source brought, handed to the judging: through our repository, or as the files of a folder, without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.acts import Act
from conformance.evidence import Recorder
from conformance.judging import Arrival, Authority, Expected, Judgement, arrivals_in, judge
from conformance.ledger import Ledger
from conformance.offer import Offer
from conformance.source.intake import Intake
from conformance.source.repository import Repository
from conformance.source.script import SEND
from conformance.target import Claims, IssuerClaim, Target


class Inbox:
    """A folder of files that the source sent or exported earlier, in the place of our repository."""

    offer: Offer | None = None

    def __init__(self, target: Target) -> None:
        self.target = target
        self.recorder = Recorder()
        self.acts: list[Act] = []
        self.ledger = Ledger()

    @property
    def folder(self) -> Path:
        """The folder of `--inbox`."""
        assert self.target.inbox is not None
        return self.target.inbox

    def begin(self) -> None:
        """Start the evidence of the next check."""
        self.recorder = Recorder()

    def serves_within(self, _seconds: float, /) -> bool:
        """Files stay where they are: the run goes on."""
        return True


INBOX = pytest.StashKey[Inbox]()
"""Where the plugin puts the inbox, if it is one that is judged."""


def judge_subject(subject: Repository | Inbox) -> Judgement:
    """Judge everything that a source brought, once, and remember it for the report.

    Raises:
        NotExercised: the step in which it sends was not taken.
    """
    claims = subject.target.claims
    if isinstance(subject, Inbox):
        judgement = judge(arrivals_in(subject.folder), expected_of(claims, complete=False))
    else:
        intake = subject.intake(SEND)
        whole = not (subject.performed(SEND)[0].cut_short or intake.missing())
        judgement = judge(_brought(intake), expected_of(claims, complete=whole))
    subject.ledger.received = judgement
    return judgement


def _brought(intake: Intake) -> Iterator[Arrival]:
    """The files of the objects that we took, under serial numbers, with what their associations said."""
    for number, attempt in enumerate(intake.taken, start=1):
        received = attempt.received
        if received.path is not None:
            yield Arrival(
                received.path,
                f"object {number}",
                sop_class_uid=received.sop_class_uid,
                sop_instance_uid=received.sop_instance_uid,
                transfer_syntax_uid=received.transfer_syntax_uid,
                calling_ae=received.calling_ae,
                began=attempt.began,
                ended=attempt.ended,
            )


def expected_of(claims: Claims, *, complete: bool) -> Expected:
    """What the profile registers of a source, as the judging wants it."""
    return Expected(
        patient_id_issuers=_authorities(claims.patient_id_issuers),
        accession_issuers=_authorities(claims.accession_issuers),
        institutions=tuple(claims.institutions),
        health_card_oids=tuple(claims.health_card_oids),
        complete=complete,
    )


def _authorities(issuers: list[IssuerClaim]) -> tuple[Authority, ...]:
    return tuple(Authority(issuer.name, issuer.oid, issuer.prefix) for issuer in issuers)
