"""Objects too large for memory, written frame by frame."""

from collections.abc import Callable
from typing import BinaryIO

from pydicom.uid import UID, ExplicitVRLittleEndian

from generators.encoding import dataset_bytes, part10_header
from generators.errors import GeneratorError
from generators.kinds import KINDS, Scene, described, pixel_vr
from generators.splicing import SPLICED, pixel_header
from generators.tree import Instance, Study

LARGEST = 2**32 - 2
"""Bytes of the largest native pixel data: its length field has 32 bits, and all of them set means undefined (PS3.5 7.1)."""

Progress = Callable[[int, int], None]
"""Called with frames written and frames in all."""


def write_instance(
    study: Study,
    instance: Instance,
    stream: BinaryIO,
    transfer_syntax_uid: str = ExplicitVRLittleEndian,
    *,
    progress: Progress | None = None,
) -> int:
    """Write one image as a Part 10 file, and return its bytes. One frame is in memory at a time.

    GeneratorError where the instance has no pixels, more than LARGEST bytes of them, or the syntax does not leave them native.
    """
    scene = Scene(study, study.series_of(instance), instance)
    paint, syntax = KINDS[instance.kind].paint, UID(transfer_syntax_uid)
    if paint is None or syntax not in SPLICED:
        raise GeneratorError(f"a {instance.kind} in {syntax.name} is not streamed", where=instance.uid, remedy="encode it whole")
    dataset = described(scene)
    size = paint(scene, 1).nbytes * instance.frames
    if size > LARGEST:
        raise GeneratorError(f"{size} bytes of pixels are more than {LARGEST}", where=instance.uid, remedy="make fewer frames")
    written = stream.write(part10_header(instance.sop_class_uid, instance.uid, syntax))
    written += stream.write(dataset_bytes(dataset, syntax, dataset.get("SpecificCharacterSet", "ISO_IR 6")))
    written += stream.write(pixel_header(pixel_vr(dataset), size + size % 2, implicit=syntax.is_implicit_VR))
    for frame in range(1, instance.frames + 1):
        written += stream.write(paint(scene, frame).data)
        if progress:
            progress(frame, instance.frames)
    return written + stream.write(b"\0" * (size % 2))
