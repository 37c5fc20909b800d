"""The proof of the source's checks: each seeded fault of the reference sender is failed for exactly the rows that it breaks.

Repository, sender and checks share this process. The user of the sender is played here: honest, and with nothing to go by but what the
sender tells.
"""

import dataclasses
import inspect
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from conformance.dimse import Listener, Timeouts
from conformance.embedded import PROFILES, free_port
from conformance.findings import observe
from conformance.guide import Level, Role, load_register
from conformance.judging import Judgement
from conformance.operating import Errand, Operator, Performance, Watch
from conformance.reference.sender import FAULTS, STEPS, Sender, SenderFault
from conformance.reference.sender.faults import OBJECTS, SETS, WORKFLOW
from conformance.retelling import results_of
from conformance.source import test_cases, test_failures, test_objects, test_sending, test_workflow
from conformance.source.objects import judge_subject
from conformance.source.repository import Repository
from conformance.source.script import SEND, SEND_SMALL
from conformance.target import Target, load_profile
from conformance.verdicts import Outcome, Verdict, judge, roll_up
from generators import Synthesizer

from .binding import checks
from .careless import CARELESS, LAWFUL, RETRY_SECONDS, UNHURRIED, UNHURRIED_SECONDS

HOST, REPOSITORY_AE, SENDER_AE = "127.0.0.1", "CONFORMANCE", "SENDER"
ANSWER_SECONDS, SILENCE_SECONDS = 0.4, 1.5
REGISTER = load_register()
CHECKS = (test_sending, test_cases, test_workflow, test_failures, test_objects)

READ: dict[str, Callable[[dict[str, str]], bool]] = {  # what an honest user answers, by what each step showed
    "VERIF-03": lambda told: told["verify"] == "verified\n" and told["verify-refused"] == "not verified\n",
    "STORE-15": lambda told: told["statuses"].count("not stored at first") == 2,
}


class User(Operator):
    """The user of a sender: does each errand at once, and reads what the sender tells."""

    sender: Sender
    told: dict[str, str]

    def perform(self, errand: Errand, watch: Watch) -> Performance:
        with redirect_stdout(StringIO()) as shown:
            STEPS[errand.name](self.sender)
        self.told[errand.name] = shown.getvalue()
        return Performance(watch.arrived(), "the sender had ended", exit_code=0)


class Impatient(User):
    """One whose patience is over while the sender may still be sending."""

    def perform(self, errand: Errand, watch: Watch) -> Performance:
        return dataclasses.replace(super().perform(errand, watch), cut_short=True)


@dataclasses.dataclass(frozen=True)
class Waiting(User):
    """One who sets the sender going, and waits as the operator of a run does."""

    going: list[threading.Thread] = dataclasses.field(default_factory=list)

    def perform(self, errand: Errand, watch: Watch) -> Performance:
        self.going.append(threading.Thread(target=STEPS[errand.name], args=(self.sender,)))
        self.going[-1].start()
        return Operator.perform(self, errand, watch)

    def join(self) -> None:
        """Wait until the sender has ended, whether or not anybody still receives."""
        for thread in self.going:
            thread.join()


class Yard:
    """One sender before our repository."""

    def __init__(
        self,
        make: Callable[..., Sender],
        seed: int,
        opened: ExitStack,
        user: User | None = None,
        *,
        retry: float = RETRY_SECONDS,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        timeouts = Timeouts(response=silence)
        claims = replace(load_profile(PROFILES[Role.SOURCE]).claims, retry_seconds=retry)
        target = Target(SENDER_AE, HOST, free_port(), REPOSITORY_AE, HOST, 0, "", (Role.SOURCE,), timeouts, claims=claims)
        listener = opened.enter_context(Listener(HOST, 0, REPOSITORY_AE, timeouts=timeouts))
        spool = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        user = user or User()
        where = (HOST, listener.port), REPOSITORY_AE, SENDER_AE
        sender = make(*where, seed, answer_seconds=ANSWER_SECONDS, listen_port=target.port)
        object.__setattr__(user, "sender", sender)
        object.__setattr__(user, "told", {})
        self.user = user
        self.says: dict[str, bool] = {}
        self.repository = Repository(target, listener, Synthesizer(seed, "WORKLIST"), user, self.ask, spool)
        opened.callback(self.repository.close)
        self._judgement: Judgement | None = None

    def ask(self, requirement: str, _question: str) -> None:
        self.says[requirement] = READ[requirement](self.user.told)

    @property
    def received(self) -> Judgement:
        self._judgement = self._judgement or judge_subject(self.repository)
        return self._judgement

    def judged(self, *modules: ModuleType) -> dict[str, Verdict]:
        """Run the checks of these modules, and judge the rows as a run does."""
        verdicts: dict[str, list[Verdict]] = {}
        for check, ids in checks(*modules):
            for id_, outcome in self.outcomes(check, ids).items():
                verdicts.setdefault(id_, []).append(judge(outcome, REGISTER[id_].level))
        return {id_: roll_up(seen) for id_, seen in verdicts.items()}

    def outcomes(self, check: Callable[..., None], ids: list[str]) -> dict[str, Outcome]:
        error: BaseException | None = None
        try:
            for arguments in self.arguments(inspect.signature(check).parameters, ids):
                check(**arguments)
        except Exception as raised:
            error = raised
        outcomes, _ = results_of(observe(error), ids)
        said = {id_: Outcome.CONFORMS if self.says[id_] else Outcome.VIOLATES for id_ in ids if id_ in self.says}
        return {id_: Outcome(outcome) for id_, outcome in outcomes.items()} | said

    def arguments(self, wanted: Any, ids: list[str]) -> Iterator[dict[str, object]]:
        """What a check asks for, once for each case of it."""
        claims = {"claims": self.repository.target.claims} if "claims" in wanted else {}
        if "ruling" in wanted:
            yield {"ruling": self.received.ruling(ids[0]), **claims}
        elif "step" in wanted:
            yield from ({"repository": self.repository, "step": step} for step in (SEND, SEND_SMALL))
        else:
            yield {"repository": self.repository}


def proving(fault: SenderFault) -> tuple[ModuleType, ...]:
    """The checks among which a fault is to be failed for its own alone."""
    if fault.name in OBJECTS or fault in SETS:
        return (test_objects,)
    return (test_workflow,) if fault in WORKFLOW else (test_sending, test_cases, test_failures)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_a_sender_fault_is_failed_for_exactly_what_it_breaks(fault: SenderFault) -> None:
    with ExitStack() as opened:
        seen = Yard(fault.make, 1, opened).judged(*proving(fault))
    bad = {id_ for id_, verdict in seen.items() if verdict in (Verdict.FAIL, Verdict.WARN)}
    blocked = {id_ for id_, verdict in seen.items() if verdict is Verdict.BLOCKED}
    assert (bad, blocked) == (fault.breaks, fault.blocks)
    assert Verdict.INCONCLUSIVE not in seen.values()


def deciding(row: str) -> ModuleType:
    """Where the check of a row is."""
    return next(module for module in CHECKS for _, ids in checks(module) if row in ids)


@pytest.mark.parametrize(("make", "row"), CARELESS.items(), ids=lambda case: str(getattr(case, "__name__", case)))
def test_nobody_is_blamed_for_a_careless_user(make: type[Sender], row: str) -> None:
    with ExitStack() as opened:
        assert Yard(make, 1, opened).judged(deciding(row))[row] is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("fault", "row"),
    [("drops-what-was-not-answered", "ROBUST-11"), ("lists-discarded-images", "WORK-06"), ("leaves-out-an-image", "INTEG-15")],
)
def test_nobody_is_blamed_where_the_patience_was_over_too_soon(fault: str, row: str) -> None:
    with ExitStack() as opened:
        assert Yard(FAULTS[fault].make, 1, opened, Impatient()).judged(deciding(row))[row] is Verdict.BLOCKED


@pytest.mark.parametrize(("make", "row"), LAWFUL.items(), ids=lambda case: str(getattr(case, "__name__", case)))
def test_a_lawful_sender_passes(make: type[Sender], row: str) -> None:
    with ExitStack() as opened:
        assert Yard(make, 1, opened).judged(deciding(row))[row] is Verdict.PASS


@pytest.mark.parametrize(("make", "row"), UNHURRIED.items(), ids=lambda case: str(getattr(case, "__name__", case)))
def test_a_lawful_sender_has_the_time_that_it_declares(make: type[Sender], row: str) -> None:
    user = Waiting(patience=30, settle=0.5)
    with ExitStack() as opened:
        opened.callback(user.join)
        yard = Yard(make, 1, opened, user, retry=UNHURRIED_SECONDS, silence=3 * UNHURRIED_SECONDS)
        assert yard.judged(deciding(row))[row] is Verdict.PASS


def test_the_clean_sender_fails_nothing(seed: int) -> None:
    with ExitStack() as opened:
        seen = Yard(Sender, seed, opened).judged(*CHECKS)
    assert {id_: verdict for id_, verdict in seen.items() if verdict is not Verdict.PASS} == {"IDENT-21": Verdict.NOT_APPLICABLE}


def test_every_row_that_binds_a_source_and_has_a_check_has_a_fault() -> None:
    checked = {id_ for _, ids in checks(*CHECKS) for id_ in ids}
    broken = {id_ for fault in FAULTS.values() for id_ in fault.breaks}
    assert {id_ for id_ in checked - broken if REGISTER[id_].level is not Level.MAY} == set()
