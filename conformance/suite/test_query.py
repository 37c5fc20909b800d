"""Query: what matches, what comes back, and what is refused (PS3.4 C.2.2, C.4.1, C.6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from pydicom import Dataset

from conformance.dimse import FindAnswer, NotAccepted, StatusClass, describe
from conformance.findings import Nonconformance, expect, require
from conformance.suite.attempts import Attempts, encode_first
from conformance.suite.conftest import Stored
from conformance.suite.contents import rich
from conformance.suite.expectations import expect_found, expect_none_found, only_match
from conformance.suite.queries import PATIENT_ROOT, Query, Value, image_query, series_query, study_query
from conformance.suite.system import System
from generators import Study, Synthesizer, encode

FF01, A900 = 0xFF01, 0xA900
GROUP_LENGTH = 0x0000  # the element number of a group length, which says nothing (PS3.5 7.2)
OPTIONAL_KEY = "AdmittingDiagnosesDescription"
ALWAYS_ALLOWED = frozenset({
    "QueryRetrieveLevel", "SpecificCharacterSet", "TimezoneOffsetFromUTC", "RetrieveAETitle",
    "StorageMediaFileSetID", "StorageMediaFileSetUID", "InstanceAvailability",
    "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID",
})  # fmt: skip
REQUIRED = {
    "STUDY": ("StudyDate", "StudyTime", "AccessionNumber", "PatientName", "PatientID", "StudyID", "StudyInstanceUID"),
    "SERIES": ("Modality", "SeriesNumber", "SeriesInstanceUID"),
    "IMAGE": ("InstanceNumber", "SOPInstanceUID"),
}
ABOVE = {"STUDY": (), "SERIES": ("StudyInstanceUID",), "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID")}


@dataclass(frozen=True, slots=True)
class Library:
    """Six studies of one patient, each with its own day and hour: questions about them are bounded by that patient."""

    studies: tuple[Study, ...]

    @property
    def patient_id(self) -> str:
        return self.studies[0].patient.id

    def named(self, *numbers: int) -> dict[str, str]:
        """The chosen studies by UID, called as the report calls them."""
        return {self.studies[n].uid: f"study {n} ({self.studies[n].date} {self.studies[n].time})" for n in numbers}


SHELF = (  # date, time
    ("20240110", "080000"),
    ("20240110", "113000"),
    ("20240115", "093000"),
    ("20240120", "120000"),
    ("20240229", "235900"),
    ("20240301", "000000"),
)


@pytest.fixture(scope="module")
def library(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> Library:
    patient = synthesizer.patient(name=f"SYNTHETIC-{synthesizer.nonce}^Library")  # nobody else of the run is called so
    return Library(
        tuple(
            keep(synthesizer.study("CT", instances=1, patient=patient, date=date, time=time, id=f"S{number}")).study
            for number, (date, time) in enumerate(SHELF)
        )
    )


def ask_library(system: System, library: Library, **keys: Value) -> FindAnswer:
    """Ask about the library's patient only."""
    bounded: dict[str, Value] = {"PatientID": library.patient_id, "StudyInstanceUID": "", **keys}
    return system.find(Query("STUDY", bounded, character_set=library.studies[0].character_set))


@pytest.mark.requirement("QUERY-01")
@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
def test_answers_study_root_at_each_level(system: System, ct_study: Stored, level: str) -> None:
    study, series = ct_study.study, ct_study.study.series[0]
    query, keyword, expected = {
        "STUDY": (study_query(study), "StudyInstanceUID", {study.uid: "the study"}),
        "SERIES": (series_query(study), "SeriesInstanceUID", {s.uid: f"series {s.number}" for s in study.series}),
        "IMAGE": (image_query(study, series), "SOPInstanceUID", {i.uid: f"object {i.number}" for i in series.instances}),
    }[level]
    expect_found(answer_of(system, query), keyword, expected, because=f"a hierarchical query at {level} level", once=True)


def answer_of(system: System, query: Query) -> FindAnswer:
    """Ask, and blame the system if it does not accept the information model at all."""
    try:
        return system.find(query)
    except NotAccepted as error:
        raise Nonconformance(expected=f"{query.root.name} FIND accepted", got="its presentation context refused") from error


@pytest.mark.requirement("QUERY-02")
@pytest.mark.parametrize("key", ["PatientID", "PatientName"])
def test_answers_patient_root_with_one_row_a_patient(system: System, library: Library, key: str) -> None:
    patient = library.studies[0].patient
    bound = f"{system.synthesizer.patient_id_prefix}*"
    keys = {"PatientID": bound, "PatientName": "", key: {"PatientID": patient.id, "PatientName": patient.name}[key]}
    answer = answer_of(system, Query("PATIENT", keys, PATIENT_ROOT, library.studies[0].character_set))
    expect_found(answer, "PatientID", {patient.id: "the patient"}, because=f"PATIENT level by {key}", once=True)


STUDY_KEYS: Mapping[str, tuple[Callable[[Study], str], str]] = {  # keyword: its value in a study, a value that none has
    "StudyDate": (lambda study: study.date, "19010101"),
    "StudyTime": (lambda study: study.time, "010101"),
    "AccessionNumber": (lambda study: study.order.accession, "NONE"),
    "PatientName": (lambda study: study.patient.name, "NOBODY^SYNTHETIC"),
    "StudyID": (lambda study: study.id, "NONE"),
    "StudyInstanceUID": (lambda study: study.uid, "2.25.310458246739824793746534657936453219873"),
}


@pytest.mark.requirement("QUERY-03")
@pytest.mark.parametrize("keyword", STUDY_KEYS)
def test_restricts_studies_by_each_required_key(system: System, library: Library, keyword: str) -> None:
    value_in, absent = STUDY_KEYS[keyword]
    number = 2
    same = [n for n, study in enumerate(library.studies) if value_in(study) == value_in(library.studies[number])]
    answer = ask_library(system, library, **{keyword: value_in(library.studies[number])})
    expect_found(answer, "StudyInstanceUID", library.named(*same), because=f"{keyword} of study {number}")
    expect_none_found(ask_library(system, library, **{keyword: absent}), because=f"no study has {keyword} {absent}")


@pytest.mark.requirement("QUERY-03")
def test_restricts_studies_by_patient_id(system: System, library: Library) -> None:
    every = range(len(library.studies))
    expect_found(ask_library(system, library), "StudyInstanceUID", library.named(*every), because="the studies of one patient")
    expect_none_found(ask_library(system, library, PatientID=f"{library.patient_id}X"), because="nobody has this Patient ID")


@pytest.mark.requirement("QUERY-03")
@pytest.mark.parametrize(("keyword", "absent"), [("Modality", "XC"), ("SeriesNumber", "999"), ("SeriesInstanceUID", "2.25.1")])
def test_restricts_series_by_each_required_key(system: System, mixed_study: Stored, keyword: str, absent: str) -> None:
    study, series = mixed_study.study, mixed_study.study.series[1]
    value = {"Modality": series.modality, "SeriesNumber": str(series.number), "SeriesInstanceUID": series.uid}[keyword]
    expect_found(
        system.find(series_query(study).where({keyword: value})),
        "SeriesInstanceUID",
        {series.uid: f"series {series.number} ({series.modality})"},
        because=f"{keyword} {value}",
    )
    none = system.find(series_query(study).where({keyword: absent}))
    expect_found(none, "SeriesInstanceUID", {}, because=f"no series has {keyword} {absent}")


@pytest.mark.requirement("QUERY-03")
@pytest.mark.parametrize(("keyword", "absent"), [("InstanceNumber", "999"), ("SOPInstanceUID", "2.25.1")])
def test_restricts_instances_by_each_required_key(system: System, ct_study: Stored, keyword: str, absent: str) -> None:
    study, series = ct_study.study, ct_study.study.series[0]
    instance = series.instances[1]
    value = {"InstanceNumber": str(instance.number), "SOPInstanceUID": instance.uid}[keyword]
    answer = system.find(image_query(study, series).where({keyword: value}))
    expect_found(answer, "SOPInstanceUID", {instance.uid: f"object {instance.number}"}, because=f"{keyword} of object {instance.number}")
    none = system.find(image_query(study, series).where({keyword: absent}))
    expect_found(none, "SOPInstanceUID", {}, because=f"no object has {keyword} {absent}")


@pytest.mark.requirement("QUERY-04")
def test_returns_the_value_of_each_empty_key(system: System, library: Library) -> None:
    study = library.studies[1]
    coerced = system.ledger.is_coerced(encode_first(study))
    keys: dict[str, Value] = dict.fromkeys(REQUIRED["STUDY"], "")
    match = only_match(system.find(study_query(study).where({**keys, "StudyInstanceUID": study.uid})), of="the study's UID")
    for keyword, (value_in, _) in STUDY_KEYS.items():
        expect_value(match, keyword, value_in(study), coerced=coerced)
    expect_value(match, "PatientID", study.patient.id, coerced=coerced)


def expect_value(match: Dataset, keyword: str, value: str, *, coerced: bool = False) -> None:
    """Blame the system unless the match carries the key with the value that was stored, or it said that it changed some."""
    expect(keyword in match, expected=f"{keyword}, which was asked for, in the match", got="the match does not contain it")
    shown = str(match.get(keyword) or "")
    kept = meaning(keyword, shown) == meaning(keyword, value)
    require(kept or not coerced, f"the object was coerced, and reported so, and its {keyword} is another")
    expect(kept, expected=f"{keyword} {value!r} as it was stored", got=repr(shown))


def meaning(keyword: str, value: str) -> str:
    """Take off what says nothing: fractions of no length in a time, empty components at the end of a name (PS3.5 6.2)."""
    if keyword == "StudyTime":
        return value.split(".")[0] if not value.partition(".")[2].strip("0") else value
    return value.rstrip("^=") if keyword == "PatientName" else value


@pytest.mark.requirement("QUERY-04")
def test_returns_an_empty_key_empty_where_nothing_is_known(
    system: System, keep: Callable[[Study], Stored], synthesizer: Synthesizer
) -> None:
    study = keep(synthesizer.study("CT", instances=1, id="")).study
    match = only_match(system.find(study_query(study, StudyID="")), of="the study's UID")
    expect_value(match, "StudyID", "")


@pytest.fixture(scope="module")
def spellings(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> dict[str, Study]:
    """Studies by accession numbers that differ in case, at the end, or in one character."""
    stem = synthesizer.order().accession[:12]
    return {
        accession: keep(synthesizer.study("CT", instances=1, order=synthesizer.order(accession=accession))).study
        for accession in (f"{stem}AB1", f"{stem}ab1", f"{stem}AB", f"{stem}AB12")
    }


@pytest.mark.requirement("QUERY-05")
@pytest.mark.parametrize("number", range(4), ids=["itself", "other-case", "shorter", "longer"])
def test_matches_a_single_value_exactly(system: System, spellings: dict[str, Study], number: int) -> None:
    accession, study = list(spellings.items())[number]
    expect_found(
        system.ask("STUDY", AccessionNumber=accession, StudyInstanceUID=""),
        "StudyInstanceUID",
        {study.uid: f"the study of accession {accession}"},
        because="a value without wild cards matches the equal value only (PS3.4 C.2.2.2.1)",
    )


@pytest.mark.requirement("QUERY-06")
@pytest.mark.parametrize(
    ("pattern", "matching"),
    [("AB*", (0, 2, 3)), ("AB?", (0,)), ("?B1", (0,)), ("A*1", (0,)), ("AB1*", (0, 3)), ("??", (2,))],
    ids=["star-at-end", "question-at-end", "question-inside", "star-inside", "star-for-none", "two-questions"],
)
def test_matches_wild_cards(system: System, spellings: dict[str, Study], pattern: str, matching: tuple[int, ...]) -> None:
    stem = next(iter(spellings))[:-3]
    chosen = [list(spellings.items())[number] for number in matching]
    expect_found(
        system.ask("STUDY", AccessionNumber=stem + pattern, StudyInstanceUID=""),
        "StudyInstanceUID",
        {study.uid: f"the study of accession …{accession[len(stem) :]}" for accession, study in chosen},
        because=f"accession …{pattern}",
    )


@pytest.mark.requirement("QUERY-06")
def test_takes_a_bare_star_for_universal_matching(system: System, library: Library) -> None:
    every = library.named(*range(len(library.studies)))
    expect_found(ask_library(system, library, StudyID="*"), "StudyInstanceUID", every, because="'*' alone restricts nothing")


RANGES: Mapping[str, tuple[dict[str, str], tuple[int, ...]]] = {
    "closed": ({"StudyDate": "20240110-20240120"}, (0, 1, 2, 3)),
    "open start": ({"StudyDate": "-20240115"}, (0, 1, 2)),
    "open end": ({"StudyDate": "20240229-"}, (4, 5)),
    "one day": ({"StudyDate": "20240229-20240229"}, (4,)),
    "closed time": ({"StudyTime": "080000-113000"}, (0, 1, 2)),
    "open start time": ({"StudyTime": "-080000"}, (0, 5)),
    "open end time": ({"StudyTime": "120000-"}, (3, 4)),
    "date and time": ({"StudyDate": "20240110-20240120", "StudyTime": "100000-115900"}, (1,)),
}


@pytest.mark.requirement("QUERY-07")
@pytest.mark.parametrize("form", RANGES)
def test_matches_ranges_inclusively(system: System, library: Library, form: str) -> None:
    keys, matching = RANGES[form]
    asked = " and ".join(keys.values())
    expect_found(ask_library(system, library, **keys), "StudyInstanceUID", library.named(*matching), because=f"range {asked}")


@pytest.mark.requirement("QUERY-08")
@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
def test_returns_each_entity_of_a_list_of_uids(
    system: System, ct_study: Stored, mixed_study: Stored, synthesizer: Synthesizer, level: str
) -> None:
    study, series = ct_study.study, ct_study.study.series[0]
    query, keyword, listed = {
        "STUDY": (study_query(study), "StudyInstanceUID", {study.uid: "the CT study", mixed_study.study.uid: "the mixed study"}),
        "SERIES": (series_query(study), "SeriesInstanceUID", {s.uid: f"series {s.number}" for s in study.series}),
        "IMAGE": (image_query(study, series), "SOPInstanceUID", {i.uid: f"object {i.number}" for i in series.instances[::2]}),
    }[level]
    answer = system.find(query.where({keyword: [*listed, synthesizer.uid()]}))
    expect_found(answer, keyword, listed, because="every listed UID but the last is of something that is there")


def questions(stored: Stored) -> dict[str, Query]:
    """At each level, one question for every required key of that level."""
    study, series = stored.study, stored.study.series[0]
    empty = {level: dict.fromkeys(keys, "") for level, keys in REQUIRED.items()}
    return {
        "STUDY": Query("STUDY", {**empty["STUDY"], "StudyInstanceUID": study.uid}),
        "SERIES": Query("SERIES", {**empty["SERIES"], "StudyInstanceUID": study.uid}),
        "IMAGE": Query("IMAGE", {**empty["IMAGE"], "StudyInstanceUID": study.uid, "SeriesInstanceUID": series.uid}),
    }


@pytest.mark.requirement("QUERY-09")
@pytest.mark.parametrize("level", REQUIRED)
def test_returns_what_was_asked_and_where_to_retrieve_it(system: System, ct_study: Stored, level: str) -> None:
    matches = system.find(questions(ct_study)[level]).matches
    require(matches, f"no match at {level} level")
    for match in matches:
        expect_well_formed(match, level)


def expect_well_formed(match: Dataset, level: str) -> None:
    """Blame the system unless the match is an identifier as PS3.4 C.4.1.1.3.2 describes it."""
    said = str(match.get("QueryRetrieveLevel", "absent"))
    expect(said == level, expected=f"Query/Retrieve Level {level} repeated in each match", got=said)
    wanted = (*ABOVE[level], *REQUIRED[level])
    missing = [keyword for keyword in wanted if keyword not in match]
    expect(not missing, expected=f"{', '.join(wanted)} in each match", got=f"missing: {', '.join(missing)}")
    where = [match.get(keyword) for keyword in ("RetrieveAETitle", "StorageMediaFileSetID") if keyword in match]
    told = any(where) if level == "IMAGE" else bool(where)
    expect(told, expected="Retrieve AE Title or a media identification in each match, at IMAGE level with a value", got="it is not there")
    asked = [element for element in match if element.tag.element != GROUP_LENGTH]
    extra = [element.keyword or str(element.tag) for element in asked if element.keyword not in (*wanted, *ALWAYS_ALLOWED)]
    expect(not extra, expected="no attribute that was not asked for", got=", ".join(extra[:5]))


@pytest.mark.requirement("QUERY-10")
@pytest.mark.parametrize("count", ["none", "one", "many"])
def test_ends_with_0000_after_pending_matches(system: System, library: Library, synthesizer: Synthesizer, count: str) -> None:
    uids: dict[str, Value] = {"none": synthesizer.uid(), "one": library.studies[0].uid, "many": ""}
    answer = ask_library(system, library, StudyInstanceUID=uids[count])
    expect(answer.final.status == 0, expected=f"final status 0000 after {count} match(es)", got=str(answer.final))
    expect(answer.final_identifier is None, expected="no identifier with the final status", got="an identifier")
    for response in answer.responses:
        expect(response.identifier is not None, expected="an identifier with each pending response", got="none")
    wanted = {"none": 0, "one": 1, "many": len(library.studies)}[count]
    expect(len(answer.responses) == wanted, expected=f"{wanted} pending responses", got=f"{len(answer.responses)}")


@pytest.fixture(scope="module")
def diagnosed(system: System, synthesizer: Synthesizer) -> Study:
    """A study with a value for the optional key, so that another value matches it only where the key is not supported."""
    study = synthesizer.study("CT", instances=1)
    system.keep(encode(rich(next(iter(study.datasets())))))
    require(system.settle(study), "a sound study was acknowledged and is not found")
    return study


@pytest.mark.requirement("QUERY-11")
@pytest.mark.parametrize("value", ["", "NEVER STORED"], ids=["returned", "matched"])
def test_tells_by_ff01_that_it_does_not_support_a_key(system: System, diagnosed: Study, value: str) -> None:
    answer = system.find(study_query(diagnosed, **{OPTIONAL_KEY: value}))
    expect(answer.final.status == 0, expected="an unsupported optional key ignored, final status 0000", got=str(answer.final))
    if not value:
        expect(answer.responses, expected="the study found by its UID", got="no match")
    for response in answer.responses:
        # A match without an identifier is for QUERY-10 to judge.
        unsupported = response.identifier is not None and (value or OPTIONAL_KEY not in response.identifier)
        expect(
            response.status == FF01 or not unsupported,
            expected="FF01 with a match for which an optional key was not honoured",
            got=f"{describe('C-FIND', response.status)}, and {OPTIONAL_KEY} "
            + ("did not restrict the answer" if value else "is not returned"),
        )


@pytest.mark.requirement("QUERY-12")
@pytest.mark.parametrize("study_uid", [None, "*"], ids=["absent", "wild-card"])
def test_does_not_flood_when_the_study_is_not_named(system: System, ct_study: Stored, study_uid: str | None) -> None:
    require(system.find(series_query(ct_study.study)).matches, "the series are not found where their study is named")
    keys: dict[str, Value] = {"PatientID": ct_study.study.patient.id, "SeriesInstanceUID": ""}
    answer = system.find(Query("SERIES", keys if study_uid is None else {**keys, "StudyInstanceUID": study_uid}))
    if answer.final.status_class is StatusClass.FAILURE:
        return
    ours = {series.uid for series in ct_study.study.series}
    others = [match for match in answer.matches if str(match.get("SeriesInstanceUID", "")) not in ours]
    expect(
        not others,
        expected="A900, Cxxx, or the series of the one patient asked for",
        got=f"{len(others)} series of other patients",
        hint="A SERIES query names its study (PS3.4 C.4.1.2.1); the Patient ID that was given was ignored as well.",
    )


@pytest.mark.requirement("QUERY-13")
@pytest.mark.parametrize("level", [None, "STUDIES", "PATIENT"], ids=["absent", "unknown", "of-another-model"])
def test_refuses_a_level_that_the_model_does_not_have(system: System, ct_study: Stored, level: str | None) -> None:
    keys = {"PatientID": ct_study.study.patient.id, "StudyInstanceUID": ct_study.study.uid}
    require(system.find(Query("STUDY", keys)).matches, "the study is not found at a level that the model has")
    answer = system.find(Query(level, keys))
    status = answer.final.status
    expect(
        (status == A900 or status >> 12 == 0xC) and not answer.matches,
        expected="A900 or Cxxx, and no match, for a Query/Retrieve Level that Study Root does not have",
        got=f"{len(answer.matches)} matches and {answer.final}",
    )


@pytest.mark.requirement("QUERY-16")
@pytest.mark.parametrize(
    ("fault", "keyword"),
    [("empty-accession-number", "AccessionNumber"), ("empty-patient-id", "PatientID")],
    ids=["accession", "patient-id"],
)
def test_does_not_match_every_value_with_an_empty_identifier(
    system: System, attempts: Attempts, synthesizer: Synthesizer, fault: str, keyword: str
) -> None:
    attempt = attempts.of(fault)
    other = {"AccessionNumber": synthesizer.order().accession, "PatientID": synthesizer.patient().id}[keyword]
    answer = system.find(study_query(attempt.study).where({keyword: other}))
    expect_none_found(answer, because=f"it was stored with an empty {keyword} and asked for under another one ({attempt})")
