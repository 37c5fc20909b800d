"""Content that weak archives lose: private blocks, rare standard elements, deep and empty sequences."""

import copy

from pydicom import Dataset, Sequence

CREATOR = "ONTARIO CONFORMANCE"
DEPTH = 4


def rich(dataset: Dataset) -> Dataset:
    """Return a copy with private elements of two creators, rare standard elements and nested sequences (PS3.5 7.5, 7.8.1)."""
    enriched = copy.deepcopy(dataset)
    for group, creator in ((0x0009, CREATOR), (0x0011, f"{CREATOR} 2")):
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
