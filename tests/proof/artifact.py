"""Write docs/proof.md from a run of the proof: `make proof`, or any run of tests/proof and tests/systems with `--junitxml`.

It tells what each requirement is proved by, what was seen in that run, and what remains unproved and why. The digest that it carries
is that of the checks, the register, the seeded faults and the adjudicated verdicts: where one of them has changed since, the proof is
stale and its test fails.
"""

import ast
import hashlib
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from conformance.guide import Requirement, load_register
from conformance.reference.consumer.faults import FAULTS as CONSUMER_FAULTS
from conformance.reference.faults import FAULTS, Fault
from conformance.reference.sender.faults import FAULTS as SENDER_FAULTS

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "proof.md"
VERDICTS = ROOT / "fixtures" / "verdicts"
CHECKED = ("suite", "source", "consumer")
PROVED = (*(f"conformance/{room}" for room in (*CHECKED, "judging", "guide", "reference")), "fixtures/verdicts")
COUNTED: Mapping[str, str] = {
    "test_a_sender_fault_is_failed_for_exactly_what_it_breaks": "a fault of the reference sender likewise",
    "test_a_consumer_fault_is_failed_for_exactly_what_it_breaks": "a fault of the reference consumer likewise",
    "test_the_search_finds_a_fault_of_histories_with_another_seed": "a fault that only a history shows found with another seed",
    "test_a_check_whose_control_fails_decides_nothing": "an archive with a service that is out, on which its checks decided nothing",
    "test_what_is_promised_and_not_kept_is_blamed": "an archive that does not keep what its profile or address promises, blamed for it",
    "test_the_clean_archive_is_certified": "the clean archive certified, each with another seed",
    "test_the_clean_sender_fails_nothing": "the clean sender failed nothing, each with another seed",
    "test_the_clean_consumer_fails_nothing": "the clean consumer failed nothing, each with another seed",
    "test_a_real_system_gets_its_adjudicated_verdicts": "a real archive got its adjudicated verdicts",
    "test_a_real_system_gets_its_adjudicated_verdicts_with_time": "a real archive got those of the rows that wait for it, too",
    "test_a_real_client_gets_its_adjudicated_verdicts": "a real sender or viewer got its adjudicated verdicts",
}
DIGEST = "Digest of what was proved: "


def digest() -> str:
    """SHA-256 over the paths and bytes of the checks, the register, the seeded faults and the adjudicated verdicts."""
    total = hashlib.sha256()
    for folder in PROVED:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".toml"):
                total.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class Proof:
    """The runs of the proof: when each began, how many tests passed, by test, and the checks that each fault was seen by."""

    began: tuple[str, ...]
    passed: Mapping[str, int]
    failed: tuple[str, ...]
    killers: Mapping[str, tuple[str, ...]]


def read_proof(junits: Iterable[Path]) -> Proof:
    """Read pytest's JUnit files of the runs. No fault counts that is gone, and of a test the last run that did not skip it."""
    suites = [suite for junit in junits for suite in ElementTree.parse(junit).iter("testsuite")]
    suites.sort(key=lambda suite: suite.attrib.get("timestamp", ""))
    cases = [case for suite in suites for case in suite.iter("testcase") if case.find("skipped") is None]
    last = {(case.attrib["classname"], case.attrib["name"]): case for case in cases}
    passed: Counter[str] = Counter()
    failed: list[str] = []
    killers: dict[str, tuple[str, ...]] = {}
    for (_, case_name), case in last.items():
        name, _, rest = case_name.partition("[")
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(case_name)
        else:
            passed[name] += 1
            seen_by = [told.attrib["value"].split() for told in case.iter("property") if told.attrib["name"] == "killed by"]
            killers |= {fault: tuple(checks) for checks in seen_by if (fault := rest.rstrip("]")) in FAULTS}
    return Proof(tuple(suite.attrib.get("timestamp", "")[:16] for suite in suites), passed, tuple(failed), killers)


def render(proof: Proof, day: str, whole: bool) -> str:
    """Write the document; `whole` says whether each fault of the archive met every check."""
    parts = [_opening(proof, day, whole), _requirements(), _systems(), _checks(proof), _unproved()]
    return "\n".join(line for part in parts for line in part) + "\n"


def _opening(proof: Proof, day: str, whole: bool) -> Iterator[str]:
    met = "every check (the search over histories: its own faults)" if whole else "the checks of its own rows and of a fixed set of others"
    yield "# What the checks are proved by"
    yield ""
    yield f"Written on {day}. {DIGEST}`{digest()}`"
    yield ""
    yield f"Runs, by when they began, of which the later one counts where a test was run again: {', '.join(proof.began)}."
    yield ""
    yield "| what was seen | times |"
    yield "|---|---|"
    yield f"| a seeded fault of the embedded archive failed for exactly the rows that it breaks; it met {met} | {_share(proof, FAULTS)} |"
    for test, words in COUNTED.items():
        yield f"| {words} | {proof.passed.get(test, 0)} |"
    yield ""


def _share(proof: Proof, faults: Mapping[str, Fault]) -> str:
    return f"{len(proof.killers)} of {len(faults)}"


def _requirements() -> Iterator[str]:
    yield "## Requirements and the faults that break them"
    yield ""
    yield "| requirement | level | faults |"
    yield "|---|---|---|"
    for row in load_register():
        named = [
            *(fault.name for fault in FAULTS.values() if row.id in _blamed(fault)),
            *(f"{fault.name} (sender)" for fault in SENDER_FAULTS.values() if row.id in fault.breaks),
            *(f"{fault.name} (consumer)" for fault in CONSUMER_FAULTS.values() if row.id in fault.breaks),
        ]
        if named:
            yield f"| {row.id} {row.title} | {row.level} | {', '.join(named)} |"
    yield ""


def _blamed(fault: Fault) -> frozenset[str]:
    return fault.breaks | fault.warns | fault.informs


def _systems() -> Iterator[str]:
    found = {path.stem: tomllib.loads(path.read_text("utf-8"))["verdict"] for path in sorted(VERDICTS.glob("*.toml"))}
    verdicts = {name: {row["requirement"]: row["verdict"] for row in rows} for name, rows in found.items()}
    yield "## Requirements and real systems"
    yield ""
    yield "What is not passed; each verdict stands with clause and reason in `fixtures/verdicts`."
    yield ""
    yield f"| requirement | {' | '.join(verdicts)} |"
    yield "|---|" + "---|" * len(verdicts)
    for id_ in sorted({id_ for rows in verdicts.values() for id_ in rows}):
        yield f"| {id_} | {' | '.join(rows.get(id_, '') for rows in verdicts.values())} |"
    yield ""


def _checks(proof: Proof) -> Iterator[str]:
    killed = {check for checks in proof.killers.values() for check in checks}
    alive = sorted(set(checks_of_the_suite()) - killed)
    yield "## Checks of the archive that no seeded fault made fail"
    yield ""
    yield from [f"- `{check}`" for check in alive] or ["None."]
    yield ""


def checks_of_the_suite() -> list[str]:
    """Name each check as the results do, without its cases."""
    return [
        f"{path.name}::{node.name}"
        for path in sorted((ROOT / "conformance" / "suite").glob("test_*.py"))
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def _unproved() -> Iterator[str]:
    register = list(load_register())
    yield "## Requirements that no check decides, and why"
    yield ""
    yield from _reasons(((row, row.untested) for row in register if row.untested), "")
    yield from _reasons(((row, row.attested) for row in register if row.attested), "attested: ")


def _reasons(rows: Iterable[tuple[Requirement, str]], word: str) -> Iterator[str]:
    return (f"- {row.id} ({row.level}): {word}{reason}" for row, reason in rows)


def main() -> int:
    """Read the JUnit files named on the command line; a run with a failure is no proof, and leaves the document as it was.

    `--whole-matrix` beside them says that the run was made so. With `--stale` instead of a file, only say whether the document is of
    what is here.
    """
    if sys.argv[1] == "--stale":
        fresh = f"{DIGEST}`{digest()}`" in DOCUMENT.read_text("utf-8")
        print("" if fresh else f"{DOCUMENT.name} is stale: run `make proof`", file=sys.stderr)
        return 0 if fresh else 1
    proof = read_proof(Path(name) for name in sys.argv[1:] if not name.startswith("--"))
    if proof.failed:
        print("no proof, these failed:", *proof.failed, sep="\n  ", file=sys.stderr)
        return 1
    whole = "--whole-matrix" in sys.argv
    DOCUMENT.write_text(render(proof, datetime.now(UTC).date().isoformat(), whole), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
