"""Content items of structured reports (PS3.3 C.17.3), written by hand where no library has the template."""

from pydicom import Dataset

from generators.elements import code, decimal, item, put

UCUM = "UCUM"


def container(concept: Dataset, *children: Dataset, relationship: str = "CONTAINS") -> Dataset:
    """Give a CONTAINER of separate items."""
    made = _content(relationship, "CONTAINER", concept)
    return put(made, ContinuityOfContent="SEPARATE", ContentSequence=list(children))


def root(concept: Dataset, *children: Dataset) -> dict[str, object]:
    """Give the elements of the document's root container."""
    return {
        "ValueType": "CONTAINER",
        "ConceptNameCodeSequence": [concept],
        "ContinuityOfContent": "SEPARATE",
        "ContentSequence": list(children),
    }


def text(concept: Dataset, value: str) -> Dataset:
    """Give a TEXT that its parent contains."""
    return put(_content("CONTAINS", "TEXT", concept), TextValue=value)


def coded(concept: Dataset, value: Dataset, *children: Dataset, relationship: str = "CONTAINS") -> Dataset:
    """Give a CODE."""
    made = put(_content(relationship, "CODE", concept), ConceptCodeSequence=[value])
    return put(made, ContentSequence=list(children)) if children else made


def number(concept: Dataset, value: float, unit: str, meaning: str) -> Dataset:
    """Give a NUM in a unit of UCUM."""
    measured = item(NumericValue=decimal(value), MeasurementUnitsCodeSequence=[code(unit, UCUM, meaning)])
    return put(_content("CONTAINS", "NUM", concept), MeasuredValueSequence=[measured])


def uid_reference(concept: Dataset, uid: str, *, relationship: str = "CONTAINS") -> Dataset:
    """Give a UIDREF."""
    return put(_content(relationship, "UIDREF", concept), UID=uid)


def moment(concept: Dataset, value: str) -> Dataset:
    """Give a DATETIME."""
    return put(_content("CONTAINS", "DATETIME", concept), DateTime=value)


def _content(relationship: str, value_type: str, concept: Dataset) -> Dataset:
    return item(RelationshipType=relationship, ValueType=value_type, ConceptNameCodeSequence=[concept])
