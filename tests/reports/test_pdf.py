"""The report on paper. Left out where WeasyPrint, an extra, is not installed; CI has it."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from reports.cli import main

from .building import short_run, write

pytestmark = pytest.mark.skipif(find_spec("weasyprint") is None and not os.environ.get("CI"), reason="needs the extra `pdf`")


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_pdf_is_made_beside_the_report(tmp_path: Path, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(short_run(), tmp_path / "results.jsonl")
    assert main(["render", str(source), f"--lang={lang}", f"--pdf={tmp_path / 'report.pdf'}"]) == 0
    made = (tmp_path / "report.pdf").read_bytes()
    assert made.startswith(b"%PDF-")
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "report.pdf")


def test_a_pdf_that_cannot_be_written_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(short_run(), tmp_path / "results.jsonl")
    assert main(["render", str(source), f"--pdf={tmp_path / 'none' / 'report.pdf'}"]) == 2
    assert "cannot be written: No such file" in capsys.readouterr().err
