"""Native pixels to encapsulated ones, with the elements that describe them."""

from collections.abc import Iterator

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from generators.elements import decimal, put
from generators.errors import GeneratorError
from generators.syntaxes import SYNTAXES, Depth, Frame, FrameEncoder, Syntax


def why_not(dataset: Dataset, syntax: Syntax) -> str:
    """Say why a syntax cannot carry a data set; empty where it can."""
    if syntax.encode is None:
        return ""
    if "PixelData" not in dataset:
        return "there are no pixels to compress"
    bits = dataset.BitsStored
    if bits == 1:
        return "pixels of one bit stay native"
    return f"{bits} bits are more than {syntax.most_bits}" if bits > syntax.most_bits else ""


def syntaxes_for(dataset: Dataset) -> tuple[Syntax, ...]:
    """List the syntaxes that can carry a data set, in the order of the table."""
    return tuple(syntax for syntax in SYNTAXES.values() if not why_not(dataset, syntax))


def compressed(dataset: Dataset, syntax: Syntax, *, fragments_per_frame: int = 1, offset_table: bool = True) -> Dataset:
    """Copy a data set with its pixels encapsulated in `syntax`. GeneratorError says why where that cannot be."""
    if reason := why_not(dataset, syntax):
        raise GeneratorError(f"{syntax.title} cannot carry it: {reason}", where=str(dataset.get("SOPInstanceUID", "")))
    assert syntax.encode is not None
    encoded = list(_encoded(dataset, syntax.encode))
    written = Dataset()
    written.update({element.tag: element for element in dataset})
    written.file_meta = FileMetaDataset()
    written.file_meta.TransferSyntaxUID = UID(syntax.uid)
    put(written, PixelData=encapsulate(encoded, fragments_per_frame=fragments_per_frame, has_bot=offset_table))
    written["PixelData"].VR = "OB"  # PS3.5 A.4
    written["PixelData"].is_undefined_length = True
    if dataset.SamplesPerPixel == 3:
        put(written, PhotometricInterpretation=syntax.colour, PlanarConfiguration=0)
    return written if syntax.lossless else _marked(written, syntax, len(dataset.PixelData) / sum(map(len, encoded)))


def frames_of(dataset: Dataset) -> Iterator[Frame]:
    """Read native pixels frame by frame: (rows, columns) or (rows, columns, 3) arrays."""
    kind = "i" if dataset.PixelRepresentation else "u"
    pixels = np.frombuffer(dataset.PixelData, dtype=f"<{kind}{dataset.BitsAllocated // 8}")
    shape = (dataset.Rows, dataset.Columns) if dataset.SamplesPerPixel == 1 else (dataset.Rows, dataset.Columns, 3)
    size = int(np.prod(shape))
    for frame in range(int(dataset.get("NumberOfFrames", 1))):
        yield pixels[frame * size : (frame + 1) * size].reshape(shape)


def _encoded(dataset: Dataset, encode: FrameEncoder) -> Iterator[bytes]:
    depth = Depth(dataset.BitsStored, bool(dataset.PixelRepresentation))
    for frame in frames_of(dataset):
        data = encode(frame, depth)
        yield data + b"\0" * (len(data) % 2)


def _marked(dataset: Dataset, syntax: Syntax, ratio: float) -> Dataset:
    """Say that pixels were lost (PS3.3 C.7.6.1.1.5)."""
    return put(
        dataset,
        LossyImageCompression="01",
        LossyImageCompressionRatio=decimal(round(ratio, 2)),
        LossyImageCompressionMethod=syntax.method,
    )
