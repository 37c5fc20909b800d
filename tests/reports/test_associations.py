"""Associations read off a transcript: one after another, one within another, several at once, and those that came to nothing."""

import pytest

from reports.associations import Association, End, Reply, answered, associations
from reports.results import Check, WireStep

from .building import transcript

OURS = {"CalledAETitle": "ARCHIVE         ", "CallingAETitle": "CONFORMANCE     "}
THEIRS = {"CalledAETitle": "CONFORMANCE", "CallingAETitle": "ARCHIVE"}


def conversation(*steps: tuple[str, str]) -> tuple[Association, ...]:
    """Steps of half a second each: "> A-ASSOCIATE-RQ" is sent, "< A-ASSOCIATE-AC" received."""
    fields = {"A-ASSOCIATE-AC": {"Contexts": "1 of 2"}, "A-ASSOCIATE-RJ": {"Result": "1", "Source": "1", "Reason": "7"}}
    made = [
        WireStep(at * 0.5, "sent" if way == ">" else "received", message, fields=fields.get(message, OURS if way == ">" else THEIRS))
        for at, (way, message) in enumerate(steps)
    ]
    return associations([Check("n", "n", {}, 1.0, transcript=made)])


RQ, AC, RJ, RELEASE, RELEASED, ABORT = "A-ASSOCIATE-RQ", "A-ASSOCIATE-AC", "A-ASSOCIATE-RJ", "A-RELEASE-RQ", "A-RELEASE-RP", "A-ABORT"


def test_one_after_another() -> None:
    first, second = conversation((">", RQ), ("<", AC), (">", RELEASE), ("<", RELEASED), (">", RQ), ("<", RJ))
    assert first == Association(1, 0.0, True, "ARCHIVE", "CONFORMANCE", Reply.ACCEPTED, "1 of 2", End.RELEASED, 1.5)
    assert second == Association(1, 2.0, True, "ARCHIVE", "CONFORMANCE", Reply.REJECTED, "1/1/7", End.UNSEEN, 0.5)


def test_the_systems_own_within_ours() -> None:
    outer, inner = conversation(
        (">", RQ), ("<", AC), (">", "C-MOVE-RQ"), ("<", RQ), (">", AC), (">", RELEASE), ("<", RELEASE), (">", RELEASED), ("<", RELEASED)
    )
    assert (outer.ours, outer.end, outer.seconds) == (True, End.RELEASED, 4.0)
    assert (inner.ours, inner.called, inner.end, inner.seconds) == (False, "CONFORMANCE", End.RELEASED, 2.0)


def test_several_at_once_are_right_in_number() -> None:
    found = conversation(*[(">", RQ)] * 3, *[("<", AC)] * 3, *[("<", RELEASED)] * 2, ("<", ABORT))
    assert [one.reply for one in found] == [Reply.ACCEPTED] * 3
    assert sorted(one.end for one in found) == [End.ABORTED_BY_SYSTEM, End.RELEASED, End.RELEASED]


@pytest.mark.parametrize(
    ("steps", "reply", "end"),
    [
        ([(">", RQ)], Reply.NONE, End.UNSEEN),
        ([(">", RQ), (">", ABORT)], Reply.NONE, End.ABORTED_BY_US),
        ([(">", RQ), ("<", ABORT)], Reply.NONE, End.ABORTED_BY_SYSTEM),
        ([(">", RQ), ("<", AC)], Reply.ACCEPTED, End.UNSEEN),
        ([(">", RQ), (">", AC)], Reply.NONE, End.UNSEEN),
        ([(">", RQ), ("<", RJ), ("<", RELEASED), ("<", ABORT)], Reply.REJECTED, End.UNSEEN),
    ],
)
def test_what_came_to_nothing(steps: list[tuple[str, str]], reply: Reply, end: End) -> None:
    (one,) = conversation(*steps)
    assert (one.reply, one.end) == (reply, end)


def test_ends_and_answers_without_a_request_are_nothing() -> None:
    assert conversation(("<", AC), ("<", RELEASED), (">", ABORT), ("<", "")) == ()


def test_the_number_of_a_check_leads_back_to_it() -> None:
    checks = [Check("a", "a", {}, 1.0), Check("b", "b", {}, 1.0, transcript=transcript(), latencies={"A-ASSOCIATE": [0.1, 0.2]})]
    assert [one.check for one in associations(checks)] == [2]
    assert [answered(check) for check in checks] == [0, 2]
