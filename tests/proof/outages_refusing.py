"""Outages of what is refused: sound objects, requests and notes that are refused, or broken ones that are not."""

from typing import Any

from conformance.reference.archive import Parts
from conformance.reference.commitment import PROCESSING_FAILURE, SUCCESS, Committer, Order
from conformance.reference.faults.verifying import EchoAloneFailsInUse
from conformance.reference.intake import Intake
from conformance.reference.rejection import UNKNOWN_OBJECTS, Rejector
from conformance.reference.rules import MISMATCH, Candidate, Refusal
from conformance.reference.services import Request, Services
from conformance.reference.syntax import Syntax

from .outage import HASTY, Outage

ELEMENTS_DISCARDED = 0xB006


class RefusesOrders(Committer):
    def take(self, _message: Any, _syntax: Syntax, _requester: str) -> tuple[int, str]:
        return PROCESSING_FAILURE, "no commitment today"


class RefusesNotes(Rejector):
    def refusal(self, candidate: Candidate) -> Refusal | None:
        return Refusal(UNKNOWN_OBJECTS, "no notes today") if self.is_note(candidate) else None


class ForgetsOrders(Committer):
    def begin(self, _order: Order) -> tuple[int, str]:
        return SUCCESS, ""


class KeepsNotesAsDocuments(Rejector):
    def obey(self, candidate: Candidate) -> None:
        pass


class SucceedsOrHangsUp(Request):
    """A request of which a failure is never told."""

    def respond(self, **fields: Any) -> None:
        if fields["Status"] == SUCCESS:
            super().respond(**fields)
        elif self.assoc.dul.socket is not None:
            self.assoc.dul.socket.close()


class HangsUpOnOrders(Services):
    def commit(self, request: Request) -> None:
        super().commit(
            SucceedsOrHangsUp(request.assoc, request.message, request.context_id, request.abstract_syntax, request.transfer_syntax)
        )


class WarnsOfWhatIsBroken(Services):
    """Answers with a warning what it does not keep."""

    def stored(self, request: Request, refusal: Refusal | None) -> None:
        super().stored(request, refusal and Refusal(ELEMENTS_DISCARDED, refusal.comment, refusal.tag))


class RefusesEveryOtherStudy(Intake):
    """Takes the first study and the second, and of the later ones every other."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.studies: dict[str, int] = {}

    def judge(self, candidate: Candidate) -> Refusal | None:
        number = self.studies.setdefault(candidate.text("StudyInstanceUID"), len(self.studies))
        return Refusal(MISMATCH, "not this one") if number and number % 2 == 0 else super().judge(candidate)


REFUSAL_OUTAGES = (
    Outage(
        "orders-and-notes-refused",
        Parts(committer=RefusesOrders, rejector=RefusesNotes),
        {
            "test_reports_on_an_association_of_its_own": "the request was answered 0110",
            "test_repeats_the_transaction_uid": "the request was answered 0110",
            "test_refuses_a_transaction_uid_that_is_still_active": "the first request was answered 0110",
            "test_processes_rejection_notes": "no note was taken",
        },
    ),
    Outage(
        "orders-and-notes-forgotten",
        Parts(committer=ForgetsOrders, rejector=KeepsNotesAsDocuments),
        {
            "test_repeats_the_transaction_uid": "no report came",
            "test_refuses_a_transaction_uid_that_is_still_active": "was never reported",
            "test_refuses_what_was_rejected_for_patient_safety_when_it_comes_again": "the rejected objects were never hidden",
        },
        ("--report-timeout=1",),
        profile=HASTY,
    ),
    Outage(
        "hung-up-in-place-of-a-refusal",
        Parts(services=HangsUpOnOrders),
        {
            "test_refuses_a_transaction_uid_that_is_still_active": "the second request was left without an answer",
            "test_refuses_a_malformed_request": "the request was left without an answer",
        },
        ("--slow",),
    ),
    Outage(
        "warned-of-in-place-of-a-refusal",
        Parts(services=WarnsOfWhatIsBroken),
        {
            "test_leaves_no_trace_of_a_refused_object": "answered none of the broken objects with a failure status",
            "test_told_the_reason_of_each_refusal": "answered none of the broken objects with a failure status",
        },
    ),
    Outage(
        "every-other-study-refused",
        Parts(intake=RefusesEveryOtherStudy),
        {"test_keeps_the_whole_objects_and_not_the_half_one": "a sound object before the cut was refused"},
    ),
    Outage(
        "no-echo-and-little-said",
        Parts(services=EchoAloneFailsInUse),
        {
            "test_serves_on_after_noise_on_its_port": "the control failed before the noise",
            "test_shows_what_was_rejected_for_quality_as_documented": "does not say what claims.rejected-for-quality is",
            "test_removes_what_outlived_its_retention_as_declared": "does not say what claims.retention-expired is",
            "test_repeats_a_report_that_could_not_be_delivered": "does not declare claims.retry-seconds",
        },
        ("--slow",),
        profile=HASTY,
    ),
)
