"""The questions before the first step of a consumer: where it has to call us, and whether we can call it.

1. our archive: where it listens, and what it has;
2. its Storage SCP: whether host and port take a connection. A consumer that retrieves by C-GET needs none, so this is only noted.
"""

from collections.abc import Callable, Mapping

from conformance.consumer.stage import Stage
from conformance.dimse import AssociationEnded, connect
from conformance.preflight import Journey, Note


class ConsumerJourney(Journey):
    """The preflight of a consumer."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage

    def plan(self) -> Mapping[str, Callable[[], Note]]:
        """The steps above, in their order."""
        return {"our archive": self._archive, "its Storage SCP": self._receiver}

    def _archive(self) -> Note:
        target, studies = self.stage.target, self.stage.content.studies
        return Note(f"{target.calling_ae} listens at {target.advertised} and has {len(studies)} studies")

    def _receiver(self) -> Note:
        target = self.stage.target
        where = f"{target.ae_title} at {target.host}:{target.port}"
        try:
            connect(target.endpoint, target.timeouts).close()
        except AssociationEnded as error:
            return Note(f"{where}: {error.ending}", "to retrieve by C-MOVE it has to listen there; C-GET needs no listener")
        return Note(f"{where} takes a connection")
