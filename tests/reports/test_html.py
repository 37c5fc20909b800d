"""The report: what it says, that it says it to everybody, and that no string of a system can do more than be read."""

import base64
import hashlib
import itertools
import re
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from conformance.verdicts import Outcome, Verdict
from reports.html import render, render_unusable, write_report
from reports.page import sentence
from reports.plain import SHOWN, one_line, visible
from reports.reading import Plight, UnusableResults
from reports.results import Check, Finding, Preflight, Results, ResultsError

from . import hostile
from .building import BROKEN, LEFT_OPEN, NEEDS, SCOPE, full_run, header, is_tried, lacks_check, outcome_of, transcript, write
from .parsing import Node, parse

SCRIPT = files("reports").joinpath("templates", "report.js").read_text("utf-8")


@pytest.fixture(scope="module")
def page() -> Node:
    return parse(render(full_run()))


def assert_harmless(page: Node) -> None:
    """No script but our own, no handler, nothing loaded, no link but to the page itself or to a plain relative file."""
    assert [node.text for node in page.all("script")] == [SCRIPT]
    assert {node.tag for node in page.walk()}.isdisjoint({"iframe", "object", "embed", "link", "base", "form"})
    assert all(re.fullmatch(r"data:image/png;base64,iVBOR[\w+/]*=*", image.attributes["src"], re.ASCII) for image in page.all("img"))
    for node in page.walk():
        loads = {"style", "srcdoc", "xlink:href"} | ({"src"} if node.tag != "img" else set())
        assert not any(name.startswith("on") or name in loads for name in node.attributes)
        assert re.fullmatch(r"#[\w.-]+|[\w][\w.-]*(/[\w][\w.-]*)*", node.attributes.get("href", "#x"), re.ASCII)


def assert_linked(page: Node) -> None:
    """Every id is there once, every fragment and every reference by id leads to one."""
    ids = [node.attributes["id"] for node in page.walk() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    wanted = {node.attributes["href"][1:] for node in page.walk() if node.attributes.get("href", "").startswith("#")}
    wanted |= {node.attributes["aria-labelledby"] for node in page.walk() if "aria-labelledby" in node.attributes}
    assert wanted <= set(ids)


def assert_readable(page: Node) -> None:
    """One h1, no heading level skipped, every table with a caption and every header cell with its scope."""
    levels = [int(node.tag[1]) for node in page.walk() if re.fullmatch("h[1-6]", node.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(len(table.all("caption")) == 1 for table in page.all("table"))
    assert all("scope" in cell.attributes for cell in page.all("th"))
    assert {len(page.all(tag)) for tag in ("main", "title", "header", "footer")} == {1}


def test_is_one_harmless_readable_file_whose_links_resolve(page: Node) -> None:
    assert_harmless(page)
    assert_linked(page)
    assert_readable(page)


def test_the_policy_allows_its_own_style_and_script_and_nothing_else(page: Node) -> None:
    (meta,) = [node for node in page.all("meta") if node.attributes.get("http-equiv") == "Content-Security-Policy"]
    (style,) = page.all("style")
    own = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style.text, SCRIPT)]
    rules = f"style-src 'sha256-{own[0]}'; script-src 'sha256-{own[1]}'; base-uri 'none'; form-action 'none'"
    assert meta.attributes["content"] == f"default-src 'none'; {rules}"
    assert not re.search("url\\((?!#)|@import", style.text)


def test_the_verdict_its_reasons_and_the_first_finding_stand_at_the_top(page: Node) -> None:
    (h1,) = page.all("h1")
    assert "NOT CERTIFIED" in h1.text
    assert page.all("title")[0].text.startswith("NOT CERTIFIED: ORTHANC @ 127.0.0.1:4242")
    because = page.all("ul", **{"class": "because"})[0].text
    assert "4 requirements failed: ASSOC-02, QUERY-06, RETR-04, REJECT-09" in because
    assert "1 failed requirement is waived: IDENT-10" in because
    assert page.all("ol", **{"class": "first"})[0].all("li")[0].text.split()[:2] == ["FAIL", "REJECT-09"]


def test_every_requirement_in_scope_has_its_row_with_verdict_level_and_provenance(page: Node) -> None:
    for record in full_run().requirements:
        cells = [child.text.strip() for child in page.one(record.id).children if isinstance(child, Node)]
        assert cells[0] == record.id
        assert cells[1].startswith(record.verdict)
        assert cells[3] == record.level
        assert cells[4] in {"the guide’s phrase", "DICOM’s rule", "our derivation", "common practice"}
        assert cells[5] == ("no check yet" if record.reason == NEEDS else record.outcome)


@pytest.mark.parametrize("requirement", sorted(BROKEN))
def test_a_finding_gives_clause_expected_seen_hint_and_both_ways_to_repeat(page: Node, requirement: str) -> None:
    card = page.one(f"finding-{requirement}").text
    expected, got, hint = BROKEN[requirement]
    assert expected in card
    assert got in card
    assert hint in card
    assert "--seed=20260424 -k test_" in card
    assert "storescu -v -aec ORTHANC" in card
    row = next(row for row in header().register if row.id == requirement)
    assert all(source in card for source in row.sources)
    assert row.rationale in card


def test_findings_come_in_the_order_of_their_weight(page: Node) -> None:
    verdicts = [card.all("span")[0].text for card in page.all("article")]
    assert verdicts == sorted(verdicts, key=[*Verdict].index)
    waived = [card.attributes["id"] for card in page.all("article") if "WAIVED" in card.all("h3")[0].text]
    assert waived == ["finding-IDENT-10"]
    fails = [card.attributes["id"] for card in page.all("article") if card.all("span")[0].text == "FAIL"]
    assert fails[-1] == "finding-IDENT-10"


def test_what_was_not_tested_stands_there_with_its_reason(page: Node) -> None:
    this_run, no_check, not_applicable = page.all("dl", **{"class": "reasons"})
    assert LEFT_OPEN in this_run.text
    assert "ASSOC-12" in this_run.text
    assert NEEDS in no_check.text
    assert "The profile does not claim web." in not_applicable.text
    assert [h4.text.partition(" (")[0] for h4 in page.all("h4")] == [
        "Left open by this run",
        "No check decides it yet",
        "Does not apply to this system, or is optional",
    ]


def test_rows_without_a_check_are_told_from_rows_that_this_run_left_open(page: Node) -> None:
    because = page.all("ul", **{"class": "because"})[0].text
    untried = [row for row in SCOPE if outcome_of(row) is Outcome.NOT_EXERCISED and not is_tried(row) and row.level == "SHALL"]
    for words, rows in (
        (r"was|were) not tested in this run", [row.id for row in untried if not lacks_check(row)]),
        (r"has|have) no check in this release yet", [row.id for row in untried if lacks_check(row)]),
    ):
        (told,) = re.findall(rf"\d+ binding requirements? (?:{words}: ([^.…]+)", because)
        assert re.findall(r"[A-Z]+-\d+", told) == rows[:12]
    assert re.search(r"BLOCKED \(\d+ without a check yet\)", page.all("ul", **{"class": "counts"})[0].text)


def test_the_certificate_says_who_ran_it(page: Node) -> None:
    assert "Tested byOnboarding desk" in page.all("dl", **{"class": "facts"})[0].text
    anonymous = parse(render(full_run(header=header(environment={}))))
    assert "Tested by" not in anonymous.text


def test_counts_of_groups_add_up(page: Node) -> None:
    for table in page.all("table", **{"class": "tally"}):
        totals = [int(row.all("td")[-1].text) for row in table.all("tbody")[0].all("tr")]
        assert sum(totals) == len(full_run().requirements)


def test_only_safe_relative_names_are_linked() -> None:
    names = [
        "evidence/a.dcm",
        "../secret",
        "/etc/passwd",
        "javascript:alert(1)",
        "a//b",
        "a/./b",
        "C:\\x",
        "-rf",
        "a b",
        "x" * 400,
        "//h/x",
    ]
    checks = [msgspec.structs.replace(one, files=names) if one.findings else one for one in full_run().checks]
    page = parse(render(full_run(checks=checks)))
    outward = {node.attributes["href"] for node in page.all("a") if not node.attributes["href"].startswith("#")}
    assert outward == {"evidence/a.dcm"}


def test_a_report_elsewhere_links_to_no_file(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    source = write(full_run(), tmp_path / "run" / "results.jsonl")
    write_report(source, tmp_path / "run" / "report.html")
    write_report(source, tmp_path / "report.html")
    near, far = ((folder / "report.html").read_text("utf-8") for folder in (tmp_path / "run", tmp_path))
    assert 'href="evidence/' in near
    assert 'href="evidence/' not in far
    assert "evidence/ASSOC-02/faulty.dcm" in far


def test_a_truncated_run_is_shown_as_such() -> None:
    page = parse(render(full_run(footer=None, requirements=[])))
    assert "Truncated run." in page.all("div", **{"class": "banner"})[0].text
    assert "NOT CERTIFIED" in page.all("h1")[0].text
    assert len(page.all("table", **{"class": "stack rows"})[0].all("tr")) > len(header().register)
    assert_linked(page)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("plight", Plight)
def test_a_file_without_a_result_makes_a_page_that_says_so(plight: Plight, lang: str) -> None:
    page = parse(render_unusable(UnusableResults("is <i>", where="/secret/folder/r.jsonl", remedy="", plight=plight), lang))
    assert page.all("h1")[0].text == {"en": "NO RESULT", "fr": "AUCUN RÉSULTAT"}[lang]
    assert {"en": "This is no pass", "fr": "Ce n’est ni une réussite"}[lang] in page.one("main").text
    assert not {"CERTIFIED", "PASS"} & set(page.text.split())
    assert "r.jsonl" in page.text
    assert "secret" not in page.text
    assert page.all("script") == []
    assert_linked(page)
    assert_readable(page)


def test_a_file_of_an_earlier_schema_says_that_it_is_one() -> None:
    page = parse(render(msgspec.structs.replace(full_run(), written_in=0)))
    assert "in schema version 0, and were read as version 1" in page.all("div", **{"class": "banner"})[0].text


def test_a_file_with_a_header_alone_still_makes_a_whole_page() -> None:
    page = parse(render(Results(header(), [], None, [], [], None, 0)))
    assert "INCOMPLETE" in page.all("h1")[0].text
    assert "No check ended." in page.one("conduct").text
    assert_linked(page)
    assert_readable(page)


def test_preflight_that_stopped_the_run_says_what_to_change_first() -> None:
    step = Preflight("Move destination", "failed", "C-MOVE answered A801", "register AE CONFORMANCE at 127.0.0.1:11112 on ORTHANC")
    page = parse(render(full_run(preflight=[step], checks=[], requirements=[])))
    (banner,) = page.all("div", **{"class": "banner"})
    assert "register AE CONFORMANCE at 127.0.0.1:11112 on ORTHANC" in banner.text


def test_a_footer_that_contradicts_its_rows_is_shown_up() -> None:
    whole = full_run()
    assert whole.footer
    forged = msgspec.structs.replace(whole, footer=msgspec.structs.replace(whole.footer, certification="CERTIFIED"))
    page = parse(render(forged))
    assert "The footer of the file says CERTIFIED; its rows make it NOT CERTIFIED." in page.one("certificate").text
    assert "NOT CERTIFIED" in page.all("h1")[0].text


def test_a_claimed_class_that_was_refused_is_marked_in_words(page: Node) -> None:
    (row,) = [row for row in page.all("tr", **{"class": "differs"}) if "RT Plan" in row.text or "RT Image" in row.text]
    assert "refused" in row.all("strong")[0].text


def test_the_conduct_page_counts_and_lists_the_associations(page: Node) -> None:
    conduct = page.one("conduct")
    opened = sum(len(check.latencies.get("A-ASSOCIATE", ())) for check in full_run().checks)
    assert f"{opened} associations that we asked for were answered" in conduct.text
    listed = conduct.all("table", **{"class": "stack associations"})[0].all("tbody")[0].all("tr")
    kept = [check for check in full_run().checks if check.transcript]
    assert len(listed) == len(kept)
    assert [cell.text for cell in listed[0].all("td")][1:4] == ["us", "ORTHANC", "CONFORMANCE"]


def test_the_name_of_a_check_reads_as_a_sentence() -> None:
    names = {
        "test_refuses_an_unknown_called_ae_title": "refuses an unknown called AE title",
        "test_ends_a_c_get_as_its_sub_operations_did[all]": "ends a C-GET as its sub operations did [all]",
        "test_returns_the_uids_of_the_hierarchy[c_find]": "returns the UIDs of the hierarchy [c find]",
        "test_keeps_an_idea": "keeps an idea",
        "Some name": "Some name",
    }
    assert {name: sentence(Check("n", name, {}, 1.0)) for name in names} == names


def test_a_long_transcript_is_folded_and_cut_in_its_middle() -> None:
    whole = full_run()
    first = next(number for number, one in enumerate(whole.checks) if one.findings)
    checks = [
        msgspec.structs.replace(one, transcript=transcript(1000), dropped=7) if n == first else one for n, one in enumerate(whole.checks)
    ]
    page = parse(render(full_run(checks=checks)))
    folded = page.one(f"transcript-{first + 1}")
    assert folded.tag == "details"
    assert "open" not in folded.attributes
    assert "Transcript: 1,007 steps" in folded.text
    assert "920 steps not shown here" in folded.text
    assert len(folded.all("tr")) == 1 + 80 + 2


def test_one_check_that_breaks_two_rows_tells_its_transcript_once() -> None:
    whole = full_run()
    shared = Check(
        "n",
        "shared",
        {"ASSOC-01": "violates", "ASSOC-02": "violates"},
        1.0,
        0.5,
        [Finding("ASSOC-01", Outcome.VIOLATES, "a", "b"), Finding("ASSOC-02", Outcome.VIOLATES, "c", "d")],
        transcript(),
    )
    page = parse(render(msgspec.structs.replace(whole, checks=[shared], requirements=[], footer=None)))
    assert len(page.all("details", id="transcript-1")) == 1
    assert len(page.all("a", href="#transcript-1")) == 1
    assert_linked(page)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
)
@given(hostile.results)
def test_no_string_does_more_than_be_read(results: Results) -> None:
    text = render(results)
    page = parse(text)
    assert_harmless(page)
    assert_linked(page)
    assert_readable(page)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


@pytest.mark.parametrize("length", [SHOWN, SHOWN + 1, 65536])
def test_very_long_strings_are_cut_and_say_so(length: int) -> None:
    shown = visible("x" * length)
    assert len(shown) < SHOWN + 20
    assert shown.endswith(f"(+{length - SHOWN})") == (length > SHOWN)


def test_controls_are_shown_and_marks_do_not_pile_up() -> None:
    assert visible("a\x1b[2J\u202eb\x00") == "a\\u{001B}[2J\\u{202E}b\\u{0000}"
    assert visible("Zoë 山田^太郎\n\t") == "Zoë 山田^太郎\n\t"
    assert len(visible("e" + "\u0301" * 500)) == 5
    assert one_line("a\r\nb\x1b]0;x\x07") == "a b\\u{001B}]0;x\\u{0007}"


def test_a_report_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    source = write(full_run(), tmp_path / "results.jsonl")
    with pytest.raises(ResultsError, match="cannot be written: No such file or directory"):
        write_report(source, tmp_path / "none" / "report.html")
