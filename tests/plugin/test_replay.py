"""A saved case is asked again: of the system that failed, and of one that is repaired."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FIXED, FAILED, USAGE = 0, 1, 4
CASE = {"schema": 1, "check": "test_matches_ranges_inclusively[closed]", "requirement": "QUERY-07", "seed": 7}


def test_a_case_fails_again_where_it_failed_and_is_fixed_elsewhere(
    tmp_path: Path, free_port: Callable[[], int], failing_archive: Callable[..., Any], run_suite: Callable[..., Any]
) -> None:
    port = free_port()
    with failing_archive(port) as options:
        found = run_suite(tmp_path, *options, "-q", "-k", "inclusively and closed")
        case = found.folder / "cases" / "QUERY-07-matches-ranges-inclusively-closed.json"
        again = run_suite(tmp_path, *options, "-q", f"--replay={case}")
    elsewhere = run_suite(tmp_path, "--target-ae=OTHER", "--host=embedded", "--listen-port=0", "-q", f"--replay={case}")
    assert (again.code, elsewhere.code) == (FAILED, FIXED)
    assert "replay of test_matches_ranges_inclusively[closed]: FAILED" in again.output
    assert "replay of test_matches_ranges_inclusively[closed]: FIXED" in elsewhere.output


STEPS = [
    {"act": "store"},
    {"act": "commit"},
    {"act": "store", "instance": 1},
    {"act": "retrieve"},
]
HISTORY = CASE | {"check": "test_shows_what_it_took_after_any_history[RETR-01]", "requirement": "RETR-01", "steps": STEPS}


def test_a_history_is_played_step_by_step_as_it_was_saved(
    tmp_path: Path, free_port: Callable[[], int], failing_archive: Callable[..., Any], run_suite: Callable[..., Any]
) -> None:
    (tmp_path / "case.json").write_text(json.dumps(HISTORY))
    with failing_archive(free_port(), "delivered-as-committed") as options:
        again = run_suite(tmp_path, *options, "-q", "--replay=case.json")
    saved = next((again.folder / "cases").glob("RETR-01-*.json")).read_text()
    elsewhere = run_suite(tmp_path, "--target-ae=OTHER", "--host=embedded", "--listen-port=0", "-q", "--replay=case.json")
    assert (again.code, elsewhere.code) == (FAILED, FIXED), again.output + elsewhere.output
    assert json.loads(saved)["steps"] == STEPS


HOSTILE = {
    "no JSON": b"\xff{",
    "deep": b"[" * 60000,
    "large": b" " * 70000,
    "another schema": json.dumps(CASE | {"schema": 2}).encode(),
    "an unknown key": json.dumps(CASE | {"run": "rm"}).encode(),
    "a path for a check": json.dumps(CASE | {"check": "../../x"}).encode(),
    "a check that is not there": json.dumps(CASE | {"check": "test_absent"}).encode(),
    "too many steps": json.dumps(HISTORY | {"steps": STEPS * 11}).encode(),
    "a study that is not in the cast": json.dumps(HISTORY | {"steps": [{"act": "store", "study": 4}]}).encode(),
    "a requirement of another check": json.dumps(CASE | {"requirement": "STORE-01"}).encode(),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_case_that_cannot_be_replayed_gets_one_line(tmp_path: Path, run_suite: Callable[..., Any], text: bytes) -> None:
    (tmp_path / "case.json").write_bytes(text)
    seen = run_suite(tmp_path, "--target-ae=X", "--host=embedded", "--listen-port=0", "--replay=case.json")
    assert seen.code == USAGE
    assert len([line for line in seen.output.splitlines() if line.startswith("ERROR: --replay")]) == 1
