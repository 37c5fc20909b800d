"""Outages of the other services: associations, worklist and steps, rights, TLS, DICOMweb, and what a profile leaves unsaid.

One archive stands for several outages where no check meets two of them.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.presentation import PresentationContext

from conformance.embedded import SEND_ONLY_AE
from conformance.reference.archive import Parts
from conformance.reference.door import LOCAL_LIMIT_EXCEEDED, STORAGE, Door, Knock, Rejection
from conformance.reference.encoding import DataSet
from conformance.reference.faults.pdus import WithLayer
from conformance.reference.faults.verifying import EchoAloneFailsInUse
from conformance.reference.index import Located
from conformance.reference.keys import Attributes
from conformance.reference.models import Identifier
from conformance.reference.notice import Notifier
from conformance.reference.retrieve import Retriever
from conformance.reference.rules import Refusal
from conformance.reference.services import Request, Services
from conformance.reference.steps import PROCESSING_FAILURE, Performed, Reply, Steps
from conformance.reference.syntax import Syntax
from conformance.reference.wire import Line, UpperLayer
from conformance.reference.worklist import Worklist
from conformance.suite.messages import ODD_SYNTAX

from .outage import Outage
from .running import CALLING_AE
from .web_archives import (
    LockedByStrangers,
    NoHandshakes,
    PartlyWeb,
    PostsUnavailable,
    SilentFront,
    StartledByClients,
    StoresAllOrNothing,
    TodayAlone,
)

ODD = ODD_SYNTAX.transfer_syntaxes[0]
EXPECTED = frozenset({0x04, 0x05, 0x07})  # types of PDU within an association: P-DATA-TF, A-RELEASE-RQ, A-ABORT


class OneAtATime(Door):
    limit = 1


# Out altogether


class BeginsNoStep(Steps):
    def create(self, _instance: str, _stream: Any, _syntax: Syntax) -> Reply:
        return Reply(PROCESSING_FAILURE, "out of service")


class EmptyWorklist(Worklist):
    def entries(self) -> list[Attributes]:
        return []


class MuteNotifier(Notifier):
    def notify(self, _peer: str, _performed: Sequence[Performed]) -> None:
        """Tell nobody."""


class NoDefaultSyntax(Door):
    """Takes no object in the default transfer syntax."""

    def syntaxes(self, abstract_syntax: str) -> tuple[str, ...]:
        known = super().syntaxes(abstract_syntax)
        return tuple(each for each in known if each != ImplicitVRLittleEndian) if abstract_syntax in STORAGE else known


class RefusesAllBesideTheOdd(Door):
    """Accepts no context of an association that proposes a transfer syntax which it does not know."""

    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        return [] if any(ODD in context.transfer_syntax for context in proposed) else super().contexts(proposed)


# Out in part


class AcceptsTheOdd(Door):
    def syntaxes(self, abstract_syntax: str) -> tuple[str, ...]:
        return *super().syntaxes(abstract_syntax), ODD


class EndsNoStep(Steps):
    def set(self, _instance: str, _stream: Any, _syntax: Syntax) -> Reply:
        return Reply(PROCESSING_FAILURE, "out of service")


class KnowsPatientsAlone(Worklist):
    """Finds nothing where it is asked by another key beside the Patient ID."""

    def answer(self, stream: Any, syntax: Syntax) -> Iterator[DataSet]:
        return super().answer(stream, syntax) if given(self.asked(stream, syntax)) == 1 else iter(())


def given(keys: Attributes) -> int:
    """Count the keys that have a value."""
    return sum(sum(map(given, value)) if isinstance(value, list) else bool(value) for value in keys.values())


class DeliversOne(Retriever):
    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        return super().select(identifier, levels)[:1]


class LosesWhatSendersSend(Services):
    def take(self, request: Request, data: bytes) -> Refusal | None:
        return None if request.calling_ae == SEND_ONLY_AE else super().take(request, data)


# Left without an answer: the thread that should give it ends, and the connection stays


class SilentToOthers(Door):
    def rejection(self, knock: Knock) -> Rejection | None:
        rejection = super().rejection(knock)
        if rejection is not None:
            raise SystemExit
        return None

    def authenticates(self, name: bytes, passcode: bytes) -> bool:
        if not super().authenticates(name, passcode):
            raise SystemExit
        return True


class SilentAboutDestinations(Services):
    def unknown_destination(self, _request: Request) -> None:
        raise SystemExit


# Out for a moment after what it refused


class Startled(WithLayer):
    """Turns away the first association that comes after anything unexpected, or after a caller whom it does not know."""

    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.bind(evt.EVT_REQUESTED, self.consider)

    def consider(self, _: evt.Event) -> None:
        server = cast(Any, self._server)
        if getattr(server, "startled", False):
            server.startled = False
            self.acse.send_reject(*LOCAL_LIMIT_EXCEEDED)
            self.kill()
        elif self.dul.titles[1].strip() != CALLING_AE:
            server.startled = True


class NotesTheUnexpected(UpperLayer):
    def _read_pdu_data(self) -> None:
        head = cast(Line, self.socket).peek()
        if self.state_machine.current_state == "Sta6" and head and head[0] not in EXPECTED:
            cast(Any, self.assoc)._server.startled = True
        super()._read_pdu_data()


class StartledByPdus(Startled):
    layer = NotesTheUnexpected


class StartledByCommands(Services):
    def unrecognized(self, request: Request) -> None:
        cast(Any, request.assoc)._server.startled = True
        super().unrecognized(request)


SAYS_NOTHING = """
[claims]
visible-seconds = 2
silence-seconds = 5
"""
NAMES_NOTHING = f"""{SAYS_NOTHING}
services = ["web", "tls", "mutual-tls", "ae-rights", "user-identity"]
transfer-syntaxes = ["1.2.840.10008.1.2.1", "{ODD}"]
"""

NO_SENDER, NO_USER = "names no title that is registered for sending only", "names no user of the system"
NO_PORT, NO_ECHO = "port of DIMSE over TLS: --tls-port", "before the case: no C-ECHO over TLS"
NARROWED = ("PatientName", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate", "Modality")
UNANSWERED = "silence"

SERVICE_OUTAGES = (
    Outage(
        "one-association-at-a-time",
        Parts(door=OneAtATime),
        {"test_keeps_studies_apart_that_come_at_once": "does not serve two associations at once"},
        ("--slow",),
    ),
    Outage(
        "profile-says-nothing",
        Parts(),
        {
            "test_offers_each_service_that_it_declares": "does not say which services",
            "test_accepts_each_transfer_syntax_that_it_declares": "does not say which transfer syntaxes",
            "test_links_a_scheduled_step_to_its_order": "names no scheduled order",
        },
        profile=SAYS_NOTHING,
    ),
    Outage(
        "profile-names-nothing",
        Parts(),
        {
            "test_offers_each_service_that_it_declares": "no service is declared that negotiation shows",
            "test_accepts_each_transfer_syntax_that_it_declares": f"this release, which does not know it: {ODD}",
            "test_answers_no_query_of_a_title_that_may_only_send": NO_SENDER,
            "test_delivers_nothing_to_a_title_that_may_only_send": NO_SENDER,
            "test_confirms_a_user_that_it_knows": NO_USER,
            "test_rejects_a_user_with_a_wrong_passcode": NO_USER,
            "test_takes_objects_over_a_current_version_of_tls": NO_PORT,
            "test_refuses_obsolete_versions_and_weak_suites": NO_PORT,
            "test_lets_nobody_in_without_a_certificate_that_it_trusts": NO_PORT,
            "test_answers_no_plain_dicom_on_the_port_of_tls": NO_PORT,
        },
        ("--user=",),
        profile=NAMES_NOTHING,
    ),
    Outage(
        "services-out",
        Parts(
            door=NoDefaultSyntax,
            steps=BeginsNoStep,
            worklist=EmptyWorklist,
            notifier=MuteNotifier,
            web=PostsUnavailable,
            front=NoHandshakes,
        ),
        {
            "test_refuses_a_command_that_a_storage_context_does_not_have": "CT Image Storage is not accepted",
            "test_links_a_scheduled_step_to_its_order": "holds no entry under the Patient ID",
            "test_refuses_a_step_that_begins_with_its_end": "the control failed before: a step begun IN PROGRESS",
            "test_changes_no_step_after_its_end": "the control failed before: a step begun IN PROGRESS",
            "test_tells_of_an_availability_that_queries_confirm": "no notice about the study came",
            "test_a_sound_study_is_answered_200_and_is_there": "no sound study is taken by POST",
            "test_a_request_of_which_nothing_is_stored_is_answered_409_or_400": "a sound study was answered HTTP 503",
            "test_a_request_of_which_some_are_stored_is_answered_202_and_names_both": "a sound study was answered HTTP 503",
            "test_an_instance_of_another_study_than_the_resource_is_refused": "the control failed before the case",
            "test_what_is_changed_is_recorded_in_the_object[sound]": "the object is not taken",
            "test_takes_objects_over_a_current_version_of_tls": "no handshake in either version",
            "test_refuses_obsolete_versions_and_weak_suites": NO_ECHO,
            "test_lets_nobody_in_without_a_certificate_that_it_trusts": NO_ECHO,
            "test_answers_no_plain_dicom_on_the_port_of_tls": NO_ECHO,
        },
        ("--report-timeout=1",),
        {"tls": True},
    ),
    Outage(
        "services-out-in-part",
        Parts(
            door=AcceptsTheOdd,
            retriever=DeliversOne,
            services=LosesWhatSendersSend,
            steps=EndsNoStep,
            worklist=KnowsPatientsAlone,
            web=PartlyWeb,
            front=TodayAlone,
        ),
        {
            "test_takes_nothing_in_a_context_that_was_not_accepted": "accepts a transfer syntax that nobody knows",
            **{f"test_links_a_scheduled_step_to_its_order[{key}]": f"the entry is not found by its {key}" for key in NARROWED},
            "test_changes_no_step_after_its_end": "in progress could not be ended",
            "test_answers_no_query_of_a_title_that_may_only_send": "what the title stored is not found by ours",
            "test_delivers_nothing_to_a_title_that_may_only_send": "what the title stored is not found by ours",
            "test_a_result_has_every_required_attribute": "the study is not found by its UID",
            "test_a_retrieve_of_what_is_unknown_is_answered_404": "a known instance is not delivered",
            "test_a_sound_study_is_answered_200_and_is_there": "nothing can be retrieved",
            "test_a_request_of_which_nothing_is_stored_is_answered_409_or_400": "are all said to be stored",
            "test_what_came_by_dimse_is_the_same_on_dicomweb": "the study is not delivered whole by DIMSE",
            "test_what_came_by_dicomweb_is_the_same_by_dimse": "the study is not delivered whole by DIMSE",
            "test_refuses_obsolete_versions_and_weak_suites": "a ClientHello by hand of TLS 1.2 with suites of today is not taken",
        },
        (f"--send-only-ae={SEND_ONLY_AE}",),
        {"tls": True, "calling": frozenset({CALLING_AE, SEND_ONLY_AE}), "send_only": frozenset({SEND_ONLY_AE})},
    ),
    Outage(
        "echo-and-web-out-in-part",
        Parts(door=RefusesAllBesideTheOdd, services=EchoAloneFailsInUse, web=StoresAllOrNothing),
        {
            "test_ends_an_association_over_an_unexpected_pdu": "the control failed before",
            "test_ends_an_association_over_lengths_that_contradict": "the control failed before",
            "test_takes_no_pdu_longer_than_it_announced": "the control failed before",
            "test_refuses_a_command_that_a_storage_context_does_not_have": "the control failed before",
            "test_lets_no_unknown_calling_ae_title_store_or_query": "the control failed before the case",
            "test_takes_nothing_in_a_context_that_was_not_accepted": "CT Image Storage is not accepted",
            "test_a_result_has_every_required_attribute": "does not show by its Study Instance UID",
            "test_a_request_of_which_some_are_stored_is_answered_202_and_names_both": "of a mixed request are not stored either",
        },
    ),
    Outage(
        "left-without-an-answer",
        Parts(door=SilentToOthers, services=SilentAboutDestinations, front=SilentFront),
        {
            "test_lets_no_unknown_calling_ae_title_store_or_query": UNANSWERED,
            "test_sends_to_no_destination_that_is_not_registered": "the retrieve was left without an answer",
            "test_rejects_a_user_with_a_wrong_passcode": UNANSWERED,
            "test_refuses_obsolete_versions_and_weak_suites[SSL-3.0]": "the offer was left without an answer",
            "test_lets_nobody_in_without_a_certificate_that_it_trusts[no-certificate]": "neither let in nor refused: silence",
        },
        ("--connect-timeout=2", "--associate-timeout=2", "--response-timeout=2", "--subop-timeout=2"),
        {"tls": True},
    ),
    Outage(
        "out-after-what-is-refused",
        Parts(acceptor=StartledByPdus, services=StartledByCommands, web=LockedByStrangers, front=StartledByClients),
        {
            "test_ends_an_association_over_an_unexpected_pdu": "the control failed after",
            "test_refuses_a_command_that_a_storage_context_does_not_have[N-GET]": "the control failed after N-GET",
            "test_lets_no_unknown_calling_ae_title_store_or_query": "the control failed after the case",
            "test_nobody_without_valid_credentials_is_served[without-credentials]": "are no longer accepted",
            "test_nobody_without_valid_credentials_is_served[with-wrong-credentials]": "with the given credentials is not answered",
            "test_what_came_by_dimse_is_the_same_on_dicomweb": "with the given credentials was answered HTTP 401",
            "test_lets_nobody_in_without_a_certificate_that_it_trusts": "the control failed after the case: no C-ECHO over TLS",
            "test_answers_no_plain_dicom_on_the_port_of_tls": "the control failed after the case: no C-ECHO over TLS",
        },
        settings={"tls": True},
    ),
)
