"""The services of our repository beside storage, for the length of a run: worklist, performed steps, commitment."""

from collections.abc import Callable, Mapping, Sequence

from conformance.dimse import PUSH_MODEL, Endpoint, Provider
from conformance.evidence import Recorder
from conformance.reference.steps import PERFORMED_STEP
from conformance.reference.worklist import WORKLIST
from conformance.source.commitment import Commitments
from conformance.source.intake import Attempt
from conformance.source.performed import PerformedSteps
from conformance.source.script import Step
from conformance.source.worklist import Schedule, orders_of
from conformance.target import Target
from generators import Synthesizer


class Desk:
    """What each service keeps. `taken` gives every object that was taken so far, `recorder_for` the recorder of the check that runs."""

    def __init__(
        self,
        target: Target,
        synthesizer: Synthesizer,
        taken: Callable[[], Sequence[Attempt]],
        recorder_for: Callable[[], Recorder | None] = lambda: None,
    ) -> None:
        source = Endpoint(target.host, target.port, target.ae_title, target.calling_ae)
        self.schedule = Schedule(orders_of(synthesizer), target.ae_title)
        self.performed = PerformedSteps()
        self._taken = taken
        self.commitments = Commitments(source, target.timeouts, taken, recorder_for)

    @property
    def providers(self) -> Mapping[str, Provider]:
        """Who answers for each SOP class."""
        return {WORKLIST: self.schedule.provide, PERFORMED_STEP: self.performed.provide, PUSH_MODEL: self.commitments.provide}

    def watched(self, step: Step) -> Callable[[], bool]:
        """Begin a step of the operator. Gives what says from then on whether nothing that began in it is still under way.

        A performed step has to end, and what it lists to come; a commitment report has to be received.
        """
        self.commitments.withhold(one=step.withholds)
        before = len(self.performed.begun)
        return lambda: self.performed.rests(self._came, since=before) and self.commitments.rests

    def _came(self) -> set[str]:
        return {attempt.uid for attempt in self._taken()}
