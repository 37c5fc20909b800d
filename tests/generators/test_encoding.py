"""Bytes: every syntax, series spliced, objects streamed."""

import tracemalloc
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from pydicom import dcmread
from pydicom.encaps import generate_fragments, generate_frames
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from generators import KINDS, SYNTAXES, GeneratorError, Study, Synthesizer, encode, encode_study, iterate_study, write_instance
from generators.compression import frames_of, syntaxes_for
from generators.encoding import inflate
from generators.splicing import can_splice
from generators.strategies import dataset_of, studies, study_of
from generators.syntaxes import syntax_named
from generators.uids import derived_uid

from .conftest import EXAMPLES

IMAGES = [kind.name for kind in KINDS.values() if kind.pixels]
MIB = 2**20


@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("size", [(8, 8), (9, 31), (64, 48)])
def test_lossless_syntaxes_give_back_the_pixels(kind: str, size: tuple[int, int]) -> None:
    dataset = dataset_of(study_of(seed=2, kinds=(kind,), rows=size[0], columns=size[1], frames=2))
    painted = np.stack(list(frames_of(dataset))).squeeze()
    for syntax in syntaxes_for(dataset):
        decoded = encode(dataset, syntax.uid).dataset()
        if syntax.uid != ExplicitVRBigEndian:  # pydicom gives big endian samples as they stand
            assert np.array_equal(decoded.pixel_array, painted) or not syntax.lossless, syntax.name
        assert decoded.LossyImageCompression == ("00" if syntax.lossless else "01")


def test_lossy_syntaxes_lose_little() -> None:
    dataset = dataset_of(study_of(kinds=("CR",), rows=64, columns=64))
    painted = next(frames_of(dataset)).astype(int)
    for syntax in [each for each in syntaxes_for(dataset) if not each.lossless]:
        lost = np.abs(encode(dataset, syntax.uid).dataset().pixel_array - painted)
        assert lost.mean() < 2**10 / 50, syntax.name


@pytest.mark.parametrize(("fragments", "table"), [(1, True), (1, False), (2, True), (3, False)])
def test_frames_can_span_fragments_with_and_without_an_offset_table(fragments: int, table: bool) -> None:
    dataset = dataset_of(study_of(kinds=("XA",), rows=24, columns=24, frames=3))
    encoded = encode(dataset, SYNTAXES["jpeg-ls"].uid, fragments_per_frame=fragments, offset_table=table)
    pixels = encoded.dataset().PixelData
    assert len(list(generate_frames(pixels, number_of_frames=3))) == 3
    assert len(list(generate_fragments(pixels))) == 1 + 3 * fragments
    assert (pixels[4:8] != b"\0\0\0\0") is table


@pytest.mark.parametrize(
    ("kind", "syntax", "why"),
    [
        ("CT", "jpeg-baseline", "12 bits are more than 8"),
        ("SR", "rle", "no pixels to compress"),
        ("SEG", "jpeg-ls", "one bit stay native"),
    ],
)
def test_what_a_syntax_cannot_carry_is_refused_with_the_reason(kind: str, syntax: str, why: str) -> None:
    with pytest.raises(GeneratorError, match=why):
        encode(dataset_of(study_of(kinds=(kind,))), SYNTAXES[syntax].uid)


def test_an_unknown_syntax_lists_those_there_are() -> None:
    with pytest.raises(GeneratorError, match="choose one of implicit, explicit"):
        syntax_named("1.2.3")
    assert syntax_named("rle") is syntax_named("1.2.840.10008.1.2.5")


def test_deflated_is_explicit_inflated() -> None:
    dataset = dataset_of(study_of())
    deflated = encode(dataset, SYNTAXES["deflated"].uid)
    assert inflate(deflated.data) == encode(dataset).data
    assert len(deflated.data) % 2 == 0


def test_encoding_leaves_the_data_set_alone() -> None:
    dataset = dataset_of(study_of(kinds=("US",)))
    before = encode(dataset).data
    for syntax in syntaxes_for(dataset):
        encode(dataset, syntax.uid)
    assert encode(dataset).data == before


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("kind", KINDS)
def test_a_spliced_series_is_the_encoded_one(kind: str, syntax: str) -> None:
    @settings(EXAMPLES, max_examples=5)
    @given(studies(kind, most_instances=12))
    def check(study: Study) -> None:
        assert encode_study(study, syntax) == [encode(dataset, syntax) for dataset in study.datasets()]

    check()


def test_a_series_of_mixed_sizes_is_spliced_by_size() -> None:
    study = study_of(instances=4)
    first, *rest = study.series[0].instances
    mixed = replace(study, series=(replace(study.series[0], instances=(replace(first, rows=20), *rest)),))
    assert encode_study(mixed) == [encode(dataset) for dataset in mixed.datasets()]


def test_most_kinds_are_spliced() -> None:
    spliced = [kind for kind in KINDS if can_splice(study_of(kinds=(kind,)).instances[-1], ExplicitVRLittleEndian)]
    assert {"CT", "MR", "CR", "DX", "MG", "US", "XA"} <= set(spliced)


def test_ten_thousand_instances_take_no_more_memory_than_a_hundred() -> None:
    peaks = [peak_of(count) for count in (100, 10_000)]
    assert peaks[1] - peaks[0] < MIB


def peak_of(count: int) -> int:
    """Give the bytes at the peak of encoding a study, beside the study itself."""
    study = Synthesizer(1, "LARGE").study("CT", instances=count, rows=8, columns=8)
    tracemalloc.start()
    try:
        assert sum(1 for _ in iterate_study(study)) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("kind", IMAGES)
def test_a_streamed_object_is_the_encoded_one(kind: str, syntax: str) -> None:
    study = study_of(kinds=(kind,), rows=9, columns=9, frames=3)
    stream, steps = BytesIO(), []
    written = write_instance(study, study.instances[0], stream, syntax, progress=lambda done, total: steps.append((done, total)))
    encoded = encode(study.dataset(study.instances[0]), syntax)
    assert stream.getvalue() == encoded.part10()
    assert written == len(stream.getvalue())
    assert steps[-1][0] == steps[-1][1] == len(steps)


class Sink(BytesIO):
    """A file that keeps nothing but its length."""

    size = 0

    def write(self, data: Any) -> int:
        length = memoryview(data).nbytes
        self.size += length
        return length


def test_two_gibibytes_are_streamed_and_never_held() -> None:
    study = Synthesizer(1, "HUGE").study("XA", instances=1, rows=4096, columns=4096, frames=128)
    sink = Sink()
    tracemalloc.start()
    try:
        write_instance(study, study.instances[0], sink)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sink.size > 2 * 1024 * MIB
    assert peak < 512 * MIB


def test_more_than_the_length_field_holds_is_refused() -> None:
    study = Synthesizer(1, "HUGE").study("XA", instances=1, rows=4096, columns=4096, frames=256)
    with pytest.raises(GeneratorError, match="make fewer frames"):
        write_instance(study, study.instances[0], Sink())


@pytest.mark.parametrize(("kind", "syntax"), [("SR", "explicit"), ("CT", "rle")])
def test_what_is_not_streamed_is_refused(kind: str, syntax: str) -> None:
    study = study_of(kinds=(kind,))
    with pytest.raises(GeneratorError, match="is not streamed"):
        write_instance(study, study.instances[0], BytesIO(), SYNTAXES[syntax].uid)


def test_part_10_files_are_read_as_files() -> None:
    encoded = encode(dataset_of(study_of()))
    read = dcmread(BytesIO(encoded.part10()))
    assert read.file_meta.MediaStorageSOPInstanceUID == encoded.sop_instance_uid
    assert read.file_meta.TransferSyntaxUID == UID(encoded.transfer_syntax_uid)


def test_derived_uids_are_as_different_as_their_words() -> None:
    assert derived_uid("1.2.3", "a") != derived_uid("1.2.3", "b")
    assert derived_uid("1.2.3", "a").startswith("1.2.")
