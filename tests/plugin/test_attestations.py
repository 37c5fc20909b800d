"""What no message shows is decided by a dated statement of a named person, and by nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

STATEMENT = """
[product]
vendor = "V"
product = "P"
version = "1"
site = "S"

[claims]
services = []

[[attestations]]
requirement = "DOC-01"
by = "A. Tester"
on = 2026-10-02
statement = "Statement 12 covers this version."
holds = {holds}
"""


@pytest.fixture
def attested(tmp_path: Path, run_suite: Callable[..., Any]) -> Callable[[str], Any]:
    """Run one check beside what the profile states of DOC-01."""

    def run(profile: str) -> Any:
        (tmp_path / "site.toml").write_text(profile, encoding="utf-8")
        arguments = ["--target-ae=EMBEDDED", "--host=embedded", "--listen-port=0", "--target-profile=site.toml", "-k", "VERIF-01"]
        return run_suite(tmp_path, *arguments)

    return run


@pytest.mark.parametrize(("holds", "verdict"), [("true", "PASS"), ("false", "FAIL")])
def test_a_statement_decides_and_is_recorded_as_one(attested: Callable[[str], Any], holds: str, verdict: str) -> None:
    seen = attested(STATEMENT.format(holds=holds))
    row = next(row for row in seen.of_kind("requirement") if row["id"] == "DOC-01")
    assert row["verdict"] == verdict
    assert row["attestation"] == {
        "by": "A. Tester",
        "on": "2026-10-02",
        "statement": "Statement 12 covers this version.",
        "holds": holds == "true",
    }


def test_without_a_statement_the_requirement_is_not_decided(attested: Callable[[str], Any]) -> None:
    seen = attested(STATEMENT.partition("[[")[0])
    row = next(row for row in seen.of_kind("requirement") if row["id"] == "DOC-01")
    assert (row["verdict"], row["outcome"]) == ("BLOCKED", "not exercised")
    assert row["reason"].startswith("not attested: The vendor attests")
