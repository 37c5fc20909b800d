"""A proof is written from a run without trouble alone."""

import subprocess
import sys
from pathlib import Path

import pytest

ARTIFACT = Path(__file__).with_name("artifact.py")


def artifact(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(ARTIFACT), *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("trouble", ["failure", "error"])
def test_a_run_with_trouble_is_no_proof(tmp_path: Path, trouble: str) -> None:
    junit = tmp_path / "junit.xml"
    junit.write_text(
        f'<testsuites><testsuite><testcase classname="proof" name="test_it[case]"><{trouble}/></testcase></testsuite></testsuites>'
    )
    seen = artifact(str(junit))
    assert seen.returncode == 1
    assert seen.stderr.split() == ["no", "proof,", "these", "failed:", "test_it[case]"]


def test_the_committed_proof_is_of_what_is_here() -> None:
    seen = artifact("--stale")
    assert seen.returncode == 0, seen.stderr
