"""A run of the suite against an archive that is put together for it, in the process of the proof."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance.embedded import PASSCODE, PROFILE, USER
from conformance.reference.archive import Archive, Parts, Settings, WebSettings
from conformance.reference.front import CA, CLIENT, CLIENT_KEY, TlsSettings

CALLING_AE = "CONFORMANCE"


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
