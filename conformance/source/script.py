"""What the operator of a source does, step by step, and how our repository treats each association meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from conformance.dimse import Policy, Reaction

OUT_OF_RESOURCES, CANNOT_UNDERSTAND, COERCED = 0xA700, 0xC000, 0xB000  # PS3.4 Table B.2-1
NOT_SUPPORTED = 0x0122  # PS3.7 C.5.6
BUSY = (2, 3, 1)  # rejected-transient, temporary congestion (PS3.8 Table 9-21)
UNWELCOME = (1, 1, 1)  # rejected-permanent, no reason given
SYNTHETIC = "synthetic test patients only, never a real one"


@dataclass(frozen=True, slots=True)
class Turn:
    """How one association for storage is treated. `answers` go to its first objects, the last of them to all that follow."""

    answers: tuple[int | Reaction, ...] = (0,)
    reject: tuple[int, int, int] | None = None
    refuses_contexts: bool = False

    def answer(self, number: int) -> int | Reaction:
        """What the object of this number, from 0, is answered."""
        return self.answers[min(number, len(self.answers) - 1)]

    def over(self, policy: Policy) -> Policy:
        """The policy of one association, but for the answers to its objects."""
        return replace(policy, reject=self.reject, accept_sop_classes=frozenset() if self.refuses_contexts else policy.accept_sop_classes)


GOOD = Turn()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `turns` are the associations for storage one after another, the last for all that follow.

    `objects` is how many have to come for the step to be done, 0 where an echo is awaited. `whole`: the step goes on until what was
    once tried has been taken.
    """

    name: str
    instruction: str
    objects: int = 1
    turns: tuple[Turn, ...] = (GOOD,)
    echo: int = 0
    whole: bool = False


VERIFY = Step("verify", "test the connection to us by the product's own verification function (C-ECHO)", objects=0)
VERIFY_REFUSED = replace(
    VERIFY, name="verify-refused", instruction="test the connection again: this time we answer a failure", echo=NOT_SUPPORTED
)
SEND = Step("send", f"send us two studies of two different patients, of each kind that the product makes ({SYNTHETIC})", objects=2)
QUESTIONS: Mapping[str, str] = {
    "VERIF-03": "Did the product report success the first time, and a failure the second time?",
}
