"""The operator: an errand ends when what it waits for has come, and one that was not done says why."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.live import Growth
from conformance.operating import Errand, Operator, TriggerError

ERRAND = Errand("send", "send something")


@dataclass
class After:
    """Something that arrives after a while."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    def arrived(self) -> bool:
        return time.monotonic() - self.began >= self.seconds

    def stirred(self) -> float:
        return self.began + self.seconds if self.arrived() else self.began

    def told(self) -> str:
        return "0 objects"

    def tree(self) -> Growth:
        return Growth()


class Left(After):
    """Something that has arrived when the trigger has left a file, however long it takes to start."""

    def __init__(self, file: Path) -> None:
        super().__init__(float("inf"))
        self.file = file

    def arrived(self) -> bool:
        if self.seconds == float("inf") and self.file.exists():
            self.seconds = time.monotonic() - self.began
        return super().arrived()


def trigger(code: str) -> str:
    return f'{sys.executable} -c "{code}"'


def test_an_errand_is_done_when_what_it_waits_for_has_come() -> None:
    assert Operator(patience=30, settle=0.1).perform(ERRAND, After(0.2)).done


def test_a_time_that_is_over_is_not_done() -> None:
    seen = Operator(patience=0.2, settle=0.1).perform(ERRAND, After(60))
    assert (seen.done, seen.reason, seen.cut_short) == (False, "the time for it was over", True)


def test_a_trigger_that_ends_without_effect_is_not_done_and_its_exit_code_is_told() -> None:
    seen = Operator(trigger("raise SystemExit(3)"), patience=30, settle=0.1).perform(ERRAND, After(60))
    assert (seen.done, seen.exit_code) == (False, 3)
    assert seen.reason.startswith("the trigger ended with 3")


def test_a_trigger_that_fails_before_anything_came_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    seen = Operator(trigger("raise SystemExit('no route to the archive')"), patience=30, settle=0.1).perform(ERRAND, After(60))
    assert "no route to the archive\n" in capsys.readouterr().out
    assert "route" not in seen.reason, "what it says is not recorded"


def test_a_trigger_that_fails_after_everything_came_is_done(tmp_path: Path) -> None:
    file = tmp_path / "left"
    code = f"open('{file}', 'x').close(); raise SystemExit(3)"
    seen = Operator(trigger(code), patience=30, settle=1).perform(ERRAND, Left(file))
    assert (seen.done, seen.exit_code) == (True, 3)


@pytest.mark.timeout(60)
def test_a_trigger_that_does_not_end_is_ended() -> None:
    assert not Operator(trigger("import time; time.sleep(600)"), patience=0.5, settle=0.1).perform(ERRAND, After(600)).done


def test_a_trigger_that_cannot_be_run_is_not_done() -> None:
    seen = Operator("/no/such/program", patience=5).perform(ERRAND, After(60))
    assert (seen.done, seen.reason) == (False, "the trigger cannot be run: No such file or directory")


@pytest.mark.parametrize("trigger", ["send {nonsense}", "send 'unclosed", "send {0}"])
def test_a_trigger_that_cannot_be_filled_in_is_refused(trigger: str) -> None:
    with pytest.raises(TriggerError, match="--trigger"):
        Operator(trigger).knowing({"host": "h"})


def test_a_trigger_is_filled_in_word_by_word_and_seen_by_no_shell() -> None:
    operator = Operator("send {step} 'to {host}'").knowing({"host": "a; rm -rf b"})
    assert operator.command(ERRAND) == ["send", "send", "to a; rm -rf b"]


def test_nobody_at_a_terminal_answers_nothing() -> None:
    assert Operator().ask("Did it?") is None
