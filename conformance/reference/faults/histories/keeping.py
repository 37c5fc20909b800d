"""What is taken is lost, changed, or refused again."""

import threading
from typing import Any, cast
from weakref import WeakSet

from conformance.reference.archive import Parts
from conformance.reference.commitment import Committer, Order
from conformance.reference.encoding import PIXEL_DATA, DataSet, decode
from conformance.reference.faults.fault import Fault
from conformance.reference.faults.field import breaking
from conformance.reference.faults.memory import KnowsWhereItWas, Memory, NotesContents, memory
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.rules import DUPLICATE, Candidate, Refusal
from conformance.reference.services import Request, Services

_ACQUISITION_GROUP = 0x0018


class QueryLeavesTransaction(Services):
    """Begins a transaction for a query, and leaves it to the association."""

    def find(self, request: Request) -> None:
        super().find(request)
        cast(RolledBack, self.desk.intake).left.add(threading.current_thread())


class RolledBack(Intake):
    """Puts the first new object that follows on the association into the transaction that was left, which is never ended."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.left: WeakSet[threading.Thread] = WeakSet()  # each association is served by a thread of its own

    def keep(self, candidate: Candidate) -> None:
        here = threading.current_thread()
        if here not in self.left:
            super().keep(candidate)
        self.left.discard(here)


class RepeatMovesAway(KnowsWhereItWas):
    """Takes a repeat that comes while its association is at another study for one to be filed anew, and only takes it out."""

    def settle(self, candidate: Candidate) -> Refusal | None:
        study, before = candidate.text("StudyInstanceUID"), self.before()[-1:]
        known = self.index.instance(self.identity(candidate)) is not None
        refusal = super().settle(candidate)
        if known and refusal is None and before not in ([], [study]):
            self.index.remove(self.identity(candidate))
        return refusal


class ParksCorrections(Intake):
    """Parks the header of a correction that it refused, and writes it over the first with whatever comes next for the patient."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.parked: dict[str, Candidate] = {}

    def settle(self, candidate: Candidate) -> Refusal | None:
        patient = candidate.text("PatientID")
        parked = self.parked.pop(patient, None)
        refusal = super().settle(candidate)
        if refusal is not None:
            self.parked[patient] = candidate
        if parked is not None:
            self.write_over(parked)
        return refusal

    def write_over(self, parked: Candidate) -> None:
        """Put the header of a parked object over the first, where both have one syntax."""
        stored = self.index.instance(self.identity(parked))
        if stored is None or stored.transfer_syntax_uid != parked.syntax.uid:
            return
        pixels = decode(self.depot.get(stored), parked.syntax).get(PIXEL_DATA)
        mixed = parked.dataset | ({PIXEL_DATA: pixels} if pixels else {})
        self.depot.put(stored.sop_class_uid, stored.sop_instance_uid, parked.syntax.uid, self.rewritten(parked, mixed))


class QuarantinesCorrected(Intake):
    """Takes an object out when it refuses to correct it, unless that is the first that comes again under the Patient ID."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.repeated: set[str] = set()

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal, patient = super().again(candidate, stored), candidate.text("PatientID")
        if refusal is not None and patient in self.repeated:
            self.index.remove(stored.sop_instance_uid)
        self.repeated.add(patient)
        return refusal


class ThinsLateObjects(Intake):
    """Leaves out of what comes for a study after a report the group that its long-term store has no room for."""

    def stored_bytes(self, candidate: Candidate) -> bytes:
        if candidate.text("StudyInstanceUID") not in memory(self).noted:
            return candidate.data
        return self.rewritten(candidate, {tag: element for tag, element in candidate.dataset.items() if tag >> 16 != _ACQUISITION_GROUP})


class MarksCommitted(Committer):
    """Marks the patients of whom it reported on something."""

    def result(self, order: Order) -> tuple[int, DataSet]:
        memory(self).marked |= memory(self).patients(*(uid for _, uid in order.references))
        return super().result(order)


class RefusesRepeatsOfMarked(Intake):
    """Writes nothing more over what a marked patient has, not even the same."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        marked = candidate.text("PatientID") in memory(self).marked
        return Refusal(DUPLICATE, "the patient's objects are committed") if marked else super().again(candidate, stored)


KEEPING_FAULTS: tuple[Fault, ...] = (
    breaking(
        "STORE-01",
        "stored-after-query-lost",
        "the first object after a query on the same association is lost, with 0000",
        Parts(intake=RolledBack, services=QueryLeavesTransaction),
    ),
    breaking(
        "STORE-04",
        "late-objects-lose-acquisition",
        "what comes for a study after a commitment is kept without group 0018",
        Parts(index=Memory, intake=ThinsLateObjects, committer=NotesContents),
    ),
    breaking(
        "STORE-08", "repeat-among-other-study-removed", "a repeat between objects of another study is lost", Parts(intake=RepeatMovesAway)
    ),
    breaking(
        "STORE-08",
        "repeats-refused-after-commitment",
        "repeats under a Patient ID of which something was committed are refused",
        Parts(index=Memory, intake=RefusesRepeatsOfMarked, committer=MarksCommitted),
    ),
    breaking(
        "INTEG-05", "correction-filed-with-next-object", "a refused correction's header is filed later", Parts(intake=ParksCorrections)
    ),
    breaking(
        "INTEG-05",
        "second-repeat-quarantined",
        "a second repeat with other content takes its object out",
        Parts(intake=QuarantinesCorrected),
    ),
)
