"""Faults of transfer syntaxes: what an object becomes on its way out.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from pydicom.encaps import encapsulate, generate_frames

from conformance.reference.archive import Parts
from conformance.reference.encoding import PIXEL_DATA, SEQUENCE_END, DataSet, Element, decode, encode, swapped
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.index import Located
from conformance.reference.keys import tag_of
from conformance.reference.models import Identifier
from conformance.reference.retrieve import Outlet, Progress, Retriever
from conformance.reference.syntax import LOSSLESS, NATIVE, syntax_of
from conformance.reference.transcoding import TARGETS

BIG_ENDIAN, JPEG_BASELINE, JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90"
RLE = "1.2.840.10008.1.2.5"
_DIGITAL_RADIOGRAPHY, _POSITRON_EMISSION = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.128"
END = struct.pack("<HHL", SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)
LOW_QUALITY = 40  # of 100
LOW_BITS = 0xFC  # what the tier of one fault keeps of each low byte

BITS_ALLOCATED, BITS_STORED, FRAMES = (tag_of(keyword) for keyword in ("BitsAllocated", "BitsStored", "NumberOfFrames"))
INTERPRETATION, LOSSY, SAMPLES = (tag_of(keyword) for keyword in ("PhotometricInterpretation", "LossyImageCompression", "SamplesPerPixel"))


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

    interpretation = b"YBR_RCT "

    def concerns(self, located: Located, syntax: str) -> bool:
        return located.transfer_syntax_uid == JPEG_2000_LOSSLESS and syntax in NATIVE

    def altered(self, dataset: DataSet) -> DataSet:
        coloured = dataset.get(INTERPRETATION, Element("CS")).value.startswith(b"RGB")
        return dataset | {INTERPRETATION: Element("CS", self.interpretation)} if coloured else dataset


class CallsRgbYbr(KeepsInterpretation):
    interpretation = b"YBR_FULL"


class HalvesChroma(Alters):
    """Decompresses JPEG Baseline to one pair of colour differences for two pixels, and describes one for each."""

    def concerns(self, located: Located, syntax: str) -> bool:
        return located.transfer_syntax_uid == JPEG_BASELINE and syntax in NATIVE

    def altered(self, dataset: DataSet) -> DataSet:
        if dataset[SAMPLES].value != b"\x03\0":
            return dataset
        pixels = dataset[PIXEL_DATA]
        pairs = (pixels.value[place : place + 6] for place in range(0, len(pixels.value), 6))
        return dataset | {PIXEL_DATA: replace(pixels, value=b"".join(pair[0:1] + pair[3:4] + pair[1:3] for pair in pairs))}


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


class RleForItselfOnly(Retriever):
    """Can decompress PET images in RLE and not pass them on as they are."""

    def payload(self, located: Located, syntax: str) -> bytes | None:
        kept = (located.sop_class_uid, syntax) == (_POSITRON_EMISSION, RLE)
        return None if kept else super().payload(located, syntax)


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


class LeavesOutALossyImage(Retriever):
    """Does not send one of the lossy images at all, and says success."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        lossy = [located for located in found if located.transfer_syntax_uid == JPEG_BASELINE]
        return [located for located in found if located not in lossy[-1:]]


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


TRANSCODING_FAULTS: tuple[Fault, ...] = (
    Fault(
        "images-in-rle-not-passed-on",
        "PET images in RLE are not sent to a destination that accepts RLE",
        Parts(retriever=RleForItselfOnly),
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
        "lossy-image-lost-on-delivery",
        "the last lossy image is left out of each retrieve, and of its counts",
        Parts(retriever=LeavesOutALossyImage),
        breaks=rows("RETR-01"),
        blocks=rows("XFER-08"),
    ),
    Fault(
        "colour-description-left",
        "JPEG 2000 is decompressed and still called YBR_RCT",
        Parts(retriever=KeepsInterpretation),
        breaks=rows("XFER-11"),
    ),
    Fault(
        "rgb-called-ybr",
        "JPEG 2000 is decompressed to RGB and called YBR_FULL",
        Parts(retriever=CallsRgbYbr),
        breaks=rows("XFER-11"),
    ),
    Fault(
        "chroma-halved",
        "JPEG Baseline is decompressed to two samples for a pixel and described as of three",
        Parts(retriever=HalvesChroma),
        breaks=rows("XFER-11"),
    ),
    Fault(
        "big-endian-bytes-swapped",
        "single bytes of Big Endian objects are swapped in pairs",
        Parts(retriever=SwapsBytes),
        warns=rows("XFER-13"),
    ),
)
