"""The preflight of a source: it need not answer us, so all there is to see is that we can be reached, and by which address.

Where its files are judged without a network, that there are any.
"""

from collections.abc import Callable, Mapping

from conformance.dimse import VERIFICATION, AssociationEnded, Context, Endpoint, associate
from conformance.judging import arrivals_in
from conformance.preflight import Journey, Note, Stop
from conformance.source.objects import Inbox
from conformance.source.repository import Repository
from conformance.source.script import SYNTHETIC


class SourceJourney(Journey):
    """Shows the operator where to send to, once it is sure that somebody listens there."""

    def __init__(self, repository: Repository) -> None:
        super().__init__()
        self.repository = repository

    def plan(self) -> Mapping[str, Callable[[], Note]]:
        """Our own port first, then what the operator has to know."""
        plan = {"our Storage SCP": self._listens, "patients": lambda: Note(f"send {SYNTHETIC}; what arrives is deleted after the run")}
        claims_commitment = "commitment" in (self.repository.target.claims.services or ())
        return plan | ({"commitment": self._reports} if claims_commitment else {})

    def _reports(self) -> Note:
        target = self.repository.target
        return Note(f"what is committed is reported to {target.ae_title} at {target.host}:{target.port}")

    def _listens(self) -> Note:
        target = self.repository.target
        endpoint = Endpoint(target.listen_host, self.repository.listener.port, target.calling_ae, target.calling_ae)
        try:
            with associate(endpoint, (Context(VERIFICATION, ("1.2.840.10008.1.2",)),), timeouts=target.timeouts) as association:
                association.echo()
        except AssociationEnded as error:
            raise Stop(f"we do not reach ourselves: {error.ending}", "check --listen-host, --listen-port and the firewall") from error
        return Note(f"{target.calling_ae} at {target.advertised} waits for {target.ae_title}")


class InboxJourney(Journey):
    """Makes sure that there is something to judge."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__()
        self.inbox = inbox

    def plan(self) -> Mapping[str, Callable[[], Note]]:
        """The files alone."""
        return {"files": self._files}

    def _files(self) -> Note:
        count = sum(1 for _ in arrivals_in(self.inbox.folder))
        if not count:
            raise Stop("the folder holds no files", "give --inbox the folder to which the source exported")
        return Note(f"{count} files are judged, without a network")
