"""Render the results as one HTML file: no script needed, nothing loaded from elsewhere, every string escaped."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.verdicts import Verdict
from reports import page, words
from reports.identity import uid_name
from reports.language import language
from reports.plain import visible
from reports.reading import load_results
from reports.results import Results, ResultsError

_SPACE = re.compile(r"\s+")


def write_report(results_path: Path, html_path: Path, lang: str = "en") -> None:
    """Render a results file into a report beside it. Links to saved objects are given only where they resolve.

    Raises `ResultsError` where the results cannot be read or the report cannot be written.
    """
    results = load_results(results_path)
    folder = results_path if results_path.is_dir() else results_path.parent
    text = render(results, lang=lang, linked=folder.resolve() == html_path.parent.resolve())
    try:
        html_path.write_text(text, "utf-8")
    except OSError as error:
        raise ResultsError(f"cannot be written: {error.strerror}", where=str(html_path)) from error


def render(results: Results, *, lang: str = "en", linked: bool = True) -> str:
    """Render the results. `linked` says that the report will lie in the folder that the saved objects are relative to."""
    template = _environment().get_template("report.html.j2")
    made = page.make_page(results)
    return template.render(t=language(lang), page=made, results=results, linked=linked)


def verdict_class(verdict: str) -> str:
    """The class name that colours a verdict: v-fail, v-na."""
    return "v-" + verdict.lower().replace("/", "")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(vclass=verdict_class, uid_name=uid_name)
    environment.globals.update(
        style=_own("report.css"),
        style_hash=_digest(_own("report.css")),
        script=_own("report.js"),
        script_hash=_digest(_own("report.js")),
        words=words,
        Verdict=Verdict,
        shown_steps=page.shown_steps,
        safe_link=page.safe_link,
    )
    return environment


def _finalize(value: object) -> object:
    """Every expression of a template passes here before it is escaped, so that no string can be forgotten."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _own(name: str) -> Markup:
    """Give a style sheet or script of ours, which goes into the page as it is. A script keeps its lines: they end its statements."""
    text = files("reports").joinpath("templates", name).read_text("utf-8")
    return Markup(_SPACE.sub(" ", text) if name.endswith(".css") else text)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
