"""The plan of a run, from the command line and the profile; what cannot work is refused before anything is sent."""

import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.attestations import accept
from conformance.cases import load_case
from conformance.embedded import PROFILE, PROFILES
from conformance.guide import Role, load_register, load_waivers
from conformance.operating import Operator
from conformance.options import OPTIONS
from conformance.roles import ROOMS
from conformance.run import Plan, builtins, new_nonce
from conformance.target import EMBEDDED, Profile, ProfileError, Settings, build_target, convert, load_profile
from reports.language import LANGUAGES
from reports.reading import load_results

SELECTIONS = ("keyword", "markexpr", "lf", "maxfail", "deselect", "stepwise", "failedfirst")
MAX_SEED = 2**32
NOT_REPEATED = frozenset({"--certify", "--replay", "--slow", "--seed", "--report-dir", "--baseline", "--waivers", "--tester", "--lang"})


def make_plan(config: pytest.Config) -> Plan:
    """Merge command line, profile and defaults.

    Raises:
        ConformanceError: an option, the profile, the register, a waiver or the baseline cannot be used; it says which and why.
    """
    given = {option.flag: config.getoption(option.dest) for option in OPTIONS}
    for option in OPTIONS:
        if given[option.flag] is not None:
            convert(option, given[option.flag], where=option.flag)
    settings = Settings(given, _profile(given))
    register = load_register(settings.path("--guide"))
    waivers, baseline = settings.path("--waivers"), settings.path("--baseline")
    replayed = settings.path("--replay")
    case = load_case(replayed) if replayed else None
    seed = case.seed if case else settings["--seed"]
    today = datetime.now(UTC).date()
    certify = bool(settings["--certify"])
    target = build_target(settings)
    if target.role not in ROOMS:
        raise ProfileError(f"is {str(target.role)!r}", where="--role", remedy=f"this release tests the roles {', '.join(ROOMS)}")
    return Plan(
        target=target,
        register=register,
        waivers=load_waivers(waivers, register, today) if waivers else (),
        attestations=accept(settings.profile.attestations, register, today),
        report_dir=Path(settings.text("--report-dir")),
        seed=time.time_ns() % MAX_SEED if seed is None else int(str(seed)),
        nonce=new_nonce(),
        certify=certify,
        slow=certify or bool(settings["--slow"]) or bool(case and case.slow),
        hostile=not settings["--no-hostile"],
        command=shlex.join(["pytest", *map(str, config.invocation_params.args)]),
        repeat=_repeat(given, settings),
        profile=builtins(settings.profile),
        tester=settings.text("--tester"),
        lang=settings.text("--lang"),
        baseline=load_results(baseline) if baseline else None,
        replay=case,
        operator=_operator(settings, config),
    )


def _operator(settings: Settings, config: pytest.Config) -> Operator:
    return Operator(
        trigger=settings.text("--trigger"),
        patience=settings.seconds("--patience"),
        settle=settings.seconds("--settle"),
        bare=lambda: _bare(config),
    )


@contextmanager
def _bare(config: pytest.Config) -> Iterator[None]:
    """Give the terminal back from pytest's capture of output and input."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is None:
        yield
        return
    capture.suspend(in_=True)
    try:
        yield
    finally:
        capture.resume()


def _repeat(given: Mapping[str, object], settings: Settings) -> str:
    """Begin the command that repeats one check: the options that name the system, and a report folder of its own."""
    kept = {flag: value for flag, value in given.items() if value is not None and flag not in NOT_REPEATED}
    options = [f"{flag}={value}" for flag, value in kept.items()]
    return shlex.join(["pytest", *options, f"--report-dir={Path(settings.text('--report-dir')) / 'repeat'}"])


def _profile(given: Mapping[str, object]) -> Profile | None:
    path = given["--target-profile"]
    if path is None and given["--host"] == EMBEDDED:
        return load_profile(PROFILES.get(str(given["--role"] or Role.ARCHIVE), PROFILE))
    return None if path is None else load_profile(Path(str(path)))


def refuse_what_cannot_work(config: pytest.Config, plan: Plan) -> None:
    """Refuse pytest's own options where a run cannot honour them.

    Raises:
        pytest.UsageError: names the option and what to do.
    """
    if getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("-n: a run asks one system one question at a time; leave -n out")
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        raise pytest.UsageError(f"{config.args[0]}: --target-ae brings its own suite; give no path (select with -k or -m)")
    if plan.lang not in LANGUAGES:
        raise pytest.UsageError(f"--lang: is {plan.lang!r}; use one of {', '.join(LANGUAGES)}")
    if config.option.setupshow or config.option.setuponly or config.option.setupplan:
        raise pytest.UsageError("--setup-show, --setup-only, --setup-plan: a run asks its questions; leave them out")
    if plan.replay and (plan.certify or any(getattr(config.option, name, None) for name in SELECTIONS)):
        raise pytest.UsageError("--replay: asks one saved question; leave out --certify and every selection")
    if plan.certify and plan.target.missing:
        raise pytest.UsageError(f"--certify: the profile does not say {', '.join(plan.target.missing)}")
    chosen = [name for name in SELECTIONS if plan.certify and getattr(config.option, name, None)]
    if chosen:
        raise pytest.UsageError(f"--certify: runs the whole suite; leave out the selection ({', '.join(chosen)})")
    if plan.certify and plan.target.inbox:
        raise pytest.UsageError("--certify: asks the system itself; leave out --inbox")
    if plan.certify and not plan.hostile:
        raise pytest.UsageError("--certify: runs the whole suite; leave out --no-hostile")
