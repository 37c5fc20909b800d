"""The end of a run in a few lines: what it means, what failed, what stayed open, where the report lies."""

from collections.abc import Iterator
from pathlib import Path

from conformance.guide import Level
from conformance.verdicts import UNDECIDED, Verdict
from reports.comparing import Comparison, Difference
from reports.fleet import Fleet
from reports.identity import system_name
from reports.judging import Judged, certification, counts, judged
from reports.language import language
from reports.plain import one_line
from reports.results import Results

MOST = 20  # findings told one by one; a system that fails everything must not scroll its verdict away


def summary_lines(results: Results, report: Path | None = None) -> list[str]:
    """Give the summary as plain lines, the certification first."""
    rows = judged(results)
    failed = [row for row in rows if row.failed]
    told = [line for row in failed[:MOST] for line in _finding(row)]
    more = [f"  … and {len(failed) - MOST} more"] if len(failed) > MOST else []
    return [*_head(results, rows), *told, *more, *_undecided(rows), *_tail(results, report)]


def _head(results: Results, rows: tuple[Judged, ...]) -> Iterator[str]:
    yield f"{certification(results, rows)}: {_named(results)}"
    yield ", ".join(f"{count} {verdict}" for verdict, count in counts(rows).items() if count) or "nothing was judged"
    yield from (f"preflight: {one_line(step.detail)}; {one_line(step.remedy)}" for step in results.preflight if step.state == "failed")
    if results.footer is None:
        yield "truncated run: what follows was rolled up from the checks that ended"
    if results.header.partial:
        yield f"partial: {one_line('; '.join(results.header.partial))}"


def _finding(row: Judged) -> Iterator[str]:
    yield f"{row.verdict} {row.row.id} {one_line(row.row.title)}"
    for _, finding in row.findings[:1]:
        yield f"     expected {one_line(finding.expected)}; got {one_line(finding.got)}"


def _undecided(rows: tuple[Judged, ...]) -> Iterator[str]:
    binding = [row for row in rows if row.verdict in UNDECIDED and row.level is Level.SHALL]
    for words, found in (
        (f"{Verdict.INCONCLUSIVE}, binding", [row for row in binding if row.verdict is Verdict.INCONCLUSIVE]),
        (f"{Verdict.BLOCKED}, binding", [row for row in binding if row.verdict is Verdict.BLOCKED and not row.lacks_check]),
        ("no check yet, binding", [row for row in binding if row.verdict is Verdict.BLOCKED and row.lacks_check]),
    ):
        if found:
            shown = ", ".join(row.row.id for row in found[:12]) + (", …" if len(found) > 12 else "")
            yield f"{words}: {len(found)} ({shown})"


def _tail(results: Results, report: Path | None) -> Iterator[str]:
    if results.footer:
        words, footer = language("en"), results.footer
        share = words.share(footer.waiting, footer.seconds)
        yield f"{words.seconds(footer.seconds)}, {share} of it waiting for the system; {len(footer.left)} objects left on it"
    if report:
        yield f"report: {report}"


def _named(results: Results) -> str:
    seen = results.identity.implementation_version if results.identity else ""
    return one_line(f"{system_name(results)} ({seen})" if seen else system_name(results))


def comparison_lines(comparison: Comparison) -> list[str]:
    """Give a comparison as plain lines, the certification first, then the gravest change."""
    seconds = language("en").seconds
    old, new = comparison.old_certification, comparison.new_certification
    return [
        f"{old} -> {new}" if old != new else f"{new}, as before",
        *(f"{name}: {one_line(before) or 'not seen'} -> {one_line(after) or 'not seen'}" for name, before, after in comparison.identity),
        *(line for difference in comparison.differences for line in _changed(difference)),
        *(f"time: {one_line(one.name)}: {seconds(one.old)} -> {seconds(one.new)}" for one in comparison.timing),
        f"{comparison.unchanged} unchanged, {len(comparison.regressions)} regressions",
    ]


def fleet_lines(fleet: Fleet) -> list[str]:
    """Give one line for each system, then each requirement on which they differ or that none meets."""
    systems = [
        f"{number}. {one_line(system.name)} [{one_line(system.folder)}]: {system.certification or 'unusable: ' + one_line(system.trouble)}"
        for number, system in enumerate(fleet.systems, 1)
    ]
    rows = [
        f"{row.row.id:<10} " + " ".join(f"{fleet.verdict(system, row.row.id) or '-':<12}" for system in fleet.systems).rstrip()
        for row in fleet.unlike
    ]
    return [*systems, f"{len(rows)} of {len(fleet.requirements)} requirements differ, or are met by none", *rows]


def _changed(difference: Difference) -> Iterator[str]:
    yield f"{difference.change}: {difference.id} {one_line(difference.title)}: {difference.old or '–'} -> {difference.new or '–'}"
    if difference.old_words != difference.new_words:
        yield f"     {one_line(difference.old_words) or '–'}  ->  {one_line(difference.new_words) or '–'}"
