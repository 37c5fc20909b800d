"""Run the embedded archive in a process of its own: `python -m conformance.reference --port 11112`."""

import argparse
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path

from conformance.reference.archive import Archive, Parts, Settings, WebSettings
from conformance.reference.commandline import list_faults
from conformance.reference.errors import ArchiveSetupError
from conformance.reference.faults import FAULTS
from conformance.reference.front import TlsSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the archive, print where it listens, serve until SIGTERM or SIGINT. Returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.list_faults:
        list_faults(FAULTS)
        return 0
    try:
        archive = Archive(_settings(options), _parts(options.fault))
    except (ArchiveSetupError, OSError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    _serve(archive, attached=options.attached)
    return 0


def peer(text: str) -> tuple[str, tuple[str, int]]:
    """Read AE=HOST:PORT. Raises ArchiveSetupError."""
    title, _, address = text.partition("=")
    host, _, port = address.rpartition(":")
    if not title.strip() or not host or not port.isdigit():
        raise ArchiveSetupError(f"{text!r} is no peer", remedy="write AE=HOST:PORT")
    return title.strip(), (host, int(port))


def user(text: str) -> tuple[str, str]:
    """Read NAME=PASSCODE. Raises ArchiveSetupError."""
    name, separator, passcode = text.partition("=")
    if not name or not separator:
        raise ArchiveSetupError("this is no user", remedy="write NAME=PASSCODE")
    return name, passcode


def _serve(archive: Archive, *, attached: bool) -> None:
    warnings.simplefilter("ignore")  # pydicom warns about values; the archive judges them itself
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if attached:
        threading.Thread(target=_await_end_of_input, args=(ended,), daemon=True).start()
    with archive:
        print("ready", archive.settings.host, archive.port, flush=True)
        ended.wait()


def _await_end_of_input(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        port=options.port,
        host=options.host,
        ae_title=options.ae,
        peers=dict(peer(text) for text in options.peer),
        calling=frozenset(options.calling),
        send_only=frozenset(options.send_only),
        users=dict(user(text) for text in options.user),
        storage=options.storage,
        artim=options.artim,
        tls=TlsSettings(options.tls_port, options.tls_folder) if options.tls_folder else None,
        web=WebSettings(options.web_port, options.web_token, options.web_ca) if options.web_ca else None,
        idle=3 * options.artim if options.idle is None else options.idle,
    )


def _parts(name: str | None) -> Parts:
    if name is None:
        return Parts()
    if name not in FAULTS:
        raise ArchiveSetupError(f"there is no fault {name!r}", remedy="--list-faults shows them")
    return FAULTS[name].parts


def _parser() -> argparse.ArgumentParser:
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m conformance.reference", description="The embedded archive of the conformance suite.")
    parser.add_argument("--port", type=int, default=defaults.port, help="port to listen on; 0 takes a free one")
    parser.add_argument("--host", default=defaults.host, help="address to listen on (%(default)s)")
    parser.add_argument("--ae", default=defaults.ae_title, help="own AE title (%(default)s)")
    parser.add_argument("--peer", action="append", default=[], metavar="AE=HOST:PORT", help="a known AE: destination of moves and reports")
    parser.add_argument("--calling", action="append", default=[], metavar="AE", help="accept only these calling AE titles")
    parser.add_argument("--send-only", action="append", default=[], metavar="AE", help="let this calling AE title only send")
    parser.add_argument("--user", action="append", default=[], metavar="NAME=PASSCODE", help="a user; without any, identities are ignored")
    parser.add_argument("--storage", type=Path, metavar="DIR", help="keep objects and index here; without it they go at the end")
    parser.add_argument("--web-ca", type=Path, metavar="FILE", help="serve DICOMweb too, and leave the certificate to trust here")
    parser.add_argument("--web-port", type=int, default=0, help="port of DICOMweb; 0 takes a free one")
    parser.add_argument("--web-token", default="", metavar="TOKEN", help="the bearer token that opens it")
    parser.add_argument("--tls-folder", type=Path, metavar="DIR", help="serve TLS too, and leave the certificates for a client here")
    parser.add_argument("--tls-port", type=int, default=0, help="port of TLS; 0 takes a free one")
    parser.add_argument("--fault", metavar="NAME", help="seed this fault")
    parser.add_argument("--list-faults", action="store_true", help="list the faults and end")
    parser.add_argument("--attached", action="store_true", help="end when standard input does: whoever started it is gone")
    parser.add_argument("--artim", type=float, default=defaults.artim, metavar="SECONDS", help="wait for an association request")
    parser.add_argument("--idle", type=float, metavar="SECONDS", help="wait for a request; three times ARTIM if not given")
    return parser


if __name__ == "__main__":
    sys.exit(main())
