"""An intake that acknowledges objects and loses some of them: each fault of that kind says which."""

from conformance.reference.intake import Intake
from conformance.reference.rules import Candidate


class Loses(Intake):
    def loses(self, _candidate: Candidate, /) -> bool:
        return False

    def keep(self, candidate: Candidate) -> None:
        if not self.loses(candidate):
            super().keep(candidate)
