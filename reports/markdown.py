"""The summary of a run for a continuous integration page, in GitHub-flavoured Markdown."""

import re
from collections.abc import Iterator

from conformance.verdicts import Verdict
from reports.judging import counts
from reports.page import Because, Card, Page, make_page
from reports.plain import one_line
from reports.results import Results
from reports.words import CERTIFICATION, PROVENANCE, REASON

MOST = 25  # findings told; the report has all
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&@:])")


def summary(results: Results) -> str:
    """Give the certification with its reasons, the counts, and one row for each finding."""
    page = make_page(results)
    return "\n".join([*_head(page), "", *_counts(page), "", *_findings(page), ""])


def plain(text: str, limit: int = 160) -> str:
    """Escape a text of unknown origin so that Markdown shows it as it is: no markup, no mention, no link, one line."""
    return _SPECIAL.sub(r"\\\1", one_line(text, limit))


def _head(page: Page) -> Iterator[str]:
    yield f"## {page.certification}: {plain(page.name)}"
    yield ""
    yield CERTIFICATION[page.certification]
    yield ""
    yield from (f"- {_reason(one)}" for one in page.because)


def _reason(because: Because) -> str:
    one, more = REASON[because.reason]
    text = (one if because.count == 1 else more).format(count=because.count)
    names = [row.judged.row.id for row in because.rows[:12]] + (["…"] if len(because.rows) > 12 else [])
    told = plain(", ".join(names)) if names else plain("; ".join(because.words))
    return f"{text}: {told}" if told else text


def _counts(page: Page) -> Iterator[str]:
    seen = counts(row.judged for row in page.rows)
    yield "| " + " | ".join(seen) + " |"
    yield "|" + " ---: |" * len(seen)
    yield "| " + " | ".join(map(str, seen.values())) + " |"


def _findings(page: Page) -> Iterator[str]:
    cards = [card for card in page.cards if card.row.judged.verdict is not Verdict.INFO]
    if cards:
        yield "| Verdict | Requirement | Rests on | Seen |"
        yield "| --- | --- | --- | --- |"
        yield from (_finding(card) for card in cards[:MOST])
    if len(cards) > MOST:
        yield f"\n… and {len(cards) - MOST} more in the report."


def _finding(card: Card) -> str:
    one = card.row.judged
    verdict = f"{one.verdict} (waived)" if one.waived else str(one.verdict)
    return f"| {verdict} | {plain(one.row.id)} {plain(one.row.title)} | {PROVENANCE[one.provenance]} | {plain(card.first.got)} |"
