"""The operator of a system that is tested as a source or a consumer: told what to do, waited for in sight, and asked what was shown.

Steps of one errand:

1. the instruction is shown on the terminal, past pytest's capture; with a trigger its command is run instead of a person's hands;
2. what has come so far is shown, and a countdown. The errand is done when what is awaited has come and the line has been quiet for a
   while;
3. where the time is over before that, or the command cannot be run, it was not done: that blames nobody. What a command said at last
   that failed before anything came is shown.
"""

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from os import SEEK_END
from subprocess import DEVNULL
from tempfile import TemporaryFile
from typing import IO, Protocol

from conformance.errors import ConformanceError
from conformance.live import Growing, shown
from reports.plain import one_line

TURN_SECONDS = 0.05
STOP_SECONDS = 5.0
LAST_BYTES, LAST_LINES = 4096, 5
ANSWERS: Mapping[str, bool | None] = {"y": True, "yes": True, "n": False, "no": False, "u": None, "unknown": None}


class TriggerError(ConformanceError):
    """A trigger that is no command, or names a part that there is not."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing that the operator is to do: a short name, which a trigger gets as `{step}`, and the instruction in plain words.

    `lasting`: for how many seconds the system may be silent before it comes back to it by itself; None: it does not come back, so a
    person has until the patience ends.
    """

    name: str
    instruction: str
    lasting: float | None = None


class Watch(Growing, Protocol):
    """What an errand waits for."""

    def arrived(self) -> bool:
        """Whether all that is awaited has come."""

    def stirred(self) -> float:
        """The monotonic time of the last sign of life."""


@dataclass(frozen=True, slots=True)
class Performance:
    """How an errand went. `exit_code` is that of the trigger; None without one, or where it was still running at the end.

    `cut_short`: the patience ended while something might still have come.
    """

    done: bool
    reason: str = ""
    exit_code: int | None = None
    cut_short: bool = False

    @property
    def taken(self) -> bool:
        """Whether it is known that the errand was done, even if nothing came of it: what came shows it, or a trigger that ended well."""
        return self.done or self.exit_code == 0


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever works the system under test: a person at the terminal, or the command of `--trigger`.

    `patience` bounds an errand, `settle` is how long the line is quiet after it, and after the time within which the system was to come
    back, both in seconds. `facts` fill the placeholders of the trigger. `bare` gives the terminal back from pytest's capture for the
    length of a block.
    """

    trigger: str = ""
    patience: float = 300.0
    settle: float = 3.0
    facts: Mapping[str, str] = field(default_factory=dict)
    bare: Callable[[], AbstractContextManager[object]] = nullcontext

    def knowing(self, facts: Mapping[str, str]) -> "Operator":
        """The same operator with these facts.

        Raises:
            TriggerError: the trigger cannot be filled in from them.
        """
        operator = replace(self, facts=facts)
        operator.command(Errand("step", ""))
        return operator

    def command(self, errand: Errand) -> list[str]:
        """Fill in the trigger. No shell sees it.

        Raises:
            TriggerError: it has a placeholder that nothing fills, or quotes that do not close.
        """
        facts = {**self.facts, "step": errand.name}
        try:
            return [part.format_map(facts) for part in shlex.split(self.trigger)]
        except (KeyError, ValueError, IndexError) as error:
            known = ", ".join(f"{{{name}}}" for name in sorted(facts))
            raise TriggerError(f"cannot be filled in ({error})", where="--trigger", remedy=f"use {known}") from error

    def perform(self, errand: Errand, watch: Watch) -> Performance:
        """Have an errand done, and wait until it is."""
        deadline = time.monotonic() + self.patience
        with self.bare(), shown(f"{errand.name}: {errand.instruction}", watch) as show:
            if not self.trigger:
                return self._wait(errand, watch, deadline, show, lambda: None)
            with TemporaryFile() as said:
                began = time.monotonic()
                try:
                    process = subprocess.Popen(self.command(errand), stdin=DEVNULL, stdout=said, stderr=said)
                except OSError as error:
                    return Performance(False, f"the trigger cannot be run: {error.strerror}")
                try:
                    performance = self._wait(errand, watch, deadline, show, process.poll)
                finally:
                    _stop(process)
                if performance.exit_code and watch.stirred() < began:
                    print(*last_words(said), sep="\n", flush=True)
                return performance

    def _wait(
        self, errand: Errand, watch: Watch, deadline: float, show: Callable[[float], None], poll: Callable[[], int | None]
    ) -> Performance:
        began = time.monotonic()
        ended: float | None = None
        while (now := time.monotonic()) < deadline:
            code = poll()
            ended = ended or (now if code is not None else None)
            quiet = now - max(watch.stirred(), ended or began)
            if watch.arrived() and quiet >= self.settle:
                return Performance(True, exit_code=code)
            given_up = ended is not None or (errand.lasting is not None and watch.stirred() > began)
            if given_up and quiet >= self.settle + (errand.lasting or 0.0):
                return Performance(False, _ended(code, quiet), code)
            show(deadline - now)
            time.sleep(TURN_SECONDS)
        return Performance(watch.arrived(), "the time for it was over", poll(), cut_short=True)

    def ask(self, question: str) -> bool | None:
        """Ask what only a person sees; None where nobody knows, or nobody is there to be asked."""
        with self.bare():
            if not (sys.stdin and sys.stdin.isatty()):
                return None
            while True:
                print(f"\n{question} [y]es, [n]o, [u]nknown: ", end="", flush=True)
                word = sys.stdin.readline()
                if not word or word.strip().lower() in ANSWERS:
                    return ANSWERS.get(word.strip().lower())


def last_words(said: IO[bytes]) -> list[str]:
    """Read what a trigger said at last that failed before anything came: for the terminal alone, since it may tell of anything."""
    said.seek(max(0, said.seek(0, SEEK_END) - LAST_BYTES))
    return [one_line(line) for line in said.read().decode("utf-8", "replace").splitlines()[-LAST_LINES:]]


def _ended(code: int | None, quiet: float) -> str:
    trigger = "" if code is None else f"the trigger ended with {code}, and "
    return f"{trigger}nothing more came for {quiet:.0f} s"


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
        return
    process.kill()
    process.wait()
