"""The associations of a run, read off the transcripts that were kept.

A transcript does not say which association a step belongs to. Requests and answers are matched in their order, and an end ends the
latest association that is still open and that this side can have ended: right for associations one after another and one within
another (a C-MOVE and its sub-operations), and right in number for several at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from reports.results import Check, WireStep


class Reply(StrEnum):
    """What became of a request for an association (PS3.8 9.3)."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NONE = "no answer"


class End(StrEnum):
    """How an association ended, as far as a message says it: a closed or reset connection leaves none."""

    RELEASED = "released"
    ABORTED_BY_US = "aborted by us"
    ABORTED_BY_SYSTEM = "aborted by the system"
    UNSEEN = "no end seen"


@dataclass(frozen=True, slots=True)
class Association:
    """One association. `began` is seconds since its check began, `seconds` how long it was open, where its end was seen.

    `detail` is "1 of 3" contexts for one that was accepted and "1/1/7" (result, source, reason) for one that was rejected.
    """

    check: int
    began: float
    ours: bool
    called: str
    calling: str
    reply: Reply = Reply.NONE
    detail: str = ""
    end: End = End.UNSEEN
    seconds: float | None = None


def associations(checks: Iterable[Check]) -> tuple[Association, ...]:
    """List the associations of the checks whose transcript was kept; `check` is the number of the check in the run."""
    return tuple(one for number, check in enumerate(checks, 1) for one in _of(number, check.transcript))


def answered(check: Check) -> int:
    """How many associations that we asked for were answered, whether the transcript was kept or not."""
    return len(check.latencies.get("A-ASSOCIATE", ()))


def _of(number: int, steps: Iterable[WireStep]) -> list[Association]:
    found: list[Association] = []
    for step in steps:
        match step.message:
            case "A-ASSOCIATE-RQ":
                found.append(_asked(number, step))
            case "A-ASSOCIATE-AC" | "A-ASSOCIATE-RJ":
                _answer(found, step)
            case "A-RELEASE-RP" | "A-ABORT":
                _end(found, step)
    return found


def _asked(number: int, step: WireStep) -> Association:
    called, calling = (step.fields.get(name, "").strip() for name in ("CalledAETitle", "CallingAETitle"))
    return Association(number, step.at, step.direction == "sent", called, calling)


def _answer(found: list[Association], step: WireStep) -> None:
    by_us = step.direction == "sent"
    at = next((at for at, one in enumerate(found) if one.reply is Reply.NONE and one.end is End.UNSEEN and one.ours is not by_us), None)
    if at is None:
        return
    if step.message == "A-ASSOCIATE-AC":
        found[at] = replace(found[at], reply=Reply.ACCEPTED, detail=step.fields.get("Contexts", ""))
    else:
        reason = "/".join(step.fields.get(name, "?") for name in ("Result", "Source", "Reason"))
        found[at] = replace(found[at], reply=Reply.REJECTED, detail=reason, seconds=max(0.0, step.at - found[at].began))


def _end(found: list[Association], step: WireStep) -> None:
    by_us = step.direction == "sent"
    released = step.message == "A-RELEASE-RP"
    open_ = [at for at, one in enumerate(found) if one.end is End.UNSEEN and one.reply is not Reply.REJECTED]
    fitting = [at for at in open_ if not released or found[at].ours is not by_us]  # the one that was asked for a release answers it
    if not fitting:
        return
    last = found[fitting[-1]]
    aborted = End.ABORTED_BY_US if by_us else End.ABORTED_BY_SYSTEM
    found[fitting[-1]] = replace(last, end=End.RELEASED if released else aborted, seconds=max(0.0, step.at - last.began))
