"""A PDF of a report, by WeasyPrint: the print style of the page on paper."""

import re
from pathlib import Path

from weasyprint import HTML
from weasyprint.urls import URLFetchingError

from reports.results import ResultsError

_PICTURE = re.compile(r'<img alt="" src="data:[^"<>]*">')


def write_pdf(report: Path, pdf: Path) -> None:
    """Print a report to PDF, without its pictures. Nothing is fetched. Raises `ResultsError` where it cannot be written."""
    try:
        with pdf.open("wb") as stream:  # first, since the layout takes seconds
            page = _PICTURE.sub("", report.read_text("utf-8"))  # a picture within the page would count as one that is fetched
            HTML(string=page, base_url=None, url_fetcher=_refuse).write_pdf(stream)
    except OSError as error:
        raise ResultsError(f"cannot be written: {error.strerror}", where=str(pdf)) from error


def _refuse(url: str, *_: object, **__: object) -> None:
    raise URLFetchingError(f"a report loads nothing, and not {url:.60}")
