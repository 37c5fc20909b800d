"""The elements of a data set as their bytes stand, before anything decodes them.

pydicom decodes a value where it is first asked for, in place, and never tells what it forgave; so what is judged by its bytes
(UIDs, text) is looked at first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement

_MOST_ELEMENTS = 50_000
_CHARACTER_SET = 0x00080005


@dataclass(frozen=True, slots=True)
class Raw:
    """One element that holds no items: its path, its VR, its bytes, and the character set in force where it stands."""

    path: str
    vr: str
    value: bytes
    declared: bytes


def raw_values(dataset: Dataset) -> Iterator[Raw]:
    """Walk a data set and the items in it, up to a bound; what is too long to be in memory is passed over."""
    for number, raw in enumerate(_walk(dataset, "", b"")):
        if number == _MOST_ELEMENTS:
            return
        yield raw


def _walk(dataset: Dataset, prefix: str, declared: bytes) -> Iterator[Raw]:
    declared = _declared(dataset, declared)
    for tag in sorted(dataset.keys()):
        held = cast(DataElement | RawDataElement, dataset.get_item(tag))
        path = f"{prefix}({tag.group:04X},{tag.element:04X})"
        vr = _vr(held) if isinstance(held, RawDataElement) else str(held.VR)
        if vr == "SQ":
            for item in dataset[tag].value or ():
                yield from _walk(item, f"{path}[].", declared)
        elif isinstance(held, RawDataElement) and held.value:
            yield Raw(path, vr, bytes(held.value), declared)


def _declared(dataset: Dataset, inherited: bytes) -> bytes:
    """Read (0008,0005) of a data set or an item; an item without one has that of what holds it (PS3.3 C.12.1.1.2)."""
    held = dataset.get_item(_CHARACTER_SET) if _CHARACTER_SET in dataset.keys() else None  # noqa: SIM118 - asks for no element
    if held is None:
        return inherited
    value = held.value or b""
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else "\\".join(value)).encode("ascii", "replace")


def _vr(held: RawDataElement) -> str:
    if held.VR and held.VR != "UN":
        return str(held.VR)
    try:
        return "" if held.tag.is_private else dictionary_VR(held.tag)
    except KeyError:
        return ""
