"""What the check of TLS makes of a system that serves objects over one of the two versions only."""

import threading
from pathlib import Path

from conformance.dimse import Listener, Policy
from conformance.ledger import Ledger
from conformance.reference.front import CA, CLIENT, CLIENT_KEY, Front, TlsSettings
from conformance.suite.system import System
from conformance.suite.test_tls import test_takes_objects_over_a_current_version_of_tls as takes_objects
from conformance.target import Settings, build_target
from conformance.tls import TlsService
from generators import Synthesizer

HOST = "127.0.0.1"
REFUSED, SUCCESS = 0x0122, 0x0000


def test_one_version_that_serves_is_enough(tmp_path: Path) -> None:
    statuses = iter((SUCCESS, REFUSED, SUCCESS))  # of C-ECHO without TLS, over TLS 1.2, and over TLS 1.3
    with Listener(HOST, 0, "TESTED") as listener, listener.reception(Policy(echo=lambda: next(statuses))) as reception:
        front = Front(TlsSettings(0, tmp_path), HOST, (HOST, listener.port), 5.0)
        threading.Thread(target=front.serve_forever, daemon=True).start()
        target = build_target(Settings({"--target-ae": "TESTED", "--host": HOST, "--port": listener.port}))
        system = System(target, listener, Synthesizer(1, "TLS"), Ledger())
        service = TlsService(front.port, *(str(tmp_path / name) for name in (CA, CLIENT, CLIENT_KEY)))
        takes_objects(system, service, system.synthesizer)
        front.close()
    assert len(reception.objects) == 6
    assert next(statuses, None) is None
