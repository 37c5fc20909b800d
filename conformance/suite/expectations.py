"""Expectations that several checks share, each worded once."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pydicom import Dataset

from conformance.dimse import Answer, Ending, EndingKind, FindAnswer, Received, StatusClass
from conformance.findings import NotApplicable, expect, require
from conformance.suite.queries import image_query, series_query
from conformance.suite.system import TAKEN, Delivery, System, content
from conformance.target import Claims
from generators import Encoded, Study, differences

SHOWN = 5
ISSUERS = {  # what IDENT-07 decides
    "Issuer of Patient ID": "(0010,0021)",
    "its qualifiers": "(0010,0024)",
    "Issuer of Accession Number Sequence": "(0008,0051)",
    "Other Patient IDs Sequence": "(0010,1002)",
}


def expect_found(answer: FindAnswer, keyword: str, expected: Mapping[str, str], *, because: str, once: bool = False) -> None:
    """Blame the system unless the matches are exactly the expected ones.

    `expected` maps a value of `keyword` to the name by which the report calls it; any other value is only counted. `once`: no
    entity may come twice, which is for the checks whose clause says so to decide.
    """
    expect(
        answer.final.status_class is StatusClass.SUCCESS,
        expected=f"matches and then 0000: {because}",
        got=f"final status {answer.final}",
    )
    found = Counter(str(match.get(keyword, "")) for match in answer.matches)
    missing = [name for value, name in expected.items() if not found[value]]
    repeated = [f"{name} {found[value]} times" for value, name in expected.items() if once and found[value] > 1]
    others = sum(count for value, count in found.items() if value not in expected)
    wrong = [f"{', '.join(missing)} not found"] * bool(missing) + repeated + [f"{others} that should not match"] * bool(others)
    names = ", ".join(expected.values()) or "no match"
    expect(not wrong, expected=f"exactly {names}: {because}", got="; ".join(wrong))


def expect_none_found(answer: FindAnswer, *, because: str) -> None:
    """Blame the system unless there is no match.

    Raises:
        NotExercised: the answer has none, and does not end as one that is complete, which QUERY-10 judges.
    """
    complete = answer.final.status_class is StatusClass.SUCCESS
    require(complete or answer.matches, f"whether anything matches cannot be told: final status {answer.final}")
    expect_found(answer, "StudyInstanceUID", {}, because=because)


def only_match(answer: FindAnswer, *, of: str) -> Dataset:
    """Return the match that the check goes on with; no match, or matches of several studies, are blamed."""
    studies = {str(match.get("StudyInstanceUID", "")) for match in answer.matches}
    expect(len(studies) == 1, expected=f"one study for {of}", got=f"{len(studies)} studies and final status {answer.final}")
    return answer.matches[0]


def expect_taken(answer: Answer, *, what: str) -> None:
    """Blame the system unless it took the object with success or a warning."""
    expect(
        answer.status_class in TAKEN,
        expected=f"success or a warning for {what}",
        got=str(answer),
    )


def expect_delivered(delivery: Delivery, sent: Sequence[Encoded]) -> None:
    """Blame the system unless exactly these objects came, each once, and the retrieve ended well."""
    expect(
        delivery.answer.final.status_class is StatusClass.SUCCESS,
        expected=f"final status 0000 and {len(sent)} objects",
        got=f"{delivery.answer.final} and {len(delivery.objects)} objects",
        hint="A retrieve that ends so is read as failed by every consumer.",
    )
    expect(
        delivery.uids == sorted(instance.sop_instance_uid for instance in sent) and not delivery.foreign,
        expected=f"{len(sent)} objects, each delivered once",
        got=_tally(delivery, sent),
    )


def _tally(delivery: Delivery, sent: Sequence[Encoded]) -> str:
    came = Counter(received.sop_instance_uid for received in delivery.objects)
    missing = sum(1 for instance in sent if not came[instance.sop_instance_uid])
    twice = sum(1 for count in came.values() if count > 1)
    return f"{len(delivery.objects)} objects: {missing} missing, {twice} more than once, {delivery.foreign} that are not ours"


def expect_same_content(sent: Encoded, received: Received, *, only: Sequence[str] = (), but: Sequence[str] = ()) -> None:
    """Blame the system unless every element that was sent came back with the same value (STORE-04 says what is the same).

    `only` narrows the comparison to the attributes whose path begins with one of these, `but` leaves attributes to the rows that
    decide them.
    """
    changed = [
        difference
        for difference in differences(sent.dataset(), content(received))
        if difference.a is not None  # what an archive adds takes nothing away
        and (not only or difference.path.startswith(tuple(only)))
        and not difference.path.startswith(tuple(but))
    ]
    expect(
        not changed,
        expected="the elements as they were stored",
        got="; ".join(map(str, changed[:SHOWN])) + f" (+{len(changed) - SHOWN} more)" * (len(changed) > SHOWN),
    )


def expect_rejected(ending: Ending | None, source: int, reason: int, *, because: str) -> None:
    """Blame the system unless it answered A-ASSOCIATE-RJ with this source and reason; permanent or transient is its own choice."""
    rejected = ending is not None and ending.kind is EndingKind.REJECT and (ending.source, ending.reason) == (source, reason)
    expect(
        rejected,
        expected=f"A-ASSOCIATE-RJ 1/{source}/{reason} for {because}",
        got=str(ending) if ending else "A-ASSOCIATE-AC",
    )


def expect_one_tree(system: System, study: Study) -> None:
    """Walk a study from its series to its instances, and blame the system for a branch too few or too many."""
    expect_found(
        system.find(series_query(study)),
        "SeriesInstanceUID",
        {series.uid: f"series {series.number}" for series in study.series},
        because=f"the series of study {study.id}",
    )
    for series in study.series:
        expect_found(
            system.find(image_query(study, series)),
            "SOPInstanceUID",
            {instance.uid: f"object {instance.number}" for instance in series.instances},
            because=f"the objects of series {series.number} of study {study.id}",
        )


def require_named(named: object, claims: Claims, what: str) -> None:
    """Leave out what a profile neither claims nor names; leave open what it claims and does not name.

    Raises:
        NotApplicable, NotExercised: it is not named.
    """
    if not named and claims.services is None:
        raise NotApplicable(f"the profile neither claims nor names {what}")
    require(named, f"the profile names no {what.partition(' ')[2]}")
