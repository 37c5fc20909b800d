"""Outages of storage: sound objects that are refused, or lost, where a check needs one to put its question."""

from collections.abc import Sequence
from typing import Any

from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.embedded import SEND_ONLY_AE
from conformance.reference.archive import Parts
from conformance.reference.door import LOCAL_LIMIT_EXCEEDED, STORAGE, Door, Knock, Rejection
from conformance.reference.faults.associations import AnyClass
from conformance.reference.find import Finder, Query
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.keys import BY_KEYWORD, Attributes, Key, Value
from conformance.reference.models import Identifier
from conformance.reference.retrieve import Retriever
from conformance.reference.rules import COERCED, OUT_OF_RESOURCES, Candidate, Refusal, without
from conformance.reference.services import Request, Services
from conformance.reference.wire import Acceptor
from conformance.suite.sop_classes import CT

from .outage import Outage, claiming
from .running import CALLING_AE

NOT_AUTHORIZED = 0x0124  # PS3.7 C.5.12
PREFLIGHT = 6  # associations
OPHTHALMIC = "1.2.840.10008.5.1.4.1.1.77.1.5.1"  # photographs: a storage class that the generators do not make


class FirstStudyAtHand(Retriever):
    """Delivers no study but the one that it was asked for first."""

    first = ""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found, study = super().select(identifier, levels), identifier.text("StudyInstanceUID")
        self.first = self.first or study
        return found if study == self.first else []


class AnyLength(Intake):
    rules = without("patient-length", "accession-length")


class FirstStudyListed(Finder):
    """Finds no study but the one that it found first."""

    first: Value = ""

    def entities(self, query: Query) -> list[Attributes]:
        found = super().entities(query)
        self.first = self.first or next((each["StudyInstanceUID"] for each in found), "")
        return [each for each in found if each.get("StudyInstanceUID") == self.first]


class Full(Intake):
    """Has room for one object."""

    taken = 0

    def settle(self, candidate: Candidate) -> Refusal | None:
        self.taken += 1
        return super().settle(candidate) if self.taken == 1 else Refusal(OUT_OF_RESOURCES, "no room is left")


class FullForOthers(Services):
    """Has no room for objects of a class that it does not know either."""

    def unrecognized(self, request: Request) -> None:
        if isinstance(request.message, C_STORE):
            self.refuse(request, OUT_OF_RESOURCES, "no room is left")
        else:
            super().unrecognized(request)


class AbortsRefusals(Services):
    """Ends the association over an object that it does not keep."""

    def stored(self, request: Request, refusal: Refusal | None) -> None:
        if refusal is None:
            super().stored(request, None)
        else:
            request.assoc.abort()


class StatusOnce(Services):
    """Gives the first object of an association a status, and no other."""

    def stored(self, request: Request, refusal: Refusal | None) -> None:
        assoc: Any = request.assoc
        if hasattr(assoc, "answered"):
            request.respond()
        else:
            super().stored(request, refusal)
        assoc.answered = True


class ShutsDoor(Door):
    """Lets nobody in any more once it has turned somebody away."""

    shut = False

    def rejection(self, knock: Knock) -> Rejection | None:
        rejection = super().rejection(knock) or (LOCAL_LIMIT_EXCEEDED if self.shut else None)
        self.shut = rejection is not None
        return rejection


class KeepsRejections(Acceptor):
    """Says nothing to whom it does not let in."""

    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        acse: Any = self.acse
        acse.send_reject = lambda *_: None


class VerificationAlone(Door):
    """Serves verification alone, once it has served what a preflight asks for."""

    served = 0

    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        self.served += 1
        granted = super().contexts(proposed)
        return granted if self.served <= PREFLIGHT else [context for context in granted if context.abstract_syntax == Verification]


class DefaultSyntaxDemanded(Door):
    """Grants a storage class only to a requestor that proposes the default transfer syntax for it, too, as it must (PS3.5 10.1)."""

    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        default = {context.abstract_syntax for context in proposed if ImplicitVRLittleEndian in context.transfer_syntax}
        return super().contexts([one for one in proposed if one.abstract_syntax in default or one.abstract_syntax not in STORAGE])


class WarnsOfAll(Services):
    """Answers B000 for every object that it keeps, since it changed it (PS3.4 B.4.1.3)."""

    def take(self, request: Request, data: bytes) -> Refusal | None:
        return super().take(request, data) or Refusal(COERCED, "coerced")


class Forgetful(Finder):
    """Finds nothing where a description is asked for, and tells no Instance Number."""

    def entities(self, query: Query) -> list[Attributes]:
        return [] if BY_KEYWORD["StudyDescription"] in query.keys else super().entities(query)

    def held(self, key: Key, entity: Attributes) -> Value:
        return "" if key.keyword == "InstanceNumber" else super().held(key, entity)


class KnowsOneTitle(Services):
    """Takes objects of the title alone to which it may send."""

    def take(self, request: Request, data: bytes) -> Refusal | None:
        known = request.calling_ae in self.desk.peers
        return super().take(request, data) if known else Refusal(NOT_AUTHORIZED, "the title is not registered")


LOST = {
    "test_joins_a_study_that_comes_shuffled_over_five_associations": "was acknowledged and is not found",
    "test_delivers_reports_and_documents_with_their_study": "the study is lost",
    "test_refuses_flags_or_returns_a_value_that_breaks_its_vr[dashed-study-date]": "not even the sound objects around",
    "test_shows_an_object_within_the_declared_time": "the object is not found at all",
    "test_warns_when_it_changed_an_object": "a sound study was acknowledged and is not found",
    "test_leaves_a_trail_in_an_object_that_it_changed": "a sound study was acknowledged and is not found",
}
UNDELIVERED = {
    "test_sends_no_pdu_longer_than_we_announce": "no object was delivered",
    "test_returns_the_issuers_it_was_given": "the object was not delivered",
    "test_keeps_identifiers_character_by_character": "the object was not delivered",
    "test_never_cuts_an_identifier_in_silence": "cannot be retrieved to see what was kept",
    "test_holds_one_content_under_one_uid": "not one object delivered",
    "test_returns_every_attribute_it_was_given": "the object was not delivered",
    "test_delivers_reports_and_documents_with_their_study": "not even the CT image of the study was delivered",
    "test_takes_the_same_object_twice_without_harm": "the study is not delivered before its objects are sent again",
    "test_returns_the_uids_of_the_hierarchy_as_it_received_them": "no object was delivered",
    "test_tells_uids_of_64_characters_apart_by_their_last_digit": "a study with other UIDs is not delivered either",
    "test_warns_when_it_changed_an_object": "no object was delivered",
    "test_leaves_a_trail_in_an_object_that_it_changed": "no object was delivered",
    "test_keeps_as_much_in_explicit_as_in_implicit": "nothing came back",
    "test_keeps_the_representation_of_private_values": "not delivered in Explicit VR Little Endian",
    "test_supports_a_rare_syntax_faithfully_or_refuses_it": "do not come back in Explicit VR Little Endian",
}
REFUSED = {
    "test_rejects_the_unsupported_context_and_accepts_the_others": "whether the class is supported cannot be told",
    "test_shows_nothing_of_a_transfer_that_broke_off": "a sound object was refused when it came whole",
    "test_stores_an_object_of_each_core_class": "the CT image, which every archive takes, was refused",
    "test_delivers_reports_and_documents_with_their_study": "no report, presentation state or document was taken",
    "test_goes_on_with_the_study_after_it_refused_one_object": "the first sound object was refused",
    "test_warns_when_it_changed_an_object": "every sound object was refused",
    "test_leaves_a_trail_in_an_object_that_it_changed": "every sound object was refused",
}
UNSERVED = {
    "test_accepts_the_default_transfer_syntax_for_every_class_it_supports": "accepts none of the core storage classes",
    "test_rejects_the_unsupported_context_and_accepts_the_others": "CT Image Storage alone is not accepted",
    "test_answers_each_of_128_contexts": "CT Image Storage alone is not accepted",
    "test_serves_verification_where_it_serves_storage_and_query": "neither storage nor query is accepted",
    "test_stores_an_object_of_each_class_it_declares": "none of the declared classes can be generated",
    "test_accepts_images_in_lossless_compression": "no image class is accepted",
}


STORAGE_OUTAGES = (
    Outage("first-study-alone-delivered", Parts(retriever=FirstStudyAtHand, intake=AnyLength), UNDELIVERED),
    Outage("first-study-alone-found", Parts(finder=FirstStudyListed), LOST, profile=claiming("visible-seconds", "0.1")),
    Outage("one-object-fills-it", Parts(intake=Full, door=AnyClass, services=FullForOthers), REFUSED),
    Outage(
        "refusals-abort",
        Parts(services=AbortsRefusals),
        {
            "test_goes_on_with_the_study_after_it_refused_one_object": "answered none of the broken objects with a failure status",
            "test_never_cuts_an_identifier_in_silence": "the object was neither refused nor taken",
        },
    ),
    Outage(
        "one-status-for-an-association",
        Parts(services=StatusOnce),
        {"test_names_the_request_in_its_response": "not answered by a C-STORE response with a status"},
    ),
    Outage(
        "one-rejection-shuts-the-door",
        Parts(door=ShutsDoor),
        {
            "test_refuses_an_unknown_called_ae_title": "the control failed after the case",
            "test_refuses_an_unknown_application_context": "the control failed before the case",
        },
    ),
    Outage(
        "rejections-not-sent",
        Parts(acceptor=KeepsRejections),
        {"test_refuses_an_unknown_called_ae_title": "silence after"},
        ("--associate-timeout=1",),
    ),
    Outage("verification-alone-in-the-end", Parts(door=VerificationAlone), UNSERVED),
    Outage(
        "default-syntax-demanded",
        Parts(door=DefaultSyntaxDemanded),
        {"test_supports_a_rare_syntax_faithfully_or_refuses_it": "CT is refused in Explicit VR Little Endian"},
    ),
    Outage(
        "a-warning-for-each-object",
        Parts(services=WarnsOfAll),
        {"test_returns_every_attribute_it_was_given": "the object was coerced, and reported so"},
    ),
    Outage(
        "values-not-told",
        Parts(finder=Forgetful),
        {
            "test_shows_one_study_whose_series_describe_it_differently": "the study is not found",
            "test_holds_one_content_under_one_uid": "a query did not tell the object's Instance Number before either",
        },
    ),
    Outage(
        "declared-class-not-made",
        Parts(),
        {"test_stores_an_object_of_each_class_it_declares": "declared and negotiated, but not stored"},
        profile=claiming("sop-classes", f'["{CT}", "{OPHTHALMIC}"]'),
    ),
    Outage(
        "title-that-sends-not-registered",
        Parts(services=KnowsOneTitle),
        dict.fromkeys(
            ("test_answers_no_query_of_a_title_that_may_only_send", "test_delivers_nothing_to_a_title_that_may_only_send"),
            "a sound object of a title that may send was answered",
        ),
        (f"--send-only-ae={SEND_ONLY_AE}",),
        {"calling": frozenset({CALLING_AE, SEND_ONLY_AE}), "send_only": frozenset({SEND_ONLY_AE})},
    ),
)
