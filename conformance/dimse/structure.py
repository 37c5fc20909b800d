"""The structure of an encoded data set, checked before pydicom reads it.

pydicom guesses the encoding where the bytes do not fit the transfer syntax, and reads a value that is cut short as a shorter one.
Both are what a peer must not do (PS3.5 7.1, 10.1), so elements are walked here by the one syntax that was accepted.
"""

import struct
from dataclasses import dataclass

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_DATA = 0x7FE00010
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT"}
    | {b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
)


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    vr: bytes
    length: int
    start: int


@dataclass(frozen=True, slots=True)
class Walk:
    """A data set to be walked: its bytes and how its transfer syntax encodes elements."""

    data: bytes
    implicit: bool
    little_endian: bool

    def check(self) -> None:
        """Walk the whole data set. Raises ValueError saying where its structure breaks."""
        self._elements(0, len(self.data), until=None)

    def _elements(self, at: int, end: int, *, until: int | None) -> int:
        """Walk elements up to `end`, or to the delimiter `until`; gives the position after."""
        while at < end:
            element = self._header(at, end)
            if element.tag == until:
                return element.start
            at = self._skip(element, end)
        if until is not None:
            raise ValueError(f"an item of undefined length is not closed at byte {end}")
        return at

    def _header(self, at: int, end: int) -> _Element:
        if end - at < 8:
            raise ValueError(f"{end - at} bytes at byte {at} are no element")
        group, number = struct.unpack_from(f"{self._order}HH", self.data, at)
        tag, vr = group << 16 | number, self.data[at + 4 : at + 6]
        if self.implicit or group == 0xFFFE:
            return _Element(tag, b"", self._number("I", at + 4), at + 8)
        if vr in _SHORT:
            return _Element(tag, vr, self._number("H", at + 6), at + 8)
        if vr not in _LONG or end - at < 12:
            raise ValueError(f"({group:04X},{number:04X}) at byte {at} has no value representation")
        return _Element(tag, vr, self._number("I", at + 8), at + 12)

    def _number(self, code: str, at: int) -> int:
        value: int = struct.unpack_from(f"{self._order}{code}", self.data, at)[0]
        return value

    @property
    def _order(self) -> str:
        return "<" if self.little_endian else ">"

    def _skip(self, element: _Element, end: int) -> int:
        if element.length == _UNDEFINED and element.tag == _PIXEL_DATA:
            return self._fragments(element.start, end)
        if element.length == _UNDEFINED:
            inner = Walk(self.data, True, True) if element.vr == b"UN" else self
            return inner._items(element.start, end)
        after = element.start + element.length
        if after > end:
            name = f"({element.tag >> 16:04X},{element.tag & 0xFFFF:04X})"
            raise ValueError(f"{name} of {element.length} bytes has {end - element.start} left")
        if element.vr == b"SQ":
            self._items(element.start, after, delimited=False)
        return after

    def _items(self, at: int, end: int, *, delimited: bool = True) -> int:
        """Walk the items of a sequence, up to its delimiter or, where its length is given, up to `end`."""
        while at < end:
            item = self._header(at, end)
            if delimited and item.tag == _SEQUENCE_END:
                return item.start
            if item.tag != _ITEM:
                raise ValueError(f"byte {at} is no item of a sequence")
            at = self._item(item, end)
        if delimited:
            raise ValueError(f"a sequence of undefined length is not closed at byte {end}")
        return at

    def _fragments(self, at: int, end: int) -> int:
        """Skip the fragments of compressed pixel data, whose bytes are no elements (PS3.5 A.4)."""
        while at < end:
            item = self._header(at, end)
            if item.tag == _SEQUENCE_END:
                return item.start
            at = item.start + item.length
            if item.tag != _ITEM or at > end:
                break
        raise ValueError(f"the fragments of the pixel data break at byte {at}")

    def _item(self, item: _Element, end: int) -> int:
        if item.length == _UNDEFINED:
            return self._elements(item.start, end, until=_ITEM_END)
        after = item.start + item.length
        if after > end:
            raise ValueError(f"an item of {item.length} bytes has {end - item.start} left")
        return self._elements(item.start, after, until=None)
