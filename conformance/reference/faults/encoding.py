"""Faults of transfer syntaxes: what is accepted, and what is kept of it.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pynetdicom.presentation import PresentationContext

from conformance.reference.archive import Parts
from conformance.reference.door import STORAGE, Door
from conformance.reference.encoding import ITEM, PIXEL_DATA, DataSet, Element
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.intake import Intake
from conformance.reference.keys import tag_of
from conformance.reference.rules import Candidate
from conformance.reference.syntax import STORABLE
from conformance.reference.transcoding import TARGETS

JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
_RADIOFLUOROSCOPY, _REPORTS = "1.2.840.10008.5.1.4.1.1.12.2", "1.2.840.10008.5.1.4.1.1.88."
PARSER_DEPTH = 6  # levels of sequences that the parser of one fault follows
NO_CLASS = "2.25.310458246739824793746534657936453219899"
OPEN_CONTENT = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff"  # the head of a Content Sequence of undefined length, in Explicit VR

FRAMES, CONTENT = tag_of("NumberOfFrames"), tag_of("ContentSequence")


class Rewrites(Intake):
    """Keeps objects of explicit syntaxes as somebody's parser wrote them anew."""

    def stored_bytes(self, candidate: Candidate) -> bytes:
        changed = self.changed(candidate)
        return candidate.data if changed is None else self.rewritten(candidate, changed)

    def changed(self, _candidate: Candidate, /) -> DataSet | None:
        """What is kept instead of the object; None leaves it as it came."""
        return None


class PrivateUnknown(Rewrites):
    """Stores through Implicit VR, which has no value representations for private elements."""

    def changed(self, candidate: Candidate) -> DataSet | None:
        if candidate.syntax.uid != TARGETS[0]:
            return None
        return {tag: self.unknown(element) if tag >> 16 & 1 else element for tag, element in candidate.dataset.items()}

    def unknown(self, element: Element) -> Element:
        return element if element.items is not None else replace(element, vr="UN")


class DoublesDropped(Rewrites):
    """Reads Explicit VR with a list of value representations that is older than FD; Implicit VR it reads with a newer dictionary."""

    def changed(self, candidate: Candidate) -> DataSet | None:
        return {tag: one for tag, one in candidate.dataset.items() if one.vr != "FD"} if candidate.syntax.uid == TARGETS[0] else None


class PrivateInItemsDropped(Rewrites):
    def changed(self, candidate: Candidate) -> DataSet | None:
        items_lost = {
            tag: replace(one, items=[self.public(item) for item in one.items]) for tag, one in candidate.dataset.items() if one.items
        }
        return None if candidate.syntax.encapsulated else candidate.dataset | items_lost

    def public(self, item: DataSet) -> DataSet:
        return {tag: element for tag, element in item.items() if not tag >> 16 & 1}


class ShallowParser(Rewrites):
    """Follows the content of a report six levels down."""

    def changed(self, candidate: Candidate) -> DataSet | None:
        return self.cut(candidate.dataset, PARSER_DEPTH) if candidate.command_class.startswith(_REPORTS) else None

    def cut(self, dataset: DataSet, levels: int) -> DataSet:
        content = dataset.get(CONTENT)
        if content is None or content.items is None:
            return dataset
        items = [self.cut(item, levels - 1) for item in content.items] if levels else []
        return dataset | {CONTENT: replace(content, items=items)}


class FragmentsAreFrames(Intake):
    """Counts the fragments of compressed pixel data for its frames."""

    def stored_bytes(self, candidate: Candidate) -> bytes:
        pixels = candidate.dataset.get(PIXEL_DATA)
        if FRAMES not in candidate.dataset or pixels is None or not pixels.open:
            return candidate.data
        count = f"{fragments(pixels.value)}".encode()
        return self.rewritten(candidate, candidate.dataset | {FRAMES: Element("IS", count + b" " * (len(count) % 2))})


def fragments(value: bytes) -> int:
    """Count the fragments after the offset table."""
    at, count = 0, -1
    while struct.unpack_from("<HH", value, at) == (ITEM >> 16, ITEM & 0xFFFF):
        at += 8 + int(struct.unpack_from("<L", value, at + 4)[0])
        count += 1
    return count


class EmptiesOpenSequences(Rewrites):
    """Takes the undefined length of a report's content for no content."""

    def changed(self, candidate: Candidate) -> DataSet | None:
        return candidate.dataset | {CONTENT: Element("SQ", items=[])} if OPEN_CONTENT in candidate.data else None


class RefusesTheClass(Door):
    """Says of a syntax that it does not know that the class is not supported."""

    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        for context in proposed:
            if not set(context.transfer_syntax) & set(STORABLE):
                context.abstract_syntax = NO_CLASS
        return super().contexts(proposed)


class NoJpegLossless(Door):
    def syntaxes(self, abstract_syntax: str) -> tuple[str, ...]:
        offered = super().syntaxes(abstract_syntax)
        return tuple(uid for uid in offered if uid != JPEG_LOSSLESS_SV1) if abstract_syntax in STORAGE else offered


class FluoroscopyImplicitOnly(Door):
    def syntaxes(self, abstract_syntax: str) -> tuple[str, ...]:
        offered = super().syntaxes(abstract_syntax)
        return tuple(uid for uid in offered if uid != TARGETS[0]) if abstract_syntax == _RADIOFLUOROSCOPY else offered


ENCODING_FAULTS: tuple[Fault, ...] = (
    Fault(
        "private-values-become-unknown",
        "private elements of explicit objects are kept with VR UN",
        Parts(intake=PrivateUnknown),
        breaks=rows("XFER-01"),
    ),
    Fault(
        "doubles-of-explicit-objects-dropped",
        "elements of VR FD in the main data set are kept of objects in Implicit VR only",
        Parts(intake=DoublesDropped),
        breaks=rows("XFER-01"),
    ),
    Fault(
        "explicit-vr-refused-for-fluoroscopy",
        "radiofluoroscopy is refused in Explicit VR Little Endian",
        Parts(door=FluoroscopyImplicitOnly),
        breaks=rows("XFER-01"),
    ),
    Fault(
        "jpeg-lossless-refused",
        "JPEG Lossless is declared and not accepted",
        Parts(door=NoJpegLossless),
        breaks=rows("DOC-02"),
        warns=rows("XFER-02"),
    ),
    Fault(
        "private-elements-in-items-dropped",
        "private elements inside sequences are not kept",
        Parts(intake=PrivateInItemsDropped),
        breaks=rows("XFER-09"),
    ),
    Fault(
        "open-sequences-emptied",
        "a sequence of undefined length is kept without its items",
        Parts(intake=EmptiesOpenSequences),
        breaks=rows("XFER-10"),
    ),
    Fault(
        "class-refused-for-its-syntax",
        "a context in an unknown transfer syntax is refused with result 3, abstract syntax not supported",
        Parts(door=RefusesTheClass),
        warns=rows("XFER-13"),
    ),
    Fault(
        "fragments-counted-as-frames",
        "Number of Frames becomes the number of fragments",
        Parts(intake=FragmentsAreFrames),
        breaks=rows("XFER-12"),
    ),
    Fault("parser-of-fixed-depth", "reports are cut at six levels", Parts(intake=ShallowParser), breaks=rows("XFER-10")),
)
