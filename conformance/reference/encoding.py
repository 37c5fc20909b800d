"""Data sets as bytes: a strict reader and a writer (PS3.5 7).

pydicom reads what it can and keeps silent about the rest; an archive that answers for what it stores may not. This reader
checks every length against the bytes that are there, every value representation, and the order of the elements. Values stay
bytes: nothing is converted, so nothing is repaired.
"""

import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from pydicom.datadict import dictionary_VR

from conformance.reference.errors import UndecodableDataSet
from conformance.reference.syntax import EXPLICIT, IMPLICIT, Syntax, deflate, inflate

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
PIXEL_REPRESENTATION = 0x00280103

# PS3.5 7.1.2: these have a 32-bit length in explicit VR.
LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
SHORT = frozenset(
    {"AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"}
)
# PS3.5 7.3: how many bytes are swapped together between the byte orderings.
WIDTH = {"AT": 2, "US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "OL": 4, "OF": 4, "FD": 8, "OD": 8, "SV": 8, "UV": 8, "OV": 8}
# No real object nests deeper; a hostile one would end in a RecursionError.
MAX_DEPTH = 64


@dataclass(slots=True)
class Element:
    """One element: its value as the bytes sent, or its items. `open` = the length was undefined (encapsulated pixel data)."""

    vr: str
    value: bytes = b""
    items: "list[DataSet] | None" = None
    open: bool = False


DataSet = dict[int, Element]


def decode(data: bytes, syntax: Syntax) -> DataSet:
    """Read a whole data set. Raises UndecodableDataSet where the bytes contradict the syntax or themselves."""
    plain = inflate(data) if syntax.deflated else data
    try:
        return _Reader(plain, syntax).elements(0, len(plain), depth=0)[0]
    except struct.error as short:
        raise UndecodableDataSet("the data set ends inside an element header") from short


def encode(dataset: DataSet, syntax: Syntax) -> bytes:
    """Write a data set whose values are Little Endian bytes in another native syntax; sequences get a defined length."""
    signed = dataset[PIXEL_REPRESENTATION].value[:1] == b"\1" if PIXEL_REPRESENTATION in dataset else False
    plain = b"".join(_written(tag, dataset[tag], syntax, signed) for tag in sorted(dataset))
    return deflate(plain) if syntax.deflated else plain


def to_little_endian(dataset: DataSet) -> DataSet:
    """Swap the values of a Big Endian data set, at every depth, to the ordering that the writer starts from."""
    return {tag: _swapped_element(element) for tag, element in dataset.items()}


@lru_cache(maxsize=4096)
def dictionary_vr(tag: int) -> str:
    """Look up the value representation of a tag in PS3.6; private creators are LO, unknown elements UN (PS3.5 7.8.1)."""
    if tag & 0xFFFF == 0:
        return "UL"
    if tag >> 16 & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return "UN"


def readable(data: bytes, syntax: Syntax) -> DataSet:
    """Read the elements before the first that is cut off or broken, as careless archives do."""
    reader, found, at = _Reader(data, syntax), {}, 0
    with suppress(UndecodableDataSet, struct.error):
        while at < len(data):
            tag, vr, length, at = reader._header(at)
            found[tag], at = reader._element(tag, vr, length, at, len(data), depth=0)
    return found


class _Reader:
    """Walks the bytes of one data set; positions are offsets into them."""

    def __init__(self, data: bytes, syntax: Syntax) -> None:
        self.data, self.explicit = data, syntax.explicit
        order = "<" if syntax.little else ">"
        self._tag, self._long, self._short = (struct.Struct(order + form) for form in ("HH", "L", "H"))

    def elements(self, at: int, end: int, depth: int) -> tuple[DataSet, int]:
        """Read elements up to `end`, or up to an item delimiter where the item has no length."""
        if depth > MAX_DEPTH:
            raise UndecodableDataSet("sequences are nested too deep")
        found: DataSet = {}
        previous = 0x0002FFFF  # PS3.5 7.1: command and file meta groups are no part of a data set
        while at < end:
            tag, vr, length, at = self._header(at)
            if tag == ITEM_END and depth:
                return found, at
            if tag <= previous or tag >> 16 == 0xFFFE:
                raise UndecodableDataSet(f"element {_shown(tag)} is out of order")
            previous = tag
            found[tag], at = self._element(tag, vr, length, at, end, depth)
        return found, at

    def _header(self, at: int) -> tuple[int, str, int, int]:
        group, number = self._tag.unpack_from(self.data, at)
        tag = group << 16 | number
        if group == 0xFFFE or not self.explicit:
            return tag, "" if group == 0xFFFE else dictionary_vr(tag), self._long.unpack_from(self.data, at + 4)[0], at + 8
        vr = self.data[at + 4 : at + 6].decode("latin-1")
        if vr in SHORT:
            return tag, vr, self._short.unpack_from(self.data, at + 6)[0], at + 8
        if vr in LONG:
            return tag, vr, self._long.unpack_from(self.data, at + 8)[0], at + 12
        raise UndecodableDataSet(f"element {_shown(tag)} has no value representation of PS3.5 6.2")

    def _element(self, tag: int, vr: str, length: int, at: int, end: int, depth: int) -> tuple[Element, int]:
        if length != UNDEFINED:
            stop = at + length
            if stop > end:
                raise UndecodableDataSet(f"element {_shown(tag)} is longer than the data set")
            if vr == "SQ":
                return Element(vr, items=self._items(at, stop, depth)[0]), stop
            return Element(vr, self.data[at:stop]), stop
        if tag == PIXEL_DATA:
            stop = self._fragments_end(at, end)
            return Element(vr, self.data[at:stop], open=True), stop
        if vr == "UN" and self.explicit:  # PS3.5 6.2.2 note 3: its items are Implicit VR Little Endian
            items, stop = _Reader(self.data, IMPLICIT)._items(at, end, depth, delimited=True)
            return Element("SQ", items=items), stop
        if vr not in ("SQ", "UN"):
            raise UndecodableDataSet(f"element {_shown(tag)} may not have an undefined length")
        items, stop = self._items(at, end, depth, delimited=True)
        return Element("SQ", items=items), stop

    def _items(self, at: int, end: int, depth: int, *, delimited: bool = False) -> tuple[list[DataSet], int]:
        items: list[DataSet] = []
        while at < end:
            tag, _, length, at = self._header(at)
            if tag == SEQUENCE_END and delimited:
                return items, at
            if tag != ITEM:
                raise UndecodableDataSet(f"a sequence holds {_shown(tag)} where an item belongs")
            item, at = self._item(at, end, length, depth)
            items.append(item)
        if delimited:
            raise UndecodableDataSet("a sequence has no end")
        return items, at

    def _item(self, at: int, end: int, length: int, depth: int) -> tuple[DataSet, int]:
        stop = end if length == UNDEFINED else at + length
        if stop > end:
            raise UndecodableDataSet("an item is longer than its sequence")
        item, at = self.elements(at, stop, depth + 1)
        if length == UNDEFINED and self._tag.unpack_from(self.data, at - 8) != (0xFFFE, 0xE00D):
            raise UndecodableDataSet("an item has no end")
        if length != UNDEFINED and at != stop:
            raise UndecodableDataSet("an item ends before its length")
        return item, at

    def _fragments_end(self, at: int, end: int) -> int:
        while at < end:
            tag, _, length, at = self._header(at)
            if tag == SEQUENCE_END:
                return at
            if tag != ITEM or at + length > end:
                raise UndecodableDataSet("the fragments of the pixel data are cut off or broken")
            at += length
        raise UndecodableDataSet("the encapsulated pixel data have no end")


def _written(tag: int, element: Element, syntax: Syntax, signed: bool) -> bytes:
    order = "<" if syntax.little else ">"
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    vr = _unambiguous(tag, element.vr, signed)
    value = _value_bytes(element, vr, syntax)
    length = UNDEFINED if element.open else len(value)
    if not syntax.explicit:
        return head + struct.pack("<L", length) + value
    if vr not in LONG and length > 0xFFFF:
        vr = "UN"  # PS3.5 6.2.2: a value too long for its VR's 16-bit length
    if vr in LONG:
        return head + vr.encode() + b"\0\0" + struct.pack(order + "L", length) + value
    return head + vr.encode() + struct.pack(order + "H", length) + value


def _value_bytes(element: Element, vr: str, syntax: Syntax) -> bytes:
    if element.items is not None:
        return b"".join(_written_item(item, syntax) for item in element.items)
    value = element.value if syntax.little else swapped(element.value, vr)
    return value + (b" " if vr in ("LO", "SH", "PN", "CS", "DA", "TM", "LT", "ST", "UT", "UC") else b"\0") * (len(value) % 2)


def _written_item(item: DataSet, syntax: Syntax) -> bytes:
    body = b"".join(_written(tag, item[tag], syntax, signed=False) for tag in sorted(item))
    order = "<" if syntax.little else ">"
    return struct.pack(order + "HHL", 0xFFFE, 0xE000, len(body)) + body


def _unambiguous(tag: int, vr: str, signed: bool) -> str:
    """Settle the VRs that PS3.6 leaves open, which an implicit data set does not state (PS3.5 A.1)."""
    if " or " not in vr:
        return vr
    if tag == PIXEL_DATA or "OW" in vr:
        return "OW"
    return "SS" if signed else "US"


def _swapped_element(element: Element) -> Element:
    if element.items is not None:
        return Element(element.vr, items=[to_little_endian(item) for item in element.items])
    return Element(element.vr, swapped(element.value, element.vr), open=element.open)


def swapped(value: bytes, vr: str) -> bytes:
    """Turn the byte ordering of a value round, in the units of its VR (PS3.5 7.3)."""
    width = WIDTH.get(vr)
    if width is None or len(value) % width:
        return value
    turned = bytearray(len(value))
    for place in range(width):
        turned[place::width] = value[width - 1 - place :: width]
    return bytes(turned)


def part10_header(sop_class: str, sop_instance: str, transfer_syntax: str, implementation: str) -> bytes:
    """Write preamble and file meta information, so that the data set's own bytes can follow untouched (PS3.10 7.1)."""
    values: Iterable[tuple[int, str, bytes]] = (
        (0x00020001, "OB", b"\0\1"),
        (0x00020002, "UI", sop_class.encode()),
        (0x00020003, "UI", sop_instance.encode()),
        (0x00020010, "UI", transfer_syntax.encode()),
        (0x00020012, "UI", implementation.encode()),
    )
    meta = encode({tag: Element(vr, value) for tag, vr, value in values}, EXPLICIT)
    length = encode({0x00020000: Element("UL", struct.pack("<L", len(meta)))}, EXPLICIT)
    return b"\0" * 128 + b"DICM" + length + meta


def _shown(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
