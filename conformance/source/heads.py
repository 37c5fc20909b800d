"""What the objects that were taken say of themselves, short of their pixels."""

from collections.abc import Iterator

from pydicom import Dataset, dcmread

from conformance.judging.reading import inflated
from conformance.source.intake import Intake

KEPT = (
    "SpecificCharacterSet",
    "PatientID",
    "IssuerOfPatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyInstanceUID",
    "Modality",
    "ConceptNameCodeSequence",
    "RequestAttributesSequence",
    "ReferencedPerformedProcedureStepSequence",
    "Rows",
    "CurrentRequestedProcedureEvidenceSequence",
)


def heads_of(intake: Intake) -> Iterator[tuple[str, Dataset]]:
    """SOP Instance UID and some elements of each object that was taken, of those that can be read."""
    for attempt in intake.taken:
        assert attempt.received.path is not None
        try:
            with inflated(attempt.received.path) as (path, _, _):
                head = dcmread(path, stop_before_pixels=True, specific_tags=list(KEPT))
                for _ in head.iterall():  # read every value now
                    pass
        except Exception:  # whatever is wrong with the bytes is for XFER-07 to say
            continue
        if head:
            yield attempt.uid, head


def is_image(head: Dataset) -> bool:
    """Whether an object has pixels: documents and presentation states do not say in their series what requested them (PS3.3 C.17.1)."""
    return "Rows" in head


def text(dataset: Dataset, keyword: str) -> str:
    """A value without the blanks around it; "" where there is none."""
    return str(dataset.get(keyword) or "").strip()
