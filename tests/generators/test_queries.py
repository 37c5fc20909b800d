"""The model of C-FIND: what PS3.4 C.2.2.2 says matches."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators import GeneratorError, Study, Synthesizer
from generators.queries import LEVELS, Matching, Query, matches, matches_value, query
from generators.strategies import queries_over, studies

from .conftest import EXAMPLES


@pytest.mark.parametrize(
    ("how", "wanted", "value", "matched"),
    [
        (Matching.TEXT, "A1", "A1", True),
        (Matching.TEXT, "A1", "A12", False),
        (Matching.TEXT, "a1", "A1", False),
        (Matching.TEXT, "A1 ", "A1", True),
        (Matching.TEXT, "", "A1", True),
        (Matching.TEXT, "*", "", True),
        (Matching.TEXT, "A*", "A1", True),
        (Matching.TEXT, "A?", "A1", True),
        (Matching.TEXT, "A?", "A12", False),
        (Matching.TEXT, "A.", "A1", False),
        (Matching.RANGE, "20250101-20251231", "20250704", True),
        (Matching.RANGE, "-20250101", "20250704", False),
        (Matching.RANGE, "20250704-", "20250704", True),
        (Matching.RANGE, "20250101-", "", False),
        (Matching.RANGE, "20250704", "20250704", True),
        (Matching.UID_LIST, "1.2\\1.3", "1.3", True),
        (Matching.UID_LIST, "1.2", "1.2.3", False),
        (Matching.NUMBER, "7", "7", True),
        (Matching.NUMBER, "7", "70", False),
    ],
)
def test_a_value_matches(how: Matching, wanted: str, value: str, matched: bool) -> None:
    assert matches_value(how, wanted, value) is matched


@settings(EXAMPLES, max_examples=60)
@given(st.data())
def test_queries_are_bounded_and_their_matches_are_of_the_study(data: st.DataObject) -> None:
    study = data.draw(studies("CT", "MR"))
    asked: Query = data.draw(queries_over(study))
    keys = dict(asked.keys)
    assert keys.get("StudyInstanceUID") == study.uid or keys.get("PatientID") == study.patient.id
    assert set(asked.matches) <= set(uids(study)[asked.level])
    assert asked.identifier().QueryRetrieveLevel == asked.level


@settings(EXAMPLES, max_examples=60)
@given(st.data())
def test_a_further_key_never_adds_a_match_and_a_foreign_study_never_takes_one(data: st.DataObject) -> None:
    study = data.draw(studies("CT"))
    asked: Query = data.draw(queries_over(study))
    loose = dict(asked.keys[:1]) | ({"SeriesInstanceUID": study.series[0].uid} if asked.level == "IMAGE" else {})
    assert set(asked.matches) <= set(matches([study], asked.level, loose))
    foreign = Synthesizer(1, "FOREIGN").study("MR")
    assert tuple(matches([foreign, study], asked.level, dict(asked.keys))) == asked.matches


@pytest.mark.parametrize("level", LEVELS)
def test_all_kinds_of_queries_come_up(level: str) -> None:
    study = Synthesizer(1, "N").study(modalities=["CT", "MR"])
    found: list[Query] = []

    @settings(EXAMPLES, max_examples=100)
    @given(queries_over(study))
    def gather(asked: Query) -> None:
        found.append(asked)

    gather()
    mine = [asked for asked in found if asked.level == level]
    assert any(asked.matches for asked in mine)
    assert any(not asked.matches for asked in mine)


@pytest.mark.parametrize(("level", "keys"), [("FRAME", {}), ("STUDY", {"Modality": "CT"}), ("STUDY", {"Rows": "1"})])
def test_what_is_no_query_is_refused(level: str, keys: Mapping[str, str]) -> None:
    with pytest.raises(GeneratorError, match="is no"):
        query([Synthesizer(0, "N").study()], level, keys)


def uids(study: Study) -> dict[str, list[str]]:
    return {
        "STUDY": [study.uid],
        "SERIES": [series.uid for series in study.series],
        "IMAGE": [instance.uid for instance in study.instances],
    }
