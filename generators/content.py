"""The one definition of "same content": what an archive may change in an object without changing what it says.

Ignored are group lengths, data set trailing padding, empty elements against absent ones where the element is Type 3, the form
of lengths, the character set that the text is encoded in, UN against the known VR, and the encoding of pixels that decode alike.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import VR, PersonName

from generators.byteorder import little_endian
from generators.leniency import lenient
from generators.pixels import FOLLOWS_SYNTAX, PIXELS, digest_of, syntax_of

TRAILING_PADDING = Tag(0xFFFC, 0xFFFC)
CHARACTER_SET = Tag(0x0008, 0x0005)
_LONGEST = 120
_BINARY = {VR.OB, VR.OW, VR.OF, VR.OD, VR.OL, VR.OV, VR.UN, VR.OB_OW}
_NUMBERS = {VR.DS, VR.IS}

# Type 1 or 2 in the modules that every composite IOD or every image has: here an empty element does not equal an absent one.
REQUIRED = frozenset(
    Tag(keyword)
    for keyword in [
        "SOPClassUID",
        "SOPInstanceUID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyDate",
        "StudyTime",
        "StudyID",
        "AccessionNumber",
        "ReferringPhysicianName",
        "Modality",
        "SeriesNumber",
        "InstanceNumber",
        "Manufacturer",
        "FrameOfReferenceUID",
        "PositionReferenceIndicator",
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "PixelData",
        "NumberOfFrames",
        "ImageType",
    ]
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that differs. `path` is like `(0040,0275)[0].(0040,1001)`, `a` and `b` are its values as text, None where absent."""

    path: str
    a: str | None
    b: str | None

    def __str__(self) -> str:
        return f"{self.path}: {_shown(self.a)} against {_shown(self.b)}"


def differences(a: Dataset, b: Dataset) -> list[Difference]:
    """List what two data sets do not say alike, in tag order. Empty means: the same content.

    Both are decoded data sets, with file meta information where their transfer syntaxes differ.
    """
    with lenient():
        a, b = little_endian(a), little_endian(b)
        found = list(_compare(a, b, ""))
    return [difference for difference in found if _counts(difference, found, a, b)]


def path_of(tag: BaseTag) -> str:
    """Write a tag as a path writes it: `(0010,0020)`."""
    return f"({tag.group:04X},{tag.element:04X})"


def _counts(difference: Difference, found: list[Difference], a: Dataset, b: Dataset) -> bool:
    """The character set is a difference only where text reads differently; what describes the encoding follows the syntax."""
    if difference.path == path_of(CHARACTER_SET):
        return any(other.path != difference.path for other in found)
    return not (difference.path in FOLLOWS_SYNTAX and syntax_of(a) != syntax_of(b))


def _compare(a: Dataset, b: Dataset, prefix: str) -> Iterator[Difference]:
    for tag in sorted({*a.keys(), *b.keys()}):
        if tag.element == 0 or tag == TRAILING_PADDING:
            continue
        path = prefix + path_of(tag)
        if tag == PIXELS and not prefix:
            yield from _compare_pixels(a, b, path)
        else:
            yield from _compare_elements(_element(a, tag), _element(b, tag), path)


def _element(dataset: Dataset, tag: BaseTag) -> DataElement | None:
    found: DataElement | None = dataset.get(tag)
    return found


def _compare_pixels(a: Dataset, b: Dataset, path: str) -> Iterator[Difference]:
    left, right = (digest_of(dataset, decoded=syntax_of(a) != syntax_of(b)) for dataset in (a, b))
    if left != right:
        yield Difference(path, left, right)


def _compare_elements(a: DataElement | None, b: DataElement | None, path: str) -> Iterator[Difference]:
    if a is None or b is None:
        present = a if a is not None else b
        assert present is not None
        if present.tag in REQUIRED or not _is_empty(present):
            yield Difference(path, _text(a), _text(b))
        return
    a, b = _known(a, b), _known(b, a)
    if a.VR == VR.SQ and b.VR == VR.SQ:
        yield from _compare_sequences(a.value, b.value, path)
    elif _values(a) != _values(b):
        yield Difference(path, _text(a), _text(b))


def _compare_sequences(a: Sequence, b: Sequence, path: str) -> Iterator[Difference]:
    if len(a) != len(b):
        yield Difference(path, f"{len(a)} items", f"{len(b)} items")
    for place, (left, right) in enumerate(zip(a, b, strict=False)):
        yield from _compare(left, right, f"{path}[{place}].")


def _known(element: DataElement, other: DataElement) -> DataElement:
    """Read an element of VR UN in the VR that the other side knows (PS3.5 6.2.2: UN is encoded as Implicit VR Little Endian)."""
    if element.VR != VR.UN or other.VR == VR.UN or not isinstance(element.value, bytes):
        return element
    raw = RawDataElement(element.tag, str(other.VR), len(element.value), element.value, 0, True, True)
    return convert_raw_data_element(raw, encoding=["utf8"])


def _is_empty(element: DataElement) -> bool:
    return not element.value if element.VR == VR.SQ else element.is_empty


def _values(element: DataElement) -> list[object]:
    value = element.value
    if element.VR in _BINARY:
        return [_digest(value)]
    several = value if isinstance(value, (list, tuple)) or element.VM > 1 else [value]
    return [] if element.is_empty else [partial(_value, element.VR)(single) for single in several]


def _value(vr: str, value: Any) -> object:
    """Give what a value says (PS3.5 6.2): a number its value, text without padding, a name its groups without trailing delimiters."""
    if vr in _NUMBERS:
        return _number(value)
    if vr == VR.FL:
        return struct.pack("<f", value)
    if isinstance(value, PersonName):
        return tuple(group.rstrip("^ ") for group in str(value).rstrip("=").split("="))
    return value.rstrip(" \0") if isinstance(value, str) else value


def _number(value: Any) -> object:
    try:
        return float(value)
    except ValueError:
        return str(value).strip()


def _digest(value: Any) -> str:
    """Bytes without the padding to even length."""
    data = bytes(value or b"")
    return hashlib.sha256(data.rstrip(b"\0") if len(data) % 2 == 0 else data).hexdigest()


def _text(element: DataElement | None) -> str | None:
    if element is None:
        return None
    if element.VR == VR.SQ:
        return f"{len(element.value)} items"
    if element.VR in _BINARY:
        return f"{len(element.value or b'')} bytes, sha256 {_digest(element.value)[:16]}"
    return "" if element.is_empty else str(element.value)


def _shown(text: str | None) -> str:
    if text is None:
        return "absent"
    return repr(text) if len(text) <= _LONGEST else f"{text[:_LONGEST]!r}... ({len(text)} characters)"
