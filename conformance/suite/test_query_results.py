"""Query, beyond keys and matching: a result that is cancelled, counters, time zones, what can be retrieved (PS3.4 C.3.4, C.4.1)."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from conformance.acts import Act
from conformance.dimse import AssociationEnded, FindAnswer, StatusClass
from conformance.findings import NotApplicable, expect, require
from conformance.suite.conftest import MANY, Stored
from conformance.suite.expectations import only_match
from conformance.suite.peer import polls
from conformance.suite.queries import Query, image_query, series_query, shown_value, study_query
from conformance.suite.system import System, query_context
from conformance.target import Claims
from generators import Encoded, Series, Study, Synthesizer, encode, encode_study

PROMPT_SECONDS = 1.0
ZONES = ("-0500", "+0330")


@pytest.mark.requirement("QUERY-14")
def test_ends_a_query_that_is_cancelled(system: System, long_study: Stored) -> None:
    query = image_query(long_study.study, long_study.study.series[0])
    require(len(system.find(query).matches) == MANY, f"the query does not find {MANY} objects when nobody cancels it")
    answers = []
    for after in (1, 0, 1):  # right behind the request a cancel has all the time there is
        answers.append(cancelled(system, query, after=after))
        if answers[-1].final.status_class is StatusClass.CANCEL:
            return
    expect_was_complete(min(answers, key=lateness))  # the promptest of them, for a busy machine of ours may have held us up


def cancelled(system: System, query: Query, *, after: int) -> FindAnswer:
    """Ask, cancel after so many matches, and ask something else on the same association."""
    system.acts.append(Act(query.dcmtk(f"findscu --cancel {after}")))
    model = query.root.find
    with system.associate([query_context(model)]) as association:
        try:
            answer = association.find(model, query.identifier(), cancel_after=after)
            usable = association.find(model, replace(query, level="STUDY", keys=_upper(query)).identifier())
        except AssociationEnded as error:
            system.blame(error, expected="the association usable after a cancelled query")
    expect(usable.matches, expected="the next query on the same association answered", got=f"no match and {usable.final}")
    return answer


def _upper(query: Query) -> Mapping[str, str]:
    return {"StudyInstanceUID": str(query.keys["StudyInstanceUID"])}


def lateness(answer: FindAnswer) -> float:
    """The seconds from the first match, when the cancel had been sent at the latest, to the end."""
    return answer.final.seconds - answer.responses[0].seconds if answer.responses else answer.final.seconds


def expect_was_complete(answer: FindAnswer) -> None:
    """Blame the system unless it sent its whole result at once, so that it was complete when the cancel can have been read."""
    late = lateness(answer)
    whole = answer.final.status_class is StatusClass.SUCCESS and len(answer.responses) == MANY
    expect(
        whole and late <= PROMPT_SECONDS,
        expected=f"FE00 after a cancel, or all {MANY} matches and 0000 because they were on their way already",
        got=f"{len(answer.responses)} matches and {answer.final}, the last {late:.1f} s after the cancel was sent",
    )


COUNTERS = ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "ModalitiesInStudy")
IN_SERIES = "NumberOfSeriesRelatedInstances"


@pytest.mark.requirement("QUERY-15")
def test_counts_what_a_study_holds_before_and_after_a_late_series(
    system: System, keep: Callable[[Study], Stored], synthesizer: Synthesizer, claims: Claims
) -> None:
    whole = synthesizer.study(modalities=("CT", "CT", "MR"), instances=2)
    first = replace(whole, series=whole.series[:2])
    keep(first)
    expect_counted(await_counted(system, first, claims), first)
    late = whole.series[2]
    system.keep(*(encode(whole.dataset(instance)) for instance in late.instances))
    require(system.await_found(image_query(whole, late, late.instances[-1])), "the late series is not found")
    expect_counted(await_counted(system, whole, claims), whole)


def await_counted(system: System, study: Study, claims: Claims) -> dict[str, str]:
    """Ask for the counters until they are true: that may take as long as the objects themselves take to be visible."""
    seen: dict[str, str] = {}
    for _ in polls(claims.visible_seconds):
        seen = counters(system, study)
        if seen == true_counters(study):
            break
    return seen


def counters(system: System, study: Study) -> dict[str, str]:
    """Ask for the counters of a study and of its series."""
    match = only_match(system.find(study_query(study).where(dict.fromkeys(COUNTERS, ""))), of="a Study Instance UID")
    listed = system.find(series_query(study).where({IN_SERIES: ""})).matches
    held = {str(row.get("SeriesInstanceUID", "")): shown_value(row, IN_SERIES) for row in listed}
    return {keyword: shown_value(match, keyword) for keyword in COUNTERS} | {_named(s): held.get(s.uid, "not found") for s in study.series}


def _named(series: Series) -> str:
    return f"{IN_SERIES} of series {series.number}"


def true_counters(study: Study) -> dict[str, str]:
    """What was stored, counted."""
    modalities = sorted({series.modality for series in study.series})
    counted = (str(len(study.series)), str(len(study.instances)), "\\".join(modalities))
    return dict(zip(COUNTERS, counted, strict=True)) | {_named(series): str(len(series.instances)) for series in study.series}


def expect_counted(seen: Mapping[str, str], study: Study) -> None:
    """Blame the system for each counter that is not as many as were stored."""
    wrong = {keyword: seen[keyword] for keyword, count in true_counters(study).items() if seen[keyword] != count}
    expect(
        not wrong,
        expected="; ".join(f"{keyword} {count}" for keyword, count in true_counters(study).items() if keyword in wrong),
        got="; ".join(f"{keyword} {value or 'empty'}" for keyword, value in wrong.items()),
        hint="Over DIMSE nothing else tells a client that a study is complete.",
    )


@pytest.fixture(scope="module")
def zoned(system: System, synthesizer: Synthesizer) -> dict[str, Study]:
    """A study from each of two time zones."""
    studies = {zone: synthesizer.study("CT", instances=1) for zone in ZONES}
    for zone, study in studies.items():
        system.keep(in_zone(study, zone))
        require(system.await_found(study_query(study)), "a sound study was acknowledged and is not found")
    return studies


def in_zone(study: Study, zone: str) -> Encoded:
    """Encode the first object of a study with its times in this zone."""
    dataset = encode_study(study)[0].dataset()
    dataset.TimezoneOffsetFromUTC = zone
    return encode(dataset)


@pytest.mark.requirement("QUERY-21")
def test_names_a_time_zone_or_leaves_it_out(system: System, zoned: dict[str, Study]) -> None:
    said = {zone: system.find(study_query(study, StudyTime="")).matches for zone, study in zoned.items()}
    named = [match.get("TimezoneOffsetFromUTC", "") for matches in said.values() for match in matches if "TimezoneOffsetFromUTC" in match]
    if not named:
        raise NotApplicable("the matches say nothing of a time zone, which DICOM leaves to the system")
    expect(all(named), expected="Timezone Offset From UTC with a value, or not at all (PS3.4 C.4.1.1.3.2)", got="an empty one")


@pytest.mark.requirement("QUERY-18")
@pytest.mark.parametrize("which", ["ct_study", "mixed_study"])
def test_lists_what_it_delivers(system: System, request: pytest.FixtureRequest, which: str) -> None:
    stored: Stored = request.getfixturevalue(which)
    listed = {
        str(match.get("SOPInstanceUID", ""))
        for series in stored.study.series
        for match in system.find(image_query(stored.study, series)).matches
    }
    delivered = set(system.retrieve(study_query(stored.study), stored.instances).uids)
    require(listed or delivered, "the study is neither listed nor delivered")
    expect(
        listed == delivered,
        expected="the same objects listed at IMAGE level and delivered by a retrieve",
        got=f"{len(listed - delivered)} only listed, {len(delivered - listed)} only delivered",
    )
