"""Faults of the workflow around images: steps that change after their end, and notices that promise too much."""

from collections.abc import Sequence

from conformance.reference.archive import Parts
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.keys import Attributes
from conformance.reference.notice import Notifier
from conformance.reference.steps import Performed, Steps
from conformance.reference.worklist import Worklist, entry


class BeginsAnyhow(Steps):
    """Books a step in whatever state it begins."""

    def may_begin(self, _status: str) -> bool:
        return True


class NeverFinal(Steps):
    """Takes every change, as if the last word were the best."""

    def may_change(self, _state: str) -> bool:
        return True


class BelievesSteps(Notifier):
    """Takes the list of a step for what is stored: tells of availability before the objects are indexed."""

    def available(self, performed: Sequence[Performed]) -> list[Performed]:
        return list(performed)


class NoStudyUid(Worklist):
    """Leaves the Study Instance UID to the modality, so that each makes one up."""

    def entries(self) -> list[Attributes]:
        return [held | entry(StudyInstanceUID="") for held in super().entries()]


class NoIssuers(Worklist):
    def entries(self) -> list[Attributes]:
        return [held | entry(IssuerOfPatientID="", IssuerOfAccessionNumberSequence=[]) for held in super().entries()]


WORKFLOW_FAULTS: tuple[Fault, ...] = (
    Fault(
        "worklist-without-study-uid",
        "entries of the worklist have no Study Instance UID",
        Parts(worklist=NoStudyUid),
        breaks=rows("WORK-04"),
    ),
    Fault(
        "worklist-without-issuers",
        "entries of the worklist have the issuers of Patient ID and Accession Number without a value",
        Parts(worklist=NoIssuers),
        breaks=rows("WORK-04"),
    ),
    Fault(
        "steps-begin-completed",
        "a performed procedure step may begin with the status COMPLETED or DISCONTINUED",
        Parts(steps=BeginsAnyhow),
        breaks=rows("WORK-05"),
    ),
    Fault(
        "steps-change-after-their-end",
        "a second COMPLETED or DISCONTINUED is answered 0000",
        Parts(steps=NeverFinal),
        breaks=rows("WORK-05"),
    ),
    Fault(
        "availability-told-too-early",
        "a notice calls objects ONLINE that no query finds",
        Parts(notifier=BelievesSteps),
        breaks=rows("WORK-07"),
    ),
)
