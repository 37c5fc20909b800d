"""pytest options, fixtures and hooks: wiring only.

Without `--target-ae` the plugin registers its marker and stays inert. With it, it brings the suite, runs the preflight before the
first check, turns what each check saw into verdicts, and ends with the certification as exit code.
"""

import html
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

import pytest

from conformance.embedded import PROFILE
from conformance.errors import ConformanceError
from conformance.findings import Observation, observe
from conformance.guide import Register, load_register, load_waivers
from conformance.options import OPTIONS, PREFIX
from conformance.retelling import check_record, preflight_line, retell
from conformance.run import Plan, Run, builtins, new_nonce
from conformance.suite import FOLDER, ORDER
from conformance.target import EMBEDDED, Profile, Settings, build_target, convert, load_profile
from conformance.verdicts import Certification
from reports.html import write_report
from reports.reading import load_results
from reports.terminal import summary_lines

RUN = pytest.StashKey[Run]()
PLAN = pytest.StashKey[Plan]()
SEEN = pytest.StashKey[Observation]()
SECONDS = pytest.StashKey[float]()
DESELECTED = pytest.StashKey[bool]()
SELECTIONS = ("keyword", "markexpr", "lf", "maxfail", "deselect", "stepwise", "failedfirst")
MAX_SEED = 2**32
PARTIAL = "a selection of the checks was run"


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


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "DICOM onboarding conformance")
    for option in OPTIONS:
        default = "" if option.default is None or option.kind == "flag" else f" (default: {option.default})"
        if option.kind == "flag":
            group.addoption(option.flag, dest=option.dest, action="store_true", default=None, help=option.help)
            continue
        kind = {"whole": int, "seconds": float}.get(option.kind, str)
        group.addoption(option.flag, dest=option.dest, type=kind, default=None, metavar=option.metavar, help=option.help + default)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(id, *ids): the rows of the register that this check decides")
    config.addinivalue_line("markers", "slow: waits for timers of the system under test; run with --slow or --certify")
    config.addinivalue_line("markers", "hostile: sends what may harm a weak system; leave out with --no-hostile")
    if config.getoption(PREFIX + "target_ae") is None:
        return
    try:
        plan = _plan(config)
        _refuse_what_cannot_work(config, plan)
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[PLAN] = plan
    config.args = [str(FOLDER)]


def _plan(config: pytest.Config) -> Plan:
    given = {option.flag: config.getoption(option.dest) for option in OPTIONS}
    for option in OPTIONS:
        if given[option.flag] is not None:
            convert(option, given[option.flag], where=option.flag)
    settings = Settings(given, _profile(given))
    register = load_register(settings.path("--guide"))
    waivers = settings.path("--waivers")
    seed = settings["--seed"]
    certify = bool(settings["--certify"])
    return Plan(
        target=build_target(settings),
        register=register,
        waivers=load_waivers(waivers, register, datetime.now(UTC).date()) if waivers else (),
        report_dir=Path(settings.text("--report-dir")),
        seed=time.time_ns() % MAX_SEED if seed is None else int(str(seed)),
        nonce=new_nonce(),
        certify=certify,
        slow=certify or bool(settings["--slow"]),
        hostile=not settings["--no-hostile"],
        command=shlex.join(["pytest", *(argument for argument in config.invocation_params.args if isinstance(argument, str))]),
        profile=builtins(settings.profile),
    )


def _profile(given: Mapping[str, object]) -> Profile | None:
    path = given["--target-profile"]
    if path is None and given["--host"] == EMBEDDED:
        return load_profile(PROFILE)
    return None if path is None else load_profile(Path(str(path)))


def _refuse_what_cannot_work(config: pytest.Config, plan: Plan) -> None:
    if getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("-n: a run asks one system one question at a time; leave -n out")
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        raise pytest.UsageError(f"{config.args[0]}: --target-ae brings its own suite; give no path (select with -k or -m)")
    chosen = [name for name in SELECTIONS if plan.certify and getattr(config.option, name, None)]
    if chosen:
        raise pytest.UsageError(f"--certify: runs the whole suite; leave out the selection ({', '.join(chosen)})")
    if plan.certify and not plan.hostile:
        raise pytest.UsageError("--certify: runs the whole suite; leave out --no-hostile")


def required(item: pytest.Item) -> list[str]:
    return [id_ for mark in item.iter_markers("requirement") for id_ in mark.args]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    plan = config.stash.get(PLAN, None)
    if plan is None:
        return
    _refuse_unknown_ids(items, plan.register)
    for item in items:
        item.extra_keyword_matches.update(required(item))
    items.sort(key=_place)
    left_out = {name for name, wanted in (("slow", plan.slow), ("hostile", plan.hostile)) if not wanted}
    items[:] = [item for item in items if not left_out.intersection(mark.name for mark in item.iter_markers())]


def _place(item: pytest.Item) -> tuple[int, int, tuple[int, ...]]:
    """Where a check stands in the suite, whoever shuffled it: its module, its line, its case."""
    case = getattr(item, "callspec", None)
    return ORDER.index(item.path.stem), item.reportinfo()[1] or 0, tuple(case.indices.values()) if case else ()


def _refuse_unknown_ids(items: Sequence[pytest.Item], register: Register) -> None:
    unknown = sorted({f"{item.nodeid} names {id_!r}" for item in items for id_ in required(item) if id_ not in register})
    if unknown:
        raise pytest.UsageError("requirements that the register does not hold: " + "; ".join(unknown))


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    plan = items[0].config.stash.get(PLAN, None) if items else None
    if plan is not None:
        items[0].config.stash[DESELECTED] = True


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the preflight; where it stops, the loop is over before it begins."""
    config = session.config
    plan = config.stash.get(PLAN, None)
    if plan is None or config.option.collectonly or session.testsfailed:
        return None
    try:
        run = Run(plan)
        run.partial += [PARTIAL] * config.stash.get(DESELECTED, False)
        run.open()
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[RUN] = run
    terminal = config.get_terminal_writer()
    terminal.line()
    for step in run.preflight():
        terminal.line(preflight_line(step))
    return True if run.stopped else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    run = item.config.stash.get(RUN, None)
    if run is not None:
        run.system.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment] # pluggy sends the report
    run = item.config.stash.get(RUN, None)
    if run is None or (call.excinfo and call.excinfo.errisinstance((KeyboardInterrupt, pytest.exit.Exception))):
        return report  # type: ignore[return-value] # a wrapper returns the report
    if call.excinfo or call.when == "call":
        observation = item.stash.setdefault(SEEN, observe(call.excinfo.value if call.excinfo else None))
        retell(report, observation, required(item), run)
    item.stash[SECONDS] = item.stash.get(SECONDS, 0.0) + call.duration
    if call.when == "teardown":
        run.record(check_record(item, item.stash[SEEN], required(item), run, item.stash[SECONDS]))
    return report  # type: ignore[return-value] # a wrapper returns the report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    run = session.config.stash.get(RUN, None)
    if run is None:
        return
    interrupted = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    stopped = interrupted or bool(session.shouldstop or session.shouldfail)
    footer = run.finish("the run was stopped before its end" if stopped else "")
    write_report(run.results_path, run.report_path)
    if not interrupted:
        session.exitstatus = EXIT_CODES[footer.certification]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is None:
        return
    terminalreporter.section("conformance")
    for line in summary_lines(load_results(run.results_path)):
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"report: {run.report_path}")


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_header(cells: list[str]) -> None:
    cells[1:1] = [f"<th>{title}</th>" for title in ("Requirement", "Level", "Verdict")]


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    told = dict(report.user_properties)
    ids = ", ".join(str(value) for name, value in report.user_properties if name == "requirement")
    cells[1:1] = [f"<td>{html.escape(str(text))}</td>" for text in (ids, told.get("level", ""), told.get("verdict", ""))]
