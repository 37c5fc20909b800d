"""What the command lines of the embedded archive and of the two reference clients have in common."""

import argparse
from collections.abc import Collection, Mapping
from typing import Protocol


class Named(Protocol):
    """A seeded fault, as far as a command line is concerned."""

    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...


def list_faults(faults: Mapping[str, Named]) -> None:
    """Print each fault and what it is."""
    print("\n".join(f"{fault.name}: {fault.summary}" for fault in faults.values()))


def client_parser(
    client: str, peer: str, title: str, steps: Collection[str], first: str, faults: Collection[str]
) -> argparse.ArgumentParser:
    """Ask for what each client needs to know: a step of its user (`first`, if none), the `peer` that it calls, its own `title`, a fault."""
    prog = f"python -m conformance.reference.{client}"
    parser = argparse.ArgumentParser(prog=prog, description=f"The {client} of the conformance suite.")
    parser.add_argument("step", choices=steps, nargs="?", default=first, help="what its user does (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help=f"where the {peer} listens (%(default)s)")
    parser.add_argument("--port", type=int, default=11112, help=f"the {peer}'s port (%(default)s)")
    parser.add_argument("--ae", default="CONFORMANCE", help=f"the {peer}'s AE title (%(default)s)")
    parser.add_argument("--calling", default=title, help="own AE title (%(default)s)")
    parser.add_argument("--fault", choices=faults, metavar="NAME", help="seed this fault")
    parser.add_argument("--list-faults", action="store_true", help="list the faults and end")
    return parser
