"""The proof of the consumer's checks: each seeded fault of the reference consumer is failed for exactly the rows that it breaks.

Archive, consumer and checks share this process: a viewer's step takes tenths of a second, a process of its own a second. The user of
the viewer is played here: honest, and with nothing to go by but what the viewer tells.
"""

import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import msgspec
import pytest
from pynetdicom.sop_class import EncapsulatedSTLStorage  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.consumer import test_notices, test_queries, test_retrieves
from conformance.consumer.archive import ViewerArchive
from conformance.consumer.content import prepare
from conformance.consumer.stage import Stage
from conformance.embedded import PROFILES
from conformance.findings import observe
from conformance.guide import Role, load_register
from conformance.operating import Errand, Performance, Watch
from conformance.reference.archive import Parts
from conformance.reference.consumer import FAULTS, ConsumerFault
from conformance.reference.consumer.__main__ import main
from conformance.reference.consumer.viewer import Viewer
from conformance.retelling import results_of
from conformance.target import Settings, build_target, load_profile
from conformance.verdicts import Outcome, Verdict, judge, roll_up
from generators import Synthesizer

from .binding import checks
from .test_lawful import TakesOneSyntaxOfAClass

HOST, ARCHIVE, VIEWER = "127.0.0.1", "CONFORMANCE", "VIEWER"
SETTLING_SECONDS = 2.0
REGISTER = load_register()
NO_OBJECTS = {"ASSOC-07", "INTEG-01", "INTEG-12", "INTEG-14"}  # what binds those who send more than questions
NOTICES = {"VERIF-03", "QUERY-20", "RETR-15"}

READ: dict[str, Callable[[dict[str, str]], bool]] = {  # what an honest user answers, by what each step showed
    "VERIF-03": lambda told: "not" not in told["verify"] and "not" in told["verify-refused"],
    "QUERY-20": lambda told: "failed" in told["search-interrupted"] and told["search-unfiltered"].endswith("\n1 studies\n"),
    "RETR-15": lambda told: all("NOT COMPLETE" in told[step] for step in ("open-with-failure", "open-with-gap")),
}


def settled(watch: Watch) -> bool:
    """Whether what was awaited has come: the archive may still be at the end of its last answer when the viewer is gone."""
    deadline = time.monotonic() + SETTLING_SECONDS
    while not watch.arrived() and time.monotonic() < deadline:
        time.sleep(0.01)
    return watch.arrived()


class Hall:
    """One consumer before its archive: takes the steps, and keeps what its user was told and what the user says of it."""

    def __init__(self, seed: int, port: int, fault: str) -> None:
        target = build_target(Settings({"--target-ae": VIEWER, "--host": HOST, "--port": port}, load_profile(PROFILES[Role.CONSUMER])))
        content = prepare(Synthesizer(seed, f"P{seed}"))
        self.archive = ViewerArchive(ARCHIVE, (HOST, 0), {VIEWER: (HOST, port)})
        self.archive.prepare(content.instances())
        self.stage = Stage(target, self.archive, content, self, self.ask)
        self.options = ["--calling", VIEWER, "--listen-port", str(port), *(["--fault", fault] if fault else [])]
        self.told: dict[str, str] = {}
        self.says: dict[str, bool] = {}

    def perform(self, errand: Errand, watch: Watch) -> Performance:
        with redirect_stdout(StringIO()) as shown:
            main([errand.name, "--host", HOST, "--port", str(self.archive.port), "--ae", ARCHIVE, *self.options])
        self.told[errand.name] = shown.getvalue()
        return Performance(settled(watch), "it ended")

    def ask(self, requirement: str, _question: str) -> None:
        self.says[requirement] = READ[requirement](self.told)

    def judged(self, *modules: ModuleType) -> dict[str, Verdict]:
        """Run the checks of these modules, and judge the rows as a run does."""
        verdicts: dict[str, list[Verdict]] = {}
        with self.archive.serving():
            for check, ids in checks(*modules):
                for id_, outcome in self.outcomes(check, ids).items():
                    verdicts.setdefault(id_, []).append(judge(outcome, REGISTER[id_].level))
        return {id_: roll_up(seen) for id_, seen in verdicts.items()}

    def outcomes(self, check: Callable[[Stage], None], ids: list[str]) -> dict[str, Outcome]:
        try:
            check(self.stage)
            error = None
        except Exception as raised:
            error = raised
        outcomes, _ = results_of(observe(error), ids)
        said = {id_: Outcome.CONFORMS if self.says[id_] else Outcome.VIOLATES for id_ in ids if id_ in self.says}
        return {id_: Outcome(outcome) for id_, outcome in outcomes.items()} | said


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_a_consumer_fault_is_failed_for_exactly_what_it_breaks(fault: ConsumerFault, free_port: Callable[[], int]) -> None:
    modules = [test_notices] if fault.breaks <= NOTICES else [test_queries, test_retrieves]
    seen = Hall(1, free_port(), fault.name).judged(*modules)
    bad = {id_ for id_, verdict in seen.items() if verdict in (Verdict.FAIL, Verdict.WARN)}
    assert (bad, {id_ for id_, verdict in seen.items() if verdict is Verdict.BLOCKED}) == (fault.breaks, fault.blocks)
    assert Verdict.INCONCLUSIVE not in seen.values()


class ChoosesOneSyntax(Viewer):
    parts = Parts(door=TakesOneSyntaxOfAClass)


def test_a_viewer_may_choose_among_the_syntaxes_of_a_class(monkeypatch: pytest.MonkeyPatch, free_port: Callable[[], int]) -> None:
    lawful = ConsumerFault("chooses-one-syntax", "it accepts one context of each class", ChoosesOneSyntax, frozenset())
    monkeypatch.setitem(cast("dict[str, ConsumerFault]", FAULTS), lawful.name, lawful)
    seen = Hall(1, free_port(), lawful.name).judged(test_retrieves)
    assert {id_: seen[id_] for id_ in ("RETR-16", "DOC-02")} == {"RETR-16": Verdict.PASS, "DOC-02": Verdict.PASS}


def test_the_clean_consumer_fails_nothing(seed: int, free_port: Callable[[], int]) -> None:
    seen = Hall(seed, free_port(), "").judged(test_queries, test_retrieves, test_notices)
    assert {id_ for id_, verdict in seen.items() if verdict is Verdict.NOT_APPLICABLE} == NO_OBJECTS
    assert {verdict for id_, verdict in seen.items() if id_ not in NO_OBJECTS} == {Verdict.PASS}


def test_a_declaration_of_classes_that_were_not_sent_stays_undecided(free_port: Callable[[], int]) -> None:
    hall = Hall(1, free_port(), "")
    claims = msgspec.structs.replace(hall.stage.target.claims, sop_classes=[EncapsulatedSTLStorage])
    hall.stage.target = replace(hall.stage.target, claims=claims)
    with hall.archive.serving():
        assert hall.outcomes(test_retrieves.test_accepts_what_it_declares, ["DOC-02"]) == {"DOC-02": Outcome.NOT_EXERCISED}


def test_the_clean_consumer_is_certified(tmp_path: Path, run_suite: Callable[..., Any]) -> None:
    seen = run_suite(tmp_path, "--target-ae=VIEWER", "--host=embedded", "--role=consumer", "--listen-port=0", "--certify")
    assert seen.judged("BLOCKED") | seen.judged("FAIL") | seen.judged("WARN") == set()
    assert seen.footer["certification"] == "CERTIFIED"
