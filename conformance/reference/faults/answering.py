"""Faults of the answer to a C-FIND: whether there is one, what each response carries, how many there are, and how they end.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import html
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from conformance.reference.archive import Parts
from conformance.reference.door import Door
from conformance.reference.encoding import DataSet
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.faults.memory import KnowsWhereItWas, Memory, memory
from conformance.reference.find import Finder, Query
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.keys import BY_KEYWORD, QUERY_RETRIEVE_LEVEL, Attributes, Key, Value, tag_of
from conformance.reference.models import CANCELLED, FIND, PATIENT_ROOT, PENDING, PENDING_WARNING, Identifier, IdentifierRefused
from conformance.reference.rules import Candidate, Refusal
from conformance.reference.services import Request, Services
from conformance.reference.text import SPECIFIC_CHARACTER_SET

PATIENT_ID, STUDY_ID, STUDY_UID = (tag_of(keyword) for keyword in ("PatientID", "StudyID", "StudyInstanceUID"))


class NoPatientRoot(Door):
    def contexts(self, proposed: Sequence[Any]) -> list[Any]:
        return [context for context in super().contexts(proposed) if FIND.get(str(context.abstract_syntax)) != PATIENT_ROOT]


class AllForNone(Finder):
    """Drops the keys of a series or an object where nothing matches them."""

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        query = super().query(identifier, levels)
        if any(self.match(query, entity) for entity in self.entities(query)):
            return query
        return replace(query, keys={key: "" if self.drops(query, key) else value for key, value in query.keys.items()})

    def drops(self, query: Query, key: Key) -> bool:
        return query.level not in ("PATIENT", "STUDY") and key.level == query.level


class AllForAnUnknownName(AllForNone):
    """Drops a name that nobody has."""

    def drops(self, _query: Query, key: Key) -> bool:
        return key.keyword == "PatientName"


class NewestOfAPatient(Finder):
    """Shows the last study of a patient to who asks for nothing but the Patient ID."""

    def answer(self, identifier: Identifier, levels: tuple[str, ...]) -> Iterator[tuple[int, DataSet]]:
        found = list(super().answer(identifier, levels))
        asked = {tag for tag, element in identifier.dataset.items() if element.value} - {QUERY_RETRIEVE_LEVEL, SPECIFIC_CHARACTER_SET}
        yield from found[-1:] if identifier.level == "STUDY" and asked == {PATIENT_ID} else found


class OneColumnForIds(Finder):
    """Has columns of one name for Patient ID and Study ID: whoever asks for both sees the Study ID twice."""

    def response(self, query: Query, entity: Attributes) -> DataSet:
        both = {PATIENT_ID, STUDY_ID} <= {key.tag for key in query.keys}
        return super().response(query, {**entity, "PatientID": entity["StudyID"]} if both else entity)


class RefusesStrangeStudies(Finder):
    """Answers A900 where a patient has no study of the UID that is asked for."""

    def answer(self, identifier: Identifier, levels: tuple[str, ...]) -> Iterator[tuple[int, DataSet]]:
        found = list(super().answer(identifier, levels))
        if not found and identifier.level == "STUDY" and identifier.text("PatientID") and identifier.text("StudyInstanceUID"):
            raise IdentifierRefused("the patient has no such study")
        yield from found


class ListsSecondModality(Finder):
    """Shows the list of the modalities of a study when it has got a second one."""

    def put(self, found: DataSet, key: Key, wanted: Value, held: Value) -> None:
        short = key.keyword == "ModalitiesInStudy" and "\\" not in str(held)
        super().put(found, key, wanted, "" if short else held)


class LevelNotRepeated(Finder):
    def response(self, query: Query, entity: Attributes) -> DataSet:
        return {tag: element for tag, element in super().response(query, entity).items() if tag != QUERY_RETRIEVE_LEVEL}


class NothingFromAbove(Finder):
    """Returns at IMAGE level what an object's own row holds."""

    def response(self, query: Query, entity: Attributes) -> DataSet:
        found = super().response(query, entity)
        return {tag: element for tag, element in found.items() if query.level != "IMAGE" or tag != STUDY_UID}


class FifthTwice(Finder):
    """Sends the fifth of the studies that match once more."""

    def answer(self, identifier: Identifier, levels: tuple[str, ...]) -> Iterator[tuple[int, DataSet]]:
        for number, match in enumerate(super().answer(identifier, levels), start=1):
            yield match
            if identifier.level == "STUDY" and number == 5:
                yield match


class BeginsStudiesAnew(KnowsWhereItWas):
    """Makes a row for a study on each association that brings a part of it."""

    def keep(self, candidate: Candidate) -> None:
        study = candidate.text("StudyInstanceUID")
        if study not in self.before():
            memory(self).noted.setdefault(study, []).append(study)
        super().keep(candidate)


class ListsEachRow(Finder):
    def entities(self, query: Query) -> list[Attributes]:
        found = super().entities(query)
        rows_of = memory(self).noted if query.level == "STUDY" else {}
        return [each for each in found for _ in rows_of.get(str(each.get("StudyInstanceUID")), [""])]


class MarksRepeats(Intake):
    """Notes what came again for somebody to look at."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        memory(self).marked |= set() if refusal else {stored.sop_instance_uid}
        return refusal


class ListsNoRepeats(Finder):
    def entities(self, query: Query) -> list[Attributes]:
        return [each for each in super().entities(query) if each.get("SOPInstanceUID") not in memory(self).marked]


class PendingBeforeTheEnd(Services):
    """Sends one more pending response, without identifier, before the final one."""

    def find(self, request: Request) -> None:
        super().find(PendingOnce(request.assoc, request.message, request.context_id, request.abstract_syntax, request.transfer_syntax))


class PendingOnce(Request):
    def respond(self, **fields: object) -> None:
        if fields.get("Status") == 0x0000:
            super().respond(Status=PENDING)
        super().respond(**fields)


class DoubtsTheIssuer(Finder):
    """Says of Issuer of Patient ID, which it matches and returns, that it is no key."""

    def pending(self, query: Query) -> int:
        return PENDING_WARNING if BY_KEYWORD["IssuerOfPatientID"] in query.keys else super().pending(query)


class EscapesMarkupInMatches(Finder):
    """Returns what its web page shows."""

    def put(self, found: DataSet, key: Key, wanted: Value, held: Value) -> None:
        super().put(found, key, wanted, html.escape(held, quote=False) if isinstance(held, str) else held)


class UnknownKeysRefused(Finder):
    """Answers a query with a key that it does not support by A900."""

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        query = super().query(identifier, levels)
        if not query.complete:
            raise IdentifierRefused("a key is not supported")
        return query


class UnknownKeysMatchNothing(Finder):
    """Finds no value for a key that it does not support, and so no match."""

    def match(self, query: Query, entity: Attributes) -> bool:
        return query.complete and super().match(query, entity)


class CancelOutlivesItsQuery(Services):
    """Leaves the mark of a cancel on the association: the next query ends at once."""

    def find(self, request: Request) -> None:
        association: Any = request.assoc
        if getattr(association, "cancelled_before", False):
            association.cancelled_before = False
            request.respond(Status=CANCELLED)
        else:
            super().find(request)
            association.cancelled_before = request.cancelled


ANSWERING_FAULTS: tuple[Fault, ...] = (
    Fault(
        "patient-root-not-offered",
        "queries of the Patient Root model are refused in negotiation",
        Parts(door=NoPatientRoot),
        warns=rows("QUERY-02"),
        blocks=rows("IDENT-08"),
    ),
    Fault(
        "everything-for-no-match",
        "a key of a series or an object that matches nothing restricts nothing",
        Parts(finder=AllForNone),
        breaks=rows("QUERY-03"),
    ),
    Fault(
        "everybody-for-an-unknown-name",
        "a name that nobody has restricts nothing",
        Parts(finder=AllForAnUnknownName),
        breaks=rows("QUERY-03"),
    ),
    Fault(
        "newest-study-of-a-patient-only",
        "a query by Patient ID alone finds one study of the patient",
        Parts(finder=NewestOfAPatient),
        breaks=rows("INTEG-01 QUERY-03 QUERY-10"),
    ),
    Fault(
        "one-column-for-ids",
        "a match for which Patient ID and Study ID were asked has the Study ID in both",
        Parts(finder=OneColumnForIds),
        breaks=rows("QUERY-04"),
    ),
    Fault(
        "strange-study-of-a-patient-refused",
        "a query for a patient and a study that the patient does not have is answered A900",
        Parts(finder=RefusesStrangeStudies),
        breaks=rows("QUERY-10"),
        blocks=rows("QUERY-03 QUERY-16 IDENT-08"),
    ),
    Fault(
        "single-modality-not-listed",
        "Modalities in Study is empty until a study has two of them",
        Parts(finder=ListsSecondModality),
        warns=rows("QUERY-15"),
    ),
    Fault("level-not-repeated", "matches do not repeat the level", Parts(finder=LevelNotRepeated), breaks=rows("QUERY-09")),
    Fault(
        "image-matches-without-study",
        "matches at IMAGE level lack the Study Instance UID",
        Parts(finder=NothingFromAbove),
        breaks=rows("QUERY-09"),
    ),
    Fault(
        "study-listed-once-an-association",
        "a study that came on several associations is listed once for each of them",
        Parts(index=Memory, intake=BeginsStudiesAnew, finder=ListsEachRow),
        breaks=rows("STORE-07 ROBUST-08"),
    ),
    Fault(
        "identical-object-listed-no-more",
        "an object that comes again is counted and delivered as before, and listed no more",
        Parts(index=Memory, intake=MarksRepeats, finder=ListsNoRepeats),
        breaks=rows("STORE-08"),
    ),
    Fault("sixth-match-repeats-the-fifth", "the fifth study that matches comes twice", Parts(finder=FifthTwice), breaks=rows("QUERY-10")),
    Fault(
        "pending-without-identifier",
        "a pending response without identifier comes before the final one",
        Parts(services=PendingBeforeTheEnd),
        breaks=rows("QUERY-10"),
    ),
    Fault(
        "issuer-matched-and-said-to-be-no-key",
        "Issuer of Patient ID restricts a query and is returned, and FF01 says that it is not supported",
        Parts(finder=DoubtsTheIssuer),
        warns=rows("IDENT-08"),
    ),
    Fault(
        "markup-escaped-in-matches",
        "Patient IDs are matched as they are, and returned as on a web page",
        Parts(finder=EscapesMarkupInMatches),
        breaks=rows("REJECT-15"),
    ),
    Fault(
        "unsupported-key-matches-nothing",
        "a query with a key that is not supported finds nothing",
        Parts(finder=UnknownKeysMatchNothing),
        breaks=rows("QUERY-11"),
    ),
    Fault(
        "unsupported-key-refused",
        "a query with a key that is not supported is refused",
        Parts(finder=UnknownKeysRefused),
        breaks=rows("QUERY-11"),
    ),
    Fault(
        "cancel-ends-the-next-query-too",
        "after a cancelled C-FIND the next one on the association ends FE00",
        Parts(services=CancelOutlivesItsQuery),
        breaks=rows("QUERY-14"),
    ),
)
