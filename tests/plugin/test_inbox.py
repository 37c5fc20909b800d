"""`--inbox`: the files of a folder are judged as what a source sent, and nobody is asked anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.session import ExitCode
from generators import FAULTS, Synthesizer, encode
from reports.reading import load_results

OPTIONS = ("--role=source", "--target-ae=MODALITY1", "--inbox=exported")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound study, but for one object without Institution Name, and a file that is none."""
    made = tmp_path_factory.mktemp("inbox")
    (made / "exported").mkdir()
    first, second = Synthesizer(5, "INBOX").study("CT").datasets()
    (made / "exported" / "first.dcm").write_bytes(encode(first).part10())
    (made / "exported" / "second.dcm").write_bytes(FAULTS["empty-institution"].encode(second).part10())
    (made / "exported" / "notes.txt").write_text("no object")
    return made


def test_a_folder_is_judged_row_by_row_and_certifies_nothing(folder: Path, run_suite: Callable[..., Any]) -> None:
    seen = run_suite(folder, *OPTIONS)
    results = load_results(seen.folder)
    assert seen.code == ExitCode.NOT_CERTIFIED, seen.output
    assert seen.judged("FAIL") == {"IDENT-17"}
    assert {check.nodeid.partition("::")[0] for check in results.checks} == {"test_objects.py"}
    (finding,) = (each for check in results.checks for each in check.findings if each.requirement == "IDENT-17")
    assert "in 1 of 2 instances of series 1 (study 1), such as second.dcm" in finding.got
    assert results.received is not None
    assert [each.name for each in results.received.unreadable] == ["notes.txt"]
    assert [(series.modality, series.instances) for series in results.received.series] == [("CT", 2)]


@pytest.mark.parametrize(
    ("options", "named"),
    [(("--inbox=nowhere", "--role=source"), "--inbox"), (("--inbox=exported",), "--inbox"), ((*OPTIONS[::2], "--certify"), "--certify")],
)
def test_an_inbox_that_cannot_be_meant_is_refused(
    options: tuple[str, ...], named: str, folder: Path, run_suite: Callable[..., Any]
) -> None:
    seen = run_suite(folder, "--target-ae=MODALITY1", *options)
    assert seen.code == pytest.ExitCode.USAGE_ERROR
    assert named in seen.output
