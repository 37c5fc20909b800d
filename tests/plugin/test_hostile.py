"""The hostile checks: they run by default and after all others, and a run without them says so and certifies nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.guide import load_register

ANY_OF_THEM = "test_opens_no_association_after_an_unexpected_pdu or test_answers_each_c_echo or test_sends_nothing_for_a_retrieve"
HOSTILE = {"ROBUST-03", "RETR-09"}


@pytest.fixture(scope="module", params=["with", "without"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run_suite: Callable[..., Any]) -> Any:
    folder: Path = tmp_path_factory.mktemp(request.param)
    options = ["--target-ae=EMBEDDED", "--host=embedded", "--listen-port=0", "-k", ANY_OF_THEM]
    return request.param, run_suite(folder, *options, *["--no-hostile"] * (request.param == "without"))


def test_hostile_checks_run_unless_they_are_left_out(run: Any) -> None:
    way, seen = run
    verdicts = {seen.verdicts[id_] for id_ in HOSTILE}
    assert verdicts == ({"PASS"} if way == "with" else {"BLOCKED"})
    assert seen.verdicts["VERIF-01"] == "PASS"


def test_a_run_without_them_is_partial_and_says_why(run: Any) -> None:
    way, seen = run
    said = [words for words in seen.of_kind("header")[0]["partial"] if "--no-hostile" in words]
    assert len(said) == (way == "without")
    reasons = {row["id"]: row.get("reason", "") for row in seen.of_kind("requirement")}
    left_out = {id_ for id_, reason in reasons.items() if reason.startswith("not selected: it sends what may harm")}
    hostile = {row.id for row in load_register() if row.hostile and not row.slow and not row.untested}
    assert left_out == (hostile if way == "without" else set())


def test_hostile_checks_come_after_the_others(run: Any) -> None:
    way, seen = run
    names = [check["name"] for check in seen.of_kind("check")]
    hostile = [name.startswith(("test_opens_no", "test_sends_nothing")) for name in names]
    assert hostile == sorted(hostile)
    assert any(hostile) is (way == "with")
