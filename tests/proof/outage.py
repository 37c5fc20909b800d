"""What the proof of the controls is made of: a service that is out, and the checks that can decide nothing then."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.embedded import PASSCODE, PROFILE, USER
from conformance.reference.archive import Archive, Parts, Settings, WebSettings
from conformance.reference.front import CA, CLIENT, CLIENT_KEY, TlsSettings

CALLING_AE = "CONFORMANCE"
HASTY = f"--target-profile={Path(__file__).with_name('hasty.toml')}"


@dataclass(frozen=True, slots=True)
class Outage:
    """A way in which the archive fails a control of some checks, and the clause that they stand for not.

    `blocked` names these checks, one case of each as `test_name[case]` or all of them as `test_name`, with words of the reason that
    each gives. `options` are those of the run, `settings` those of the archive; `profile` stands in place of the archive's own.
    """

    name: str
    parts: Parts
    blocked: Mapping[str, str]
    options: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    profile: str = ""


def run_against(
    run_suite: Callable[..., Any], folder: Path, port: int, parts: Parts, selection: str, *options: str, tls: bool = False, **how: Any
) -> Any:
    """Run the checks that are selected against an archive of these parts, with DICOMweb and, where it is asked for, TLS."""
    web = WebSettings(0, "token", folder / "ca.pem")
    peers = {CALLING_AE: ("127.0.0.1", port)}
    front = TlsSettings(0, folder) if tls else None
    usual = {
        "ae_title": "EMBEDDED",
        "peers": peers,
        "calling": frozenset({CALLING_AE}),
        "users": {USER: PASSCODE},
        "web": web,
        "tls": front,
    }
    settings = Settings(**usual | how)
    with Archive(settings, parts) as archive:
        assert archive.web is not None
        assert archive.web.services is not None
        where = ["--target-ae=EMBEDDED", f"--target-profile={PROFILE}"]
        where += ["--host=127.0.0.1", f"--port={archive.port}", f"--listen-port={port}"]
        where += [f"--web-url={archive.web.services.url}", f"--web-ca={web.ca_file}", f"--user={USER}"]
        if archive.front is not None:
            where += [f"--tls-port={archive.front.port}", f"--tls-ca={folder / CA}"]
            where += [f"--tls-cert={folder / CLIENT}", f"--tls-key={folder / CLIENT_KEY}"]
        return run_suite(folder, *where, *options, "-k", selection, secret=web.token, passcode=PASSCODE)
