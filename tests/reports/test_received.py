"""What a source brought, as the report shows it: series and pictures, whatever a results file says they are."""

import base64
import re
from pathlib import Path

import msgspec
import pytest

from reports.html import render
from reports.pdf import write_pdf
from reports.results import Received, ReceivedSeries, Results, Unreadable

from .building import full_run
from .parsing import parse

PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
SERIES = ReceivedSeries(
    patient=1, study=2, series=3, modality="CT", instances=212, octets=1 << 20, sop_classes=["CT Image Storage"], thumbnail=PICTURE
)


def received(**changes: object) -> Results:
    series = msgspec.structs.replace(SERIES, **changes)
    record = Received(212, [series], 1, [Unreadable("<b>bad</b>.dcm", "is no DICOM file")], ["SeriesNumber differs within one Series"])
    return msgspec.structs.replace(full_run([]), received=record)


def test_the_report_shows_each_series_with_its_picture_and_what_could_not_be_judged() -> None:
    page = parse(render(received()))
    (image,) = page.all("img")
    assert image.attributes == {"alt": "", "src": f"data:image/png;base64,{PICTURE}"}
    text = page.text
    for said in ("Patient 1, study 2, series 3", "212", "<b>bad</b>.dcm", "SeriesNumber differs within one Series"):
        assert said in text


@pytest.mark.parametrize("thumbnail", ['"><script>alert(1)</script>', "javascript:alert(1)", "A" * 100_000])
def test_what_is_no_small_picture_is_left_out(thumbnail: str) -> None:
    assert parse(render(received(thumbnail=thumbnail))).all("img") == []


def test_pictures_are_allowed_only_on_a_page_that_has_them() -> None:
    policies = [re.search(r"img-src[^;]*;", render(results)) for results in (full_run(), received())]
    assert [policy and policy[0] for policy in policies] == [None, "img-src data:;"]


def test_a_page_with_pictures_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(render(received()), "utf-8")
    write_pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
