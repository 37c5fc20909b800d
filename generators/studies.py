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
    for series in study.series:
        yield from _iterate_series(study, series, transfer_syntax_uid)


def _iterate_series(study: Study, series: Series, transfer_syntax_uid: str) -> Iterator[Encoded]:
    encoders: dict[tuple[object, ...], SeriesEncoder] = {}
    for instance in series.instances:
        if can_splice(instance, transfer_syntax_uid):
            shape = _shape(instance)
            if shape not in encoders:
                encoders[shape] = SeriesEncoder(study, series, instance, transfer_syntax_uid)
            yield encoders[shape].encode(instance)
        else:
            yield encode(render(Scene(study, series, instance)), transfer_syntax_uid)


def _shape(instance: Instance) -> tuple[object, ...]:
    return instance.kind, instance.sop_class_uid, instance.rows, instance.columns, instance.frames
