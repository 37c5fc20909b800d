"""The embedded archive: one AE title, put together from parts that can each be exchanged for a faulty one.

    with Archive(Settings(peers={"HARNESS": ("127.0.0.1", 11113)})) as archive:
        ...  # archive.port

A connection comes to `wire`, its association request to the door, each of its requests to the services, and these ask the parts.
"""

import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pydicom.uid import UID
from pynetdicom import AE, PYNETDICOM_IMPLEMENTATION_UID
from pynetdicom.pdu_primitives import UserIdentityNegotiation

from conformance.reference.commitment import Committer
from conformance.reference.depot import Depot
from conformance.reference.door import Door, Knock
from conformance.reference.find import Finder
from conformance.reference.front import Front, TlsSettings
from conformance.reference.index import Index
from conformance.reference.intake import Intake
from conformance.reference.matching import Matcher
from conformance.reference.notice import Notifier
from conformance.reference.rejection import Rejector
from conformance.reference.retrieve import Retriever
from conformance.reference.services import Address, Desk, Services
from conformance.reference.steps import Steps
from conformance.reference.web import WebServices
from conformance.reference.wire import Acceptor, Courier, Server, configure
from conformance.reference.worklist import Worklist

if TYPE_CHECKING:
    from conformance.reference.webserver import WebServer


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The DICOMweb door: its port, the bearer token that opens it, and where the certificate of its authority is to be left."""

    port: int
    token: str
    ca_file: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the archive listens, whom it knows, how long it waits (seconds). Without `storage` it forgets everything at its end."""

    port: int = 0
    host: str = "127.0.0.1"
    ae_title: str = "REFERENCE"
    peers: Mapping[str, Address] = field(default_factory=dict)
    calling: frozenset[str] = frozenset()
    send_only: frozenset[str] = frozenset()
    users: Mapping[str, str] = field(default_factory=dict)
    storage: Path | None = None
    artim: float = 30.0
    idle: float = 90.0
    max_pdu: int = 65536
    web: WebSettings | None = None
    tls: TlsSettings | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """The classes that the archive is made of. A fault exchanges one of them."""

    door: type[Door] = Door
    index: type[Index] = Index
    depot: type[Depot] = Depot
    intake: type[Intake] = Intake
    rejector: type[Rejector] = Rejector
    matcher: type[Matcher] = Matcher
    finder: type[Finder] = Finder
    retriever: type[Retriever] = Retriever
    committer: type[Committer] = Committer
    worklist: type[Worklist] = Worklist
    steps: type[Steps] = Steps
    notifier: type[Notifier] = Notifier
    services: type[Services] = Services
    acceptor: type[Acceptor] = Acceptor
    courier: type[Courier] = Courier
    web: type[WebServices] = WebServices
    front: type[Front] = Front
    implementation: str = PYNETDICOM_IMPLEMENTATION_UID


class Archive:
    """A running archive. Use it as a context manager: it listens inside the block."""

    def __init__(self, settings: Settings, parts: Parts | None = None) -> None:
        configure()
        self.settings, self.parts = settings, parts or Parts()
        self.folder = settings.storage or Path(tempfile.mkdtemp(prefix="reference-archive-"))
        self.ae = self._entity()
        self.index = self.parts.index(self._made() / "index.sqlite")
        self.services = self.parts.services(self._desk())
        self.web = None if settings.web is None else self._web_server(settings.web)
        self.door = self.parts.door(settings.ae_title, settings.calling, settings.send_only, settings.users)
        self.server = Server(
            self.ae,
            (settings.host, settings.port),
            self.parts.acceptor,
            self.services.serve,
            self.on_request,
            self.on_identity,
            patience=settings.idle,
        )

        self.front = None if settings.tls is None else self._front(settings.tls)

    @property
    def port(self) -> int:
        """The port that was bound."""
        return int(self.server.server_address[1])

    def __enter__(self) -> Self:
        for server in filter(None, (self.server, self.web)):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        if self.front is not None:
            threading.Thread(target=self.front.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.services.desk.committer.closing.set()
        if self.front is not None:
            self.front.close()
        self.server.close()
        if self.web is not None:
            self.web.shutdown()
            self.web.server_close()
        self.index.close()
        if self.settings.storage is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def on_request(self, event: Any) -> None:
        """Decide on an association request before pynetdicom negotiates it."""
        assoc, request = event.assoc, event.assoc.requestor.primitive
        called, calling = assoc.dul.titles
        proposed = request.presentation_context_definition_list
        knock = Knock(
            application_context=str(request.application_context_name),
            called=called,
            calling=calling,
            abstract_syntaxes=tuple(str(context.abstract_syntax) for context in proposed),
            busy=sum(1 for other in self.server.active_associations if other.is_established),
        )
        rejection = self.door.rejection(knock)
        if rejection is not None:
            assoc.acse.send_reject(*rejection)
            assoc.kill()  # returns when the rejection has left
            return
        assoc.acceptor.implementation_class_uid = UID(self.parts.implementation)
        granted = [context for context in proposed if self.door.grants(calling, str(context.abstract_syntax))]
        assoc.acceptor.supported_contexts = self.door.contexts(granted)

    def on_identity(self, event: Any) -> tuple[bool, bytes | None]:
        """Decide on a user, where users are known. pynetdicom rejects the association of one who is refused."""
        if not self.settings.users:
            raise NotImplementedError  # as pynetdicom has it: nobody looks at the item
        known = self.door.authenticates(event.primary_field, event.secondary_field or b"")
        asked = event.assoc.requestor.user_identity
        if known and self.door.response is not None and asked.positive_response_requested:
            item = UserIdentityNegotiation()  # pynetdicom makes none for names and passcodes
            item.server_response = self.door.response
            event.assoc.acceptor.add_negotiation_item(item)
        return known, None

    def call(self) -> Courier:
        """Prepare an association of our own."""
        return self.parts.courier(self.ae, "requestor")

    def _front(self, tls: TlsSettings) -> Front:
        host = self.settings.host
        return self.parts.front(tls, host, (host, self.port), self.settings.idle)

    def _web_server(self, web: WebSettings) -> "WebServer":
        from conformance.reference.webserver import ROOT, WebServer, certified  # here, since they need the extra `web`

        host, desk = self.settings.host, self.services.desk
        server = WebServer((host, web.port), certified(host, web.ca_file), self.settings.idle)
        url = f"https://{host}:{server.server_address[1]}{ROOT}"
        server.services = self.parts.web(desk.intake, desk.finder, desk.intake.depot, url=url, token=web.token)
        return server

    def _entity(self) -> AE:
        ae = AE(self.settings.ae_title)
        ae.acse_timeout, ae.dimse_timeout, ae.network_timeout = self.settings.artim, None, self.settings.idle
        ae.connection_timeout = 5
        ae.maximum_pdu_size = self.settings.max_pdu
        ae.maximum_associations = sys.maxsize  # pynetdicom counts threads that are ending; the door counts associations
        return ae

    def _made(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    def _desk(self) -> Desk:
        depot = self.parts.depot(self.folder / "objects")
        peers = self.settings.peers
        return Desk(
            intake=self.parts.intake(self.index, depot, self.parts.rejector(self.index, depot)),
            finder=self.parts.finder(self.index, self.parts.matcher(), self.settings.ae_title),
            retriever=self.parts.retriever(self.index, depot),
            committer=self.parts.committer(self.index, peers, self.call),
            worklist=self.parts.worklist(self.parts.matcher()),
            steps=self.parts.steps(),
            notifier=self.parts.notifier(self.index, peers, self.call, self.settings.ae_title),
            peers=peers,
            call=self.call,
        )
