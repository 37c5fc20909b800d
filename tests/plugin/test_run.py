"""A run as its users see it: what it prints, what it writes, and what it ends with."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.embedded import PROFILE
from conformance.guide import Role, load_register
from conformance.suite import ORDER
from reports.cli import main
from reports.reading import load_results

INCOMPLETE = 6
CHECKS_BEFORE_THE_END = 20
ARCHIVE_ENDS_SECONDS = 20


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, run_suite: Callable[..., Any], small_sizes: list[str]) -> Any:
    """One formal run against the embedded archive, with every other reporter beside ours."""
    folder = tmp_path_factory.mktemp("certify")
    options = ["--target-ae=EMBEDDED", "--host=embedded", "--listen-port=0", "--certify", "--seed=7"]
    return run_suite(folder, *options, *small_sizes, "--junitxml=junit.xml", "--html=html/pytest.html")


def test_a_sound_archive_is_certified(run: Any) -> None:
    assert run.code == 0, run.output
    assert run.footer["certification"] == "CERTIFIED"
    assert run.judged("FAIL") | run.judged("WARN") | run.judged("INCONCLUSIVE") | run.judged("BLOCKED") == set()


def test_the_results_open_with_a_header_and_end_with_a_footer(run: Any) -> None:
    kinds = [record["kind"] for record in run.records]
    assert kinds[0] == "header"
    assert kinds[-1] == "footer"
    first = {kind: kinds.index(kind) for kind in dict.fromkeys(kinds)}
    assert list(first) == ["header", "preflight", "identity", "check", "requirement", "footer"]


def test_every_row_of_the_role_gets_a_verdict(run: Any) -> None:
    register = load_register()
    assert list(run.verdicts) == [row.id for row in register.in_scope([Role.ARCHIVE])]
    untested = [row["id"] for row in run.of_kind("requirement") if register[row["id"]].untested]
    assert {run.verdicts[id_] for id_ in untested} <= {"BLOCKED", "N/A"}


def test_the_terminal_says_the_verdict_and_the_share_spent_waiting(run: Any) -> None:
    assert "CERTIFIED: EMBEDDED" in run.output
    assert re.search(r"\d % of it waiting for the system", run.output)
    assert "report.html" in run.output


def test_the_checks_run_in_the_order_of_the_suite_however_they_were_shuffled(run: Any) -> None:
    modules = [record["nodeid"].split(".py")[0] for record in run.of_kind("check")]
    assert list(dict.fromkeys(modules)) == [name for name in ORDER if name in modules]


def test_what_is_left_on_the_system_is_listed_and_marked_synthetic(run: Any) -> None:
    nonce = run.records[0]["nonce"]
    assert run.footer["left"]
    assert all(nonce in stored["patient_id"] for stored in run.footer["left"])
    assert run.footer["foreign"] == 0


def test_junit_carries_requirement_and_verdict(run: Any) -> None:
    cases = ElementTree.parse(run.folder.parent / "junit.xml").iter("testcase")
    told = [{name.get("name"): name.get("value") for name in case.iter("property")} for case in cases]
    assert {"requirement", "level", "verdict"} <= set(told[0])
    assert {"STORE-01", "QUERY-07"} <= {properties["requirement"] for properties in told}


def test_pytest_html_has_columns_for_requirement_level_and_verdict(run: Any) -> None:
    page = (run.folder.parent / "html" / "pytest.html").read_text(encoding="utf-8")
    assert "Requirement</th>" in page
    assert "STORE-01" in page


def test_the_results_hold_no_path_of_this_machine(run: Any) -> None:
    text = (run.folder / "results.jsonl").read_text(encoding="utf-8")
    assert str(Path(__file__).parents[2]) not in text


def test_a_selection_makes_the_run_partial(tmp_path: Path, run_suite: Callable[..., Any], archive: Any) -> None:
    seen = run_suite(tmp_path, *archive.options(), "-k", "VERIF-01")
    assert seen.code == INCOMPLETE, seen.output
    assert [record["name"] for record in seen.of_kind("check")] == ["test_answers_each_c_echo"]
    assert "a selection of the checks was run" in seen.footer["reasons"]
    assert seen.verdicts["VERIF-01"] == "PASS"


def test_an_empty_selection_is_no_pass(tmp_path: Path, run_suite: Callable[..., Any], archive: Any) -> None:
    seen = run_suite(tmp_path, *archive.options(), "-k", "nothing_is_called_so")
    assert seen.code == INCOMPLETE, seen.output
    assert "PASS" not in seen.verdicts.values()


def test_the_last_failed_checks_run_again(tmp_path: Path, run_suite: Callable[..., Any], archive: Any) -> None:
    cached = ["-p", "cacheprovider", "-o", "cache_dir=cache", *archive.options()]
    assert run_suite(tmp_path, *cached, "-k", "VERIF-01 or STORE-05").code == INCOMPLETE
    again = run_suite(tmp_path, *cached, "--lf", "-k", "VERIF-01")
    assert [record["name"] for record in again.of_kind("check")] == ["test_answers_each_c_echo"]


def test_a_waived_failure_is_shown_as_waived(
    tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int], failing_archive: Callable[[int], Any]
) -> None:
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        '[[waiver]]\nrequirement = "QUERY-07"\nowner = "A. Officer"\nreason = "ticket 7"\nexpires = 2999-01-01\nreference = "none"\n',
        encoding="utf-8",
    )
    port = free_port()
    with failing_archive(port) as archive:
        seen = run_suite(tmp_path, *archive, f"--waivers={waivers}", "-k", "QUERY-07")
    row = next(row for row in seen.of_kind("requirement") if row["id"] == "QUERY-07")
    assert row["verdict"] == "FAIL"
    assert row["waiver"]["owner"] == "A. Officer"
    assert "xfailed" in seen.output
    assert seen.code == INCOMPLETE, seen.output


def test_a_failure_is_told_with_what_repeats_it(
    tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int], failing_archive: Callable[[int], Any]
) -> None:
    with failing_archive(free_port()) as archive:
        seen = run_suite(tmp_path, *archive, "-k", "QUERY-07")
        failed = next(record for record in seen.of_kind("check") if record.get("findings"))
        assert "--seed=" in failed["repeat"]
        assert "findscu -S " in failed["repeat_dcmtk"]
        assert failed["transcript"]
        name = failed["repeat"].split("-k ")[-1].strip("'")
        again = run_suite(tmp_path, *archive, f"--seed={seen.records[0]['seed']}", "-k", name)
    assert [record["name"] for record in again.of_kind("check")] == [failed["name"]]
    assert again.verdicts["QUERY-07"] == "FAIL"
    assert seen.code == again.code == 1


def test_a_killed_run_loses_nothing(tmp_path: Path, archive: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *archive.options()]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = 0
    while seen < CHECKS_BEFORE_THE_END:
        seen += "PASSED" in process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    results = tmp_path / "conformance-report" / "results.jsonl"
    loaded = load_results(results)
    assert loaded.footer is None
    assert len(loaded.checks) >= CHECKS_BEFORE_THE_END - 1
    assert main(["render", str(results), "--out", str(tmp_path / "report.html")]) == 0
    assert "truncated" in (tmp_path / "report.html").read_text(encoding="utf-8").lower()


def test_a_killed_run_leaves_no_archive_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", "--target-ae=X", "--host=embedded", "--listen-port=0"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = ""
    while "preflight  passed       association" not in line:
        line = process.stdout.readline()
    port = int(line.rsplit(" lets ", 1)[0].rsplit(":", 1)[1])
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert refused_within(port, ARCHIVE_ENDS_SECONDS)


def refused_within(port: int, seconds: float) -> bool:
    """Whether the port stops taking connections before the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return True
        except OSError:  # taken and dropped: it is ending
            continue
    return False


def test_without_a_target_the_plugin_is_inert(tmp_path: Path, run_suite: Callable[..., Any]) -> None:
    (tmp_path / "test_own.py").write_text("def test_own(): pass\n", encoding="utf-8")
    seen = run_suite(tmp_path)
    assert seen.code == 0, seen.output
    assert "preflight" not in seen.output
    assert not seen.folder.exists()


def test_the_profile_of_the_embedded_archive_is_in_the_report(run: Any) -> None:
    assert run.records[0]["profile"]["product"]["product"] in PROFILE.read_text(encoding="utf-8")
    assert json.dumps(run.records[0]["profile"])


def test_the_header_names_the_port_of_tls(run: Any) -> None:
    assert run.records[0]["target"]["TLS port"].isdecimal()
