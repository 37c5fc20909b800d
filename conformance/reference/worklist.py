"""Modality Worklist as a provider (PS3.4 K): two scheduled steps, which nobody has to put there."""

from collections.abc import Iterator
from typing import Any

from conformance.reference.encoding import DataSet, decode
from conformance.reference.errors import UndecodableDataSet
from conformance.reference.find import declared, item_of
from conformance.reference.keys import Attributes, item_attributes, tag_of
from conformance.reference.matching import Matcher
from conformance.reference.models import UNABLE_TO_PROCESS, IdentifierRefused
from conformance.reference.syntax import Syntax
from conformance.reference.text import SPECIFIC_CHARACTER_SET, character_set

WORKLIST = "1.2.840.10008.5.1.4.31"
SCHEDULED = 2  # entries
HOSPITAL = "SYNTHETIC-HOSPITAL"


def entry(**values: str | list[Attributes]) -> Attributes:
    """Write attributes by keyword as the matcher reads them, by hexadecimal tag."""
    return {f"{tag_of(keyword):08X}": value for keyword, value in values.items()}


def scheduled(number: int) -> Attributes:
    """Write one entry (PS3.4 Table K.6-1)."""
    return entry(
        AccessionNumber=f"ASCHEDULED{number:05}",
        IssuerOfAccessionNumberSequence=[entry(LocalNamespaceEntityID=HOSPITAL)],
        ReferringPhysicianName="SYNTHETIC-Referrer^Conformance",
        ReferencedStudySequence=[],
        PatientName=f"SYNTHETIC-Scheduled^Patient{number}",
        PatientID=f"SYN-SCHEDULED-{number:05}",
        IssuerOfPatientID=HOSPITAL,
        PatientBirthDate="19700101",
        PatientSex="O",
        StudyInstanceUID=f"2.25.25384957203948572039485720394857{number:05}",
        RequestedProcedureID=f"RPSCHED{number:05}",
        RequestedProcedureDescription="Initial examination",
        RequestedProcedurePriority="ROUTINE",
        ScheduledProcedureStepSequence=[
            entry(
                Modality="CT",
                ScheduledStationAETitle="CONFORMANCE",
                ScheduledProcedureStepStartDate="20260105",
                ScheduledProcedureStepStartTime="093000",
                ScheduledPerformingPhysicianName="SYNTHETIC-Operator^Conformance",
                ScheduledProcedureStepDescription="CT of the chest",
                ScheduledProcedureStepID=f"SPS{number:05}",
            )
        ],
    )


class Worklist:
    """Answers queries for scheduled steps."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher

    def entries(self) -> list[Attributes]:
        """List what is scheduled."""
        return [scheduled(number) for number in range(1, SCHEDULED + 1)]

    def answer(self, stream: Any, syntax: Syntax) -> Iterator[DataSet]:
        """Yield the identifier of each match. Raises IdentifierRefused before the first."""
        asked = self.asked(stream, syntax)
        for held in self.entries():
            if self.matcher.item(asked, held):
                yield declared(item_of(asked, held))

    def asked(self, stream: Any, syntax: Syntax) -> Attributes:
        """Read an identifier (PS3.4 K.4.1.1.3)."""
        if stream is None:
            raise IdentifierRefused("the request has no identifier")
        try:
            dataset = decode(stream.getvalue(), syntax)
        except UndecodableDataSet as broken:
            raise IdentifierRefused("the identifier cannot be read", UNABLE_TO_PROCESS) from broken
        keys = {tag: element for tag, element in dataset.items() if tag != SPECIFIC_CHARACTER_SET and tag & 0xFFFF}
        return item_attributes(keys, character_set(dataset))
