"""What a step brings, on the terminal while it is waited for: a tree that grows, and below it a line of counts and the time left.

Only where a person looks at a terminal. A log, a pipe and a continuous integration get the line of counts once, when the step is over.
"""

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from reports.language import language
from reports.plain import one_line

REFRESH_SECONDS = 0.25
NAME = 40  # characters of a name that are shown, so that the figures beside it fit into 80
OTHER_ROWS = 5  # of the terminal: the heads of the columns, the line of counts, and what stood there before
MOST = (8, 4, 2, 1)  # branches of one kind that are shown below one: as many as the terminal has rows for
NOUNS = (("patient", "patients"), ("study", "studies"), ("series", "series"))


@dataclass(slots=True)
class Growth:
    """Objects that belong together, and the branches that they divide into: of a step into patients, studies and series.

    `began` and `ended` are when the first octet and the last one came, in seconds after the step began. `unplaced` counts further
    objects that stand in no branch: those that nobody looked into yet, or that do not say where they belong.
    """

    name: str = ""
    objects: int = 0
    octets: int = 0
    began: float = math.inf
    ended: float = 0.0
    unplaced: int = 0
    branches: dict[int, "Growth"] = field(default_factory=dict)

    def add(self, octets: int, began: float, ended: float) -> None:
        """Count one object."""
        self.objects += 1
        self.octets += octets
        self.began, self.ended = min(self.began, began), max(self.ended, ended)


class Growing(Protocol):
    """What is shown: in one line, and as a tree."""

    def told(self) -> str:
        """What has come so far, in one line."""

    def tree(self) -> Growth:
        """What has come so far, divided; without branches where there is nothing to divide. Asked for on a terminal only."""


@contextmanager
def shown(instruction: str, growing: Growing) -> Iterator[Callable[[float], None]]:
    """Show an instruction, and what comes of it for the length of the block: call what it gives, with the seconds that are left."""
    console = Console(highlight=False)
    console.print(f"\n{instruction}", markup=False)
    if _is_looked_at(console):
        with Live(console=console, auto_refresh=False, transient=True) as live:
            yield _Screen(live, growing).refresh
    else:
        yield lambda _left: None
    console.print(growing.told(), markup=False)


def _is_looked_at(console: Console) -> bool:
    """Whether a person sits before a terminal that can go back over its lines. FORCE_COLOR alone makes no terminal of a pipe."""
    able = console.is_terminal and not console.is_dumb_terminal and not console.options.ascii_only
    return able and console.file.isatty() and not os.environ.get("CI")


class _Screen:
    """Shows the same thing again, but not more often than a person can read."""

    def __init__(self, live: Live, growing: Growing) -> None:
        self._live, self._growing = live, growing
        self._due = 0.0

    def refresh(self, left: float) -> None:
        if time.monotonic() >= self._due:
            self._live.update(self._picture(left), refresh=True)
            self._due = time.monotonic() + REFRESH_SECONDS

    def _picture(self, left: float) -> Group:
        line = Text(f"{self._growing.told()}, {left:.0f} s left")
        tree = self._growing.tree()
        if not tree.branches:
            return Group(line)
        table = Table("", "objects", "size", "rate", box=None, pad_edge=False, header_style="dim")
        table.columns[0].max_width = NAME
        for number, column in enumerate(table.columns):
            column.no_wrap, column.justify = True, "right" if number else "left"
        for row in rows_within(self._live.console.height - OTHER_ROWS, tree):
            table.add_row(*map(Text, row))
        return Group(table, line)


def rows_within(room: int, tree: Growth) -> list[tuple[str, ...]]:
    """Give as many branches of each kind as there is room for, in rows, and at least the latest one of each."""
    unplaced = [(f"… and {tree.unplaced} not placed",)] if tree.unplaced else []
    for most in MOST:
        rows = [*_rows(tree, most), *unplaced]
        if len(rows) <= room:
            break
    return rows


def _rows(branch: Growth, most: int, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """The latest branches below one, each with what is below it, and how many more there are."""
    words = language("en")
    latest = list(islice(reversed(branch.branches.values()), most))
    for one in reversed(latest):
        name, rate = one_line(one.name, NAME), words.rate(one.octets, one.ended - one.began)
        yield f"{'  ' * depth}{name}", words.number(one.objects), words.size(one.octets), rate
        yield from _rows(one, most, depth + 1)
    more = len(branch.branches) - len(latest)
    if more:
        yield (f"{'  ' * depth}… and {words.number(more)} more {NOUNS[depth][more > 1]}",)
