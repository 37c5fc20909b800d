"""Single changes of a data set or of its bytes, from which the table of faults is made."""

import struct
from collections.abc import Callable

from pydicom import DataElement, Dataset, config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from generators.content import path_of
from generators.elements import put
from generators.encoding import Encoded
from generators.errors import GeneratorError
from generators.faults.fault import Change, Damage
from generators.faults.layout import Place, locate


def tag_of(keyword: str) -> BaseTag:
    """Give the tag of a keyword; GeneratorError where PS3.6 has none."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise GeneratorError(f"{keyword!r} is not a keyword of PS3.6")
    return Tag(tag)


def path(*keywords: str) -> str:
    """Give the path of a keyword, or of one in the first items of the sequences before it."""
    return "[0].".join(path_of(tag_of(keyword)) for keyword in keywords)


def drop(*keywords: str) -> Change:
    """Take an element away, at the top or in the first items of the sequences before it."""

    def change(dataset: Dataset) -> None:
        holder = _first_item(dataset, keywords[:-1])
        del holder[keywords[-1]]

    return change


def drop_all(*paths: tuple[str, ...]) -> Change:
    """Take several elements away, each as `drop` does."""

    def change(dataset: Dataset) -> None:
        for keywords in paths:
            drop(*keywords)(dataset)

    return change


def write(keyword: str, value: object) -> Change:
    """Put this value, whatever it is."""

    def change(dataset: Dataset) -> None:
        put(dataset, **{keyword: value})

    return change


def write_in(keywords: tuple[str, ...], value: object) -> Change:
    """Put this value into the first items of the sequences before the last keyword."""

    def change(dataset: Dataset) -> None:
        put(_first_item(dataset, keywords[:-1]), **{keywords[-1]: value})

    return change


def add_private(group: int, element: int, vr: str, value: object) -> Change:
    """Put an element that PS3.6 does not have."""

    def change(dataset: Dataset) -> None:
        dataset[Tag(group, element)] = DataElement(Tag(group, element), vr, value, validation_mode=config.IGNORE)

    return change


def alter(keyword: str, how: Callable[[Dataset], object]) -> Change:
    """Put a value that is worked out from the data set."""

    def change(dataset: Dataset) -> None:
        put(dataset, **{keyword: how(dataset)})

    return change


def rewrite(keyword: str, value: bytes) -> Damage:
    """Write these bytes as the value of an element, even where no library would."""

    def damage(encoded: Encoded) -> bytes:
        place = locate(encoded, tag_of(keyword))
        return splice(encoded, place, value)

    return damage


def cut_out(keyword: str) -> Damage:
    """Take an element out of the bytes, without what a library would change on the way."""

    def damage(encoded: Encoded) -> bytes:
        place = locate(encoded, tag_of(keyword))
        return encoded.data[: place.start] + encoded.data[place.end :]

    return damage


def splice(encoded: Encoded, place: Place, value: bytes, *, length: int | None = None) -> bytes:
    """Give the data set with another value at a place. `length` is what the header then says; its true length by default."""
    header = header_of(encoded, place.tag, place.vr, len(value) if length is None else length)
    return encoded.data[: place.start] + header + value + encoded.data[place.end :]


def header_of(encoded: Encoded, tag: BaseTag, vr: bytes, length: int) -> bytes:
    """Give tag, VR and length as the syntax of the data set writes them."""
    syntax = UID(encoded.transfer_syntax_uid)
    order = "<" if syntax.is_little_endian else ">"
    numbers = struct.pack(f"{order}HH", tag.group, tag.element)
    if syntax.is_implicit_VR:
        return numbers + struct.pack(f"{order}I", length)
    if vr in _LONG_FORM:
        return numbers + vr + struct.pack(f"{order}HI", 0, length)
    return numbers + vr + struct.pack(f"{order}H", length)


_LONG_FORM = frozenset((b"OB", b"OW", b"SQ", b"UN", b"UT"))


def vr_of(keyword: str) -> bytes:
    """Give the VR of a keyword as bytes."""
    return dictionary_VR(keyword).encode()


def _first_item(dataset: Dataset, keywords: tuple[str, ...]) -> Dataset:
    for keyword in keywords:
        dataset = dataset[keyword].value[0]
    return dataset
