"""Senders that nobody is to be blamed for: careless users take another step than was asked for, lawful products do what is rare."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from queue import SimpleQueue

from pydicom import Dataset

from conformance.reference.sender import Sender
from conformance.reference.sender.keeper import Reports
from generators import Encoded, Rejection, Study, encode, rejection_note

RETRY_SECONDS = 0.5
UNHURRIED_SECONDS = 3.0  # what a product declares that takes its time
"""Within which a sender says that it tries again."""


class NewStudyForACorrection(Sender):
    def datasets(self, step: str) -> list[Dataset]:
        return super().datasets("something else" if step == "correct" else step)


class NoteWhenTold(Sender):
    """Sends the corrected copies first, and the note when its user has it sent."""

    def datasets(self, step: str) -> list[Dataset]:
        return [one for one in super().datasets(step) if step != "correct" or one.Modality != "KO"]


class MoreOfTheStudyForACorrection(NoteWhenTold):
    """The same patient's study again under new UIDs, as after a new reconstruction."""

    def corrected(self, wrong: Study) -> Study:
        return replace(super().corrected(wrong), uid=wrong.uid, patient=wrong.patient)


class RejectsAnotherStudy(Sender):
    def note(self, _wrong: Study) -> Dataset:
        return super().note(self.synthesizer("another").study("CT"))


class LetsTheStudyExpire(Sender):
    def note(self, wrong: Study) -> Dataset:
        return rejection_note(self.synthesizer("expired"), wrong, wrong.instances, Rejection.RETENTION_EXPIRED).dataset()


class AnotherStudyEachTime(Sender):
    attempts = 1

    def __init__(self, *where: object, **how: object) -> None:
        super().__init__(*where, **how)  # type: ignore[arg-type] # whatever a sender takes
        self._times = count()

    def studies(self, step: str) -> list[Study]:
        return super().studies(f"{step} {next(self._times)}" if step == "failing" else step)


class StudyForNoEntry(Sender):
    def acquired(self, _entry: Dataset) -> Study:
        return self.synthesizer("no entry").study("CT")


class StepLeftOpen(Sender):
    def end(self, study: Study, step: str) -> None:
        pass


class SecondStepElsewhere(Sender):
    """Completes another step of the same study, and sends its series to another destination."""

    def end(self, study: Study, step: str) -> None:
        super().end(study, step)
        other = replace(self.synthesizer("elsewhere").study(modalities=("CT", "SR-DOSE")), uid=study.uid)
        self.begin(other, f"{step}.2")
        super().end(other, f"{step}.2")


class DocumentAfterTheStep(Sender):
    """Makes a document when the step has ended, and refers to the step in it."""

    def end(self, study: Study, step: str) -> None:
        super().end(study, step)
        *_, document = replace(self.synthesizer("late").study(modalities=("CT", "SR-DOSE")), uid=study.uid).datasets()
        document.ReferencedPerformedProcedureStepSequence = self.steps(step)
        self.deliver([encode(document)])


class DocumentOfNoOrder(Sender):
    """Makes a document of the scheduled study that does not repeat its Accession Number."""

    def tied(self, dataset: Dataset, entry: Dataset, step: str) -> Dataset:
        tied = super().tied(dataset, entry, step)
        if tied.Modality == "SR":
            tied.AccessionNumber = ""
        return tied


class TwoStudiesOfOneCase(Sender):
    """Makes two studies of the first unscheduled case, so that the second is not waited for."""

    def studies(self, step: str) -> list[Study]:
        made = super().studies(step)
        return [replace(study, patient=made[0].patient) for study in made] if step == "unscheduled" else made


class ImageThatCannotBeRead(Sender):
    """Is wrong in an image, and not in what the step lists."""

    def deliver(self, objects: Sequence[Encoded]) -> None:
        first, *others = objects
        super().deliver([replace(first, data=b"\xff" * len(first.data)), *others])


class ReferredToCannotBeRead(Sender):
    """Refers to an image that is sent, but broken."""

    def objects(self, step: str) -> list[Encoded]:
        *others, referred_to, document = super().objects(step)
        return [*others, replace(referred_to, data=b"\xff" * len(referred_to.data)), document]


class AsksForNoCommitment(Sender):
    def request(self, _transaction: str, _objects: object) -> bool:
        return False


class HearsNowhere(Sender):
    report_seconds = 0.5

    @contextmanager
    def hearing(self) -> Iterator[Reports]:
        yield SimpleQueue()


CARELESS = {
    NewStudyForACorrection: "IOCM-08",
    MoreOfTheStudyForACorrection: "IOCM-08",
    RejectsAnotherStudy: "IOCM-08",
    LetsTheStudyExpire: "IOCM-08",
    AnotherStudyEachTime: "ROBUST-11",
    StudyForNoEntry: "WORK-01",
    StepLeftOpen: "WORK-06",
    AsksForNoCommitment: "COMMIT-11",
    HearsNowhere: "COMMIT-11",
}
"""Each sender of a careless user, and the row that it leaves undecided."""


class SendsAgainWhenTold(Sender):
    """Shows its user what was not committed, and does nothing by itself."""

    rounds = 1


class TakesItsTimeOverAReport(Sender):
    """Answers a report when it has looked for what was not committed, and sends that again after the time that it declares.

    Its slowness is what is under test: there is nothing to be awaited.
    """

    def look_into(self, _report: Dataset) -> None:
        time.sleep(UNHURRIED_SECONDS * 1.5)

    def failed_of(self, report: Dataset) -> set[str]:
        time.sleep(UNHURRIED_SECONDS / 3)
        return super().failed_of(report)

    def commit_again(self) -> None:
        """Leave it to what it does by itself."""


LAWFUL = {
    DocumentOfNoOrder: "WORK-01",
    TwoStudiesOfOneCase: "WORK-03",
    NoteWhenTold: "IOCM-08",
    ReferredToCannotBeRead: "INTEG-15",
    SecondStepElsewhere: "WORK-06",
    DocumentAfterTheStep: "WORK-06",
    ImageThatCannotBeRead: "WORK-06",
    SendsAgainWhenTold: "COMMIT-11",
}
"""Each sender that is lawful as far as a row goes, and the row that it passes."""

UNHURRIED = {TakesItsTimeOverAReport: "COMMIT-11"}
"""Each lawful sender that uses all of the time that it has, and the row that it passes."""
