"""The archive as a process: its options, its first line, its end, and what it remembers."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.dimse import Context, Endpoint, associate
from conformance.reference.__main__ import main, peer
from conformance.reference.errors import ArchiveSetupError
from conformance.reference.faults import FAULTS

from .client import LIMITS, STUDY_FIND, VERIFICATION, identifier
from .objects import CT, EXPLICIT, IMPLICIT, encoded, image


@dataclass(frozen=True)
class Running:
    """An archive in a process of its own."""

    process: subprocess.Popen[str]
    endpoint: Endpoint


@contextlib.contextmanager
def running(*options: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "conformance.reference", "--port", "0", "--ae", "PROCESS", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    try:
        assert process.stdout is not None
        word, host, port = process.stdout.readline().split()
        assert word == "ready"
        yield Running(process, Endpoint(host, int(port), "PROCESS", "TESTER"))
    finally:
        process.kill()
        process.wait()


def test_ends_cleanly_on_sigterm_even_with_an_open_association() -> None:
    with running() as archive:
        association = associate(archive.endpoint, [Context(VERIFICATION, (IMPLICIT,))], timeouts=LIMITS)
        assert association.echo().status == 0
        archive.process.send_signal(signal.SIGTERM)
        assert archive.process.wait(10) == 0


def test_remembers_what_it_stored_where_it_was_given_a_folder(tmp_path: Path) -> None:
    sent = image()
    for is_first in (True, False):
        with running("--storage", str(tmp_path)) as archive:
            contexts = [Context(CT, (EXPLICIT,)), Context(STUDY_FIND, (EXPLICIT,))]
            with associate(archive.endpoint, contexts, timeouts=LIMITS) as association:
                if is_first:
                    assert association.store(encoded(sent)).status == 0
                answer = association.find(STUDY_FIND, identifier("STUDY", {"StudyInstanceUID": sent.StudyInstanceUID}))
                assert len(answer.matches) == 1
            archive.process.send_signal(signal.SIGTERM)
            assert archive.process.wait(10) == 0


def test_lists_its_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-faults"]) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == list(FAULTS)


@pytest.mark.parametrize("options", [["--fault", "nosuch"], ["--peer", "nonsense"], ["--peer", "=h:1"], ["--peer", "A=h:x"]])
def test_says_what_is_wrong_with_its_options(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options) == 2
    assert options[1] in capsys.readouterr().err


def test_reads_a_peer() -> None:
    assert peer("ARCHIVE=127.0.0.1:104") == ("ARCHIVE", ("127.0.0.1", 104))
    with pytest.raises(ArchiveSetupError):
        peer("ARCHIVE")
