"""How long a report takes, beside reading the file that it is made from.

Run: python bench/report.py [RESULTS]. Without a file it makes one: every row of the bundled register for the archive role, one check
each, a tenth of them failed with a transcript of 200 steps. Prints the median of interleaved rounds and the ratio, and exits 1 where
the report takes more than LIMIT times as long as parsing the same file with the standard library.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from conformance.guide import Requirement as Registered
from conformance.guide import Role, load_register
from conformance.verdicts import Outcome, judge
from reports.html import render
from reports.reading import load_results
from reports.results import (
    SCHEMA_VERSION,
    Check,
    Finding,
    Footer,
    Header,
    RegisterRow,
    Requirement,
    Results,
    WireStep,
    write_results,
)

ROUNDS = 9
LIMIT = 30  # times json.loads of every line
STEPS = 200
ONE_IN = 10


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(arguments[0]) if arguments else _made(Path(folder) / "results.jsonl")
        results = load_results(path)
        works: dict[str, Callable[[], object]] = {
            "parse (json)": lambda: [json.loads(line) for line in path.read_bytes().splitlines()],
            "load (typed)": lambda: load_results(path),
            "render": lambda: render(results),
        }
        works["render"]()  # the templates are compiled once for a process
        medians = _medians(works)
        size = len(render(results).encode())
    for name, seconds in medians.items():
        print(f"{name:<14} {seconds * 1000:8.2f} ms")
    ratio = medians["render"] / medians["parse (json)"]
    print(f"render / parse {ratio:8.1f}   (limit {LIMIT}; {len(results.requirements)} rows, page of {size / 1024:.0f} KiB)")
    return ratio > LIMIT


def _medians(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in times.items()}


def _made(path: Path) -> Path:
    register = load_register()
    rows = register.in_scope([Role.ARCHIVE])
    checks = [_check(row, number % ONE_IN == 0) for number, row in enumerate(rows)]
    header = Header(
        schema=SCHEMA_VERSION,
        harness="bench",
        edition=register.edition,
        register_digest=register.digest,
        seed=1,
        nonce="BENCH1",
        started="2026-01-01T00:00:00+00:00",
        roles=["archive"],
        target={"called AE title": "BENCH", "host": "127.0.0.1", "port": "104"},
        profile={},
        certify=True,
        partial=[],
        command="pytest",
        environment={},
        register=[RegisterRow.of(row) for row in rows],
    )
    footer = Footer("NOT CERTIFIED", [], "2026-01-01T00:01:00+00:00", 60.0, 50.0, {}, 0, [])
    requirements = [_requirement(row, check) for row, check in zip(rows, checks, strict=True)]
    write_results(Results(header, [], None, checks, requirements, footer, 0), path)
    return path


def _check(row: Registered, fails: bool) -> Check:
    steps = [WireStep(n / 100, "sent" if n % 2 else "received", "C-STORE-RQ", 3, 4096, {"MessageID": str(n)}) for n in range(STEPS)]
    return Check(
        nodeid=row.id,
        name=row.title,
        outcomes={row.id: Outcome.VIOLATES if fails else Outcome.CONFORMS},
        seconds=0.4,
        waiting=0.3,
        findings=[Finding(row.id, Outcome.VIOLATES, "a failure status", "0000 (success)", "look again")] if fails else [],
        transcript=steps if fails else [],
    )


def _requirement(row: Registered, check: Check) -> Requirement:
    outcome = Outcome(check.outcomes[row.id])
    return Requirement(row.id, row.level, outcome, judge(outcome, row.level), [check.name], seconds=check.seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
