"""Performed procedure steps as the checks report them to the system: begun by N-CREATE, ended by N-SET (PS3.4 F.7)."""

from collections.abc import Callable

from pynetdicom.sop_class import ModalityPerformedProcedureStep  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.dimse import Answer, Association, AssociationEnded, Context
from conformance.suite.system import UNCOMPRESSED, System
from generators import IN_PROGRESS, Study, begun_step, ended_step

PERFORMED_STEP = Context(str(ModalityPerformedProcedureStep), UNCOMPRESSED)


class Steps:
    """Steps reported one message to an association, as a modality does that is busy in between."""

    def __init__(self, system: System) -> None:
        self._system = system

    def offered(self) -> bool:
        """Whether the system takes reports of performed procedure steps."""
        return bool(self._system.accepts([PERFORMED_STEP]))

    def begin(self, study: Study, status: str = IN_PROGRESS) -> tuple[str, Answer]:
        """Begin the step of a study. Gives its SOP Instance UID and the answer."""
        step, attributes = self._system.synthesizer.uid(), begun_step(study, self._system.target.calling_ae, status)
        return step, self._ask(lambda peer: peer.create(PERFORMED_STEP.abstract_syntax, step, attributes))

    def end(self, step: str, study: Study, status: str) -> Answer:
        """End a step, or try to end it again."""
        return self._ask(lambda peer: peer.set(PERFORMED_STEP.abstract_syntax, step, ended_step(study, status)))

    def _ask(self, act: Callable[[Association], Answer]) -> Answer:
        with self._system.associate((PERFORMED_STEP,)) as association:
            try:
                return act(association)
            except AssociationEnded as error:
                self._system.blame(error, expected="an answer to a report of a performed procedure step")
