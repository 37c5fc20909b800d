"""The plugin: options of the command line, and the plan of the run that they ask for. Wiring only.

Without `--target-ae` it registers its markers and stays inert. With it, it brings the suite and the hooks of a run.
"""

import pytest

from conformance.options import OPTIONS, PREFIX


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
    config.addinivalue_line("markers", "slow: waits for timers of the system under test or stores much there; run with --slow or --certify")
    config.addinivalue_line("markers", "hostile: sends what may harm a weak system; leave out with --no-hostile")
    if config.getoption(PREFIX + "target_ae") is None:
        return
    from conformance import planning, session  # only now: other projects in this environment need not wait for them
    from conformance.errors import ConformanceError
    from conformance.roles import room_of

    try:
        plan = planning.make_plan(config)
        planning.refuse_what_cannot_work(config, plan)
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[session.PLAN] = plan
    config.args = [str(room_of(plan.target).folder)]
    config.pluginmanager.register(session, "ontario-conformance-run")
