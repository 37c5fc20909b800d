"""Whole studies to bytes, one instance at a time."""

from collections.abc import Iterator

from pydicom.uid import ExplicitVRLittleEndian

from generators.encoding import Encoded, encode
from generators.kinds import Scene, render
from generators.splicing import SeriesEncoder, can_splice
from generators.tree import Instance, Series, Study


def encode_study(study: Study, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> list[Encoded]:
    """Encode every instance of a study, in the order of the tree."""
    return list(iterate_study(study, transfer_syntax_uid))


def iterate_study(study: Study, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> Iterator[Encoded]:
    """Encode one instance at a time, for studies that shall not be held in memory."""
    encoder = StudyEncoder(study, transfer_syntax_uid)
    return (encoder.encode(series, instance) for series in study.series for instance in series.instances)


class StudyEncoder:
    """Encodes the instances of one study in one transfer syntax, and keeps of each series what its instances share."""

    def __init__(self, study: Study, transfer_syntax_uid: str) -> None:
        self._study, self._syntax = study, transfer_syntax_uid
        self._shared: dict[tuple[object, ...], SeriesEncoder] = {}

    def encode(self, series: Series, instance: Instance) -> Encoded:
        """Give the bytes of one instance."""
        if not can_splice(instance, self._syntax):
            return encode(render(Scene(self._study, series, instance)), self._syntax)
        alike = series.uid, instance.kind, instance.sop_class_uid, instance.rows, instance.columns, instance.frames
        if alike not in self._shared:
            self._shared[alike] = SeriesEncoder(self._study, series, instance, self._syntax)
        return self._shared[alike].encode(instance)
