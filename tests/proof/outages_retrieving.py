"""Outages of queries and retrieves: what was stored is not found, or not delivered, where a check needs that to put its question."""

from conformance.reference.archive import Parts
from conformance.reference.find import Finder, Query
from conformance.reference.index import Located
from conformance.reference.keys import BY_KEYWORD, Attributes
from conformance.reference.models import Identifier, IdentifierRefused
from conformance.reference.retrieve import Retriever

from .outage import Outage

FEW = 5  # objects


class KnowsAccentsByUid(Finder):
    """Finds the study of a patient whose name has accents by its UID alone."""

    def entities(self, query: Query) -> list[Attributes]:
        found = super().entities(query)
        by_uid = query.keys.get(BY_KEYWORD["StudyInstanceUID"])
        return found if by_uid else [each for each in found if str(each.get("PatientName", "")).isascii()]


class CountsNothing(Finder):
    """Refuses a query that asks for counts."""

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        query = super().query(identifier, levels)
        if any(key.computed for key in query.keys):
            raise IdentifierRefused("nothing is counted here")
        return query


class KeepsLargeStudiesOffline(Retriever):
    """Has no larger study at hand than of a few objects."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        return found if len(found) <= FEW else []


RETRIEVE_OUTAGES = (
    Outage(
        "names-with-accents-not-found",
        Parts(finder=KnowsAccentsByUid),
        {"test_matches_a_name_in_either_encoding": "the study is not found by its Patient ID"},
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
        "large-studies-offline",
        Parts(retriever=KeepsLargeStudiesOffline),
        {"test_sends_to_no_destination_that_is_not_registered": "the study is not delivered to the registered destination"},
    ),
)
