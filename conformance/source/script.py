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
        contexts = frozenset[str]() if self.refuses_contexts else None
        return replace(policy, turn=None, reject=self.reject, accept_sop_classes=contexts)


GOOD = Turn()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `turns` are the associations for storage one after another, the last for all that follow.

    `objects` is how many have to come for the step to be of use, 0 where an echo is awaited, and `studies` of how many the operator is
    waited for. `whole`: the step goes on until what was once tried has been taken, and where nothing comes by itself the operator is
    told `again`, if there is such a thing. `withholds`: one object is reported as not committed, and awaited again.
    """

    name: str
    instruction: str
    objects: int = 1
    studies: int = 1
    turns: tuple[Turn, ...] = (GOOD,)
    echo: int = 0
    max_pdu: int | None = None
    whole: bool = False
    again: str = ""
    withholds: bool = False


VERIFY = Step("verify", "test the connection to us by the product's own verification function (C-ECHO)", objects=0)
VERIFY_REFUSED = Step("verify-refused", "test the connection again: this time we answer a failure (0122)", objects=0, echo=NOT_SUPPORTED)
SEND = Step(
    "send",
    f"send us two studies of two different patients, with objects of each kind that the product makes ({SYNTHETIC})",
    studies=2,
    max_pdu=16384,
)
SEND_SMALL = Step("send-small", f"send us one more study ({SYNTHETIC}): this time we announce a small maximum PDU", max_pdu=4096)
UNSCHEDULED = Step(
    "unscheduled", f"send us two emergency cases, one after the other, made without a worklist entry ({SYNTHETIC})", studies=2
)
UNSCHEDULED_NEXT = Step("unscheduled-next", f"send us one more emergency case, of another patient, made like the last ones ({SYNTHETIC})")
CORRECT = Step(
    "correct",
    "correct the Patient ID of one study of the step `send` as the product's user would, and let the product send what it sends then",
)
CORRECT_NOTE = Step("correct-note", "have the product send its rejection note for what was corrected, if it has one that has not come yet")
STATUSES = Step(
    "statuses",
    f"send us a new study of at least three images ({SYNTHETIC}): the first is refused (A700), the second fails (C000), the third is "
    "taken with a warning (B000)",
    turns=(Turn((OUT_OF_RESOURCES, CANNOT_UNDERSTAND, COERCED, 0)), GOOD),
)
RETRY = Step(
    "retry",
    f"send us a new study ({SYNTHETIC}), once, and then let the product be: we are out of resources, then busy, then gone, then well",
    turns=(Turn((OUT_OF_RESOURCES,)), Turn(reject=BUSY), Turn((Reaction.CLOSE,)), GOOD),
    whole=True,
)
FAILING = Step(
    "failing",
    f"send us a new study ({SYNTHETIC}): we refuse it, turn it away, abort and fall silent before we take it",
    turns=(Turn(refuses_contexts=True), Turn(reject=UNWELCOME), Turn((Reaction.ABORT,)), Turn((Reaction.SILENCE,)), GOOD),
    whole=True,
    again="send us the same study again, whole",
)
SCHEDULED = Step(
    "scheduled",
    "fetch our worklist, take one of its entries, change nothing of it, make one study for it and send it to us; where the product "
    "reports performed steps (MPPS), begin and complete the step with it",
)
COMMIT = Step(
    "commit",
    f"send us a new study ({SYNTHETIC}), once, have the product ask for storage commitment of it, and then let it be: we report its first "
    "object as not committed (0112) until it has come again",
    withholds=True,
)
COMMIT_AGAIN = Step("commit-again", "have the product send again what was reported as not committed", withholds=True)

QUESTIONS: Mapping[str, str] = {
    "VERIF-03": "Did the product report success the first time, and a failure the second time?",
    "STORE-15": "Did the product report which objects of the study were not stored, and does it not count them as sent?",
}
