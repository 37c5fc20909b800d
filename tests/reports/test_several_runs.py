"""What is made of several runs, or of one run a second time: comparison, fleet, another edition, summaries, lists."""

import csv
import re
from pathlib import Path

import msgspec
import pytest

from conformance.guide import BUNDLED
from reports.cli import main
from reports.comparing import compare
from reports.fleet import load_fleet
from reports.html import OBJECTS, render, render_comparison, render_fleet, write_report
from reports.markdown import plain, summary
from reports.reading import load_results
from reports.results import StoredObject
from reports.schema import published

from . import hostile
from .building import SCOPE, changed, full_run, left, write
from .parsing import parse
from .test_html import assert_linked, assert_readable

LATER = changed(full_run(), RETR_04=("conforms", "PASS"), STORE_01=("violates", "FAIL"))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    return write(full_run(), tmp_path / "old" / "results.jsonl")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    (tmp_path / "new").mkdir()
    return write(LATER, tmp_path / "new" / "results.jsonl")


def test_compare_for_a_program_gives_ids_and_words(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(old), str(new), "--format=json"]) == 1
    document = msgspec.json.decode(capsys.readouterr().out)
    assert document["regressions"] == ["STORE-01"]
    assert {one["id"]: (one["change"], one["old"], one["new"]) for one in document["differences"]} == {
        "STORE-01": ("broken", "PASS", "FAIL"),
        "RETR-04": ("fixed", "FAIL", "PASS"),
    }
    assert document["old"]["certification"] == document["new"]["certification"] == "NOT CERTIFIED"


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_compare_as_a_page_names_what_changed(old: Path, new: Path, lang: str, tmp_path: Path) -> None:
    out = tmp_path / "compare.html"
    assert main(["compare", str(old), str(new), "--format=html", f"--lang={lang}", f"--out={out}"]) == 1
    page = parse(out.read_text("utf-8"))
    rows = page.all("table", **{"class": "stack changes"})[0].all("tbody")[0].all("tr")
    assert [row.all("span")[0].text for row in rows] == ["STORE-01", "RETR-04"]
    assert page.all("script") == []
    assert_readable(page)
    assert_linked(page)


def test_a_baseline_puts_what_changed_into_the_report(old: Path, new: Path) -> None:
    assert main(["render", str(new), f"--baseline={old}"]) == 0
    page = parse((new.parent / "report.html").read_text("utf-8"))
    assert "What changed since 2026-10-05 14:03:22 UTC" in page.one("changes").text
    assert "STORE-01" in page.all("table", **{"class": "stack changes"})[0].text
    assert_linked(page)
    assert_readable(page)


def test_a_check_that_became_slow_is_told(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = full_run()
    slow = [msgspec.structs.replace(one, seconds=one.seconds + 9) if n == 4 else one for n, one in enumerate(whole.checks)]
    write(msgspec.structs.replace(whole, checks=slow), new)
    assert main(["compare", str(old), str(new)]) == 0
    assert f"time: {whole.checks[4].name}: " in capsys.readouterr().out


def test_a_fleet_shows_where_systems_differ(old: Path, new: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "results.jsonl").write_bytes(b"")
    out = tmp_path / "fleet.html"
    assert main(["fleet", str(tmp_path), f"--out={out}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("]: ")[2] for line in lines[:3]] == [
        "unusable: is empty: nothing was recorded",
        "NOT CERTIFIED",
        "NOT CERTIFIED",
    ]
    (store,) = [line.split() for line in lines if line.startswith("STORE-01")]
    assert store == ["STORE-01", "-", "FAIL", "PASS"]
    page = parse(out.read_text("utf-8"))
    assert "STORE-01" in page.all("table", **{"class": "matrix"})[0].text
    assert "STORE-02" not in page.all("table", **{"class": "matrix"})[0].text, "a row that all meet needs no look"
    assert_readable(page)
    assert_linked(page)


def test_a_fleet_of_nothing_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", str(tmp_path)]) == 2
    assert "holds no results.jsonl" in capsys.readouterr().err


def edition(path: Path, *replacements: tuple[str, str]) -> Path:
    """Write another edition of the bundled register."""
    text = BUNDLED.read_text("utf-8").replace('edition = "ontario-1.0.0-ballot"', 'edition = "ontario-1.1.0"')
    for before, after in replacements:
        assert before in text
        text = text.replace(before, after, 1)
    path.write_text(text, "utf-8")
    return path


def test_an_old_run_is_judged_by_another_edition(old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    softer = ('title = "Unknown move destination"\nlevel = "SHALL"', 'title = "Unknown move destination"\nlevel = "SHOULD"')
    guide = edition(tmp_path / "next.toml", softer, ('id = "DOC-02"', 'id = "DOC-03"'))
    out = tmp_path / "again.jsonl"
    assert main(["rejudge", str(old), f"--guide={guide}", f"--out={out}"]) == 0
    results = load_results(out)
    by_id = {record.id: record for record in results.requirements}
    assert (by_id["RETR-04"].outcome, by_id["RETR-04"].verdict) == ("violates", "WARN")
    assert (by_id["DOC-03"].outcome, by_id["DOC-03"].verdict) == ("not exercised", "BLOCKED")
    assert "DOC-02" not in by_id
    assert results.header.edition == "ontario-1.1.0"
    assert "ontario-1.0.0-ballot" in results.header.environment["judged again"]
    assert results.checks == full_run().checks
    assert main(["rejudge", str(old), f"--guide={guide}", f"--out={out}"]) == 2
    assert "never overwritten" in capsys.readouterr().err


def test_the_same_edition_judges_the_same(old: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.jsonl"
    assert main(["rejudge", str(old), f"--guide={BUNDLED}", f"--out={out}"]) == 0
    assert compare(full_run(), load_results(out)).differences == ()
    assert main(["compare", str(old), str(out)]) == 0


def test_the_markdown_summary_gives_verdict_reasons_counts_and_findings(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "--markdown", str(old)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("## NOT CERTIFIED: ORTHANC \\@ 127\\.0\\.0\\.1\\:4242\n")
    assert "- 4 requirements failed: ASSOC\\-02, QUERY\\-06, RETR\\-04, REJECT\\-09" in text
    assert "| FAIL | RETR\\-04 Unknown move destination | DICOM’s rule | status C000 \\(unable to process\\) after 0\\.02 s |" in text
    assert "| FAIL (waived) | IDENT\\-10 " in text


def test_the_plain_summary_is_the_one_of_the_terminal(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(old)]) == 0
    assert capsys.readouterr().out.startswith("NOT CERTIFIED: ORTHANC @ 127.0.0.1:4242")


@pytest.mark.parametrize("attack", [*hostile.ATTACKS, "@everyone", "[x](http://h)", "|a|b|", "`rm`", "# x", "![i](j)", "www.example.org"])
def test_no_string_is_markup_in_the_summary(attack: str) -> None:
    assert not re.search(r"(?<!\\)[`*_{}\[\]<>#|~@&:.]", plain(attack).replace("\\\\", ""))
    assert "\n" not in plain(attack)
    whole = full_run()
    assert whole.identity
    target = dict.fromkeys(whole.header.target, attack)
    lines = summary(msgspec.structs.replace(whole, header=msgspec.structs.replace(whole.header, target=target))).splitlines()
    assert len(lines) == len(summary(whole).splitlines())


def test_the_objects_left_lie_beside_the_report_as_a_list(old: Path) -> None:
    write_report(old, old.parent / "report.html")
    rows = list(csv.DictReader((old.parent / OBJECTS).open(encoding="utf-8")))
    assert rows == [msgspec.to_builtins(stored) for stored in left()]
    assert f'href="{OBJECTS}"' in (old.parent / "report.html").read_text("utf-8")


def test_no_cell_of_the_list_is_a_formula(tmp_path: Path) -> None:
    whole = full_run()
    assert whole.footer
    stored = [StoredObject("=1+1", "@x", "-2", "+3")]
    source = write(msgspec.structs.replace(whole, footer=msgspec.structs.replace(whole.footer, left=stored)), tmp_path / "results.jsonl")
    write_report(source, tmp_path / "report.html")
    assert (tmp_path / OBJECTS).read_text("utf-8").splitlines()[1] == "'=1+1,'@x,'-2,'+3"


def test_a_run_that_left_nothing_leaves_no_list(tmp_path: Path) -> None:
    source = write(full_run(footer=None), tmp_path / "results.jsonl")
    write_report(source, tmp_path / "report.html")
    assert not (tmp_path / OBJECTS).exists()


def test_the_schema_is_printed_as_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == published()


def test_results_are_signed_and_checked_from_the_command_line(old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key.pem"
    assert main(["keygen", str(key)]) == 0
    assert main(["sign", str(old), f"--key={key}"]) == 0
    assert main(["verify", str(old), f"--trusted={key}.pub"]) == 0
    assert "every line is as " in capsys.readouterr().out
    old.write_bytes(old.read_bytes().replace(b'"violates"', b'"conforms"', 1))
    assert main(["verify", str(old), f"--trusted={key}.pub"]) == 1
    assert "was changed: check " in capsys.readouterr().out
    assert main(["sign", str(old), f"--key={tmp_path / 'none'}"]) == 2
    assert main(["keygen", str(key)]) == 2


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_pages_of_several_runs_stand_hostile_strings(lang: str, tmp_path: Path) -> None:
    whole = full_run(SCOPE[::20])
    for number, attack in enumerate(hostile.ATTACKS):
        target = dict.fromkeys(whole.header.target, attack)
        hostile_run = msgspec.structs.replace(
            changed(whole, RETR_04=("conforms", "PASS"), ASSOC_01=("violates", "FAIL")),
            header=msgspec.structs.replace(whole.header, target=target, harness=attack, edition=attack),
            checks=[msgspec.structs.replace(one, name=attack, findings=[]) for one in whole.checks],
        )
        (tmp_path / str(number)).mkdir()
        write(hostile_run, tmp_path / str(number) / "results.jsonl")
        assert_readable(parse(render_comparison(compare(whole, hostile_run), lang)))
        assert_readable(parse(render(hostile_run, lang=lang, baseline=whole)))
    assert_readable(parse(render_fleet(load_fleet(tmp_path), lang)))
