"""Objects for the tests of the embedded archive, encoded by pydicom: not by the archive's own writer."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

CT = str(CTImageStorage)
MR = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT, IMPLICIT = str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian)
BIG, DEFLATED = str(ExplicitVRBigEndian), str(DeflatedExplicitVRLittleEndian)
ROOT = "2.25.990"

_serial = count(1)

Change = Callable[[Dataset], object]


@dataclass(frozen=True)
class Instance:
    """A data set as bytes, and what a C-STORE command says about it."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data: bytes


def uid() -> str:
    """Give a UID that no other test has."""
    return f"{ROOT}.{next(_serial)}"


def image(**values: Any) -> Dataset:
    """Make a small CT image of a patient and study of its own; `values` replace attributes by keyword."""
    number = next(_serial)
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = CT, uid()
    dataset.StudyDate, dataset.StudyTime = "20260424", "101500"
    dataset.AccessionNumber, dataset.Modality = f"ACC{number}", "CT"
    dataset.ReferringPhysicianName, dataset.StudyDescription = "REFERRER^SYNTHETIC", "CT HEAD"
    dataset.PatientName, dataset.PatientID = "TEST^SYNTHETIC", f"SYN{number}"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "O"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid(), uid()
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = f"S{number}", "1", "1"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = bytes(range(128))
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def study(instances: int, *, series: int = 1, **values: Any) -> list[Dataset]:
    """Make the images of one study, spread evenly over its series."""
    first = image(**values)
    series_uids = [uid() for _ in range(series)]
    made = []
    for number in range(instances):
        place, own = number % series, str(number + 1)
        made.append(sibling(first, SeriesInstanceUID=series_uids[place], SeriesNumber=str(place + 1), InstanceNumber=own))
    return made


def sibling(first: Dataset, **values: Any) -> Dataset:
    """Make another image of the same series, unless `values` say otherwise."""
    shared = ("PatientID", "PatientName", "StudyInstanceUID", "SeriesInstanceUID", "AccessionNumber", "StudyID", "StudyDate", "StudyTime")
    return image(**{keyword: first[keyword].value for keyword in shared} | values)


def without(*keywords: str) -> Change:
    """Make the change that takes attributes away."""

    def change(dataset: Dataset) -> None:
        for keyword in keywords:
            delattr(dataset, keyword)

    return change


def encoded(dataset: Dataset, syntax: str = EXPLICIT) -> Instance:
    """Encode in one of the native transfer syntaxes; pixel values are swapped for Big Endian, which pydicom leaves to its caller."""
    if syntax == BIG:
        dataset.PixelData = b"".join(dataset.PixelData[at + 1 : at - 1 if at else None : -1] for at in range(0, len(dataset.PixelData), 2))
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = syntax == IMPLICIT, syntax != BIG
    write_dataset(stream, dataset)
    data = stream.getvalue()
    if syntax == DEFLATED:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data = packer.compress(data) + packer.flush()
        data += b"\0" * (len(data) % 2)
    return Instance(str(dataset.get("SOPClassUID", CT)), str(dataset.get("SOPInstanceUID", "")) or uid(), syntax, data)
