"""Two runs side by side: what was fixed, what broke, what came and went, and what fails for another reason now."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from conformance.verdicts import Verdict
from reports.identity import system_name
from reports.judging import Judged, certification, judged
from reports.results import Results


class Change(StrEnum):
    """What became of a requirement. Gravest first."""

    BROKEN = "broken"
    WORSE = "worse"
    GONE = "gone"
    NEW = "new"
    REASON = "same verdict, other reason"
    BETTER = "better"
    FIXED = "fixed"


REGRESSIONS = frozenset({Change.BROKEN, Change.WORSE, Change.GONE})
_GOOD = frozenset({Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.INFO})
_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}

WHOLE_RUN = "the whole run"
_FACTOR, _SECONDS = 2, 1.0
_WHO = ("Implementation Class UID", "Implementation Version Name", "Edition", "Harness")

# What differs between two runs of the same system though it behaves the same: UIDs, measured times, ports, serial numbers.
_VOLATILE = re.compile(r"\b\d+(?:\.\d+){3,}\b|\b\d+(?:\.\d+)? ?(?:ms|s|min)\b|:\d{2,5}\b|\bSYN\w+")


@dataclass(frozen=True, slots=True)
class Difference:
    """One requirement that changed. A side that has no such row is empty."""

    id: str
    title: str
    change: Change
    old: str
    new: str
    old_words: str
    new_words: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that a part of the run took before and now."""

    name: str
    old: float
    new: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that changed from one run to another."""

    old: Results
    new: Results
    old_certification: str
    new_certification: str
    identity: tuple[tuple[str, str, str], ...]
    differences: tuple[Difference, ...]
    unchanged: int
    timing: tuple[Timing, ...]

    @property
    def regressions(self) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if one.change in REGRESSIONS)


def compare(old: Results, new: Results) -> Comparison:
    """Compare by requirement id. A row counts as broken where it came to FAIL, WARN or an undecided verdict from a good one."""
    before = {row.row.id: row for row in judged(old)}
    after = {row.row.id: row for row in judged(new)}
    found = [_difference(id_, before.get(id_), after.get(id_)) for id_ in {**before, **after}]
    differences = sorted((one for one in found if one), key=lambda one: list(Change).index(one.change))
    return Comparison(
        old=old,
        new=new,
        old_certification=certification(old, before.values()),
        new_certification=certification(new, after.values()),
        identity=tuple(_identity(old, new)),
        differences=tuple(differences),
        unchanged=len(found) - len(differences),
        timing=tuple(sorted(_timing(old, new), key=lambda one: one.old - one.new)),
    )


def as_json(comparison: Comparison) -> bytes:
    """Give a comparison for a program: what changed, not the runs themselves."""
    document = {
        "old": _run(comparison.old, comparison.old_certification),
        "new": _run(comparison.new, comparison.new_certification),
        "regressions": [one.id for one in comparison.regressions],
        "differences": comparison.differences,
        "identity": [dict(zip(("name", "old", "new"), one, strict=True)) for one in comparison.identity],
        "timing": comparison.timing,
        "unchanged": comparison.unchanged,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _run(results: Results, certification: str) -> dict[str, str]:
    header = results.header
    return {"system": system_name(results), "started": header.started, "edition": header.edition, "certification": certification}


def _difference(id_: str, old: Judged | None, new: Judged | None) -> Difference | None:
    change = _change(old, new)
    known = new or old
    if change is None or known is None:
        return None
    return Difference(id_, known.row.title, change, _verdict(old), _verdict(new), _words(old), _words(new))


def _change(old: Judged | None, new: Judged | None) -> Change | None:
    if old is None or new is None:
        return Change.NEW if old is None else Change.GONE
    if old.verdict is not new.verdict or old.waived is not new.waived:
        return _moved(old, new)
    same = _VOLATILE.sub("", _words(old)) == _VOLATILE.sub("", _words(new))
    return None if same else Change.REASON


def _moved(old: Judged, new: Judged) -> Change:
    """A row that no longer applies is gone, not fixed: nobody looked at it this time."""
    if new.verdict is Verdict.NOT_APPLICABLE:
        return Change.GONE
    if new.verdict in _GOOD and old.verdict not in _GOOD:
        return Change.FIXED
    if old.verdict in _GOOD and new.verdict not in _GOOD:
        return Change.BROKEN
    if old.verdict is Verdict.NOT_APPLICABLE:
        return Change.NEW
    return Change.BETTER if (_RANK[new.verdict], new.waived) > (_RANK[old.verdict], old.waived) else Change.WORSE


def _verdict(row: Judged | None) -> str:
    return "" if row is None else f"{row.verdict} (waived)" if row.waived else str(row.verdict)


def _words(row: Judged | None) -> str:
    if row is None:
        return ""
    return "; ".join(dict.fromkeys(finding.got for _, finding in row.findings if finding.got)) or row.reason


def _identity(old: Results, new: Results) -> Iterator[tuple[str, str, str]]:
    for name, before, after in zip(_WHO, _who(old), _who(new), strict=True):
        if before != after:
            yield name, before, after


def _timing(old: Results, new: Results) -> Iterator[Timing]:
    """The whole run and each check whose time changed by a factor and by seconds that a person would notice."""
    before, after = _seconds(old), _seconds(new)
    for name in before.keys() & after.keys():
        less, more = sorted((before[name], after[name]))
        if more - less >= _SECONDS and more >= _FACTOR * less:
            yield Timing(name, before[name], after[name])


def _seconds(results: Results) -> dict[str, float]:
    whole = {WHOLE_RUN: results.footer.seconds} if results.footer else {}
    return whole | {check.name or check.nodeid: check.seconds for check in results.checks}


def _who(results: Results) -> tuple[str, str, str, str]:
    seen = results.identity
    return (
        seen.implementation_class_uid if seen else "",
        seen.implementation_version if seen else "",
        results.header.edition,
        results.header.harness,
    )
