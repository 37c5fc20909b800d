"""Words in big endian data sets: pydicom writes their bytes as it is given them."""

from collections.abc import Mapping

from pydicom import DataElement, Dataset, config
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian
from pydicom.valuerep import VR

WORDS: Mapping[str, int] = {VR.OW: 2, VR.OF: 4, VR.OL: 4, VR.OD: 8, VR.OV: 8}
"""Bytes of one word in the VRs that a change of byte order turns round (PS3.5 7.3)."""


def swap(data: bytes, width: int) -> bytes:
    """Turn each word of `width` bytes round. Bytes past the last whole word stay."""
    whole = len(data) // width * width
    turned = bytearray(data)
    for place in range(width):
        turned[place:whole:width] = data[width - 1 - place : whole : width]
    return bytes(turned)


def swapped_words(dataset: Dataset) -> Dataset:
    """Copy a data set, with every word turned round, in sequence items too."""
    turned = Dataset()
    for element in dataset:
        turned[element.tag] = _swapped(element)
    return turned


def little_endian(dataset: Dataset) -> Dataset:
    """Give a decoded data set with its words in little endian order: itself, or a copy where it was read in big endian."""
    meta = getattr(dataset, "file_meta", None)
    if meta is None or meta.get("TransferSyntaxUID") != ExplicitVRBigEndian:
        return dataset
    turned = swapped_words(dataset)
    turned.file_meta = FileMetaDataset()
    turned.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return turned


def _swapped(element: DataElement) -> DataElement:
    if element.VR == VR.SQ:
        return DataElement(element.tag, VR.SQ, Sequence([swapped_words(item) for item in element.value]))
    if element.VR in WORDS and element.value:
        data = swap(element.value, WORDS[element.VR])
        return DataElement(element.tag, element.VR, data, validation_mode=config.IGNORE)
    return element
