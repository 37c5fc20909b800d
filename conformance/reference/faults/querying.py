"""Faults of C-FIND: what matches, what comes back, and what is refused.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, repeat
from string import ascii_uppercase

from conformance.reference.archive import Parts
from conformance.reference.encoding import DataSet, Element, decode
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.find import RETRIEVE_AE_TITLE, TIMEZONE, Finder, Query
from conformance.reference.index import Index, issuer_of
from conformance.reference.keys import BY_KEYWORD, KEYS, LEVELS, QUERY_RETRIEVE_LEVEL, UNIQUE, Attributes, Key, Value, tag_of
from conformance.reference.matching import Matcher, canonical_date
from conformance.reference.models import PENDING, Identifier
from conformance.reference.services import Request, Services
from conformance.reference.syntax import syntax_of
from conformance.reference.text import character_set

MODALITY, STATION = BY_KEYWORD["Modality"], tag_of("StationName")


class Caseless(Finder):
    """Compares one key without regard to case."""

    keyword = ""

    def match(self, query: Query, entity: Attributes) -> bool:
        wanted = str(query.keys.get(BY_KEYWORD[self.keyword], ""))
        if "*" in wanted or "?" in wanted:
            return super().match(query, entity)
        keys = {key: wanted.casefold() if key.keyword == self.keyword else value for key, value in query.keys.items()}
        return super().match(replace(query, keys=keys), entity | {self.keyword: str(entity.get(self.keyword, "")).casefold()})


class CaselessPatient(Caseless):
    keyword = "PatientID"


class CaselessAccession(Caseless):
    keyword = "AccessionNumber"


class SeriesOfAllStudies(Finder):
    """Lists the series of every study of the patient under each of them."""

    def entities(self, query: Query) -> list[Attributes]:
        study = query.keys.get(BY_KEYWORD["StudyInstanceUID"])
        if query.level != "SERIES" or not study:
            return super().entities(query)
        own = self.index.select("STUDY", {"StudyInstanceUID": str(study).split("\\")})
        patients = [{"PatientID": [str(one["PatientID"])], "Issuer": [issuer_of(one)]} for one in own]
        return [series | {"StudyInstanceUID": study} for patient in patients for series in self.index.select("SERIES", patient)]


class SeriesInPages(Finder):
    """Joins a paging table: a series comes once for every two of its objects."""

    def entities(self, query: Query) -> list[Attributes]:
        found = super().entities(query)
        return found if query.level != "SERIES" else list(chain.from_iterable(repeat(one, self.pages(one)) for one in found))

    def pages(self, series: Attributes) -> int:
        return (self.index.count("IMAGE", {"SeriesInstanceUID": [str(series["SeriesInstanceUID"])]}) + 1) // 2


class PatientsInStudies(Finder):
    """Answers PATIENT level from the study table: one row for each study."""

    def entities(self, query: Query) -> list[Attributes]:
        found = super().entities(query)
        if query.level != "PATIENT":
            return found
        rows_of = ({"PatientID": [str(one["PatientID"])], "Issuer": [issuer_of(one)]} for one in found)
        return [study for patient in rows_of for study in self.index.select("STUDY", patient)]


class KeyIgnored(Finder):
    """Returns a key that is asked for, and compares it with nothing."""

    ignored: Key

    def match(self, query: Query, entity: Attributes) -> bool:
        return super().match(replace(query, keys={key: value for key, value in query.keys.items() if key != self.ignored}), entity)


class NoSeriesNumber(KeyIgnored):
    ignored = BY_KEYWORD["SeriesNumber"]


class NoInstanceNumber(KeyIgnored):
    ignored = BY_KEYWORD["InstanceNumber"]


class NoStudyId(KeyIgnored):
    ignored = BY_KEYWORD["StudyID"]


class CutsVersionCodes(Finder):
    """Takes letters at the end of a Patient ID that is asked for to be the version code of a health card, and cuts them off."""

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        query, key = super().query(identifier, levels), BY_KEYWORD["PatientID"]
        wanted = query.keys.get(key)
        return query if not wanted else replace(query, keys={**query.keys, key: str(wanted).rstrip(ascii_uppercase)})


class TimesToTheMinute(Finder):
    """Keeps whole minutes of the time of a study in the column that it shows."""

    def put(self, found: DataSet, key: Key, wanted: Value, held: Value) -> None:
        super().put(found, key, wanted, str(held)[:4] if key.keyword == "StudyTime" else held)


class NoEmptyKeys(Finder):
    def put(self, found: DataSet, key: Key, wanted: Value, held: Value) -> None:
        if held:
            super().put(found, key, wanted, held)


class NoRetrieveTitle(Finder):
    def response(self, query: Query, entity: Attributes) -> DataSet:
        return {tag: element for tag, element in super().response(query, entity).items() if tag != RETRIEVE_AE_TITLE}


class AlwaysFf00(Finder):
    def pending(self, _query: Query) -> int:
        return PENDING


class SilentAboutMatching(Finder):
    """Says FF01 of an unsupported key that it was to return, and overlooks one that was to restrict."""

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        overlooked = {tag: element for tag, element in identifier.dataset.items() if tag in KEYS or not element.value}
        return super().query(replace(identifier, dataset=overlooked), levels)


class Floods(Finder):
    """Answers a SERIES or IMAGE query without study from all that it holds, whatever else was asked."""

    def demand(self, identifier: Identifier, levels: tuple[str, ...]) -> None:
        if identifier.level in ("SERIES", "IMAGE") and identifier.text("StudyInstanceUID") not in ("", "*"):
            super().demand(identifier, levels)

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        query = super().query(identifier, levels)
        if identifier.text("StudyInstanceUID") not in ("", "*") or identifier.level not in ("SERIES", "IMAGE"):
            return query
        depth = LEVELS.index(identifier.level)
        return replace(query, keys={key: value if key.depth == depth else "" for key, value in query.keys.items()})


class UltrasoundOneShort(Finder):
    """Leaves the last object out when it lists an ultrasound series."""

    def answer(self, identifier: Identifier, levels: tuple[str, ...]) -> Iterator[tuple[int, DataSet]]:
        found = list(super().answer(identifier, levels))
        listing = identifier.level == "IMAGE" and not identifier.text("SOPInstanceUID")
        series = {"SeriesInstanceUID": [identifier.text("SeriesInstanceUID")]}
        short = listing and self.index.distinct("series.modality", series) == ["US"]
        yield from found[:-1] if short else found


class LevelByDefault(Services):
    """Takes a query without level for one at STUDY level."""

    def identify(self, request: Request, levels: tuple[str, ...]) -> Identifier:
        dataset = decode(request.message.Identifier.getvalue(), syntax_of(request.transfer_syntax))
        if QUERY_RETRIEVE_LEVEL in dataset:
            return super().identify(request, levels)
        return Identifier("STUDY", dataset, character_set(dataset))


class LiteralQuestion(Matcher):
    def wild_card(self, wanted: str, held: str) -> bool:
        return super().wild_card(wanted.replace("?", "\0"), held.replace("?", "\0"))


class BareStarLiteral(Matcher):
    """Sees a wild card only where it stands beside something else."""

    def universal(self, vr: str, wanted: str) -> bool:
        return wanted != "*" and super().universal(vr, wanted)

    def kind(self, vr: str, wanted: str) -> Callable[[str, str], bool]:
        return self.single if wanted == "*" else super().kind(vr, wanted)


class EndExcluded(Matcher):
    def date_range(self, wanted: str, held: str) -> bool:
        last = wanted.partition("-")[2]
        return super().date_range(wanted, held) and (not last or canonical_date(held) != canonical_date(last))


class FirstOfList(Matcher):
    def uid_list(self, wanted: str, held: str) -> bool:
        return held == wanted.split("\\")[0]


class DateAndTimeCombined(Finder):
    """Reads a range of dates with a range of times as one stretch of time (PS3.4 C.2.2.2.5.4), which nobody negotiated."""

    def match(self, query: Query, entity: Attributes) -> bool:
        date, time = BY_KEYWORD["StudyDate"], BY_KEYWORD["StudyTime"]
        days, hours = str(query.keys.get(date, "")).split("-"), str(query.keys.get(time, "")).split("-")
        if len(days) != 2 or len(hours) != 2:
            return super().match(query, entity)
        others = {key: value for key, value in query.keys.items() if key not in (date, time)}
        moment = str(entity["StudyDate"]) + str(entity["StudyTime"])
        return days[0] + hours[0] <= moment <= days[1] + hours[1] and super().match(replace(query, keys=others), entity)


class LastMatchAgain(Services):
    """Repeats the last match in the final response."""

    def find(self, request: Request) -> None:
        super().find(Repeating(request.assoc, request.message, request.context_id, request.abstract_syntax, request.transfer_syntax))


class Repeating(Request):
    """A request whose final response repeats the identifier of the last pending one."""

    last: bytes | None = None

    def respond(self, **fields: object) -> None:
        if fields.get("Status") == 0x0000:
            fields["Identifier"] = self.last
        object.__setattr__(self, "last", fields.get("Identifier"))
        super().respond(**fields)


class FindIgnoresCancel(Services):
    """Sends every match, one after the other; a cancel that it reads on the way only costs it time."""

    def find(self, request: Request) -> None:
        super().find(Deaf(request.assoc, request.message, request.context_id, request.abstract_syntax, request.transfer_syntax))


class Deaf(Request):
    """A request that is never cancelled, whose matches take 2 ms each, and 30 ms once a cancel came."""

    @property
    def cancelled(self) -> bool:
        time.sleep(0.03 if super().cancelled else 0.002)
        return False


class CountsOnce(Finder):
    """Keeps each counter as it was when it was first asked for."""

    def __init__(self, index: Index, matcher: Matcher, ae_title: str) -> None:
        super().__init__(index, matcher, ae_title)
        self.counted: dict[tuple[str, str], str] = {}

    def computed(self, key: Key, entity: Attributes) -> str:
        return self.counted.setdefault((key.keyword, str(entity[UNIQUE[key.level]])), super().computed(key, entity))


class TellsMore(Finder):
    """Returns an attribute that nobody asked for."""

    def response(self, query: Query, entity: Attributes) -> DataSet:
        return super().response(query, entity) | {STATION: Element("SH", b"ROOM 1")}


class EmptyTimeZone(Finder):
    """Knows time zones of whole hours, and puts nothing into the column for any other."""

    def place_in_time(self, found: DataSet, query: Query, entity: Attributes) -> None:
        if str(entity.get("TimezoneOffsetFromUTC", "")).endswith("00"):
            return super().place_in_time(found, query, entity)
        found[TIMEZONE] = Element("SH", b"")
        return None


QUERY_FAULTS: tuple[Fault, ...] = (
    Fault(
        "patient-id-compared-without-case",
        "Patient IDs that differ in case are one value",
        Parts(finder=CaselessPatient),
        breaks=rows("IDENT-03"),
    ),
    Fault(
        "series-shown-in-every-study",
        "a study shows the series of all studies of its patient",
        Parts(finder=SeriesOfAllStudies),
        breaks=rows("INTEG-01"),
    ),
    Fault(
        "series-repeated-in-pages",
        "a series comes once for every two of its objects",
        Parts(finder=SeriesInPages),
        breaks=rows("QUERY-01"),
    ),
    Fault(
        "patients-repeated-by-study",
        "PATIENT level has a row for each study",
        Parts(finder=PatientsInStudies),
        warns=rows("QUERY-02"),
    ),
    Fault("series-number-ignored", "Series Number restricts nothing", Parts(finder=NoSeriesNumber), breaks=rows("QUERY-03")),
    Fault("instance-number-ignored", "Instance Number restricts nothing", Parts(finder=NoInstanceNumber), breaks=rows("QUERY-03")),
    Fault("study-id-ignored", "Study ID restricts nothing", Parts(finder=NoStudyId), breaks=rows("QUERY-03 WEB-01")),
    Fault(
        "version-code-cut-off",
        "letters at the end of a Patient ID are cut off the key: the ID of nobody finds somebody",
        Parts(finder=CutsVersionCodes),
        breaks=rows("QUERY-03"),
    ),
    Fault("study-time-to-the-minute", "matches show Study Time as HHMM", Parts(finder=TimesToTheMinute), breaks=rows("QUERY-04")),
    Fault("empty-keys-left-out", "a key without value is missing from the match", Parts(finder=NoEmptyKeys), breaks=rows("QUERY-04")),
    Fault(
        "accession-compared-without-case",
        "accession numbers that differ in case are one value",
        Parts(finder=CaselessAccession),
        breaks=rows("QUERY-05"),
    ),
    Fault("question-mark-literal", '"?" stands for itself', Parts(matcher=LiteralQuestion), breaks=rows("QUERY-06")),
    Fault("bare-star-literal", '"*" alone stands for itself', Parts(matcher=BareStarLiteral), breaks=rows("QUERY-06")),
    Fault("date-range-excludes-end", "a range of dates ends before its last day", Parts(matcher=EndExcluded), breaks=rows("QUERY-07")),
    Fault(
        "date-and-time-combined",
        "ranges of date and time are read as one stretch of time",
        Parts(finder=DateAndTimeCombined),
        breaks=rows("QUERY-07"),
    ),
    Fault("first-uid-of-list-only", "a list of UIDs matches its first only", Parts(matcher=FirstOfList), breaks=rows("QUERY-08")),
    Fault("no-retrieve-ae-title", "matches do not say where to retrieve from", Parts(finder=NoRetrieveTitle), breaks=rows("QUERY-09")),
    Fault(
        "last-match-in-final-response",
        "the final response repeats the identifier of the last match",
        Parts(services=LastMatchAgain),
        breaks=rows("QUERY-10"),
    ),
    Fault("ff00-for-unsupported-keys", "FF00 though a key was not supported", Parts(finder=AlwaysFf00), breaks=rows("QUERY-11")),
    Fault(
        "ff00-for-unmatched-keys",
        "FF00 though an unsupported key was to restrict the matches",
        Parts(finder=SilentAboutMatching),
        breaks=rows("QUERY-11"),
    ),
    Fault(
        "series-query-floods",
        "a SERIES query without study is answered with everything",
        Parts(finder=Floods),
        breaks=rows("QUERY-12"),
    ),
    Fault(
        "missing-level-defaults-to-study",
        "a query without level is answered at STUDY level",
        Parts(services=LevelByDefault),
        breaks=rows("QUERY-13"),
    ),
    Fault(
        "find-ignores-cancel",
        "a cancel does not end a C-FIND",
        Parts(services=FindIgnoresCancel),
        breaks=rows("QUERY-14"),
    ),
    Fault(
        "counters-kept-from-the-first-query",
        "the number of series, of instances and the modalities of a study are as they were when first asked for",
        Parts(finder=CountsOnce),
        breaks=rows("IOCM-06"),
        warns=rows("QUERY-15"),
    ),
    Fault("matches-tell-more", "a match has an attribute that was not asked for", Parts(finder=TellsMore), breaks=rows("QUERY-09")),
    Fault(
        "time-zone-empty",
        "a match that is not of a zone of whole hours has Timezone Offset From UTC without a value",
        Parts(finder=EmptyTimeZone),
        informs=rows("QUERY-21"),
    ),
    Fault(
        "ultrasound-list-one-short",
        "the list of an ultrasound series lacks its last object",
        Parts(finder=UltrasoundOneShort),
        breaks=rows("QUERY-18"),
    ),
)
