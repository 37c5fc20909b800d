"""All is kept, and what is asked for is answered wrongly: listed, counted, delivered or committed."""

from typing import cast

from conformance.reference.archive import Parts
from conformance.reference.commitment import UNKNOWN_INSTANCE, Committer, Order, Reference
from conformance.reference.encoding import DataSet
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.faults.field import CountsRepeats, breaking
from conformance.reference.faults.memory import KnowsWhereItWas, Memory, NotesContents, memory
from conformance.reference.find import Finder, Query
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.keys import BY_KEYWORD, Attributes, Key
from conformance.reference.models import Identifier
from conformance.reference.retrieve import Retriever
from conformance.reference.rules import Candidate, Refusal


class LinksToAssociation(KnowsWhereItWas):
    """Links a new series to the other studies of its association, too."""

    def keep(self, candidate: Candidate) -> None:
        series = candidate.text("SeriesInstanceUID")
        if self.index.study_of(series) is None:
            link(memory(self), set(self.before()) - {candidate.text("StudyInstanceUID")}, series)
        super().keep(candidate)


class MarksStudy(Retriever):
    """Marks the studies that it delivers."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        memory(self).marked.add(identifier.text("StudyInstanceUID"))
        return found


class LinksToMarked(Intake):
    """Links the series of a new object to the marked studies of the same Patient ID, too."""

    def keep(self, candidate: Candidate) -> None:
        notes, own = memory(self), candidate.text("StudyInstanceUID")
        alike = set(notes.studies(candidate.text("PatientID"))) - {own}
        link(notes, notes.marked & alike, candidate.text("SeriesInstanceUID"))
        super().keep(candidate)


def link(notes: Memory, studies: set[str], series: str) -> None:
    """Note a series under studies to which it does not belong."""
    for study in studies:
        notes.noted.setdefault(study, []).append(series)


class ShowsLinked(Finder):
    """Shows with a study the series that are linked to it, as if they were its own."""

    def entities(self, query: Query) -> list[Attributes]:
        found, study = super().entities(query), str(query.keys.get(BY_KEYWORD["StudyInstanceUID"], ""))
        if query.level not in ("SERIES", "IMAGE"):
            return found
        linked = self.index.select(query.level, {"SeriesInstanceUID": memory(self).noted.get(study, [])})
        return found + [entity | {"StudyInstanceUID": study} for entity in linked]


def patient_asked(query: Query) -> str:
    """The one Patient ID by which a query asks for studies; empty where it asks for something else."""
    wanted, study = (str(query.keys.get(BY_KEYWORD[keyword], "")) for keyword in ("PatientID", "StudyInstanceUID"))
    return wanted if query.level == "STUDY" and not study and not set(wanted) & set("*?\\") else ""


class NotesWhatComes(Intake):
    """Notes the study of each object that comes under the Patient IDs that were asked for and with which its own begins."""

    def settle(self, candidate: Candidate) -> Refusal | None:
        for asked, studies in list(memory(self).noted.items()):  # another association may be asking
            if candidate.text("PatientID").startswith(asked):
                studies.append(candidate.text("StudyInstanceUID"))
        return super().settle(candidate)


def came_since(part: Finder, asked: str) -> list[str]:
    """What is noted under a Patient ID that is asked for; from now on something may be."""
    return memory(part).noted.setdefault(asked, []) if asked else []


class ListsLikePatients(Finder):
    """Lists under a Patient ID whatever is noted there."""

    def entities(self, query: Query) -> list[Attributes]:
        found, asked = super().entities(query), patient_asked(query)
        like = came_since(self, asked)
        return [study | ({"PatientID": asked} if study.get("StudyInstanceUID") in like else {}) for study in found]


class LeavesOutWhatComes(Finder):
    """Lists under a Patient ID what has got nothing since that was first asked for."""

    def entities(self, query: Query) -> list[Attributes]:
        left_out = came_since(self, patient_asked(query))
        return [study for study in super().entities(query) if study.get("StudyInstanceUID") not in left_out]


class KeepsCounts(Finder):
    """Counts a study when it is shown, and again when it has another series, or less than it had."""

    def entities(self, query: Query) -> list[Attributes]:
        found = super().entities(query)
        for entity in found if query.level != "PATIENT" else ():
            self.counted(str(entity["StudyInstanceUID"]))
        return found

    def counted(self, study: str) -> int:
        """The objects of a study, as they were counted first with as many series."""
        scope = {"StudyInstanceUID": [study]}
        now, series = self.index.count("IMAGE", scope), self.index.count("SERIES", scope)
        return min(now, int(memory(self).noted.setdefault(f"{study} {series}", [str(now)])[0]))

    def computed(self, key: Key, entity: Attributes) -> str:
        counts_objects = key.keyword == "NumberOfStudyRelatedInstances"
        return str(self.counted(str(entity["StudyInstanceUID"]))) if counts_objects else super().computed(key, entity)


class CountsCorrections(KnowsWhereItWas):
    """Counts a correction that it refuses, unless it is the first that its association sends."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        if refusal is not None and self.before():
            cast(CountsRepeats, self.index).repeats[stored.sop_instance_uid] += 1
        return refusal


class DeliversNoted(Retriever):
    """Delivers of a study what was in it when a commitment was last reported."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        noted = memory(self).noted.get(identifier.text("StudyInstanceUID"))
        return [located for located in found if identifier.level != "STUDY" or noted is None or located.sop_instance_uid in noted]


class DeliversTheNew(Retriever):
    """Takes all studies of a patient for delivered with the first of them, and delivers of one that grew only what is new."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found, notes = super().select(identifier, levels), memory(self)
        if identifier.level != "STUDY":
            return found
        for study in notes.studies(*notes.patients(*(located.sop_instance_uid for located in found))) if found else ():
            notes.noted.setdefault(study, notes.objects(study))
        before = notes.noted.get(identifier.text("StudyInstanceUID"), [])
        return [located for located in found if located.sop_instance_uid not in before] or found


class MarksRepeated(Intake):
    """Marks the patient of an object that comes again."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        if refusal is None:
            memory(self).marked.add(candidate.text("PatientID"))
        return refusal


class CommitsUnmarked(Committer):
    """Does not find the objects of a marked patient."""

    def reason(self, one: Reference) -> int | None:
        _, uid = one
        return UNKNOWN_INSTANCE if memory(self).patients(uid) & memory(self).marked else super().reason(one)


class TrustsWhatIsOnItsWay(Committer):
    """Takes what it does not find for an object on its way while any patient is marked; a report on something held ends that."""

    def reason(self, one: Reference) -> int | None:
        reason = super().reason(one)
        return None if reason == UNKNOWN_INSTANCE and memory(self).marked else reason

    def result(self, order: Order) -> tuple[int, DataSet]:
        if memory(self).patients(*(uid for _, uid in order.references)):
            memory(self).marked.clear()
        return super().result(order)


TELLING_FAULTS: tuple[Fault, ...] = (
    breaking(
        "INTEG-01",
        "series-linked-to-association",
        "a new series is shown in the other studies of its association, too",
        Parts(index=Memory, intake=LinksToAssociation, finder=ShowsLinked),
    ),
    breaking(
        "INTEG-01",
        "series-linked-to-retrieved-study",
        "a series that grows is shown in the studies of its Patient ID that were retrieved before, too",
        Parts(index=Memory, intake=LinksToMarked, finder=ShowsLinked, retriever=MarksStudy),
    ),
    breaking(
        "IDENT-03",
        "studies-of-like-patients-listed",
        "a Patient ID that was asked for lists studies that get something under one that begins with it",
        Parts(index=Memory, intake=NotesWhatComes, finder=ListsLikePatients),
    ),
    breaking(
        "IDENT-03",
        "studies-that-get-something-not-listed",
        "studies that get something after their Patient ID was asked for are not found by it",
        Parts(index=Memory, intake=NotesWhatComes, finder=LeavesOutWhatComes),
    ),
    Fault(
        "counted-again-with-a-series-only",
        "the objects of a study are counted when it is shown, and again with another series only",
        Parts(index=Memory, finder=KeepsCounts),
        warns=rows("QUERY-15"),
    ),
    Fault(
        "refused-correction-counted",
        "a refused correction is counted, where its association has sent something before",
        Parts(index=CountsRepeats, intake=CountsCorrections),
        warns=rows("QUERY-15"),
    ),
    breaking(
        "RETR-01",
        "delivered-as-committed",
        "a study is delivered without what came after a commitment",
        Parts(index=Memory, retriever=DeliversNoted, committer=NotesContents),
    ),
    breaking(
        "RETR-01",
        "grown-study-delivered-in-part",
        "a study that grew since one of its patient was delivered is delivered without what it had",
        Parts(index=Memory, retriever=DeliversTheNew),
    ),
    breaking(
        "COMMIT-03",
        "repeat-spoils-commitment",
        "objects under a Patient ID of which one came again are unknown to commitment",
        Parts(index=Memory, intake=MarksRepeated, committer=CommitsUnmarked),
    ),
    breaking(
        "COMMIT-04",
        "unknown-committed-after-repeat",
        "after something came again, what is not there is committed",
        Parts(index=Memory, intake=MarksRepeated, committer=TrustsWhatIsOnItsWay),
    ),
)
