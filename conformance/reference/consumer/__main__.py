"""Let the reference consumer do one step of its user: `python -m conformance.reference.consumer search --port 11112`."""

import argparse
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from operator import methodcaller

from conformance.reference.archive import Archive, Settings
from conformance.reference.commandline import client_parser, list_faults
from conformance.reference.consumer.faults import FAULTS
from conformance.reference.consumer.viewer import Viewer

STEPS: Mapping[str, Callable[[Viewer], None]] = {
    "verify": methodcaller("verify"),
    "verify-refused": methodcaller("verify"),
    "search": methodcaller("search"),
    "open": methodcaller("open"),
    "search-interrupted": methodcaller("search"),
    "search-unfiltered": methodcaller("search"),
    "open-with-failure": methodcaller("open"),
    "open-with-gap": methodcaller("open"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step. Returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.list_faults:
        list_faults(FAULTS)
        return 0
    warnings.simplefilter("ignore")  # pydicom warns about the values of faults
    kind = FAULTS[options.fault].viewer if options.fault else Viewer
    settings = Settings(port=options.listen_port, host=options.listen_host, ae_title=options.calling)
    with Archive(settings, kind.parts) as inbox:
        STEPS[options.step](kind((options.host, options.port), options.ae, inbox))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = client_parser("consumer", "archive", "VIEWER", STEPS, "search", FAULTS)
    parser.add_argument("--listen-host", default="127.0.0.1", help="where it receives, as the move destination that it names (%(default)s)")
    parser.add_argument("--listen-port", type=int, default=0, help="the port on which it receives; 0 takes a free one")
    return parser


if __name__ == "__main__":
    sys.exit(main())
