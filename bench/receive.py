"""Receiving a long study as a source's repository: its pace against DCMTK's storescp, and the memory of receiving and judging.

    python -m bench.receive

dcmsend sends 2,000 CT instances to us and to storescp, in turn; both write the files. Exits 1 where we take more than twice as long, or
where memory grows with the number of instances. Needs DCMTK.
"""

import os
import resource
import shlex
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.store import Measure, dcmsend, dcmsend_command, started_storescp, write_instances
from conformance.dimse import Listener, Timeouts
from conformance.guide import Role
from conformance.live import REFRESH_SECONDS, rows_within
from conformance.operating import Operator
from conformance.source.intake import Intake
from conformance.source.objects import judge_subject
from conformance.source.repository import Repository
from conformance.source.script import SEND
from conformance.target import Target
from generators import Synthesizer

INSTANCES, FEW = 2000, 100
PACE_BOUND = 2.0
GROWTH_BOUND = 64  # MiB that 2,000 instances may add to what 100 took
PIXELS = (128, 128)
HOST = "127.0.0.1"


def main() -> int:
    """Measure both once."""
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="bench-receive-", dir=base) as name:
        tempfile.tempdir = os.environ["TMPDIR"] = name
        few, many = Path(name) / "few", Path(name) / "many"
        write_instances(few, FEW, PIXELS)
        write_instances(many, INSTANCES, PIXELS)
        with started_storescp() as port:
            pace = Measure(f"receive {INSTANCES} CT, against storescp", PACE_BOUND, lambda: receive(many), lambda: dcmsend(many, port))
            met = pace.ratio() <= pace.bound
        growth = judged_peak(few, FEW), judged_peak(many, INSTANCES)
    added = growth[1] - growth[0]
    print(f"receive and judge {INSTANCES} CT: {added} MiB more at the peak than for {FEW} (bound {GROWTH_BOUND}); {growth[1]} MiB in all")
    return 0 if met and added <= GROWTH_BOUND else 1


def receive(source: Path) -> float:
    """Have a folder sent to our repository, while an operator looks at what comes; gives seconds."""
    with tempfile.TemporaryDirectory() as spool, Listener(HOST, 0, "BENCH") as listener:
        intake = Intake(SEND, Path(spool), silence=1.0)
        with listener.reception(intake.policy) as intake.reception, looked_at(intake):
            seconds = dcmsend(source, listener.port)
        if len(intake.taken) != INSTANCES:
            raise SystemExit(f"{len(intake.taken)} of {INSTANCES} instances came")
        return seconds


@contextmanager
def looked_at(intake: Intake) -> Iterator[None]:
    """Ask for the tree of what has come as often as a terminal does, for the length of the block."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(REFRESH_SECONDS):
            rows_within(INSTANCES, intake.tree())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def judged_peak(source: Path, count: int) -> int:
    """Have a folder sent to our repository and judge it; gives the greatest memory of this process so far, in MiB."""
    target = Target("BENCH", HOST, 104, "CONFORMANCE", HOST, 0, "", (Role.SOURCE,), Timeouts())
    operator = Operator(trigger=shlex.join(dcmsend_command(source, "{port}")), settle=0.5)
    with Repository.serving(target, Synthesizer(1, "BENCH"), operator, lambda _requirement, _question: None) as repository:
        judgement = judge_subject(repository)
    if judgement.instances != count:
        raise SystemExit(f"{judgement.instances} of {count} instances were judged")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    raise SystemExit(main())
