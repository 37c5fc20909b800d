"""Outages of queries and retrieves: what was stored is not found, or not delivered, or not as it was stored."""

from typing import Any

from conformance.reference.archive import Parts
from conformance.reference.encoding import DataSet, Element
from conformance.reference.find import Finder, Query
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.keys import Attributes, Key, Value, tag_of
from conformance.reference.models import Identifier, IdentifierRefused
from conformance.reference.retrieve import Retriever
from conformance.reference.rules import COERCED, Candidate, Refusal
from conformance.reference.services import Request, Services
from conformance.reference.syntax import Syntax
from conformance.reference.text import in_utf8

from .outage import HASTY, Outage
from .outages_storing import FirstStudyListed

SOME = 6  # of so many objects one is at hand
NAME = tag_of("PatientName")


class ForgetsWhatItListed(Finder):
    """Has a series no more once it has listed its objects."""

    def entities(self, query: Query) -> list[Attributes]:
        found = super().entities(query)
        if query.level == "IMAGE":
            self.index.withdraw([at for each in found if (at := self.index.instance(str(each["SOPInstanceUID"])))])
        return found


class CountsNothing(Finder):
    """Refuses a query that asks for counts."""

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        query = super().query(identifier, levels)
        if any(key.computed for key in query.keys):
            raise IdentifierRefused("nothing is counted here")
        return query


class ChangesItsMatches(Finder):
    """Shows names in capitals, counts one too many, and names another archive to retrieve from."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.ae_title = "ELSEWHERE"

    def held(self, key: Key, entity: Attributes) -> Value:
        held = super().held(key, entity)
        return held.upper() if key.vr == "PN" and isinstance(held, str) else held

    def computed(self, key: Key, entity: Attributes) -> str:
        counted = super().computed(key, entity)
        return str(int(counted) + 1) if counted.isdigit() else counted


class HasLittleAtHand(Retriever):
    """Delivers the first study that it is asked for, and of the others one object in some."""

    asked = False

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        few = found[SOME::SOME] if self.asked else found
        self.asked = True
        return few


class CoercesNames(Intake):
    """Keeps names in capitals and without accented letters."""

    def read(self, data: bytes, syntax: Syntax) -> DataSet:
        dataset = super().read(data, syntax)
        name = dataset[NAME].value.decode("ascii", "ignore").strip().upper()
        return dataset | {NAME: Element("PN", in_utf8(name, "PN"))}

    def stored_bytes(self, candidate: Candidate) -> bytes:
        return self.rewritten(candidate, candidate.dataset)


class TellsOfCoercion(Services):
    def stored(self, request: Request, refusal: Refusal | None) -> None:
        super().stored(request, refusal or Refusal(COERCED, "the name was coerced", NAME))


NOT_FOUND, NOT_DELIVERED = "the study is not found", "no object was delivered"

RETRIEVE_OUTAGES = (
    Outage(
        "forgotten-once-listed",
        Parts(finder=ForgetsWhatItListed),
        {
            "test_returns_what_was_asked_and_where_to_retrieve_it": "no match at ",
            "test_does_not_flood_when_the_study_is_not_named": "the series are not found where their study is named",
            "test_refuses_a_level_that_the_model_does_not_have": "the study is not found at a level that the model has",
            "test_ends_a_query_that_is_cancelled": "the query does not find 60 objects",
            "test_lists_what_it_delivers": "the study is neither listed nor delivered",
            "test_answers_by_date_after_values_that_break_their_vr": "the sound study is not among those",
            "test_declares_the_character_set_of_its_matches": NOT_FOUND,
            "test_matches_a_name_in_either_encoding": f"{NOT_FOUND} by its Patient ID",
            "test_files_one_patient_in_two_encodings_once": "the study in one encoding is not found",
            "test_returns_the_parts_of_a_name_where_they_were": "the object was not delivered",
            "test_counts_its_sub_operations_truly": NOT_DELIVERED,
            "test_counts_no_refused_object_as_completed": "the object to refuse was not sent",
            "test_refuses_an_unknown_destination": "not delivered to the known destination",
            "test_warns_and_names_what_failed": "the object to refuse was not sent",
            "test_fails_when_nothing_could_be_sent": "not delivered when nothing is refused",
            "test_opens_no_association_when_there_is_nothing_to_send": "a study that is there is not delivered",
            "test_names_the_originator_of_a_move": NOT_DELIVERED,
            "test_stops_a_retrieve_that_is_cancelled": "0 pending responses came",
            "test_ends_a_c_get_as_its_sub_operations_did": "nothing was sent to us",
            "test_sends_to_no_destination_that_is_not_registered": "not delivered to the registered destination",
            "test_compares_the_class_too": "the object under its own class is not committed",
        },
    ),
    Outage(
        "counts-refused",
        Parts(finder=CountsNothing),
        dict.fromkeys(
            ("test_what_came_by_dimse_is_the_same_on_dicomweb", "test_what_came_by_dicomweb_is_the_same_by_dimse"),
            "C-FIND does not list the study where it is asked for counts",
        ),
    ),
    Outage(
        "later-studies-not-found",
        Parts(finder=FirstStudyListed),
        {
            "test_tells_by_ff01_that_it_does_not_support_a_key": "acknowledged and is not found",
            "test_names_a_time_zone_or_leaves_it_out": "acknowledged and is not found",
            "test_refuses_flags_or_returns_a_value_that_breaks_its_vr": "not even the sound objects around",
        },
        profile=HASTY,
    ),
    Outage(
        "matches-not-as-stored",
        Parts(finder=ChangesItsMatches),
        {
            "test_declares_the_character_set_of_its_matches": "with other characters than it was stored with",
            "test_serves_retrieves_where_its_matches_say": "only ELSEWHERE named",
            "test_counters_and_deliveries_follow_a_rejection": "the counters were wrong before the note",
            "test_lists_equal_ids_of_different_issuers_as_two_patients": "neither patient is listed under the name",
        },
    ),
    Outage(
        "little-at-hand",
        Parts(retriever=HasLittleAtHand),
        {
            "test_stops_a_retrieve_that_is_cancelled": "sub-operations were left when the cancel was sent",
            "test_takes_special_characters_for_data": "the object is not delivered",
            "test_never_replaces_an_image_by_another_with_its_uid": "not delivered before the other comes",
            "test_shows_what_was_rejected_for_quality_as_documented": "is not delivered either",
            "test_counters_and_deliveries_follow_a_rejection": "is not delivered either",
        },
    ),
    Outage(
        "names-coerced",
        Parts(intake=CoercesNames, services=TellsOfCoercion),
        {
            "test_delivers_a_study_whole_and_unchanged": "an object was coerced",
            "test_returns_the_value_of_each_empty_key": "the object was coerced",
            "test_matches_a_name_in_either_encoding": "the object was coerced",
            "test_returns_the_parts_of_a_name_where_they_were": "the object was coerced",
            "test_returns_names_beyond_latin_1_unchanged": "the object was coerced",
            "test_lists_equal_ids_of_different_issuers_as_two_patients": "neither patient is listed under the name",
            "test_returns_accented_text_with_a_declaration_that_fits": "without its accented letters",
            "test_declares_the_character_set_of_its_matches": "without its accented letters",
        },
    ),
)
