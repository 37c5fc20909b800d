"""The clean archive is certified, whatever the seed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_the_clean_archive_is_certified(tmp_path: Path, run_suite: Callable[..., Any], small_sizes: list[str], seed: int) -> None:
    seen = run_suite(tmp_path, "--target-ae=EMBEDDED", "--host=embedded", "--listen-port=0", "--certify", f"--seed={seed}", *small_sizes)
    assert set(seen.verdicts.values()) <= {"PASS", "N/A", "BLOCKED"}
    assert seen.judged("BLOCKED") == set()
    assert seen.footer["certification"] == "CERTIFIED"
