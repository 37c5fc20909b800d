"""What is shown while a step is waited for: a tree on a terminal, a line in a log, and nothing that a sender could write there itself."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.judging import Arrival, judge
from conformance.live import Growth, rows_within
from conformance.operating import Errand, Operator
from conformance.received import received_record
from conformance.source.arriving import Arriving
from generators import Synthesizer, encode, encode_study
from reports.results import ReceivedSeries

from .terminal import LOOKED_AT, Terminal

ERRAND = Errand("send", "send [bold]something")
HOSTILE = b"[b]\x1b[31m\x9bm"  # markup, a sequence that ESC begins, and one that C1 begins
SHOWN = r"[b]\u{001B}[31m\u{009B}m"
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]")


class Watched:
    """One object has come, and nothing more will."""

    def __init__(self, tree: Growth) -> None:
        self._tree = tree

    def arrived(self) -> bool:
        return True

    def stirred(self) -> float:
        return 0.0

    def told(self) -> str:
        return "1 [red]object"

    def tree(self) -> Growth:
        return self._tree


@pytest.fixture
def brought(tmp_path: Path) -> Growth:
    """The tree of one object whose modality is meant for the terminal."""
    study = Synthesizer(1, "LIVE").study("CT", instances=1)
    dataset = study.dataset(study.instances[0])
    dataset.Modality = "M" * len(HOSTILE)
    (tmp_path / "hostile.dcm").write_bytes(encode(dataset).part10().replace(b"M" * len(HOSTILE), HOSTILE))
    arriving = Arriving()
    arriving.place(tmp_path / "hostile.dcm", 2048, 1.0, 2.0)
    return arriving.tree


def test_a_terminal_shows_the_tree_and_nothing_that_a_sender_put_there(brought: Growth, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(rows=24)
    with open(terminal.descriptor, "w", encoding="utf-8", closefd=False) as screen, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", screen)
        for name, value in LOOKED_AT.items():
            patched.setenv(name, value)
        assert Operator(patience=0.6, settle=10).perform(ERRAND, Watched(brought)).done
    written = terminal.close()
    for said in ("send [bold]something", "patient 1", "  study 1", "1 [red]object, 1 s left"):
        assert said in written
    assert re.search(rf"    series 1 {re.escape(SHOWN)} +1 +2.0 KiB +2.0 KiB/s", written)
    assert not COLOUR.search(written)


@pytest.mark.parametrize("forced", ["", "1"])
def test_a_log_gets_one_line_and_no_control_sequence(
    brought: Growth, forced: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", forced)
    Operator(patience=0.3, settle=10).perform(ERRAND, Watched(brought))
    assert re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out) == "\nsend: send [bold]something\n1 [red]object\n"


@pytest.mark.parametrize(("room", "first", "more"), [(7, "patient 40", 24), (40, "patient 39", 23)])
def test_the_rows_fit_and_say_how_much_they_leave_out(room: int, first: str, more: int) -> None:
    tree = Growth(unplaced=3)
    for patient, study, series in itertools.product(range(40), range(2), range(25)):
        branch = tree
        for name, key in (("patient", patient), ("study", study), ("series", series)):
            branch = branch.branches.setdefault(key, Growth(f"{name} {key + 1}"))
            branch.add(1, 0.0, 0.0)
    rows = [row[0] for row in rows_within(room, tree)]
    assert len(rows) <= room
    assert (rows[0], rows[-1]) == (first, "… and 3 not placed")
    assert f"    … and {more} more series" in rows


def test_the_tree_is_the_one_of_the_report(tmp_path: Path) -> None:
    synthesizer = Synthesizer(1, "LIVE")
    studies = [synthesizer.study(modalities=("CT", "MR")), synthesizer.study("CR", instances=3)]
    arrivals, arriving = [], Arriving()
    for number, one in enumerate(one for study in studies for one in encode_study(study)):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(one.part10())
        arrivals.append(Arrival(path, began=number, ended=number + 0.5))
        arriving.place(path, path.stat().st_size, number, number + 0.5)
    live = [
        (of_patient.name, of_study.name, of_series.name, of_series.objects, of_series.octets, of_series.began, of_series.ended)
        for of_patient in arriving.tree.branches.values()
        for of_study in of_patient.branches.values()
        for of_series in of_study.branches.values()
    ]
    assert live == [
        (f"patient {one.patient}", f"study {one.study}", f"series {one.series} {one.modality}", one.instances, one.octets, *span(one))
        for one in received_record(judge(arrivals)).series
    ]


def span(series: ReceivedSeries) -> tuple[float, float]:
    return series.began, series.began + series.seconds


def test_the_suite_shows_on_a_terminal_what_the_embedded_sender_brings(tmp_path: Path) -> None:
    terminal = Terminal(rows=30)
    options = ["--target-ae=SENDER", "--host=embedded", "--role=source", "--settle=0.6", "-k", "every_data_set"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | LOOKED_AT
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    subprocess.run(command, cwd=tmp_path, env=environment, stdout=terminal.descriptor, check=False, timeout=120)
    written = terminal.close()
    assert "1 passed" in written
    for said in (r"patient 2 +5 ", r"  study 2 +5 ", r"    series 1 CT +2 +\d+\.\d KiB +\d+\.\d [KM]iB/s", r"0 echoes, \d+ s left"):
        assert re.search(said, written), said
