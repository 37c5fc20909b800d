"""What a report says, worked out from the results before any markup or language: every renderer reads this."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import PurePosixPath

from conformance.guide import Level, Provenance
from conformance.verdicts import UNDECIDED, Certification, Verdict
from reports.chart import Segment, bar
from reports.identity import Fact, Offered, Support, facts, offers, support, system_name, undeclared
from reports.judging import Judged, certification, counts, judged
from reports.results import Check, Finding, Preflight, Results, StoredObject, WireStep

STEPS_SHOWN = 40  # of a transcript, at its beginning and again at its end
_ABBREVIATIONS = {
    **{f"c {service}": f"C-{service.upper()}" for service in ("echo", "store", "find", "move", "get")},
    "ae": "AE",
    "id": "ID",
    "ids": "IDs",
    "pdu": "PDU",
    "pdus": "PDUs",
    "uid": "UID",
    "uids": "UIDs",
    "tls": "TLS",
    "sop": "SOP",
}
"""What the name of a function cannot spell."""
_ABBREVIATION = re.compile(rf"\b(?:{'|'.join(sorted(_ABBREVIATIONS, key=len, reverse=True))})\b")
_SAFE_ID = re.compile(r"[A-Z][A-Z0-9]*-[0-9A-Z]{1,8}")
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


class Reason(StrEnum):
    """What the certification rests on, gravest first."""

    PREFLIGHT = "preflight"
    FAILED = "failed"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"
    PARTIAL = "partial"
    UNDECIDED = "undecided"
    UNTESTED = "untested"
    UNWRITTEN = "unwritten"
    NOTHING = "nothing"
    WAIVED = "waived"
    RECORDED = "recorded"


HARM: tuple[frozenset[str], ...] = tuple(
    frozenset(groups.split())
    for groups in (
        "INTEG IDENT REJECT IOCM",  # filed under the wrong patient or study, or without one
        "STORE COMMIT RETR",  # lost, or incomplete without a word
        "XFER CHAR QUERY WORK WEB",  # not readable, or not found
        "SEC",  # seen by others
    )
)
"""Groups of the register by what a breach does to a patient's images, the gravest first; the others come last."""


class Gap(StrEnum):
    """Why a row was not decided: what a second run could mend first."""

    THIS_RUN = "this run"
    UNATTESTED = "unattested"
    NO_CHECK = "no check"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Because:
    """One reason with the rows or the words that it is about."""

    reason: Reason
    rows: tuple["Row", ...] = ()
    words: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A judged requirement with its anchor in the page."""

    anchor: str
    judged: Judged
    is_finding: bool


@dataclass(frozen=True, slots=True)
class Witness:
    """One finding of one check. `tells` is False where an earlier card already carries the check's transcript."""

    check: Check
    number: int
    finding: Finding | None
    tells: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One requirement that was not simply met, with everything that was seen."""

    row: Row
    witnesses: tuple[Witness, ...]

    @property
    def first(self) -> Finding:
        """The first thing seen, for a list of findings in one line each."""
        found = (witness.finding for witness in self.witnesses if witness.finding)
        return next(found, Finding(self.row.judged.row.id, self.row.judged.outcome, got=self.row.judged.reason))

    @property
    def sayings(self) -> tuple[tuple[Finding | None, tuple[Witness, ...]], ...]:
        """The witnesses by what they say: several checks that saw the same are told once."""
        said: dict[Finding | None, list[Witness]] = {}
        for witness in self.witnesses:
            said.setdefault(witness.finding, []).append(witness)
        return tuple((finding, tuple(witnesses)) for finding, witnesses in said.items())


@dataclass(frozen=True, slots=True)
class Tally:
    """The verdicts of one group, level or provenance, with its bar."""

    key: str
    counts: Mapping[Verdict, int]
    bar: tuple[Segment, ...]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report. `mismatch` holds the certification that the footer gives where the rows do not bear it out."""

    results: Results
    certification: Certification
    mismatch: str
    because: tuple[Because, ...]
    rows: tuple[Row, ...]
    counts: Mapping[Verdict, int]
    groups: tuple[Tally, ...]
    levels: tuple[Tally, ...]
    provenances: tuple[Tally, ...]
    cards: tuple[Card, ...]
    numbers: Mapping[str, int]
    facts: tuple[Fact, ...]
    support: tuple[Support, ...]

    @property
    def name(self) -> str:
        """What the system is called in one phrase: its AE title and address."""
        return system_name(self.results)

    @property
    def product(self) -> str:
        """Vendor, product and version as the profile names them."""
        said = {fact.name: fact.said for fact in self.facts}
        return " ".join(filter(None, (said.get("vendor"), said.get("product"), said.get("version"))))

    @property
    def anchors(self) -> Mapping[str, str]:
        return {row.judged.row.id: row.anchor for row in self.rows}

    @property
    def grouped(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """The rows by group, in the order of the register."""
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(row.judged.group, []).append(row)
        return tuple((group, tuple(rows)) for group, rows in groups.items())

    @property
    def unkept(self) -> int:
        """How many SOP classes are claimed and were refused."""
        return sum(one.unkept for one in self.support)

    @property
    def stopped(self) -> Preflight | None:
        """The step at which preflight failed, if it did."""
        return next((step for step in self.results.preflight if step.state == "failed"), None)

    @property
    def untested(self) -> tuple[tuple[Gap, tuple[tuple[str, tuple[Row, ...]], ...]], ...]:
        """Rows that were not decided, by the kind of gap and by the written reason. Rows that have a card are left to it."""
        rows = [row for row in self.rows if row.judged.verdict in (*UNDECIDED, Verdict.NOT_APPLICABLE) and not row.is_finding]
        gaps = ((gap, _by_reason(row for row in rows if _gap(row.judged) is gap)) for gap in Gap)
        return tuple((gap, reasons) for gap, reasons in gaps if reasons)

    @property
    def unwritten(self) -> int:
        """How many undecided rows no run could have decided, since no check exists for them yet."""
        return sum(row.judged.lacks_check and row.judged.verdict in UNDECIDED for row in self.rows)

    @property
    def waived(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.judged.waiver)

    @property
    def offers(self) -> tuple[Offered, ...]:
        """What is accepted in negotiation, where everything was asked for."""
        return offers(self.results)

    @property
    def undeclared(self) -> tuple[str, ...]:
        """Transfer syntaxes that are accepted and not declared."""
        return undeclared(self.results)

    @property
    def attested(self) -> tuple[Row, ...]:
        """Rows that rest on what somebody stated."""
        return tuple(row for row in self.rows if row.judged.attestation)

    @property
    def unverified(self) -> tuple[Row, ...]:
        """Rows whose clause was not read in full when the register was made."""
        return tuple(row for row in self.rows if not row.judged.row.verified)

    @property
    def slowest(self) -> tuple[Check, ...]:
        return tuple(sorted(self.results.checks, key=lambda check: -check.seconds)[:5])

    @property
    def left(self) -> tuple[tuple[str, tuple[StoredObject, ...]], ...]:
        """The objects left on the system, by patient."""
        objects = self.results.footer.left if self.results.footer else []
        ordered = sorted(objects, key=lambda stored: (stored.patient_id, stored.study_uid, stored.series_uid, stored.sop_uid))
        return tuple((patient, tuple(rest)) for patient, rest in groupby(ordered, key=lambda stored: stored.patient_id))


def make_page(results: Results) -> Page:
    """Work out everything that a report says."""
    rows = tuple(_rows(judged(results)))
    all_judged = [row.judged for row in rows]
    answer = certification(results, all_judged)
    numbers = {check.nodeid: number for number, check in enumerate(results.checks, 1)}
    recorded = results.footer.certification if results.footer else answer
    return Page(
        results=results,
        certification=answer,
        mismatch=recorded if recorded != answer else "",
        because=tuple(_because(results, rows)) or tuple(_recorded(results, answer)),
        rows=rows,
        counts=counts(all_judged),
        groups=_tallies(all_judged, [(group, group) for group in dict.fromkeys(row.group for row in all_judged)], "group"),
        levels=_tallies(all_judged, [(level, level) for level in Level], "level"),
        provenances=_tallies(all_judged, [(provenance, provenance) for provenance in Provenance], "provenance"),
        cards=tuple(_cards(rows, numbers)),
        numbers=numbers,
        facts=facts(results),
        support=support(results),
    )


def shown_steps(check: Check) -> tuple[list[WireStep], int, list[WireStep]]:
    """Give the beginning of a transcript, how many steps are left out, and its end."""
    steps = check.transcript
    if len(steps) <= 2 * STEPS_SHOWN:
        return steps, 0, []
    return steps[:STEPS_SHOWN], len(steps) - 2 * STEPS_SHOWN, steps[-STEPS_SHOWN:]


def sentence(check: Check) -> str:
    """Read the name of a test function as the sentence that it decides."""
    name = check.name or check.nodeid
    if not name.startswith("test_"):
        return name
    said, bracket, case = name.removeprefix("test_").replace("_", " ").partition("[")
    return _ABBREVIATION.sub(lambda found: _ABBREVIATIONS[found[0]], said) + (f" {bracket}{case}" if bracket else "")


def safe_link(name: str) -> str:
    """Give the name back if it is a plain relative path below the report's folder, otherwise nothing."""
    parts = PurePosixPath(name).parts
    return name if name and len(parts) < 9 and all(map(_SAFE_NAME.fullmatch, name.split("/"))) else ""


def _rows(judgements: Iterable[Judged]) -> Iterator[Row]:
    for number, one in enumerate(judgements, 1):
        anchor = one.row.id if _SAFE_ID.fullmatch(one.row.id) else f"row-{number}"
        yield Row(anchor, one, _is_finding(one))


def _is_finding(one: Judged) -> bool:
    """A row that nobody tried to decide is not a finding: it stands among those not tested, with its reason."""
    match one.verdict:
        case Verdict.FAIL | Verdict.WARN:
            return True
        case Verdict.INCONCLUSIVE | Verdict.BLOCKED | Verdict.INFO:
            return bool(one.checks)
        case _:
            return False


def _cards(rows: Iterable[Row], numbers: Mapping[str, int]) -> Iterator[Card]:
    told: set[str] = set()
    for row in sorted((row for row in rows if row.is_finding), key=_weight):
        yield Card(row, tuple(_witnesses(row.judged, numbers, told)))


def _weight(row: Row) -> tuple[int, bool, int, int, int]:
    one = row.judged
    harm = next((rank for rank, groups in enumerate(HARM) if one.group in groups), len(HARM))
    return list(Verdict).index(one.verdict), one.waived, list(Level).index(one.level), harm, list(Provenance).index(one.provenance)


def _witnesses(one: Judged, numbers: Mapping[str, int], told: set[str]) -> Iterator[Witness]:
    spoken = {check.nodeid for check, _ in one.findings}
    silent = [(check, None) for check in one.checks if check.nodeid not in spoken and check.outcomes[one.row.id] == one.outcome]
    for check, finding in (*one.findings, *silent):
        yield Witness(check, numbers[check.nodeid], finding, check.nodeid not in told)
        told.add(check.nodeid)


def _tallies(rows: list[Judged], keys: list[tuple[str, str]], attribute: str) -> tuple[Tally, ...]:
    counted = [(key, counts(row for row in rows if getattr(row, attribute) == value)) for key, value in keys]
    most = max((sum(each.values()) for _, each in counted), default=0)
    return tuple(Tally(key, each, bar(each, most)) for key, each in counted if sum(each.values()))


def _gap(one: Judged) -> Gap:
    if one.lacks_check:
        return Gap.NO_CHECK
    if one.row.attested and one.attestation is None and one.verdict in UNDECIDED:
        return Gap.UNATTESTED
    return Gap.NOT_APPLICABLE if one.verdict is Verdict.NOT_APPLICABLE else Gap.THIS_RUN


def _by_reason(rows: Iterable[Row]) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.judged.reason, []).append(row)
    return tuple((reason, tuple(found)) for reason, found in grouped.items())


def _because(results: Results, rows: tuple[Row, ...]) -> Iterator[Because]:
    shall = [row for row in rows if row.judged.level is Level.SHALL]
    undecided = [row for row in shall if row.judged.verdict in UNDECIDED]
    stopped = [step.name for step in results.preflight if step.state == "failed"]
    found = (
        Because(Reason.PREFLIGHT, words=tuple(stopped), count=len(stopped)),
        _about(Reason.FAILED, [row for row in rows if row.judged.failed]),
        Because(Reason.TRUNCATED, count=results.footer is None),
        Because(Reason.UNREADABLE, count=results.unreadable),
        Because(Reason.PARTIAL, words=tuple(results.header.partial), count=len(results.header.partial)),
        _about(Reason.UNDECIDED, [row for row in undecided if row.judged.checks]),
        _about(Reason.UNTESTED, [row for row in undecided if not row.judged.checks and not row.judged.lacks_check]),
        _about(Reason.UNWRITTEN, [row for row in undecided if row.judged.lacks_check]),
        Because(Reason.NOTHING, count=not any(row.judged.verdict is Verdict.PASS for row in shall)),
        _about(Reason.WAIVED, [row for row in rows if row.judged.waived]),
    )
    yield from (because for because in found if because.count)


def _recorded(results: Results, answer: Certification) -> Iterator[Because]:
    """Where the rows alone would certify, give the reasons for which the run did not."""
    reasons = tuple(results.footer.reasons) if results.footer else ()
    if reasons and answer is not Certification.CERTIFIED:
        yield Because(Reason.RECORDED, words=reasons, count=len(reasons))


def _about(reason: Reason, rows: list[Row]) -> Because:
    return Because(reason, rows=tuple(rows), count=len(rows))
