"""Faults of transfer syntaxes: what is accepted, what is kept of it, and what an object becomes on its way out.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from pydicom.encaps import encapsulate, generate_frames
from pynetdicom.presentation import PresentationContext

from conformance.reference.archive import Parts
from conformance.reference.door import STORAGE, Door
from conformance.reference.encoding import ITEM, PIXEL_DATA, SEQUENCE_END, DataSet, Element, decode, encode, swapped
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.keys import tag_of
from conformance.reference.retrieve import Outlet, Progress, Retriever
from conformance.reference.rules import Candidate
from conformance.reference.syntax import LOSSLESS, NATIVE, STORABLE, syntax_of
from conformance.reference.transcoding import TARGETS

BIG_ENDIAN, JPEG_BASELINE = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50"
JPEG_2000_LOSSLESS, JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.70"
_DIGITAL_RADIOGRAPHY, _REPORTS = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.88."
_RADIOFLUOROSCOPY = "1.2.840.10008.5.1.4.1.1.12.2"
PARSER_DEPTH = 6  # levels of sequences that the parser of one fault follows
END = struct.pack("<HHL", SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)
NO_CLASS = "2.25.310458246739824793746534657936453219899"
OPEN_CONTENT = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff"  # the head of a Content Sequence of undefined length, in Explicit VR
LOW_QUALITY = 40  # of 100
LOW_BITS = 0xFC  # what the tier of one fault keeps of each low byte

BITS_ALLOCATED, BITS_STORED, FRAMES = (tag_of(keyword) for keyword in ("BitsAllocated", "BitsStored", "NumberOfFrames"))
INTERPRETATION, LOSSY, CONTENT = (tag_of(k) for k in ("PhotometricInterpretation", "LossyImageCompression", "ContentSequence"))


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


class Alters(Retriever):
    """Delivers objects that somebody's transcoder has changed."""

    def payload(self, located: Located, syntax: str) -> bytes | None:
        data = super().payload(located, syntax)
        if data is None or not self.concerns(located, syntax):
            return data
        layout = syntax_of(syntax)
        return encode(self.altered(decode(data, layout)), layout)

    def concerns(self, located: Located, syntax: str) -> bool:
        """Whether the object is taken out of compression, into a native syntax."""
        return located.transfer_syntax_uid not in NATIVE and syntax in NATIVE

    def altered(self, dataset: DataSet) -> DataSet:
        return dataset


class SpreadsNarrowSamples(Alters):
    """Writes samples of 8 bits that are stored in 16 to the wrong half."""

    def altered(self, dataset: DataSet) -> DataSet:
        widths = [dataset[tag].value[:1] for tag in (BITS_ALLOCATED, BITS_STORED) if tag in dataset]
        if widths != [b"\x10", b"\x08"]:
            return dataset
        return dataset | {PIXEL_DATA: replace(dataset[PIXEL_DATA], value=swapped(dataset[PIXEL_DATA].value, "OW"))}


class CheaperTier(Alters):
    """Keeps digital radiography without its low bits, which nobody sees."""

    def concerns(self, located: Located, syntax: str) -> bool:
        return located.sop_class_uid == _DIGITAL_RADIOGRAPHY and syntax in TARGETS

    def altered(self, dataset: DataSet) -> DataSet:
        pixels = bytes(byte if place % 2 else byte & LOW_BITS for place, byte in enumerate(dataset[PIXEL_DATA].value))
        return dataset | {PIXEL_DATA: replace(dataset[PIXEL_DATA], value=pixels), LOSSY: Element("CS", b"01")}


class ForgetsLoss(Alters):
    def altered(self, dataset: DataSet) -> DataSet:
        return dataset | {LOSSY: Element("CS", b"00")} if LOSSY in dataset else dataset


class KeepsInterpretation(Alters):
    """Decompresses JPEG 2000 and leaves the photometric interpretation of the compressed pixels."""

    def concerns(self, located: Located, syntax: str) -> bool:
        return located.transfer_syntax_uid == JPEG_2000_LOSSLESS and syntax in NATIVE

    def altered(self, dataset: DataSet) -> DataSet:
        coloured = dataset.get(INTERPRETATION, Element("CS")).value.startswith(b"RGB")
        return dataset | {INTERPRETATION: Element("CS", b"YBR_RCT ")} if coloured else dataset


class SwapsBytes(Alters):
    """Swaps the bytes of a Big Endian object twice where it should not be swapped at all."""

    def concerns(self, located: Located, syntax: str) -> bool:
        return located.transfer_syntax_uid == BIG_ENDIAN and syntax != BIG_ENDIAN

    def altered(self, dataset: DataSet) -> DataSet:
        octets = {tag: replace(element, value=swapped(element.value, "OW")) for tag, element in dataset.items() if element.vr == "OB"}
        return dataset | octets


class CompressedOnly(Retriever):
    """Cannot decompress for a destination that knows the default syntax only."""

    def payload(self, located: Located, syntax: str) -> bytes | None:
        compressed = located.transfer_syntax_uid not in NATIVE
        return None if compressed and syntax not in (located.transfer_syntax_uid, TARGETS[0]) else super().payload(located, syntax)


class FragmentsInImplicit(Retriever):
    """Rewrites compressed objects for the default syntax, all but their pixels."""

    def payload(self, located: Located, syntax: str) -> bytes | None:
        if located.transfer_syntax_uid not in LOSSLESS or syntax != TARGETS[1]:
            return super().payload(located, syntax)
        return encode(decode(self.depot.get(located), syntax_of(located.transfer_syntax_uid)), syntax_of(syntax))


class FileAsItIs(Retriever):
    """Sends the bytes of the file, whichever native syntax was negotiated."""

    def payload(self, located: Located, syntax: str) -> bytes | None:
        both = located.transfer_syntax_uid in TARGETS and syntax in TARGETS
        return super().payload(located, located.transfer_syntax_uid if both else syntax)


class LossyDecompressed(Retriever):
    """Decompresses lossy images for everybody."""

    def send(self, located: Located, outlet: Outlet) -> int | None:
        if located.transfer_syntax_uid != JPEG_BASELINE:
            return super().send(located, outlet)
        return super().send(located, NativeOnly(outlet))


class SkipsLossy(Retriever):
    """Leaves out, and does not count, a lossy image that the destination does not take as it is."""

    def deliver(self, targets: Sequence[Located], outlet: Outlet, cancelled: Callable[[], bool]) -> Iterator[Progress]:
        return super().deliver([one for one in targets if self.passes(one, outlet)], outlet, cancelled)

    def passes(self, located: Located, outlet: Outlet) -> bool:
        return located.transfer_syntax_uid in {*NATIVE, *LOSSLESS, *outlet.syntaxes(located.sop_class_uid)}


class CompressesAgain(Alters):
    """Compresses lossy images once more on their way out, and harder."""

    def concerns(self, located: Located, syntax: str) -> bool:
        return located.transfer_syntax_uid == syntax == JPEG_BASELINE

    def altered(self, dataset: DataSet) -> DataSet:
        pixels = dataset[PIXEL_DATA]
        frames = list(generate_frames(pixels.value, number_of_frames=int(dataset[FRAMES].value) if FRAMES in dataset else 1))
        return dataset | {PIXEL_DATA: replace(pixels, value=encapsulate([harder(frame) for frame in frames]) + END)}


def harder(frame: bytes) -> bytes:
    """Compress a JPEG image again at a low quality."""
    from imagecodecs import jpeg8_decode, jpeg8_encode  # here, since the archive itself needs no codec of its own

    return bytes(jpeg8_encode(jpeg8_decode(frame), level=LOW_QUALITY))


class NativeOnly:
    """An outlet, as if it had accepted native syntaxes only."""

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        self.store: Callable[[Located, str, bytes], int | None] = outlet.store

    def syntaxes(self, sop_class: str) -> list[str]:
        return [syntax for syntax in self.outlet.syntaxes(sop_class) if syntax in NATIVE]


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
        "narrow-samples-spread",
        "decompression puts samples of 8 bits stored in 16 into the wrong byte",
        Parts(retriever=SpreadsNarrowSamples),
        breaks=rows("XFER-03"),
    ),
    Fault(
        "visually-lossless-tier",
        "digital radiography is delivered without its low bits under the same UID",
        Parts(retriever=CheaperTier),
        breaks=rows("XFER-03 XFER-04"),
    ),
    Fault("lossy-flag-reset", "decompression resets Lossy Image Compression", Parts(retriever=ForgetsLoss), breaks=rows("XFER-05")),
    Fault(
        "never-decompresses-for-the-default",
        "a destination that accepts the default syntax only is sent no compressed object",
        Parts(retriever=CompressedOnly),
        breaks=rows("XFER-06"),
    ),
    Fault(
        "fragments-in-the-default-syntax",
        "a destination that accepts the default syntax only is sent compressed pixels in it",
        Parts(retriever=FragmentsInImplicit),
        breaks=rows("XFER-06 XFER-07"),
    ),
    Fault(
        "file-sent-as-it-is",
        "a native object is sent as it was stored, whichever native syntax was negotiated",
        Parts(retriever=FileAsItIs),
        breaks=rows("XFER-07"),
    ),
    Fault(
        "lossy-images-decompressed",
        "JPEG Baseline is decompressed for destinations that accept it",
        Parts(retriever=LossyDecompressed),
        warns=rows("XFER-08"),
    ),
    Fault(
        "lossy-images-compressed-again",
        "JPEG Baseline is passed on at a lower quality",
        Parts(retriever=CompressesAgain),
        warns=rows("XFER-08"),
    ),
    Fault(
        "lossy-images-left-out",
        "lossy images are left out of a retrieve, and of its counts, where the destination does not accept their syntax",
        Parts(retriever=SkipsLossy),
        warns=rows("XFER-08"),
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
    Fault("parser-of-fixed-depth", "reports are cut at six levels", Parts(intake=ShallowParser), breaks=rows("XFER-10")),
    Fault(
        "colour-description-left",
        "JPEG 2000 is decompressed and still called YBR_RCT",
        Parts(retriever=KeepsInterpretation),
        breaks=rows("XFER-11"),
    ),
    Fault(
        "fragments-counted-as-frames",
        "Number of Frames becomes the number of fragments",
        Parts(intake=FragmentsAreFrames),
        breaks=rows("XFER-12"),
    ),
    Fault(
        "big-endian-bytes-swapped",
        "single bytes of Big Endian objects are swapped in pairs",
        Parts(retriever=SwapsBytes),
        warns=rows("XFER-13"),
    ),
)
