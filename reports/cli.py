"""`dicom-conformance`: everything that is done with results after a run. Needs no network and no system under test.

Exit code 0: done; 1: done, and the answer is no (a regression); 2: wrong use or an unusable file, with one line that says why.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from conformance.errors import ConformanceError
from reports.comparing import compare
from reports.html import write_report
from reports.language import LANGUAGES
from reports.plain import one_line
from reports.reading import load_results
from reports.terminal import comparison_lines


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
    results: Path = options.results
    folder = results if results.is_dir() else results.parent
    out: Path = options.out or folder / "report.html"
    write_report(results, out, options.lang)
    print(out)
    return 0


def _compare(options: argparse.Namespace) -> int:
    comparison = compare(load_results(options.old), load_results(options.new))
    print("\n".join(comparison_lines(comparison)))
    return 1 if comparison.regressions else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("dicom-conformance", description="Work with the results of a conformance run.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    render = commands.add_parser("render", help="make report.html from a results file")
    render.add_argument("results", type=Path, metavar="RESULTS", help="results.jsonl, or the report folder that holds it")
    render.add_argument("--out", type=Path, metavar="FILE", help="default: report.html beside the results")
    render.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the report (default: en)")
    render.set_defaults(work=_render)

    compared = commands.add_parser("compare", help="what changed from one run to another; exit code 1 on any regression")
    compared.add_argument("old", type=Path, metavar="OLD")
    compared.add_argument("new", type=Path, metavar="NEW")
    compared.set_defaults(work=_compare)
    return parser
