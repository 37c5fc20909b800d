"""Faults of C-ECHO: where it is refused, and when it fails.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

from collections.abc import Sequence
from typing import Any

from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.reference.archive import Parts
from conformance.reference.door import STORAGE, Door
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.rules import NOT_SUPPORTED
from conformance.reference.services import Request, Services
from conformance.reference.wire import Acceptor

_ECHO_IS_A_CONTROL = rows("ASSOC-02 ASSOC-09 ASSOC-10 ASSOC-14 INTEG-16 SEC-01 SEC-04 SEC-05 SEC-06") | rows(
    "ROBUST-01 ROBUST-02 ROBUST-03 ROBUST-04 ROBUST-05 ROBUST-06"
)


class EchoNotBesideStorage(Services):
    def echo(self, request: Request) -> None:
        beside = any(context.abstract_syntax in STORAGE for context in request.assoc.accepted_contexts)
        request.respond(Status=NOT_SUPPORTED if beside else 0x0000)


class EchoAloneFailsInUse(Services):
    """Answers a C-ECHO on an association of its own only while nothing is stored."""

    stored_any = False

    def store(self, request: Request) -> None:
        self.stored_any = True
        super().store(request)

    def echo(self, request: Request) -> None:
        alone = all(context.abstract_syntax == Verification for context in request.assoc.accepted_contexts)
        request.respond(Status=NOT_SUPPORTED if alone and self.stored_any else 0x0000)


class VerificationRefusedInUse(Door):
    """Accepts Verification by itself only until somebody wants to store."""

    in_use = False

    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        wanted = {str(context.abstract_syntax) for context in proposed}
        self.in_use = self.in_use or bool(wanted & STORAGE)
        return [] if self.in_use and wanted == {Verification} else super().contexts(proposed)


class CountsAborts(Acceptor):
    def run_reactor(self) -> None:
        super().run_reactor()
        if self.is_aborted:
            server: Any = self._server
            server.aborted = getattr(server, "aborted", 0) + 1


class WornOutByAborts(Services):
    """Fails a C-ECHO that comes after more than thirty aborts in a row."""

    def serve(self, assoc: Acceptor, message: Any, context_id: int) -> None:
        super().serve(assoc, message, context_id)
        server: Any = assoc._server
        server.aborted = 0

    def echo(self, request: Request) -> None:
        worn_out = getattr(request.assoc._server, "aborted", 0) > 30
        request.respond(Status=NOT_SUPPORTED if worn_out else 0x0000)


VERIFICATION_FAULTS: tuple[Fault, ...] = (
    Fault(
        "echo-fails-beside-storage",
        "C-ECHO is refused on an association that also carries a storage context: another process answers it",
        Parts(services=EchoNotBesideStorage),
        breaks=rows("ASSOC-01 VERIF-02"),
        blocks=rows("SEC-03"),
    ),
    Fault(
        "echo-alone-fails-in-use",
        "C-ECHO on an association of its own is refused as soon as anything is stored",
        Parts(services=EchoAloneFailsInUse),
        breaks=rows("VERIF-01"),
        blocks=_ECHO_IS_A_CONTROL,
    ),
    Fault(
        "verification-refused-in-use",
        "the context for C-ECHO is refused on an association of its own as soon as anybody has proposed to store",
        Parts(door=VerificationRefusedInUse),
        breaks=rows("VERIF-01"),
        blocks=_ECHO_IS_A_CONTROL,
    ),
    Fault(
        "worn-out-by-aborts",
        "after more than thirty aborts in a row a C-ECHO fails",
        Parts(acceptor=CountsAborts, services=WornOutByAborts),
        breaks=rows("ASSOC-09"),
    ),
)
