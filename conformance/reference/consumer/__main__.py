"""Let the reference consumer do one step of its user: `python -m conformance.reference.consumer search --port 11112`."""

import argparse
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from operator import methodcaller

from conformance.reference.archive import Archive, Settings
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
        print("\n".join(f"{fault.name}: {fault.summary}" for fault in FAULTS.values()))
        return 0
    warnings.simplefilter("ignore")  # pydicom warns about the values of faults
    kind = FAULTS[options.fault].viewer if options.fault else Viewer
    settings = Settings(port=options.listen_port, host=options.listen_host, ae_title=options.calling)
    with Archive(settings, kind.parts) as inbox:
        STEPS[options.step](kind((options.host, options.port), options.ae, inbox))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m conformance.reference.consumer", description="The consumer of the conformance suite.")
    parser.add_argument("step", choices=STEPS, nargs="?", default="search", help="what its user does (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="where the archive listens (%(default)s)")
    parser.add_argument("--port", type=int, default=11112, help="the archive's port (%(default)s)")
    parser.add_argument("--ae", default="CONFORMANCE", help="the archive's AE title (%(default)s)")
    parser.add_argument("--calling", default="VIEWER", help="own AE title, also as move destination (%(default)s)")
    parser.add_argument("--listen-host", default="127.0.0.1", help="where it receives (%(default)s)")
    parser.add_argument("--listen-port", type=int, default=0, help="the port on which it receives; 0 takes a free one")
    parser.add_argument("--fault", choices=FAULTS, metavar="NAME", help="seed this fault")
    parser.add_argument("--list-faults", action="store_true", help="list the faults and end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
