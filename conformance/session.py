"""The hooks of a run: the order of the checks, the preflight before them, and what becomes of each. Wiring only.

They are registered when a target is given, so that without one nothing of pytest is touched.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from pathlib import Path

import pytest

from conformance.cases import Case
from conformance.errors import ConformanceError
from conformance.findings import Observation, observe
from conformance.guide import Register
from conformance.retelling import check_record, preflight_line, retell
from conformance.roles import room_of
from conformance.run import Plan, Run
from conformance.verdicts import Certification, Outcome
from reports.html import write_report
from reports.reading import load_results
from reports.terminal import summary_lines

PLAN = pytest.StashKey[Plan]()
RUN = pytest.StashKey[Run]()
SEEN = pytest.StashKey[Observation]()
SECONDS = pytest.StashKey[float]()
DESELECTED = pytest.StashKey[bool]()
REPLAY = pytest.StashKey[str]()
GONE = "the system under test no longer answers"
PARTIAL = "a selection of the checks was run"


REPLAYED: Mapping[Outcome, tuple[str, int]] = {Outcome.CONFORMS: ("FIXED", 0), Outcome.VIOLATES: ("FAILED", 1)}
UNDECIDED = "INCONCLUSIVE", 6  # a replay that saw neither


class ExitCode(IntEnum):
    """What the process ends with, beside pytest's own 2, 3 and 4."""

    CERTIFIED = 0
    NOT_CERTIFIED = 1
    INCOMPLETE = 6


EXIT_CODES: Mapping[str, ExitCode] = {
    Certification.CERTIFIED: ExitCode.CERTIFIED,
    Certification.WITH_WAIVERS: ExitCode.CERTIFIED,
    Certification.INCOMPLETE: ExitCode.INCOMPLETE,
    Certification.NOT_CERTIFIED: ExitCode.NOT_CERTIFIED,
}


def required(item: pytest.Item) -> list[str]:
    return [id_ for mark in item.iter_markers("requirement") for id_ in mark.args]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if room_of(config.stash[PLAN].target).leaves_out(collection_path) else None


def pytest_itemcollected(item: pytest.Item) -> None:
    item.extra_keyword_matches.update(required(item))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    plan = config.stash[PLAN]
    _refuse_unknown_ids(items, plan.register)
    order = room_of(plan.target).order
    items.sort(key=lambda item: _place(item, order))
    left_out = {name for name, wanted in (("slow", plan.slow), ("hostile", plan.hostile)) if not wanted}
    items[:] = [item for item in items if not left_out.intersection(mark.name for mark in item.iter_markers())]
    if plan.replay:
        _keep_only(items, plan.replay)


def _keep_only(items: list[pytest.Item], case: Case) -> None:
    """Leave the one check that a case names, and call the run partial."""
    left = [item for item in items if item.name == case.check and case.requirement in required(item)]
    if not left:
        raise pytest.UsageError(f"--replay: this release has no check {case.check} of {case.requirement} that this run may make")
    pytest_deselected(left)
    items[:] = left


def replayed(session: pytest.Session, case: Case) -> tuple[str, int]:
    """Say what became of a replayed case, and the exit code for it."""
    seen = next((item.stash[SEEN] for item in session.items if SEEN in item.stash), None)
    if seen is None or (seen.outcome is Outcome.VIOLATES and seen.requirement not in ("", case.requirement)):
        return UNDECIDED  # another requirement broke before this one was decided
    return REPLAYED.get(seen.outcome, UNDECIDED)


def _place(item: pytest.Item, order: Sequence[str]) -> tuple[int, int, tuple[int, ...]]:
    """Where a check stands in the suite, whoever shuffled it: its module, its line, its case."""
    case = getattr(item, "callspec", None)
    return order.index(item.path.stem), item.reportinfo()[1] or 0, tuple(case.indices.values()) if case else ()


def _refuse_unknown_ids(items: Sequence[pytest.Item], register: Register) -> None:
    unknown = sorted({f"{item.nodeid} names {id_!r}" for item in items for id_ in required(item) if id_ not in register})
    if unknown:
        raise pytest.UsageError("requirements that the register does not hold: " + "; ".join(unknown))


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items[:1]:
        item.config.stash[DESELECTED] = True


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the preflight; where it stops, the loop is over before it begins."""
    config = session.config
    if config.option.collectonly or session.testsfailed:
        return None
    try:
        run = Run(config.stash[PLAN])
        run.partial += [PARTIAL] * config.stash.get(DESELECTED, False)
        run.open()
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[RUN], config.stash[run.room.key] = run, run.subject
    terminal = config.get_terminal_writer()
    terminal.line()
    for step in run.preflight(id_ for item in session.items for id_ in required(item)):
        terminal.line(preflight_line(step))
    return True if run.stopped else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    run = item.config.stash.get(RUN, None)
    if run is None:
        return
    run.subject.begin()
    if item.get_closest_marker("slow"):
        item.config.get_terminal_writer().line(f"\ntakes a while: {item.name}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment] # pluggy sends the report
    run = item.config.stash.get(RUN, None)
    if run is None or (call.excinfo and call.excinfo.errisinstance((KeyboardInterrupt, pytest.exit.Exception))):
        return report  # type: ignore[return-value] # a wrapper returns the report
    if call.excinfo or call.when == "call":
        item.stash[SEEN] = observe(call.excinfo.value if call.excinfo else None)
        retell(report, item.stash[SEEN], required(item), run)
        item.user_properties[:] = report.user_properties
    item.stash[SECONDS] = item.stash.get(SECONDS, 0.0) + call.duration
    if call.when == "teardown":
        run.record(check_record(item, item.stash[SEEN], required(item), run, item.stash[SECONDS]))
        if run.gives_up(unanswered=item.stash[SEEN].unanswered):
            item.session.shouldstop = GONE
    return report  # type: ignore[return-value] # a wrapper returns the report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    run = session.config.stash.get(RUN, None)
    if run is None:
        return
    gone = session.shouldstop == GONE
    interrupted = not gone and exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    stopped = interrupted or (not gone and bool(session.shouldstop or session.shouldfail))
    footer = run.finish("the run was stopped before its end" if stopped else "")
    if not interrupted:
        session.exitstatus = EXIT_CODES[footer.certification]
        if run.plan.replay:
            session.config.stash[REPLAY], session.exitstatus = replayed(session, run.plan.replay)
    try:
        write_report(run.results_path, run.report_path, run.plan.lang, run.plan.baseline)
    except ConformanceError as error:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        session.config.get_terminal_writer().line(f"\nthe report could not be made, the results are whole: {error}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is None:
        return
    terminalreporter.section("conformance")
    for line in summary_lines(load_results(run.results_path)):
        terminalreporter.write_line(line)
    if run.plan.replay:
        terminalreporter.write_line(f"replay of {run.plan.replay.check}: {config.stash.get(REPLAY, UNDECIDED[0])}")
    terminalreporter.write_line(f"report: {run.report_path}")


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_header(cells: list[str]) -> None:
    cells[1:1] = [f"<th>{title}</th>" for title in ("Requirement", "Level", "Verdict")]


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    told = dict(report.user_properties)
    ids = ", ".join(str(value) for name, value in report.user_properties if name == "requirement")
    cells[1:1] = [f"<td>{html.escape(str(text))}</td>" for text in (ids, told.get("level", ""), told.get("verdict", ""))]
