"""The proof of the checks: each seeded fault of the embedded archive is failed for exactly the rows that it breaks.

By default a fault meets the checks of its own rows and those of a fixed set of others; with `--whole-matrix` it meets all of them.
With `--seeds` the search for histories meets each of its faults with some other seeds, too.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conformance.embedded import PASSCODE, PROFILE, SEND_ONLY_AE, USER, embedded_archive, embedded_tls, embedded_web
from conformance.guide import Level, load_register
from conformance.reference.consumer import FAULTS as CONSUMER_FAULTS
from conformance.reference.faults import FAULTS, Fault
from conformance.reference.faults.histories import HISTORY_FAULTS
from conformance.reference.sender import FAULTS as SENDER_FAULTS

from .running import CALLING_AE

WORKERS, WHOLE_WORKERS = 2, 5  # a run of every check waits for most of its time
REPORT_SECONDS = 5  # the archive reports at once, or not at all
BREAKS_AT_MOST = 3
# INTEG-04 brings about the status that STORE-09 judges.
OTHERS = frozenset({"ASSOC-01", "STORE-01", "INTEG-01", "INTEG-04", "IDENT-03", "QUERY-01"})
SLOW = {row.id for row in load_register() if row.slow}
WEB = {row.id for row in load_register() if row.applies_when == "web"}
TLS = {row.id for row in load_register() if row.applies_when in ("tls", "mutual-tls")} | {"SEC-03"}

HISTORIES = {fault.name for fault in HISTORY_FAULTS}
SEARCH = "test_histories"  # each proof would pay for it
SEEDS_OF_SEARCH = 7  # a search that finds a fault by luck alone is seen with that many; each takes some ten seconds

Outcome = Future[Any]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "other_seed" in metafunc.fixturenames:
        seeds = min(metafunc.config.getoption("--seeds"), SEEDS_OF_SEARCH)
        metafunc.parametrize("other_seed", range(2, seeds + 1))


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    free_port: Callable[[], int],
    run_suite: Callable[..., Any],
    small_sizes: list[str],
) -> Iterator[dict[tuple[str, int], Outcome]]:
    """One run for each fault and seed that is asked for, a few at a time."""
    whole_matrix = request.config.getoption("--whole-matrix")

    def run(fault: str, seed: int) -> object:
        whole = whole_matrix and seed == 1
        folder = tmp_path_factory.mktemp(fault)
        port = free_port()
        rows = own_rows(FAULTS[fault])
        slow = ["--slow", *small_sizes] if SLOW & rows else []
        options, web = embedded_web(folder) if whole or WEB & rows else ([], None)
        tls_options, tls = embedded_tls(folder) if whole or TLS & rows else ([], None)
        options = ["--fault", fault, *options, *tls_options]
        with embedded_archive("EMBEDDED", f"{CALLING_AE}=127.0.0.1:{port}", options) as (host, archive_port):
            arguments = [f"--host={host}", f"--port={archive_port}", f"--listen-port={port}", f"--target-profile={PROFILE}"]
            arguments += [f"--web-url={web.url}", f"--web-ca={web.ca}"] if web else []
            arguments += (
                [f"--tls-port={tls.port}", f"--tls-ca={tls.ca}", f"--tls-cert={tls.certificate}", f"--tls-key={tls.key}"] if tls else []
            )
            arguments += [f"--send-only-ae={SEND_ONLY_AE}", f"--user={USER}", f"--report-timeout={REPORT_SECONDS}"]
            secret = web.secret if web else ""
            arguments += selection(FAULTS[fault], whole, seed)
            return run_suite(folder, "--target-ae=EMBEDDED", *arguments, *slow, "-q", secret=secret, passcode=PASSCODE)

    asked = [item.callspec.params for item in request.session.items if item.path == Path(__file__) and hasattr(item, "callspec")]
    about = ((params["fault"], params.get("other_seed", 1)) for params in asked if "fault" in params)
    wanted = dict.fromkeys((fault, seed) for fault, seed in about if isinstance(seed, int))  # no number where it is skipped
    tmp_path_factory.getbasetemp()  # made here, for two threads that ask for it at once make two
    with ThreadPoolExecutor(WHOLE_WORKERS if whole_matrix else WORKERS) as pool:
        yield {(fault, seed): pool.submit(run, fault, seed) for fault, seed in wanted}


def selection(fault: Fault, whole: bool, seed: int) -> list[str]:
    """Choose the checks that a fault meets; the search for histories is met by the faults that only a history shows."""
    rows = " or ".join(sorted(own_rows(fault) | OTHERS))
    if seed > 1:
        return [f"--seed={seed}", "-k", SEARCH]
    if fault.name in HISTORIES:
        return ["--seed=1", *(["-k", f"{rows} or {SEARCH}"] if not whole else [])]
    return ["-k", f"({rows}) and not {SEARCH}" if not whole else f"not {SEARCH}"]


def own_rows(fault: Fault) -> frozenset[str]:
    """The rows of which a fault says something."""
    return fault.breaks | fault.warns | fault.informs | fault.blocks


def killers(seen: Any) -> set[str]:
    """The checks, without their cases, that saw a requirement violated."""
    return {check["nodeid"].partition("[")[0] for check in seen.of_kind("check") if "violates" in check["outcomes"].values()}


def judged(seen: Any) -> dict[str, set[str]]:
    """The rows that a run did not pass, by their verdict."""
    return {verdict: seen.judged(verdict) for verdict in ("FAIL", "WARN", "INFO", "BLOCKED", "INCONCLUSIVE")}


def broken(fault: Fault) -> dict[str, frozenset[str]]:
    """The rows that a fault breaks, by the verdict that they deserve."""
    return {"FAIL": fault.breaks, "WARN": fault.warns, "INFO": fault.informs, "BLOCKED": fault.blocks, "INCONCLUSIVE": frozenset()}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_failed_for_exactly_what_it_breaks(
    runs: dict[tuple[str, int], Outcome], fault: str, record_property: Callable[[str, object], None]
) -> None:
    seen, expected = runs[fault, 1].result(), FAULTS[fault]
    record_property("killed by", " ".join(sorted(killers(seen))))
    if expected.stops_preflight:
        assert seen.judged("FAIL") == seen.judged("PASS") == set()
        assert seen.footer["reasons"][0].startswith("preflight stopped")
        return
    assert judged(seen) == broken(expected)


@pytest.mark.parametrize("fault", sorted(HISTORIES))
def test_the_search_finds_a_fault_of_histories_with_another_seed(runs: dict[tuple[str, int], Outcome], fault: str, other_seed: int) -> None:
    assert judged(runs[fault, other_seed].result()) == broken(FAULTS[fault])


def test_every_shall_with_a_check_has_a_narrow_fault() -> None:
    faults = (*FAULTS.values(), *SENDER_FAULTS.values(), *CONSUMER_FAULTS.values())
    narrow = {id_ for fault in faults if len(fault.breaks) <= BREAKS_AT_MOST for id_ in fault.breaks}
    checked = {row.id for row in load_register() if row.level is Level.SHALL and not row.untested and not row.attested}
    assert checked - narrow == set()
