"""How an archive can differ from the model after a history, and which requirement that breaks."""

from dataclasses import dataclass
from enum import StrEnum

from conformance.suite.histories.history import History, stored_again


class Symptom(StrEnum):
    """How an archive can differ from the model."""

    REFUSED = "refused again"
    MISSING = "missing"
    TREE = "elsewhere in the tree"
    PATIENT = "wrong under its patient"
    COUNT = "wrong count"
    LACKING = "not delivered"
    DELIVERED = "delivered wrongly"
    CONTENT = "other content"
    COMMITTED = "committed without the object"
    UNCOMMITTED = "not committed"


ROWS = {
    Symptom.REFUSED: "STORE-08",
    Symptom.MISSING: "STORE-01",
    Symptom.TREE: "INTEG-01",
    Symptom.PATIENT: "IDENT-03",
    Symptom.COUNT: "QUERY-15",
    Symptom.LACKING: "RETR-01",
    Symptom.DELIVERED: "RETR-01",
    Symptom.CONTENT: "STORE-04",
    Symptom.UNCOMMITTED: "COMMIT-03",
    Symptom.COMMITTED: "COMMIT-04",
}
AFTER_STORING_AGAIN = dict.fromkeys((Symptom.MISSING, Symptom.COUNT, Symptom.LACKING, Symptom.CONTENT), "STORE-08")
AFTER_CORRECTING = dict.fromkeys((Symptom.MISSING, Symptom.LACKING, Symptom.CONTENT), "INTEG-05")


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where an archive differed from the model, in the vendor's words. `at_once`: no time to take something in excuses it."""

    symptom: Symptom
    expected: str
    got: str
    at_once: bool = False


def row_of(symptom: Symptom, history: History) -> str:
    """The requirement that a symptom breaks, after a history of which no step can be left out or made plainer.

    A correction or an identical object in it is then what brings the symptom about, and the row about it says that it must not.
    """
    acts = {step.act for step in history}
    if "correct" in acts and symptom in AFTER_CORRECTING:
        return AFTER_CORRECTING[symptom]
    if stored_again(history) and symptom in AFTER_STORING_AGAIN:
        return AFTER_STORING_AGAIN[symptom]
    return ROWS[symptom]
