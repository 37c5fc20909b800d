"""Storage commitment as the checks ask for it: a request, and the report that follows on an association of its own (PS3.4 J.3)."""

import time
from collections import Counter
from collections.abc import Sequence

from pydicom import Dataset
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.dimse import Answer, Association, AssociationEnded, CommitmentReport, Context, StatusClass
from conformance.findings import NotExercised, require
from conformance.suite.system import IMPATIENT_SECONDS, UNCOMPRESSED, System

Reference = tuple[str, str]  # (SOP class, SOP instance)

PUSH_MODEL = Context(str(StorageCommitmentPushModel), UNCOMPRESSED)
UNKNOWN_INSTANCE = 0x0112  # no such object instance (PS3.3 C.14.1.1)
UNHURRIED = 500  # references for which a report may take as long again
TURN_SECONDS = 0.5  # how long to listen in one place before looking in the other


class Commitments:
    """Requests for commitment and their reports. Once a report was waited for in vain, the next is not waited for as long."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._patience = system.target.timeouts.report
        self._asked: set[str] = set()

    def offered(self) -> bool:
        """Whether the system accepts the Storage Commitment Push Model."""
        with self._system.associate((PUSH_MODEL,)) as association:
            return association.accepted(PUSH_MODEL.abstract_syntax) is not None

    def transaction(self) -> str:
        """Give a new Transaction UID."""
        transaction = self._system.synthesizer.uid()
        self._asked.add(transaction)
        return transaction

    def ask(self, transaction: str, references: Sequence[Reference], *, action: int = 1, information: Dataset | None = None) -> Answer:
        """Ask on a fresh association, and release it as soon as the answer is there."""
        with self._system.associate((PUSH_MODEL,)) as association:
            return association.commit(transaction, references, action_type=action, action_information=information)

    def report_of(self, references: Sequence[Reference]) -> CommitmentReport:
        """Ask, and take the report wherever it comes: on a new association, or on that of the request, which stays open a while for it.

        Raises:
            NotExercised: the request was not taken on, or no report came.
        """
        transaction = self.transaction()
        self.strays()
        with self._system.associate((PUSH_MODEL,)) as association:
            answer = association.commit(transaction, references)
            require(answer.status_class is StatusClass.SUCCESS, f"the request was answered {answer}")
            report = self._arrived(transaction, TURN_SECONDS) or _on(association)
        report = report or self.await_report(transaction, count=len(references))
        if report is None:
            raise NotExercised(f"no report of {len(references)} references came in time")
        return report

    def await_report(self, transaction: str, *, count: int = 1) -> CommitmentReport | None:
        """Wait for the report of a transaction, or for one under a Transaction UID that nobody gave.

        No clause says how long a report may take; a long list is given longer, by the `count` of its references.
        """
        deadline = time.monotonic() + self._patience * (1 + count / UNHURRIED)
        while (left := deadline - time.monotonic()) > 0:
            report = self._arrived(transaction, min(left, TURN_SECONDS))
            if report is not None:
                return report
        self._patience = min(self._patience, IMPATIENT_SECONDS)
        return None

    def _arrived(self, transaction: str, seconds: float) -> CommitmentReport | None:
        return self._system.listener.await_report(transaction, seconds) or next(iter(self.strays()), None)

    def report_after_absence(self, references: Sequence[Reference], away: float, seconds: float) -> CommitmentReport | None:
        """Ask while nobody listens on our port, listen again after `away` seconds, and wait so many `seconds` for the report.

        Raises:
            NotExercised: the request was not taken on, or its report came on the association of the request.
        """
        transaction = self.transaction()
        with self._system.listener.unreachable():
            with self._system.associate((PUSH_MODEL,)) as association:
                answer = association.commit(transaction, references)
                require(answer.status_class is StatusClass.SUCCESS, f"the request was answered {answer}")
                require(_on(association) is None, "the report came on the association of the request, for which nobody must listen")
            time.sleep(away)
        return self._system.listener.await_report(transaction, seconds)

    def has_come(self, transaction: str) -> bool:
        """Whether a report of this transaction is there now."""
        return self._system.listener.await_report(transaction, 0) is not None

    def strays(self) -> list[CommitmentReport]:
        """Take the reports that came under a Transaction UID that nobody gave."""
        return self._system.listener.take_stray_reports(self._asked)


def _on(association: Association) -> CommitmentReport | None:
    try:
        return association.await_report(TURN_SECONDS)
    except AssociationEnded:
        return None  # it need not be held open for us


def told(report: CommitmentReport) -> str:
    """Say what a report said, by counts and reasons; UIDs are in the evidence."""
    reasons = Counter("no reason" if reason is None else f"{reason:04X}" for _, _, reason in report.failed)
    failed = ", ".join(f"{count} failed with {reason}" for reason, count in sorted(reasons.items())) or "none failed"
    return f"event type {report.event_type}: {len(report.referenced)} committed, {failed}"
