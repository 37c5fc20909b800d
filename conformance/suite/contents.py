"""Content that weak archives lose: private blocks, rare standard elements, deep and empty sequences."""

import copy

from pydicom import Dataset, Sequence

CREATOR = "ONTARIO CONFORMANCE"
DEPTH = 4


def rich(dataset: Dataset) -> Dataset:
    """Return a copy with private elements before and behind the pixels, rare standard elements and nested sequences (PS3.5 7.5, 7.8.1)."""
    enriched = copy.deepcopy(dataset)
    for group, creator in ((0x0009, CREATOR), (0x0011, f"{CREATOR} 2"), (0x7FE1, f"{CREATOR} 3")):
        block = enriched.private_block(group, creator, create=True)
        block.add_new(0x01, "LO", "kept as it is")
        block.add_new(0x02, "DS", ["1.5", "-2"])
        block.add_new(0x03, "OB", bytes(range(16)))
        block.add_new(0x04, "SQ", Sequence([_nested(DEPTH)]))
    enriched.ImageComments = "Line one.\r\nLine two, with trailing detail."
    enriched.AdmittingDiagnosesDescription = "Synthetic diagnosis"
    enriched.PatientComments = "Synthetic patient"
    enriched.SourceImageSequence = Sequence([])
    enriched.ContributingEquipmentSequence = Sequence([_equipment()])
    return enriched


def secretive(dataset: Dataset) -> Dataset:
    """Return a copy with private elements of two creators in one group, of VR UN, and inside items (PS3.5 7.8.1, 6.2.2)."""
    enriched = copy.deepcopy(dataset)
    _fill(enriched, CREATOR, "first")
    _fill(enriched, f"{CREATOR} 2", "second")
    item = _equipment()
    _fill(item, CREATOR, "inside")
    enriched.ContributingEquipmentSequence = Sequence([item])
    return enriched


def _fill(dataset: Dataset, creator: str, text: str) -> None:
    block = dataset.private_block(0x0029, creator, create=True)
    block.add_new(0x01, "LO", f"{text} creator's text")
    block.add_new(0x02, "UN", text.encode().ljust(16, b"\1"))
    block.add_new(0x03, "US", [1, 2, 65535])


def deep(dataset: Dataset, levels: int, *, delimited: bool) -> Dataset:
    """Return a copy of a report whose content tree goes down so many levels, with two children at each: a text and a container.

    `delimited` gives every sequence and item an undefined length, otherwise all have a defined one (PS3.5 7.5.1, 7.5.2).
    """
    enriched = copy.deepcopy(dataset)
    enriched.ContentSequence = _children(levels, delimited)
    enriched["ContentSequence"].is_undefined_length = delimited
    return enriched


def _children(levels: int, delimited: bool) -> Sequence:
    text, container = Dataset(), Dataset()
    text.RelationshipType, text.ValueType, text.TextValue = "CONTAINS", "TEXT", f"level {levels}"
    container.RelationshipType, container.ValueType, container.ContinuityOfContent = "CONTAINS", "CONTAINER", "SEPARATE"
    if levels > 1:
        container.ContentSequence = _children(levels - 1, delimited)
        container["ContentSequence"].is_undefined_length = delimited
    else:
        container.ContentTemplateSequence = Sequence([])
    for item in (text, container):
        item.ConceptNameCodeSequence = Sequence([_concept()])
        item["ConceptNameCodeSequence"].is_undefined_length = delimited
        item.is_undefined_length_sequence_item = delimited
    return Sequence([text, container])


def _concept() -> Dataset:
    concept = Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = "121071", "DCM", "Finding"
    return concept


def _nested(depth: int) -> Dataset:
    item = Dataset()
    item.CodeMeaning = f"depth {depth}"
    item.ConceptCodeSequence = Sequence([_nested(depth - 1)] if depth else [])
    return item


def _equipment() -> Dataset:
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = "109101", "DCM", "Acquisition Equipment"
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = Sequence([purpose])
    equipment.Manufacturer = "Synthetic"
    equipment.ContributionDescription = "Made by the conformance suite"
    return equipment
