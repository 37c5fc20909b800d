"""What a results file gives back, whole, cut short, damaged or of another kind."""

from pathlib import Path

import msgspec
import pytest

from conformance.guide import Level, Provenance
from conformance.verdicts import Certification, Outcome, Verdict
from reports.judging import certification, judged, member
from reports.reading import load_results
from reports.results import ResultsError, records

from .building import ended, full_run, header, write


@pytest.fixture
def results_file(tmp_path: Path) -> Path:
    return write(full_run(), tmp_path / "results.jsonl")


def test_gives_back_what_was_written(results_file: Path) -> None:
    assert load_results(results_file) == full_run()


def test_takes_the_report_folder_for_the_file_in_it(results_file: Path) -> None:
    assert load_results(results_file.parent) == full_run()


def test_counts_a_last_line_that_was_cut_off(results_file: Path) -> None:
    results_file.write_bytes(results_file.read_bytes()[:-100])
    results = load_results(results_file)
    assert results.footer is None
    assert results.unreadable == 1
    assert results.checks == full_run().checks


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe\x00", b"{}", b'{"kind":"unheard of"}', b"[1,2]", b'{"kind":"check"}'])
def test_counts_damaged_lines_and_keeps_the_rest(results_file: Path, damage: bytes) -> None:
    lines = results_file.read_bytes().splitlines()
    lines[3] = damage
    results_file.write_bytes(b"\n".join(lines))
    results = load_results(results_file)
    assert results.unreadable == bool(damage)
    assert results.footer is not None
    assert results.checks == full_run().checks


@pytest.mark.parametrize("kept", range(0, 150, 7))
def test_reads_a_file_cut_at_any_record(results_file: Path, kept: int) -> None:
    lines = results_file.read_bytes().splitlines(keepends=True)
    results_file.write_bytes(b"".join(lines[: kept + 1]))
    results = load_results(results_file)
    assert (results.footer, results.unreadable) == (None, 0)
    assert len(judged(results)) == len(header().register)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b'{"kind":"header","schema":1,"harness":"onta', "is empty"),
        (b'{"kind":"check"', "does not open with a header"),
        (b'{"kind":"footer","schema":1}\n', "kind 'footer'"),
        (b"\x89PNG\r\n\x1a\n\x00", "does not open with a header"),
        (b'{"kind":"header","schema":1}\n', "cannot be read"),
        (b'{"kind":"header","schema":2,"new":true}\n', "schema version 2; this version reads 0 to 1"),
        (b'{"kind":"header","schema":0}\n', "cannot be read"),
        (b'{"kind":"header","schema":-1}\n', "schema version -1; this version reads 0 to 1"),
        (b'{"kind":"header","edition":"x"}\n', "no schema version"),
    ],
)
def test_says_in_one_line_why_a_file_is_of_no_use(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(content)
    with pytest.raises(ResultsError) as caught:
        load_results(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_says_that_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="cannot be read: No such file"):
        load_results(tmp_path / "none.jsonl")


@pytest.mark.parametrize("word", [member for kind in (Outcome, Verdict, Level, Provenance, Certification) for member in kind])
def test_each_word_is_read_back(word: Outcome | Verdict | Level | Provenance | Certification) -> None:
    others = [other for other in type(word) if other is not word]
    assert member(type(word), str(word), others[0]) is word


def test_an_unknown_word_never_makes_a_pass() -> None:
    results = full_run()
    strange = [msgspec.structs.replace(record, verdict="SPLENDID", outcome="dazzles") for record in results.requirements]
    rows = judged(msgspec.structs.replace(results, requirements=strange))
    assert {row.verdict for row in rows} == {Verdict.INCONCLUSIVE}


def test_a_run_that_was_cut_short_is_rolled_up_from_its_checks() -> None:
    whole = full_run()
    rows = judged(msgspec.structs.replace(whole, requirements=[], footer=None))
    tried = {row.row.id: row for row in rows if row.checks}
    for before in judged(whole):
        if before.row.id in tried:
            assert tried[before.row.id].verdict is before.verdict
    assert {row.outcome for row in rows if not row.checks} == {Outcome.NOT_EXERCISED}


def test_the_worst_check_rules_a_row_that_was_rolled_up() -> None:
    row = header().register[0]
    whole = full_run(footer=None, requirements=[])
    decided = [
        msgspec.structs.replace(whole.checks[0], nodeid=str(n), outcomes={row.id: word}) for n, word in enumerate(("conforms", "violates"))
    ]
    (first, *_) = judged(msgspec.structs.replace(whole, checks=decided))
    assert (first.outcome, first.verdict) == (Outcome.VIOLATES, Verdict.FAIL)


def test_neither_a_cut_nor_a_damaged_run_is_certified() -> None:
    met = full_run()
    kept = [msgspec.structs.replace(record, outcome="conforms", verdict="PASS", waiver=None) for record in met.requirements]
    met = ended(msgspec.structs.replace(met, requirements=kept))
    assert certification(met, judged(met)) is Certification.CERTIFIED
    for damaged in (msgspec.structs.replace(met, footer=None), msgspec.structs.replace(met, unreadable=1)):
        assert certification(damaged, judged(damaged)) is Certification.INCOMPLETE


def test_a_row_whose_record_was_lost_is_not_lost_from_the_judgement() -> None:
    whole = full_run()
    lost = whole.requirements[5].id
    rows = judged(msgspec.structs.replace(whole, requirements=[r for r in whole.requirements if r.id != lost], unreadable=1))
    assert lost in {row.row.id for row in rows}


def test_a_verdict_on_an_unknown_row_is_kept() -> None:
    whole = full_run()
    added = msgspec.structs.replace(whole.requirements[0], id="NEW-01", verdict="FAIL", outcome="violates")
    rows = judged(msgspec.structs.replace(whole, requirements=[*whole.requirements, added]))
    assert rows[-1].row.id == "NEW-01"
    assert rows[-1].failed


def test_every_record_kind_is_written_and_read(tmp_path: Path) -> None:
    results = full_run()
    path = write(results, tmp_path / "r.jsonl")
    kinds = {msgspec.json.decode(line)["kind"] for line in path.read_bytes().splitlines()}
    assert kinds == {"header", "preflight", "identity", "check", "requirement", "footer"}
    assert len([*records(results)]) == len(path.read_bytes().splitlines())


def test_a_run_is_never_called_better_than_it_called_itself() -> None:
    met = full_run()
    kept = [msgspec.structs.replace(record, outcome="conforms", verdict="PASS", waiver=None) for record in met.requirements]
    assert met.footer
    stopped = msgspec.structs.replace(met.footer, certification="INCOMPLETE", reasons=["the run was stopped before its end"])
    results = msgspec.structs.replace(met, requirements=kept, footer=stopped)
    assert certification(results, judged(results)) is Certification.INCOMPLETE
