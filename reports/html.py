"""Render the results as one HTML file: no script needed, nothing loaded from elsewhere, every string escaped."""

import base64
import csv
import hashlib
import io
import re
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from conformance.verdicts import Verdict
from reports import associations, page, received, timing, words
from reports.comparing import Comparison, compare
from reports.fleet import Fleet
from reports.identity import system_name, uid_name
from reports.language import language
from reports.plain import visible
from reports.reading import UnusableResults, load_results, results_file
from reports.results import SCHEMA_VERSION, Results, StoredObject
from reports.writing import write_text

OBJECTS = "objects-left.csv"
_SPACE = re.compile(r"\s+")


def write_report(results_path: Path, html_path: Path, lang: str = "en", baseline: Results | None = None) -> None:
    """Render a results file into a report, with a list of the objects left on the system beside it.

    Links to saved objects are given only where they resolve. `baseline` is an earlier run: what changed since stands
    near the top then. Raises `ResultsError` where results cannot be read or the report cannot be written.
    """
    results = load_results(results_path)
    linked = results_file(results_path).parent.resolve() == html_path.parent.resolve()
    objects = write_left(results, html_path.with_name(OBJECTS)) if linked else ""
    write_text(html_path, render(results, lang=lang, linked=linked, baseline=baseline, objects=objects))


def render(results: Results, *, lang: str = "en", linked: bool = True, baseline: Results | None = None, objects: str = "") -> str:
    """Render the results. `linked` says that the report will lie in the folder that the saved objects are relative to.

    `objects` is the name of the list of objects left on the system, where one lies beside the report.
    """
    comparison = compare(baseline, results) if baseline else None
    made = page.make_page(results)
    return _rendered("report", lang, page=made, results=results, linked=linked, comparison=comparison, objects=objects)


def render_unusable(error: UnusableResults, lang: str = "en") -> str:
    """Render a page for a file that holds no verdict: what is wrong with it, that this is no pass, and what to do."""
    return _rendered("unusable", lang, plight=error.plight, file=Path(error.where).name, what=error.what)


def render_comparison(comparison: Comparison, lang: str = "en") -> str:
    """Render what changed from one run to another as a page of its own."""
    names = {"name": system_name(comparison.new), "old_name": system_name(comparison.old)}
    return _rendered("compare", lang, comparison=comparison, **names)


def render_fleet(fleet: Fleet, lang: str = "en") -> str:
    """Render many systems side by side."""
    return _rendered("fleet", lang, fleet=fleet)


def write_left(results: Results, path: Path) -> str:
    """Write the objects left on the system as CSV, for the clean-up. Gives the file's name; nothing where none is left."""
    if not results.footer or not results.footer.left:
        return ""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(StoredObject.__struct_fields__)
    writer.writerows([_cell(value) for value in msgspec.structs.astuple(stored)] for stored in results.footer.left)
    write_text(path, stream.getvalue())
    return path.name


def _cell(value: str) -> str:
    """A spreadsheet takes a cell that opens with one of these for a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value


def _rendered(name: str, lang: str, /, **values: object) -> str:
    return _environment().get_template(f"{name}.html.j2").render(t=language(lang), **values)


def verdict_class(verdict: str) -> str:
    """The class name that colours a verdict: v-fail, v-na."""
    return "v-" + verdict.lower().replace("/", "")


class Compiled(FileSystemBytecodeCache):
    """Compiled templates; a report is made without them where they cannot be written."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled() -> FileSystemBytecodeCache | None:
    """Where this user's compiled templates lie for the next report; None where the machine has no safe place for them."""
    with suppress(RuntimeError, OSError):
        return Compiled()
    return None


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
        bytecode_cache=_compiled(),
    )
    environment.filters.update(vclass=verdict_class, uid_name=uid_name, sentence=page.sentence, answered=associations.answered)
    environment.globals.update(
        style=_own("report.css"),
        style_hash=_digest(_own("report.css")),
        script=_own("report.js"),
        script_hash=_digest(_own("report.js")),
        words=words,
        schema_version=SCHEMA_VERSION,
        Verdict=Verdict,
        shown_steps=page.shown_steps,
        safe_link=page.safe_link,
        associations_of=associations.associations,
        services_of=timing.services,
        traffic_of=timing.traffic,
        branches_of=received.branches,
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
