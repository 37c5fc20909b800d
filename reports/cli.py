"""`dicom-conformance`: everything that is done with results after a run. Needs no network and no system under test.

Exit code 0: done; 1: done, and the answer is no (a regression, a changed line); 2: wrong use or an unusable file, with one line
that says why. `render` writes a page even then, where a run left a file without a result: it says that this is no pass.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from conformance.errors import ConformanceError
from reports.comparing import Comparison, as_json, compare
from reports.fleet import load_fleet
from reports.html import render_comparison, render_fleet, render_unusable, write_report
from reports.language import LANGUAGES
from reports.markdown import summary
from reports.plain import one_line
from reports.reading import UnusableResults, load_results, results_file
from reports.rejudging import rejudge
from reports.results import ResultsError, write_results
from reports.schema import published
from reports.terminal import comparison_lines, fleet_lines, summary_lines
from reports.writing import write_text

_Parser: TypeAlias = argparse.ArgumentParser
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and give the exit code."""
    options = _parser().parse_args(arguments)
    work: Callable[[argparse.Namespace], int] = options.work
    try:
        return work(options)
    except ConformanceError as error:
        print(f"dicom-conformance: {one_line(str(error), 600)}", file=sys.stderr)
        return 2


def _render(options: argparse.Namespace) -> int:
    out: Path = options.out or results_file(options.results).with_name("report.html")
    earlier = load_results(options.baseline) if options.baseline else None
    try:
        write_report(options.results, out, options.lang, earlier)
    except UnusableResults as error:
        write_text(out, render_unusable(error, options.lang))
        print(out)
        raise
    print(out)
    if options.pdf:
        _write_pdf(out, options.pdf)
    return 0


def _write_pdf(report: Path, pdf: Path) -> None:
    try:
        from reports.pdf import write_pdf
    except ImportError as error:
        raise ResultsError("PDF needs WeasyPrint", remedy="pip install 'ontario-dicom-conformance[pdf]'") from error
    write_pdf(report, pdf)
    print(pdf)


def _summary(options: argparse.Namespace) -> int:
    results = load_results(options.results)
    print(summary(results) if options.markdown else "\n".join(summary_lines(results)))
    return 0


def _compare(options: argparse.Namespace) -> int:
    comparison = compare(load_results(options.old), load_results(options.new))
    text = _FORMATS[options.format](comparison, options.lang)
    if options.out:
        write_text(options.out, text)
    else:
        print(text, end="")
    return 1 if comparison.regressions else 0


_FORMATS: Mapping[str, Callable[[Comparison, str], str]] = {
    "text": lambda comparison, _: "\n".join(comparison_lines(comparison)) + "\n",
    "json": lambda comparison, _: as_json(comparison).decode(),
    "html": render_comparison,
}


def _rejudge(options: argparse.Namespace) -> int:
    judged = rejudge(load_results(options.results), options.guide)
    if options.out.exists():
        raise ResultsError("is already there", where=str(options.out), remedy="observations are never overwritten: give another --out")
    write_results(judged, options.out)
    print("\n".join(summary_lines(judged)))
    print(options.out)
    return 0


def _fleet(options: argparse.Namespace) -> int:
    fleet = load_fleet(options.folder)
    if options.out:
        write_text(options.out, render_fleet(fleet, options.lang))
    print("\n".join(fleet_lines(fleet)))
    return 0


def _schema(_: argparse.Namespace) -> int:
    print(published(), end="")
    return 0


def _keygen(options: argparse.Namespace) -> int:
    if options.pdf is None:
        print(f"{options.key} and {options.key}.pub: {_signing().make_key(options.key)}")
    else:
        print(f"{options.key} and {options.key}.crt: {_pdf_signing().make_certificate(options.key, options.pdf)}")
    return 0


def _sign(options: argparse.Namespace) -> int:
    print(f"signed by {_signing().sign(options.results, options.key)}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    found = _signing().verify(options.results, options.trusted)
    return _told(found.complaints, f"every line is as {found.key} signed it on {found.signed}")


def _sign_pdf(options: argparse.Namespace) -> int:
    print(f"signed by {_pdf_signing().sign(options.pdf, options.key, options.certificate)}")
    return 0


def _verify_pdf(options: argparse.Namespace) -> int:
    found = _pdf_signing().verify(options.pdf, options.trusted)
    return _told(found.complaints, f"every page is as {found.key} signed it on {found.signed}")


def _told(complaints: Sequence[str], otherwise: str) -> int:
    print("\n".join(map(one_line, complaints or [otherwise])))
    return 1 if complaints else 0


def _signing() -> ModuleType:
    return _extra("signing", "signing needs the cryptography library")


def _pdf_signing() -> ModuleType:
    return _extra("pdf_signing", "signing a PDF needs pyHanko")


def _extra(name: str, wants: str) -> ModuleType:
    try:
        return import_module(f"reports.{name}")
    except ImportError as error:
        raise ResultsError(wants, remedy="pip install 'ontario-dicom-conformance[sign]'") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("dicom-conformance", description="Work with the results of a conformance run.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_pages(commands)
    _add_comparisons(commands)
    _add_signing(commands)
    return parser


def _command(commands: _Commands, name: str, work: Callable[[argparse.Namespace], int], help_: str, *, pages: bool = False) -> _Parser:
    parser = commands.add_parser(name, help=help_, description=help_)
    parser.set_defaults(work=work)
    if pages:
        parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the page (default: en)")
    return parser


def _results_argument(parser: _Parser) -> None:
    parser.add_argument("results", type=Path, metavar="RESULTS", help="results.jsonl, or the report folder that holds it")


def _add_pages(commands: _Commands) -> None:
    render = _command(commands, "render", _render, "make report.html from a results file", pages=True)
    _results_argument(render)
    render.add_argument("--out", type=Path, metavar="FILE", help="default: report.html beside the results")
    render.add_argument("--baseline", type=Path, metavar="OLD", help="an earlier results file: put what changed since near the top")
    render.add_argument("--pdf", type=Path, metavar="FILE", help="make a PDF too (needs the extra `pdf`)")

    short = _command(commands, "summary", _summary, "the verdict and the findings in a few lines")
    _results_argument(short)
    short.add_argument("--markdown", action="store_true", help="GitHub-flavoured Markdown, for a continuous integration page")

    _command(commands, "schema", _schema, "print the JSON Schema of a line of results.jsonl")


def _add_comparisons(commands: _Commands) -> None:
    compared = _command(commands, "compare", _compare, "what changed from one run to another; exit code 1 on any regression", pages=True)
    compared.add_argument("old", type=Path, metavar="OLD")
    compared.add_argument("new", type=Path, metavar="NEW")
    compared.add_argument("--format", choices=tuple(_FORMATS), default="text", help="default: text")
    compared.add_argument("--out", type=Path, metavar="FILE", help="default: printed")

    again = _command(commands, "rejudge", _rejudge, "judge old observations by another edition of the register")
    _results_argument(again)
    again.add_argument("--guide", type=Path, required=True, metavar="FILE", help="the other edition, TOML")
    again.add_argument("--out", type=Path, required=True, metavar="FILE", help="the new results file")

    fleet = _command(commands, "fleet", _fleet, "many runs side by side", pages=True)
    fleet.add_argument("folder", type=Path, metavar="DIR", help="a folder with report folders below it")
    fleet.add_argument("--out", type=Path, metavar="FILE", help="write the table as a page, too")


def _add_signing(commands: _Commands) -> None:
    keygen = _command(commands, "keygen", _keygen, "make a key for signing: FILE, readable by its owner alone, and FILE.pub or FILE.crt")
    keygen.add_argument("key", type=Path, metavar="FILE")
    keygen.add_argument("--pdf", metavar="NAME", help="for sign-pdf: with a certificate in this name instead of a public key")

    sign = _command(commands, "sign", _sign, "append a signature over every line and the report beside it")
    _results_argument(sign)
    sign.add_argument("--key", type=Path, required=True, metavar="FILE", help="the private key")

    verify = _command(commands, "verify", _verify, "name the lines that were changed since they were signed; exit code 1 if any was")
    _results_argument(verify)
    verify.add_argument("--trusted", type=Path, metavar="FILE.pub", help="the public key that must have signed it")

    sign_pdf = _command(commands, "sign-pdf", _sign_pdf, "append a signature to a PDF that render made")
    sign_pdf.add_argument("pdf", type=Path, metavar="FILE.pdf")
    sign_pdf.add_argument("--key", type=Path, required=True, metavar="FILE", help="the private key, PEM or DER")
    sign_pdf.add_argument("--certificate", type=Path, metavar="FILE", help="its certificate, or chain (default: FILE.crt beside the key)")

    verify_pdf = _command(commands, "verify-pdf", _verify_pdf, "say whether a PDF is as it was signed; exit code 1 if not")
    verify_pdf.add_argument("pdf", type=Path, metavar="FILE.pdf")
    verify_pdf.add_argument("--trusted", type=Path, metavar="FILE.crt", help="the certificate that must have signed it")
