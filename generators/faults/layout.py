"""Where the elements of an encoded data set lie, read independently of the library that wrote them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from generators.encoding import Encoded
from generators.errors import GeneratorError

_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Place:
    """One element at the top of a data set: its bytes are data[start:end], its value data[value:end]. `vr` is empty in Implicit VR."""

    tag: BaseTag
    vr: bytes
    start: int
    value: int
    end: int


def places(data: bytes, syntax: UID) -> Iterator[Place]:
    """Walk the elements at the top. An element of undefined length is taken to be the last: only compressed pixels are written so."""
    order = "<" if syntax.is_little_endian else ">"
    start = 0
    while start < len(data):
        group, element = struct.unpack_from(f"{order}HH", data, start)
        vr, value, length = _header(data, start, order, implicit=syntax.is_implicit_VR)
        end = len(data) if length == UNDEFINED else value + length
        yield Place(Tag(group, element), vr, start, value, end)
        start = end


def locate(encoded: Encoded, tag: BaseTag) -> Place:
    """Find one element at the top; GeneratorError where it is absent."""
    for place in places(encoded.data, UID(encoded.transfer_syntax_uid)):
        if place.tag == tag:
            return place
    raise GeneratorError(f"{tag} is not in the data set", where=encoded.sop_instance_uid)


def raw_elements(encoded: Encoded) -> dict[BaseTag, bytes]:
    """Give the bytes of every element at the top, header included."""
    return {place.tag: encoded.data[place.start : place.end] for place in places(encoded.data, UID(encoded.transfer_syntax_uid))}


def _header(data: bytes, start: int, order: str, *, implicit: bool) -> tuple[bytes, int, int]:
    if implicit:
        return b"", start + 8, struct.unpack_from(f"{order}I", data, start + 4)[0]
    vr = data[start + 4 : start + 6]
    if vr in _LONG:
        return vr, start + 12, struct.unpack_from(f"{order}I", data, start + 8)[0]
    return vr, start + 8, struct.unpack_from(f"{order}H", data, start + 6)[0]
