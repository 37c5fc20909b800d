"""The command line over results, and the lines that it and the end of a run print."""

from pathlib import Path

import msgspec
import pytest

from reports.cli import main
from reports.results import Preflight, Results
from reports.terminal import summary_lines

from .building import SCOPE, changed, check, full_run, requirement, write


@pytest.fixture
def old(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    return write(full_run(), tmp_path / "old" / "results.jsonl")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    (tmp_path / "new").mkdir()
    return tmp_path / "new" / "results.jsonl"


def test_render_writes_beside_the_results_and_says_where(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(old)]) == 0
    assert capsys.readouterr().out == f"{old.parent / 'report.html'}\n"
    assert (old.parent / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_render_takes_a_folder_and_another_place(old: Path, tmp_path: Path) -> None:
    assert main(["render", str(old.parent), "--out", str(tmp_path / "x.html")]) == 0
    assert (tmp_path / "x.html").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read: No such file"), (b"x", "header"), (b'{"kind":"header","schema":9}', "schema version 9")],
)
def test_an_unusable_file_is_one_line_and_exit_code_2(
    tmp_path: Path, content: bytes | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.jsonl"
    if content is not None:
        path.write_bytes(content)
    for command in (["render", str(path)], ["compare", str(path), str(path)]):
        assert main(command) == 2
        error = capsys.readouterr().err
        assert error.startswith("dicom-conformance: ")
        assert words in error
        assert error.count("\n") == 1
    assert not path.with_name("report.html").exists()


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        (b"", "is empty", "Nothing was recorded."),
        (b'{"kind":"header","schema":1,"harn', "is empty", "Nothing was recorded."),
        (b'{"kind":"header","schema":-1}\n', "schema version -1", "in an early form"),
    ],
)
def test_a_run_without_a_result_is_a_page_one_line_and_exit_code_2(
    tmp_path: Path, content: bytes, words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(content)
    assert main(["render", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path / 'report.html'}\n"
    assert words in printed.err
    assert printed.err.count("\n") == 1
    page = (tmp_path / "report.html").read_text("utf-8")
    assert told in page
    assert "This is no pass" in page
    assert main(["summary", str(path)]) == 2


def test_a_baseline_without_a_result_spoils_no_report(old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    assert main(["render", str(old), f"--baseline={tmp_path / 'empty.jsonl'}"]) == 2
    assert capsys.readouterr().out == ""
    assert not (old.parent / "report.html").exists()


def test_a_wrong_command_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["rendre"])
    assert caught.value.code == 2
    assert "rendre" in capsys.readouterr().err


def test_comparing_a_run_with_itself_finds_nothing(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(old), str(old)]) == 0
    assert capsys.readouterr().out == f"NOT CERTIFIED, as before\n{len(SCOPE)} unchanged, 0 regressions\n"


def test_compare_names_exactly_what_changed(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(changed(full_run(), RETR_04=("conforms", "PASS"), STORE_01=("violates", "FAIL"), REJECT_04=("conforms", "PASS")), new)
    assert main(["compare", str(old), str(new)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[0].isalpha() and ": " in line] == [
        "broken: STORE-01 Success means stored and accessible: PASS -> FAIL",
        "fixed: RETR-04 Unknown move destination: FAIL -> PASS",
        "fixed: REJECT-04 Missing Modality: WARN -> PASS",
    ]
    assert lines[-1] == f"{len(SCOPE) - 3} unchanged, 1 regressions"


@pytest.mark.parametrize(
    ("before", "after", "word", "code"),
    [
        (("conforms", "PASS"), ("violates", "FAIL"), "broken", 1),
        (("conforms", "PASS"), ("indeterminate", "INCONCLUSIVE"), "broken", 1),
        (("conforms", "PASS"), ("not applicable", "N/A"), "gone", 1),
        (("violates", "FAIL"), ("not applicable", "N/A"), "gone", 1),
        (("not exercised", "BLOCKED"), ("violates", "FAIL"), "worse", 1),
        (("violates", "FAIL"), ("not exercised", "BLOCKED"), "better", 0),
        (("violates", "FAIL"), ("conforms", "PASS"), "fixed", 0),
        (("not applicable", "N/A"), ("conforms", "PASS"), "new", 0),
    ],
)
def test_each_change_has_its_word_and_exit_code(
    old: Path, new: Path, before: tuple[str, str], after: tuple[str, str], word: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    write(changed(full_run(), STORE_01=before), old)
    write(changed(full_run(), STORE_01=after), new)
    assert main(["compare", str(old), str(new)]) == code
    assert f"{word}: STORE-01 " in capsys.readouterr().out


def test_another_reason_is_told_and_another_uid_time_or_port_is_not(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def with_words(got: str) -> Results:
        whole = full_run()
        row = next(row for row in SCOPE if row.id == "RETR-04")
        spoken = [msgspec.structs.replace(check(row, 1).findings[0], got=got)]
        checks = [msgspec.structs.replace(one, findings=spoken) if "RETR-04" in one.outcomes else one for one in whole.checks]
        return msgspec.structs.replace(whole, checks=checks)

    write(with_words("C000 for 1.2.826.0.1.3680043.8.498.1 after 0.02 s from :4242"), old)
    write(with_words("C000 for 2.25.7.8.9 after 1.7 s from :11112"), new)
    assert main(["compare", str(old), str(new)]) == 0
    assert "0 regressions" in capsys.readouterr().out
    write(with_words("A701 for 2.25.7.8.9 after 1.7 s from :11112"), new)
    assert main(["compare", str(old), str(new)]) == 0
    assert "same verdict, other reason: RETR-04" in capsys.readouterr().out


def test_a_row_that_vanished_is_a_regression_and_a_new_one_is_not(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fewer = full_run(requirements=[requirement(row) for row in SCOPE[1:]])
    fewer = msgspec.structs.replace(fewer, header=msgspec.structs.replace(fewer.header, register=fewer.header.register[1:]))
    write(fewer, new)
    assert main(["compare", str(old), str(new)]) == 1
    assert main(["compare", str(new), str(old)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if "ASSOC-01" in line] == ["gone:", "new:"]


def test_another_implementation_is_named(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = full_run()
    assert whole.identity
    write(msgspec.structs.replace(whole, identity=msgspec.structs.replace(whole.identity, implementation_version="OFFIS_DCMTK_368")), new)
    assert main(["compare", str(old), str(new)]) == 0
    assert "Implementation Version Name: OFFIS_DCMTK_367 -> OFFIS_DCMTK_368" in capsys.readouterr().out


def test_the_summary_gives_the_verdict_first_and_each_failure_in_two_lines() -> None:
    lines = summary_lines(full_run(), Path("conformance-report/report.html"))
    assert lines[0] == "NOT CERTIFIED: ORTHANC @ 127.0.0.1:4242 (OFFIS_DCMTK_367)"
    assert lines[1].startswith("5 FAIL, 2 INCONCLUSIVE, ")
    at = lines.index("FAIL RETR-04 Unknown move destination")
    assert lines[at + 1] == "     expected status A801 (move destination unknown); got status C000 (unable to process) after 0.02 s"
    assert not any("IDENT-10" in line for line in lines), "a waived failure is counted, not told as a failure"
    assert any(line.startswith("INCONCLUSIVE, binding: 2 (QUERY-13, RETR-09)") for line in lines)
    assert lines[-2] == "69.2 s, 75 % of it waiting for the system; 48 objects left on it"
    assert lines[-1] == "report: conformance-report/report.html"


def test_the_summary_of_a_run_that_preflight_stopped_says_what_to_change() -> None:
    step = Preflight("Called AE title", "failed", "A-ASSOCIATE-RJ 1/1/7", "give --target-ae the title that the system is configured with")
    lines = summary_lines(full_run(preflight=[step], checks=[], requirements=[]))
    assert "preflight: A-ASSOCIATE-RJ 1/1/7; give --target-ae the title that the system is configured with" in lines


def test_the_summary_of_a_system_that_fails_everything_keeps_its_verdict_in_sight() -> None:
    whole = full_run()
    failed = [msgspec.structs.replace(record, outcome="violates", verdict="FAIL", waiver=None) for record in whole.requirements]
    lines = summary_lines(msgspec.structs.replace(whole, requirements=failed))
    assert len(lines) < 50
    assert f"  … and {len(SCOPE) - 20} more" in lines


def test_no_string_of_the_system_reaches_the_terminal_as_a_control() -> None:
    whole = full_run()
    assert whole.identity
    hostile = msgspec.structs.replace(whole.identity, implementation_version="\x1b[2J\x07\nCERTIFIED")
    assert not any(set(line) & set("\x1b\x07\n") for line in summary_lines(msgspec.structs.replace(whole, identity=hostile)))
