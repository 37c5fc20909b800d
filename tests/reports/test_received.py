"""What a source brought, as the report shows it: series and pictures, whatever a results file says they are."""

import re
from pathlib import Path

import msgspec
import pytest

from reports.html import render
from reports.pdf import write_pdf
from reports.received import branches
from reports.results import Results

from .building import PICTURE, SERIES, brought, full_run
from .parsing import parse


def received(**changes: object) -> Results:
    return full_run([], received=brought(msgspec.structs.replace(SERIES, **changes)))


def test_the_report_shows_each_series_with_its_picture_and_what_could_not_be_judged() -> None:
    page = parse(render(received()))
    (image,) = page.all("img")
    assert image.attributes == {"alt": "", "src": f"data:image/png;base64,{PICTURE}"}
    text = page.text
    for said in ("Patient 1", "Study 2", "Series 3 CT", "212", "<b>bad</b>.dcm", "SeriesNumber differs within one Series"):
        assert said in text


def test_a_study_took_from_the_first_octet_of_its_series_to_the_last_and_an_unmeasured_one_says_so() -> None:
    later = msgspec.structs.replace(SERIES, series=4, began=14.0, seconds=1.0)
    exported = msgspec.structs.replace(SERIES, patient=2, began=0.0, seconds=0.0)
    patient, other = branches([SERIES, later, exported])
    (study,) = patient.branches
    assert (study.kind, study.number, study.instances, study.octets, study.seconds) == ("study", 2, 424, 2 << 20, 5.0)
    assert [series.seconds for series in study.branches] == [2.0, 1.0]
    assert other.seconds == 0.0
    text = parse(render(full_run([], received=brought(SERIES, later, exported, more=37)))).text
    for said in ("5.0 s", "409.6 KiB/s", "512.0 KiB/s", "37 further series came"):
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
