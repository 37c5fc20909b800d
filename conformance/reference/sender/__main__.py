"""Let the reference sender do one step of its user: `python -m conformance.reference.sender send --port 11112`."""

import argparse
import sys
import warnings
from collections.abc import Sequence

from conformance.reference.sender.faults import FAULTS
from conformance.reference.sender.sender import STEPS, Sender


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step. Returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.list_faults:
        print("\n".join(f"{fault.name}: {fault.summary}" for fault in FAULTS.values()))
        return 0
    warnings.simplefilter("ignore")  # pydicom warns about the values of faults
    kind = FAULTS[options.fault].make if options.fault else Sender
    sender = kind(
        (options.host, options.port),
        options.ae,
        options.calling,
        options.seed,
        answer_seconds=options.answer_seconds,
        listen_port=options.listen_port,
    )
    STEPS[options.step](sender)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m conformance.reference.sender", description="The sender of the conformance suite.")
    parser.add_argument("step", choices=STEPS, nargs="?", default="send", help="what its user does (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="where the repository listens (%(default)s)")
    parser.add_argument("--port", type=int, default=11112, help="the repository's port (%(default)s)")
    parser.add_argument("--ae", default="CONFORMANCE", help="the repository's AE title (%(default)s)")
    parser.add_argument("--calling", default="SENDER", help="own AE title (%(default)s)")
    parser.add_argument("--listen-port", type=int, default=0, help="where it hears of commitment (a free port)")
    parser.add_argument("--seed", type=int, default=1, help="what its studies are made from (%(default)s)")
    parser.add_argument("--answer-seconds", type=float, default=10.0, metavar="S", help="how long it waits for an answer (%(default)s)")
    parser.add_argument("--fault", choices=FAULTS, metavar="NAME", help="seed this fault")
    parser.add_argument("--list-faults", action="store_true", help="list the faults and end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
