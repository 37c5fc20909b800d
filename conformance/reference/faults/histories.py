"""Faults that a history shows: each answers rightly, step by step, until certain steps have come in a certain order.

No check that plays one example sees them. Each class is one part that is wrong in one way: it remembers something about a study, or
about what an association did, and does not bring it up to date. The table at the end says which steps it takes and which row breaks.
"""

import threading
from collections.abc import Mapping
from typing import Any, cast
from weakref import WeakKeyDictionary

from conformance.reference.archive import Parts
from conformance.reference.commitment import UNKNOWN_INSTANCE, Committer, Order, Reference
from conformance.reference.encoding import PIXEL_DATA, DataSet, decode
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.faults.field import CountsRepeats, breaking
from conformance.reference.faults.memory import Memory, memory
from conformance.reference.find import Finder, Query
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.keys import BY_KEYWORD, Attributes, Key
from conformance.reference.models import Identifier
from conformance.reference.retrieve import Retriever
from conformance.reference.rules import DUPLICATE, Candidate, Refusal

_ACQUISITION_GROUP = 0x0018


def is_new_series(candidate: Candidate) -> bool:
    """Whether an object opens a series in a study that is there already."""
    study, series = candidate.text("StudyInstanceUID"), candidate.text("SeriesInstanceUID")
    return candidate.index.owner(study) is not None and candidate.index.study_of(series) is None


class KnowsSeriesAsItBegan(Intake):
    """Lets an association see the series that stood at its first object, and its own; an object of a later one of others goes nowhere."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.unseen: WeakKeyDictionary[threading.Thread, set[str]] = WeakKeyDictionary()  # each association has a thread of its own

    def settle(self, candidate: Candidate) -> Refusal | None:
        self.unseen.setdefault(threading.current_thread(), set())
        return super().settle(candidate)

    def keep(self, candidate: Candidate) -> None:
        here, series = threading.current_thread(), candidate.text("SeriesInstanceUID")
        if series in self.unseen[here]:
            return
        if self.index.study_of(series) is None:
            for other, unseen in self.unseen.items():
                unseen.update({series} if other is not here else ())
        super().keep(candidate)


class KnowsWhereItIs(Intake):
    """Remembers the study that each association is at."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.at: WeakKeyDictionary[threading.Thread, str] = WeakKeyDictionary()  # each association has a thread of its own


class RepeatMovesAway(KnowsWhereItIs):
    """Takes a repeat that comes while its association is at another study for one to be filed anew, and only takes it out."""

    def settle(self, candidate: Candidate) -> Refusal | None:
        here, study = threading.current_thread(), candidate.text("StudyInstanceUID")
        before, self.at[here] = self.at.get(here, study), study
        known = self.index.instance(self.identity(candidate)) is not None
        refusal = super().settle(candidate)
        if known and refusal is None and before != study:
            self.index.remove(self.identity(candidate))
        return refusal


class RemembersCorrections(Intake):
    """Keeps by study the corrections that it has refused."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.refused: dict[str, list[Candidate]] = {}

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        if refusal is not None:
            self.refused.setdefault(candidate.text("StudyInstanceUID"), []).append(candidate)
        return refusal


class DisputesTheStudy(RemembersCorrections):
    """Refuses, once it has refused a correction, everything of that study that comes again."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        disputed = candidate.text("StudyInstanceUID") in self.refused
        return Refusal(DUPLICATE, "the study is in dispute") if disputed else refusal


class ParksCorrections(RemembersCorrections):
    """Parks the header of a correction that it refused, and writes it over the first with the next new object of the study."""

    def keep(self, candidate: Candidate) -> None:
        for parked in self.refused.pop(candidate.text("StudyInstanceUID"), []):
            self.write_over(parked)
        super().keep(candidate)

    def write_over(self, parked: Candidate) -> None:
        stored = self.index.instance(self.identity(parked))
        if stored is None or stored.transfer_syntax_uid != parked.syntax.uid:
            return
        pixels = decode(self.depot.get(stored), parked.syntax).get(PIXEL_DATA)
        mixed = parked.dataset | ({PIXEL_DATA: pixels} if pixels else {})
        self.depot.put(stored.sop_class_uid, stored.sop_instance_uid, parked.syntax.uid, self.rewritten(parked, mixed))


class QuarantinesBoth(RemembersCorrections):
    """Takes an object out, to be looked at by somebody, where it refuses the second correction in a study."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        second = candidate.text("StudyInstanceUID") in self.refused
        refusal = super().again(candidate, stored)
        if refusal is not None and second:
            self.index.remove(stored.sop_instance_uid)
        return refusal


class ShowsLinked(Finder):
    """Shows with a study the series that a note links to it, as if they were its own."""

    def entities(self, query: Query) -> list[Attributes]:
        found, study = super().entities(query), str(query.keys.get(BY_KEYWORD["StudyInstanceUID"], ""))
        if query.level not in ("SERIES", "IMAGE"):
            return found
        linked = self.index.select(query.level, {"SeriesInstanceUID": memory(self).noted.get(study, [])})
        return found + [entity | {"StudyInstanceUID": study} for entity in linked]


class LinksToAssociation(KnowsWhereItIs):
    """Leaves an association at the study that it made last, or began with; a new series of a known study is linked to that too."""

    def keep(self, candidate: Candidate) -> None:
        here, study = threading.current_thread(), candidate.text("StudyInstanceUID")
        if here not in self.at or self.index.owner(study) is None:
            self.at[here] = study
        elif is_new_series(candidate) and self.at[here] != study:
            memory(self).noted.setdefault(self.at[here], []).append(candidate.text("SeriesInstanceUID"))
        super().keep(candidate)


class OpensStudy(Retriever):
    """Leaves the studies open that it delivered."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        memory(self).opened.add(identifier.text("StudyInstanceUID"))
        return found


class LinksToOpened(Intake):
    """Links a new series of a known study to the open studies of the same patient, too."""

    def keep(self, candidate: Candidate) -> None:
        study, series, owner = candidate.text("StudyInstanceUID"), candidate.text("SeriesInstanceUID"), self.index.owner
        if is_new_series(candidate):
            for opened in memory(self).opened - {study}:
                memory(self).noted.setdefault(opened, []).extend([series] if owner(opened) == owner(study) else [])
        super().keep(candidate)


def patient_asked(query: Query) -> str:
    """The one Patient ID by which a query asks for studies; empty where it asks for something else."""
    wanted, study = (str(query.keys.get(BY_KEYWORD[keyword], "")) for keyword in ("PatientID", "StudyInstanceUID"))
    return wanted if query.level == "STUDY" and not study and not set(wanted) & set("*?\\") else ""


class GivesListsToLikePatients(Finder):
    """Keeps a list for each Patient ID that was asked for, and shows what the intake adds to it."""

    def entities(self, query: Query) -> list[Attributes]:
        found, asked = super().entities(query), patient_asked(query)
        if not asked:
            return found
        listed = memory(self).noted.setdefault(asked, [])
        return [study | ({"PatientID": asked} if study["StudyInstanceUID"] in listed else {}) for study in found]


class AddsToLists(Intake):
    """Adds the study of each new object to the lists of the Patient IDs with which its own begins."""

    def keep(self, candidate: Candidate) -> None:
        for listed, studies in memory(self).noted.items():
            if candidate.text("PatientID").startswith(listed):
                studies.append(candidate.text("StudyInstanceUID"))
        super().keep(candidate)


class KeepsPatientsStudies(Finder):
    """Lists the studies of a Patient ID when it is asked for one, and again when a patient is new under it."""

    def entities(self, query: Query) -> list[Attributes]:
        found, asked = super().entities(query), patient_asked(query)
        mine = [str(study["StudyInstanceUID"]) for study in found if study["PatientID"] == asked]
        listed = memory(self).noted.setdefault(asked, mine) if asked and mine else mine
        return [study for study in found if study["PatientID"] != asked or study["StudyInstanceUID"] in listed]


class ForgetsListOfNewPatient(Memory):
    def grow(self, levels: Mapping[str, Attributes]) -> None:
        patient = levels["PATIENT"]
        named = self._one("SELECT key FROM patient WHERE id = ? AND issuer = ?", str(patient["PatientID"]), self.issuer(patient))
        if named is None:
            self.noted.pop(str(patient["PatientID"]), None)
        super().grow(levels)


class KeepsCounts(Finder):
    """Counts a study when it is shown, and again when it has another series, or less than it had."""

    def entities(self, query: Query) -> list[Attributes]:
        found = super().entities(query)
        for entity in found if query.level != "PATIENT" else ():
            self.counted(str(entity["StudyInstanceUID"]))
        return found

    def counted(self, study: str) -> int:
        scope = {"StudyInstanceUID": [study]}
        now, series = self.index.count("IMAGE", scope), self.index.count("SERIES", scope)
        return min(now, int(memory(self).noted.setdefault(f"{study} {series}", [str(now)])[0]))

    def computed(self, key: Key, entity: Attributes) -> str:
        counts_objects = key.keyword == "NumberOfStudyRelatedInstances"
        return str(self.counted(str(entity["StudyInstanceUID"]))) if counts_objects else super().computed(key, entity)


class CountsCorrections(Intake):
    """Counts an object before it looks whether it is refused as a correction."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        if refusal is not None:
            cast(CountsRepeats, self.index).repeats[stored.sop_instance_uid] += 1
        return refusal


class NotesContents(Committer):
    """Notes what a study holds when it has reported on one of its objects."""

    def result(self, order: Order) -> tuple[int, DataSet]:
        told, noting = super().result(order), memory(self)
        for study in noting.studies([uid for _, uid in order.references]):
            noting.noted[study] = noting.objects(study)
        return told


class DeliversCommitted(Retriever):
    """Delivers of a study what was in it at its last commitment."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        committed = memory(self).noted.get(identifier.text("StudyInstanceUID"))
        return [located for located in found if identifier.level != "STUDY" or committed is None or located.sop_instance_uid in committed]


class DeliversTheNew(Retriever):
    """Delivers of a study that has grown since it was first delivered only what is new."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        if identifier.level != "STUDY":
            return found
        uids = [located.sop_instance_uid for located in found]
        before = memory(self).noted.setdefault(identifier.text("StudyInstanceUID"), uids)
        return [located for located in found if located.sop_instance_uid not in before] or found


class RepeatOpensStudy(Intake):
    """Opens a study of which an object comes again."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        if refusal is None:
            memory(self).opened.add(candidate.text("StudyInstanceUID"))
        return refusal


class CommitsClosedStudies(Committer):
    """Does not find the objects of a study that is open."""

    def reason(self, one: Reference) -> int | None:
        _, uid = one
        return UNKNOWN_INSTANCE if memory(self).studies([uid]) & memory(self).opened else super().reason(one)


class TrustsWhatIsOnItsWay(Committer):
    """Takes what it does not find for an object on its way while a study is open; the next report on held objects closes all."""

    def reason(self, one: Reference) -> int | None:
        reason = super().reason(one)
        return None if reason == UNKNOWN_INSTANCE and memory(self).opened else reason

    def result(self, order: Order) -> tuple[int, DataSet]:
        if memory(self).studies([uid for _, uid in order.references]):
            memory(self).opened.clear()
        return super().result(order)


class ThinsLateObjects(Intake):
    """Leaves out of what comes for a committed study the group that its long-term store has no room for."""

    def stored_bytes(self, candidate: Candidate) -> bytes:
        if candidate.text("StudyInstanceUID") not in memory(self).noted:
            return candidate.data
        return self.rewritten(candidate, {tag: element for tag, element in candidate.dataset.items() if tag >> 16 != _ACQUISITION_GROUP})


HISTORY_FAULTS: tuple[Fault, ...] = (
    breaking(
        "STORE-01", "series-of-others-not-seen", "an object of a series that another made since is lost", Parts(intake=KnowsSeriesAsItBegan)
    ),
    breaking(
        "STORE-08", "repeat-among-other-study-removed", "a repeat between objects of another study is lost", Parts(intake=RepeatMovesAway)
    ),
    breaking("STORE-08", "repeats-refused-after-correction", "after a correction repeats are refused", Parts(intake=DisputesTheStudy)),
    breaking(
        "INTEG-05", "correction-filed-with-next-object", "the header of a refused correction is filed later", Parts(intake=ParksCorrections)
    ),
    breaking(
        "INTEG-05", "second-correction-quarantines", "a second correction in a study takes its object out", Parts(intake=QuarantinesBoth)
    ),
    breaking(
        "INTEG-01",
        "series-linked-to-first-study",
        "a new series of a known study is shown in the study that its association made before, too",
        Parts(index=Memory, intake=LinksToAssociation, finder=ShowsLinked),
    ),
    breaking(
        "INTEG-01",
        "series-linked-to-retrieved-study",
        "a new series is shown in the studies of its patient that were retrieved before, too",
        Parts(index=Memory, intake=LinksToOpened, finder=ShowsLinked, retriever=OpensStudy),
    ),
    breaking(
        "IDENT-03",
        "new-objects-of-like-patients-listed",
        "once a Patient ID was asked for, studies that grow are listed under it where their own begins with it",
        Parts(index=Memory, intake=AddsToLists, finder=GivesListsToLikePatients),
    ),
    breaking(
        "IDENT-03",
        "second-study-not-listed",
        "once a Patient ID was asked for, later studies of that patient are not found by it",
        Parts(index=ForgetsListOfNewPatient, finder=KeepsPatientsStudies),
    ),
    Fault(
        "counted-again-with-a-series-only",
        "the objects of a study are counted when it is shown, and again with another series only",
        Parts(index=Memory, finder=KeepsCounts),
        warns=rows("QUERY-15"),
    ),
    Fault(
        "refused-correction-counted",
        "a refused correction is counted with the study",
        Parts(index=CountsRepeats, intake=CountsCorrections),
        warns=rows("QUERY-15"),
    ),
    breaking(
        "RETR-01",
        "delivered-as-committed",
        "a study is delivered without what came after its commitment",
        Parts(index=Memory, retriever=DeliversCommitted, committer=NotesContents),
    ),
    breaking(
        "RETR-01",
        "grown-study-delivered-in-part",
        "a study that grew since its first delivery is delivered without what came with that",
        Parts(index=Memory, retriever=DeliversTheNew),
    ),
    breaking(
        "COMMIT-03",
        "repeat-opens-study-for-good",
        "a study of which something came again is unknown to commitment",
        Parts(index=Memory, intake=RepeatOpensStudy, committer=CommitsClosedStudies),
    ),
    breaking(
        "COMMIT-04",
        "unknown-committed-after-repeat",
        "after something came again, what is not there is committed",
        Parts(index=Memory, intake=RepeatOpensStudy, committer=TrustsWhatIsOnItsWay),
    ),
    breaking(
        "STORE-04",
        "late-objects-lose-acquisition",
        "an object that comes after a commitment for its study is kept without group 0018",
        Parts(index=Memory, intake=ThinsLateObjects, committer=NotesContents),
    ),
)
