"""Every sound object of every kind, over 200 examples each, before validators that know nothing of each other or of us.

Where a validator is itself wrong the finding is listed in one of the tables here, with the clause that proves it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import av
import imagecodecs
import numpy as np
import pytest
from highdicom import _standard_utils
from highdicom._standard_utils import check_required_attributes, get_iod_module_map, get_sop_class_iod_map
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from openjpeg.utils import decode as decode_openjpeg
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import UID

from generators import KINDS, SYNTAXES, Encoded, Study, Syntax, encode, findings
from generators.compression import frames_of, syntaxes_for
from generators.encoding import dataset_bytes, inflate
from generators.strategies import dataset_of, studies, study_of

from .conftest import EXAMPLES, Run, Validators

DICOM3TOOLS_READS_NO_DEFLATED = "deflated"
"""dicom3tools reads the compressed bytes as elements. PS3.5 A.5: the data set is inflated before anything is parsed."""

DCIODVFY_KNOWS_NO_GBK = "Character invalid for character repertoire"
"""PS3.3 Table C.12-5 has the defined term GBK."""

HIGHDICOM_IS_WRONG: Mapping[str, str] = {
    "sr-document-content ReferencedSOPSequence": "PS3.3 Table C.17.3-1: only in items whose Value Type is IMAGE, COMPOSITE or WAVEFORM",
    "multi-frame FrameIncrementPointer": "PS3.3 C.8.6.3: of a secondary capture, only where Number of Frames is greater than 1",
    "multi-frame-functional-groups ReferencedImageSequence": "PS3.3 Tables A.38-2, A.36-2, A.55-2: usage C, where images are referred to",
    "multi-frame-functional-groups DerivationImageSequence": "PS3.3 A.51.5: it stands in the per-frame groups, where dciodvfy finds it",
}
"""The tables of highdicom leave out the conditions of macros."""

DCENTVFY_IS_WRONG = "Missing SOPInstanceUID that was referenced"
"""It takes the Study Instance UID for an image. PS3.3 C.8.8.5 and Table 10-11: RT Referenced Study Sequence names the study."""

ROUNDING: Mapping[int, int] = {8: 2, 16: 8}
"""Levels by which two decoders of lossy pixels may differ, by bits allocated: ISO/IEC 15444-1 fixes no rounding of the 9-7 filter."""

NAME_THAT_DCMPSCHK_READS = "SYNTHETIC-A^B"
"""It counts and matches names by bytes. PS3.5 6.1.2.3 and 6.2: characters, 64 in each component group, escape sequences not counted."""

REPORTS = ("SR", "SR-DOSE", "SR-ENHANCED", "SR-COMPREHENSIVE", "KO")

IMAGE_TOOLS: Mapping[str, str] = {
    "implicit": "dcm2pnm",
    "explicit": "dcm2pnm",
    "deflated": "dcm2pnm",
    "big-endian": "dcm2pnm",
    "rle": "dcm2pnm",
    "jpeg-baseline": "dcmj2pnm",
    "jpeg-extended": "dcmj2pnm",
    "jpeg-lossless": "dcmj2pnm",
    "jpeg-lossless-sv1": "dcmj2pnm",
    "jpeg-ls": "dcml2pnm",
    "jpeg-ls-near": "dcml2pnm",
}


_TREES = cache(_standard_utils.construct_module_tree)


@dataclass
class Gathered:
    """The files of the examples: each study's, and the object that it was made for, in the syntax that was drawn for it."""

    folder: Path
    studies: list[list[Path]] = field(default_factory=list)
    objects: list[Path] = field(default_factory=list)
    in_dicom3tools: list[Path] = field(default_factory=list)
    in_gbk: set[Path] = field(default_factory=set)
    images: dict[str, list[Path]] = field(default_factory=dict)
    reports: list[Path] = field(default_factory=list)
    presentations: list[Path] = field(default_factory=list)

    def add(self, study: Study, datasets: list[Dataset], encoded: Encoded, syntax: Syntax) -> None:
        number = len(self.objects)
        self.studies.append([self._save(f"{number}-{place}", encode(each)) for place, each in enumerate(datasets)])
        self.objects.append(self._save(f"{number}-{syntax.name}", encoded))
        readable = self.studies[-1][-1] if syntax.name == DICOM3TOOLS_READS_NO_DEFLATED else self.objects[-1]
        self.in_dicom3tools.append(readable)
        if study.character_set == "GBK":
            self.in_gbk |= {readable, *self.studies[-1]}
        kind = study.instances[-1].kind
        if kind in REPORTS:
            self.reports.append(self.objects[-1])
        if kind == "PR":
            named = replace(study, patient=replace(study.patient, name=NAME_THAT_DCMPSCHK_READS))
            self.presentations.append(self._save(f"{number}-presentation", encode(dataset_of(named), syntax.uid)))
        if KINDS[kind].pixels and syntax.name in IMAGE_TOOLS:
            self.images.setdefault(IMAGE_TOOLS[syntax.name], []).append(self.objects[-1])

    def _save(self, name: str, encoded: Encoded) -> Path:
        path = self.folder / f"{name}.dcm"
        path.write_bytes(encoded.part10())
        return path


@pytest.fixture(autouse=True)
def _trees_are_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """highdicom builds the tree of a module anew at each question; nothing changes it."""
    monkeypatch.setattr(_standard_utils, "construct_module_tree", _TREES)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", KINDS)
def test_every_sound_object_is_accepted(kind: str, tmp_path: Path, validators: Validators) -> None:
    gathered = Gathered(tmp_path)
    syntaxes = syntaxes_for(dataset_of(study_of(kinds=(kind,))))

    @EXAMPLES
    @given(studies(kind, most_instances=2), st.sampled_from(syntaxes))
    def gather(study: Study, syntax: Syntax) -> None:
        datasets = list(study.datasets())
        dataset = datasets[-1]
        encoded = encode(dataset, syntax.uid)
        assert findings(encoded) == []
        assert missing_attributes(dataset) == []
        assert_round_trips(encoded)
        assert_decodes_alike(dataset, encoded, syntax)
        gathered.add(study, datasets, encoded, syntax)

    gather()
    assert len(gathered.objects) >= 200
    assert errors_of_dciodvfy(validators.each("dciodvfy", gathered.in_dicom3tools, "-new"), gathered.in_gbk) == []
    assert errors_of_dcentvfy(kind, validators.groups("dcentvfy", gathered.studies)) == []
    assert_dcmtk_accepts(gathered, validators)
    assert_images_come_out(gathered.images, validators)


def missing_attributes(dataset: Dataset) -> list[str]:
    """Ask highdicom's tables what the mandatory modules of the IOD miss."""
    missing = []
    for module in get_iod_module_map()[get_sop_class_iod_map()[dataset.SOPClassUID]]:
        if module["usage"] == "M":
            try:
                check_required_attributes(dataset, module["key"])
            except AttributeError as error:
                missing.append(f"{module['key']}: {error}")
    return [text for text in missing if not any(_is_about(text, known) for known in HIGHDICOM_IS_WRONG)]


def _is_about(text: str, known: str) -> bool:
    module, _, keyword = known.partition(" ")
    return module in text.partition(":")[0] and f"'{keyword}'" in text


def assert_round_trips(encoded: Encoded) -> None:
    """Read every element and write it again: the same bytes."""
    dataset = encoded.dataset()
    for _ in dataset.iterall():
        pass
    deflated = UID(encoded.transfer_syntax_uid).is_deflated
    assert dataset_bytes(dataset, UID(encoded.transfer_syntax_uid)) == (inflate(encoded.data) if deflated else encoded.data)


def assert_decodes_alike(dataset: Dataset, encoded: Encoded, syntax: Syntax) -> None:
    """Decode JPEG 2000 by OpenJPEG and FFmpeg, HTJ2K by OpenJPEG and OpenJPH; without loss both are the pixels that were painted."""
    if "2k" not in syntax.name and "2000" not in syntax.name:
        return
    painted = list(frames_of(dataset))
    pixels = encoded.dataset().PixelData
    for number, frame in enumerate(painted):
        stream = get_frame(pixels, number, number_of_frames=len(painted))
        first = decode_openjpeg(stream)
        second = imagecodecs.htj2k_decode(stream) if "htj2k" in syntax.name else by_ffmpeg(stream, dataset)
        apart = np.abs(first.astype(int) - second)
        if syntax.name == "htj2k":  # what overshoots is not clipped on the way out of OpenJPH: 256 reads as 0
            apart = np.minimum(apart, 2**dataset.BitsAllocated - apart)
        assert apart.max() <= (0 if syntax.lossless else ROUNDING[dataset.BitsAllocated])
        assert not syntax.lossless or np.array_equal(first, frame)


def by_ffmpeg(stream: bytes, dataset: Dataset) -> NDArray[np.int64]:
    """Decode with libavcodec's own decoder, which moves samples to the upper bits and signed ones above zero."""
    context = av.CodecContext.create("jpeg2000", "r")
    frames = context.decode(av.Packet(stream)) or context.decode(None)
    decoded: NDArray[np.int64] = frames[0].to_ndarray().astype(np.int64)
    if dataset.BitsAllocated == 8:
        return decoded
    moved: NDArray[np.int64] = decoded >> (16 - dataset.BitsStored)
    return moved - 2 ** (dataset.BitsStored - 1) if dataset.PixelRepresentation else moved


def errors_of_dciodvfy(runs: list[Run], in_gbk: set[Path]) -> list[str]:
    return [
        f"{run.path}: {line}" for run in runs for line in run.lines("Error") if not (run.path in in_gbk and DCIODVFY_KNOWS_NO_GBK in line)
    ]


def errors_of_dcentvfy(kind: str, runs: list[Run]) -> list[str]:
    return [f"{run.path}: {line}" for run in runs for line in run.lines("Error") if not (kind == "RTSTRUCT" and DCENTVFY_IS_WRONG in line)]


def assert_dcmtk_accepts(gathered: Gathered, validators: Validators) -> None:
    paths = gathered.objects
    dump = validators.together("dcmdump", paths, "-q")
    assert (dump.code, dump.lines("E:", "W:", "F:")) == (0, [])
    test = validators.together("dcmftest", paths)
    assert (test.code, len(test.lines("yes:"))) == (0, len(paths))
    if gathered.reports:
        reports = validators.together("dsrdump", gathered.reports)
        assert (reports.code, reports.lines("E:", "F:")) == (0, [])
    if gathered.presentations:
        checked = validators.together("dcmpschk", gathered.presentations)
        assert (checked.code, checked.lines("E:", "F:")) == (0, [])
        assert checked.output.count("Test passed") == len(paths)


def assert_images_come_out(images: Mapping[str, list[Path]], validators: Validators) -> None:
    picture: Callable[[Path], list[Path]] = lambda path: [path.with_suffix(".pnm")]  # noqa: E731
    for program, paths in images.items():
        runs = validators.each(program, paths, "-q", after=picture)
        assert [run for run in runs if run.code or not picture(run.path)[0].read_bytes().startswith((b"P5", b"P6"))] == []


def test_the_images_cover_every_syntax_that_has_a_tool() -> None:
    carried = {syntax.name for kind in KINDS for syntax in syntaxes_for(dataset_of(study_of(kinds=(kind,))))}
    assert carried == set(SYNTAXES)
