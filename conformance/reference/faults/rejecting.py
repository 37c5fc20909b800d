"""Faults of rejection notes: what a site took back and the shared copy still shows, and what nobody took back and is gone.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import json

from conformance.reference.archive import Parts
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.find import Finder
from conformance.reference.index import Index, Located
from conformance.reference.intake import Intake
from conformance.reference.keys import UNIQUE, Attributes, Key
from conformance.reference.models import Identifier
from conformance.reference.rejection import (
    PATIENT_SAFETY,
    QUALITY,
    RETENTION_EXPIRED,
    UNKNOWN_OBJECTS,
    WRONG_WORKLIST_ENTRY,
    Rejector,
    named,
    title,
)
from conformance.reference.retrieve import Retriever
from conformance.reference.rules import CANNOT_UNDERSTAND, Candidate, Refusal, without
from conformance.reference.services import Request, Services

MADE = ("StudyDate", "StudyTime", "StudyID")


class OnlyStoresNotes(Rejector):
    def take_back(self, _study: str, _why: str, _located: list[Located]) -> None:
        return None


class RefusesQualityNotes(Rejector):
    def refusal(self, candidate: Candidate) -> Refusal | None:
        if self.is_note(candidate) and title(candidate.dataset) == QUALITY:
            return Refusal(CANNOT_UNDERSTAND, "the document title is unknown")
        return super().refusal(candidate)


class RejectsWholeStudies(Rejector):
    def named(self, candidate: Candidate) -> list[Located]:
        return self.index.locate({"StudyInstanceUID": [candidate.text("StudyInstanceUID")]})


class RejectsOtherStudies(Rejector):
    """Hides every other study of the patient along with what a note names."""

    def named(self, candidate: Candidate) -> list[Located]:
        study, owner = candidate.text(UNIQUE["STUDY"]), self.index.owner(candidate.text(UNIQUE["STUDY"]))
        studies = self.index.select("STUDY", {UNIQUE["PATIENT"]: [owner.patient_id if owner else ""]})
        others = [uid for each in studies if (uid := str(each[UNIQUE["STUDY"]])) != study]
        return [*super().named(candidate), *(self.index.locate({UNIQUE["STUDY"]: others}) if others else [])]


class SafetyTitleUnknown(Rejector):
    hidden = Rejector.hidden - {PATIENT_SAFETY}


class DeletesFilesOnly(Rejector):
    """Deletes the files of what was rejected for patient safety, and leaves it in the index."""

    reason = PATIENT_SAFETY

    def take_back(self, study: str, why: str, located: list[Located]) -> None:
        if why != self.reason:
            return super().take_back(study, why, located)
        for at in located:
            self.depot.drop(at)
        return None


class DeletesFilesForQuality(DeletesFilesOnly):
    reason = QUALITY


class TakesRejectedAgain(Intake):
    rules = without("not-rejected")


class FindsRejectedObject(Retriever):
    """Looks for a single object in a table that knows of no rejection."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        return found if found or identifier.level != "IMAGE" else rejected(self.index, "uid", identifier.text(UNIQUE["IMAGE"]))


class WrongEntryTitleUnknown(Rejector):
    hidden = Rejector.hidden - {WRONG_WORKLIST_ENTRY}


class KnowsThemByTheirTime(Rejector):
    """Takes what was made at the same time as a study of a wrong worklist entry for a part of it."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type] # passed on as they came
        self.wrong: dict[tuple[str, ...], tuple[str, Attributes]] = {}

    def take_back(self, study: str, why: str, located: list[Located]) -> None:
        if why == WRONG_WORKLIST_ENTRY:
            for found in self.index.select("STUDY", {UNIQUE["STUDY"]: [study]}):
                self.wrong[tuple(str(found[keyword]) for keyword in MADE)] = study, found
        super().take_back(study, why, located)

    def original(self, candidate: Candidate) -> Attributes | None:
        """The study of a wrong worklist entry that an object of another study seems to belong to."""
        study, found = self.wrong.get(tuple(map(candidate.text, MADE)), ("", None))
        return None if study == candidate.text(UNIQUE["STUDY"]) else found


class DropsCorrectedCopies(KnowsThemByTheirTime):
    def obey(self, candidate: Candidate) -> None:
        super().obey(candidate)
        if self.original(candidate):
            self.index.withdraw([at for at in [self.index.instance(candidate.text(UNIQUE["IMAGE"]))] if at is not None])


class FilesUnderWrongPatient(KnowsThemByTheirTime):
    def obey(self, candidate: Candidate) -> None:
        super().obey(candidate)
        original = self.original(candidate)
        if original:
            known = json.dumps({**candidate.levels["STUDY"], **{keyword: original[keyword] for keyword in candidate.levels["PATIENT"]}})
            self.index._all("UPDATE study SET attributes = ? WHERE uid = ?", [known, candidate.text(UNIQUE["STUDY"])])


class DeletesForQuality(Rejector):
    deleted = Rejector.deleted | {QUALITY}


class KeepsExpired(Rejector):
    deleted = Rejector.deleted - {RETENTION_EXPIRED}


class ForgetsReturned(Rejector):
    """Deletes what has expired, and remembers it as deleted: what comes again is acknowledged and dropped."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type] # passed on as they came
        self.expired: set[str] = set()

    def take_back(self, study: str, why: str, located: list[Located]) -> None:
        super().take_back(study, why, located)
        if why in self.deleted:
            self.expired |= {at.sop_instance_uid for at in located}

    def obey(self, candidate: Candidate) -> None:
        super().obey(candidate)
        returned = self.index.instance(candidate.text("SOPInstanceUID"))
        if returned is not None and returned.sop_instance_uid in self.expired:
            self.index.withdraw([returned])


class CountsRejected(Finder):
    """Counts the files of a study."""

    def computed(self, key: Key, entity: Attributes) -> str:
        counted = super().computed(key, entity)
        if key.keyword != "NumberOfStudyRelatedInstances":
            return counted
        return str(int(counted) + len(rejected(self.index, "study", str(entity[UNIQUE["STUDY"]]))))


class DeliversRejected(Retriever):
    """Sends the whole folder of a study that is asked for whole."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        return [*found, *rejected(self.index, "study", identifier.text(UNIQUE["STUDY"]))] if identifier.level == "STUDY" else found


class LosesEarlyNotes(Rejector):
    """Takes a note about objects that it does not have, and does nothing about it."""

    def refusal(self, _candidate: Candidate) -> Refusal | None:
        return None


class ObeysWhatItRefused(Rejector):
    """Refuses a note about objects that it does not have, and remembers them as rejected."""

    def refusal(self, candidate: Candidate) -> Refusal | None:
        refusal = super().refusal(candidate)
        for uid in named(candidate.dataset) if refusal is not None else ():
            self.index._insert("rejected", uid, *[""] * 7)
        return refusal


class EarlyNotesRejectAll(LosesEarlyNotes):
    """Takes a note of which it finds no object for one about the whole study."""

    def named(self, candidate: Candidate) -> list[Located]:
        return super().named(candidate) or self.index.locate({"StudyInstanceUID": [candidate.text("StudyInstanceUID")]})


class AbortsOverEarlyNotes(Services):
    def stored(self, request: Request, refusal: Refusal | None) -> None:
        if refusal is not None and refusal.status == UNKNOWN_OBJECTS:
            request.assoc.abort()
        else:
            super().stored(request, refusal)


def rejected(index: Index, column: str, value: str) -> list[Located]:
    """List the objects that were hidden: those of a study, or the one of a UID."""
    found = index._all(f"SELECT class, uid, syntax, path, start, digest, series FROM rejected WHERE {column} = ?", [value])
    return [Located(*row) for row in found]


REJECTION_FAULTS: tuple[Fault, ...] = (
    Fault(
        "notes-kept-as-documents",
        "a rejection note is stored like any document and changes nothing",
        Parts(rejector=OnlyStoresNotes),
        breaks=rows("IOCM-01"),
        blocks=rows("IOCM-02 IOCM-03 IOCM-05 IOCM-06"),
    ),
    Fault(
        "quality-notes-refused",
        "a rejection note titled 113001 is refused: its title is not in the product's list",
        Parts(rejector=RefusesQualityNotes),
        breaks=rows("IOCM-01"),
        blocks=rows("IOCM-04"),
    ),
    Fault(
        "note-rejects-whole-study",
        "a rejection note about a part of a study hides the whole of it",
        Parts(rejector=RejectsWholeStudies),
        breaks=rows("IOCM-01"),
    ),
    Fault(
        "note-rejects-other-studies",
        "a rejection note hides every other study of the patient, too",
        Parts(rejector=RejectsOtherStudies),
        breaks=rows("IOCM-01"),
        blocks=rows("IOCM-06"),
    ),
    Fault(
        "patient-safety-title-not-obeyed",
        "a rejection note titled 113037 changes nothing, one of another title does",
        Parts(rejector=SafetyTitleUnknown),
        breaks=rows("IOCM-02"),
    ),
    Fault(
        "rejected-objects-still-listed",
        "what was rejected for patient safety is delivered no more, and still listed",
        Parts(rejector=DeletesFilesOnly),
        breaks=rows("IOCM-02"),
    ),
    Fault(
        "rejected-objects-come-back",
        "an object that was rejected for patient safety is taken when it is sent again",
        Parts(intake=TakesRejectedAgain),
        breaks=rows("IOCM-02"),
    ),
    Fault(
        "rejected-object-delivered-by-its-uid",
        "a retrieve of a single object delivers one that was rejected",
        Parts(retriever=FindsRejectedObject),
        breaks=rows("IOCM-02 IOCM-03"),
    ),
    Fault(
        "wrong-worklist-entry-keeps-both",
        "a rejection note titled 113038 changes nothing: the originals stay beside the corrected copies",
        Parts(rejector=WrongEntryTitleUnknown),
        breaks=rows("IOCM-03"),
    ),
    Fault(
        "corrected-copies-dropped",
        "what was made at the same time as a study of a wrong worklist entry is acknowledged and dropped, under whichever patient it comes",
        Parts(rejector=DropsCorrectedCopies),
        breaks=rows("IOCM-03"),
    ),
    Fault(
        "corrected-copies-under-the-wrong-patient",
        "what was made at the same time as a study of a wrong worklist entry is found under the patient of that study",
        Parts(rejector=FilesUnderWrongPatient),
        breaks=rows("IOCM-03"),
    ),
    Fault(
        "quality-rejects-deleted",
        "objects that were rejected for quality are deleted",
        Parts(rejector=DeletesForQuality),
        warns=rows("IOCM-04"),
    ),
    Fault(
        "quality-rejects-listed-and-not-delivered",
        "objects that were rejected for quality are still listed, and delivered no more",
        Parts(rejector=DeletesFilesForQuality),
        warns=rows("IOCM-04"),
    ),
    Fault(
        "expired-objects-stay",
        "a rejection note titled 113039 changes nothing, though removal is declared",
        Parts(rejector=KeepsExpired),
        breaks=rows("IOCM-05"),
    ),
    Fault(
        "expired-objects-acknowledged-and-dropped",
        "an object that was removed after its retention is answered 0000 when it comes again, and is not there",
        Parts(rejector=ForgetsReturned),
        breaks=rows("IOCM-05"),
    ),
    Fault(
        "rejected-objects-counted",
        "Number of Study Related Instances counts what was rejected",
        Parts(finder=CountsRejected),
        breaks=rows("IOCM-06"),
    ),
    Fault(
        "rejected-objects-delivered-with-their-study",
        "a retrieve of a whole study delivers what was rejected",
        Parts(retriever=DeliversRejected),
        breaks=rows("IOCM-06"),
    ),
    Fault(
        "early-notes-lost",
        "a rejection note about objects that are not stored yet is answered 0000 and forgotten",
        Parts(rejector=LosesEarlyNotes),
        breaks=rows("IOCM-07"),
    ),
    Fault(
        "early-notes-refused-and-obeyed",
        "the objects of a rejection note that was refused because they were not stored yet are refused when they come",
        Parts(rejector=ObeysWhatItRefused),
        breaks=rows("IOCM-07"),
    ),
    Fault(
        "early-notes-reject-the-study",
        "a rejection note about objects that are not stored yet hides the rest of their study",
        Parts(rejector=EarlyNotesRejectAll),
        breaks=rows("IOCM-07"),
    ),
    Fault(
        "early-notes-abort",
        "a rejection note about objects that are not stored yet aborts the association",
        Parts(services=AbortsOverEarlyNotes),
        breaks=rows("IOCM-07"),
    ),
)
