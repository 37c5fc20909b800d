"""The expectations that checks share blame for exactly what they name, and say how much of it there was."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from conformance.dimse import Answer, Ending, EndingKind, FindAnswer, Received, RetrieveAnswer
from conformance.dimse.answers import FindResponse, SubOperations
from conformance.findings import Nonconformance, NotApplicable, NotExercised
from conformance.suite.expectations import (
    expect_delivered,
    expect_found,
    expect_none_found,
    expect_one_tree,
    expect_rejected,
    expect_same_content,
    expect_taken,
    only_match,
    require_named,
)
from conformance.suite.queries import Query
from conformance.suite.system import Delivery
from conformance.target import Claims
from generators import Encoded, Study, Synthesizer, encode

SUCCESS, FAILURE, COERCED = 0x0000, 0xC000, 0xB000


def answered(service: str, status: int) -> Answer:
    return Answer(status, {}, 0.1, "", service)


def found(*uids: str, status: int = SUCCESS, keyword: str = "StudyInstanceUID") -> FindAnswer:
    matches = [Dataset() for _ in uids]
    for match, uid in zip(matches, uids, strict=True):
        setattr(match, keyword, uid)
    return FindAnswer(tuple(FindResponse(0xFF00, match, b"", 0.1) for match in matches), answered("C-FIND", status), None, False)


def blame(expectation: Any, *arguments: object, **options: object) -> Nonconformance:
    with pytest.raises(Nonconformance) as caught:
        expectation(*arguments, **options)
    return caught.value


EXPECTED = {"1.2.3": "study A", "1.2.4": "study B"}
FIND = ("StudyInstanceUID", EXPECTED)


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (found("1.2.4"), "study A not found"),
        (found(), "study A, study B not found"),
        (found("1.2.3", "1.2.4", "9.9", "9.9"), "2 that should not match"),
        (found("1.2.3", "9.9"), "study B not found; 1 that should not match"),
        (found("1.2.3", "1.2.4", status=FAILURE), "final status C000 (unable to process)"),
    ],
)
def test_matches_too_few_and_too_many_are_told(answer: FindAnswer, got: str) -> None:
    error = blame(expect_found, answer, *FIND, because="they were stored")
    assert error.got == got
    assert error.expected in ("exactly study A, study B: they were stored", "matches and then 0000: they were stored")


def test_a_match_that_comes_twice_is_blamed_only_where_the_clause_says_so() -> None:
    twice = found("1.2.3", "1.2.4", "1.2.4")
    expect_found(twice, *FIND, because="they were stored")
    assert blame(expect_found, twice, *FIND, because="they were stored", once=True).got == "study B 2 times"
    expect_found(found("1.2.3", "1.2.4"), *FIND, because="they were stored", once=True)


def test_no_match_is_expected_in_words() -> None:
    expect_none_found(found(), because="it was refused")
    error = blame(expect_none_found, found("1.2.3"), because="it was refused")
    assert (error.expected, error.got) == ("exactly no match: it was refused", "1 that should not match")


def test_an_answer_that_fails_does_not_tell_that_nothing_matches() -> None:
    with pytest.raises(NotExercised, match="final status C000"):
        expect_none_found(found(status=FAILURE), because="it was refused")
    assert blame(expect_none_found, found("1.2.3", status=FAILURE), because="it was refused").got.startswith("final status C000")


def test_the_only_match_is_of_one_study() -> None:
    twice = found("1.2.3", "1.2.3")
    assert only_match(twice, of="this patient") is twice.matches[0]
    for answer, got in ((found("1.2.3", "1.2.4"), "2 studies"), (found(), "0 studies")):
        error = blame(only_match, answer, of="this patient")
        assert error.expected == "one study for this patient"
        assert error.got == f"{got} and final status 0000 (success)"


def test_a_warning_takes_an_object_and_a_failure_does_not() -> None:
    for status in (SUCCESS, COERCED):
        expect_taken(answered("C-STORE", status), what="the object")
    error = blame(expect_taken, answered("C-STORE", FAILURE), what="the object")
    assert (error.expected, error.got) == ("success or a warning for the object", "C000 (cannot understand)")


def received(instance: Encoded) -> Received:
    return Received(
        instance.sop_class_uid, instance.sop_instance_uid, instance.transfer_syntax_uid, instance.data, "TESTED", "TEST", None, None, 1, 0
    )


def delivery(*objects: Encoded, status: int = SUCCESS, foreign: int = 0) -> Delivery:
    none = SubOperations(None, None, None, None)
    answer = RetrieveAnswer((), answered("C-MOVE", status), none, None, 0)
    return Delivery(answer, tuple(map(received, objects)), foreign, 1, 0)


@pytest.fixture(scope="module")
def study() -> Study:
    return Synthesizer(1, "EXPECT").study("CT", series=2, instances=2)


@pytest.fixture(scope="module")
def sent(study: Study) -> Sequence[Encoded]:
    return [encode(dataset, ExplicitVRLittleEndian) for dataset in study.datasets()]


def test_every_object_is_delivered_once_in_any_order(sent: Sequence[Encoded]) -> None:
    expect_delivered(delivery(*reversed(sent)), sent)


def test_what_was_delivered_is_counted_against_what_was_sent(sent: Sequence[Encoded]) -> None:
    first, second, third, _ = sent
    error = blame(expect_delivered, delivery(first, second, second, third, third, third), sent)
    assert error.expected == "4 objects, each delivered once"
    assert error.got == "6 objects: 1 missing, 2 more than once, 0 that are not ours"
    assert "1 that are not ours" in blame(expect_delivered, delivery(*sent, foreign=1), sent).got


def test_a_retrieve_that_failed_is_blamed_though_everything_came(sent: Sequence[Encoded]) -> None:
    error = blame(expect_delivered, delivery(*sent, status=FAILURE), sent)
    assert (error.expected, error.hint) == (
        "final status 0000 and 4 objects",
        "A retrieve that ends so is read as failed by every consumer.",
    )
    assert error.got == "C000 (unable to process) and 4 objects"


def altered(sent: Encoded, **values: object) -> Received:
    dataset = sent.dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return received(encode(dataset, ExplicitVRLittleEndian))


def test_what_an_archive_adds_is_no_change(sent: Sequence[Encoded]) -> None:
    expect_same_content(sent[0], altered(sent[0], InstanceAvailability="ONLINE"))


def test_changes_are_shown_up_to_a_bound(sent: Sequence[Encoded]) -> None:
    keywords = ("Modality", "PatientName", "PatientID", "StudyID", "AccessionNumber")
    five = dict.fromkeys(keywords, "XX")
    error = blame(expect_same_content, sent[0], altered(sent[0], **five))
    assert error.expected == "the elements as they were stored"
    assert error.got.count("; ") == 4
    assert "more" not in error.got
    error = blame(expect_same_content, sent[0], altered(sent[0], **five, InstitutionName="XX", Manufacturer="XX"))
    assert error.got.count("; ") == 4
    assert error.got.endswith(" (+2 more)")


@pytest.mark.parametrize(
    ("narrowed", "blamed"),
    [
        ({"only": ["(0010,0010)"]}, True),
        ({"only": ["(0008,"]}, False),
        ({"but": ["(0010,0010)"]}, False),
        ({"but": ["(0008,"]}, True),
        ({"only": ["(0010,"], "but": ["(0010,0010)"]}, False),
    ],
)
def test_a_comparison_is_narrowed_to_what_the_clause_decides(
    narrowed: Mapping[str, Sequence[str]], blamed: bool, sent: Sequence[Encoded]
) -> None:
    came = altered(sent[0], PatientName="SYNTHETIC-Other")
    if blamed:
        assert blame(expect_same_content, sent[0], came, **narrowed).got.startswith("(0010,0010)")
    else:
        expect_same_content(sent[0], came, **narrowed)


def ending(kind: EndingKind, result: int, source: int, reason: int) -> Ending:
    return Ending(kind, "the association", 0.1, result, source, reason)


@pytest.mark.parametrize("result", [1, 2])
def test_a_rejection_may_be_permanent_or_transient(result: int) -> None:
    expect_rejected(ending(EndingKind.REJECT, result, 1, 7), 1, 7, because="a wrong title")


@pytest.mark.parametrize(
    "other",
    [
        ending(EndingKind.REJECT, 1, 1, 3),
        ending(EndingKind.REJECT, 1, 2, 7),
        ending(EndingKind.ABORT, 1, 1, 7),
        None,
    ],
)
def test_another_reason_an_abort_and_an_acceptance_are_no_such_rejection(other: Ending | None) -> None:
    error = blame(expect_rejected, other, 1, 7, because="a wrong title")
    assert error.expected == "A-ASSOCIATE-RJ 1/1/7 for a wrong title"
    assert error.got == (str(other) if other else "A-ASSOCIATE-AC")


class Tree:
    """Answers the questions of `expect_one_tree` from a study, without one of its series or objects."""

    def __init__(self, study: Study, *without: str) -> None:
        self.study, self.without = study, without

    def find(self, query: Query) -> FindAnswer:
        series = [series for series in self.study.series if query.keys["SeriesInstanceUID"] in ("", series.uid)]
        if query.level == "SERIES":
            return self.listed([each.uid for each in series], "SeriesInstanceUID")
        return self.listed([instance.uid for each in series for instance in each.instances], "SOPInstanceUID")

    def listed(self, uids: Sequence[str], keyword: str) -> FindAnswer:
        return found(*(uid for uid in uids if uid not in self.without), keyword=keyword)


def test_a_tree_is_walked_to_its_last_branch(study: Study) -> None:
    expect_one_tree(Tree(study), study)  # type: ignore[arg-type] # nothing but `find` is asked of it
    *_, last = study.series
    branches = (
        (last.uid, f"series {last.number} not found", f"the series of study {study.id}"),
        (last.instances[-1].uid, "object 2 not found", f"the objects of series {last.number} of study {study.id}"),
    )
    for lost, got, of in branches:
        error = blame(expect_one_tree, Tree(study, lost), study)
        assert error.got == got
        assert error.expected.endswith(of)


def test_what_a_profile_does_not_name_is_open_or_left_out_by_what_it_claims() -> None:
    require_named("a name", Claims(), "a worklist")
    require_named("a name", Claims(services=["worklist"]), "a worklist")
    with pytest.raises(NotApplicable, match=r"^the profile neither claims nor names a worklist$"):
        require_named("", Claims(), "a worklist")
    with pytest.raises(NotExercised, match=r"^the profile names no worklist$"):
        require_named(None, Claims(services=["worklist"]), "a worklist")
