"""What counts as the same content, and what does not."""

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from pydicom import DataElement, Dataset, config
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from generators import KINDS, SYNTAXES, differences, encode
from generators.compression import syntaxes_for
from generators.elements import item, put
from generators.faults.changes import splice, tag_of
from generators.faults.layout import locate
from generators.strategies import dataset_of, datasets, study_of

from .conftest import EXAMPLES

Change = Callable[[Dataset], object]


def sample(kind: str = "CT", script: str = "latin", character_set: str = "ISO_IR 192") -> Dataset:
    return dataset_of(study_of(kinds=(kind,), script=script, character_set=character_set))


def paths(a: Dataset, b: Dataset) -> list[str]:
    assert [difference.path for difference in differences(b, a)] == [difference.path for difference in differences(a, b)]
    return [difference.path for difference in differences(a, b)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_object_equals_itself_in_every_lossless_syntax(kind: str) -> None:
    dataset = sample(kind)
    lossless = [syntax for syntax in syntaxes_for(dataset) if syntax.lossless]
    assert {syntax.name: paths(dataset, encode(dataset, syntax.uid).dataset()) for syntax in lossless} == {
        syntax.name: [] for syntax in lossless
    }


def test_loss_is_a_difference() -> None:
    dataset = sample("US")
    found = paths(dataset, encode(dataset, SYNTAXES["jpeg-baseline"].uid).dataset())
    assert found == ["(0028,2110)", "(0028,2112)", "(0028,2114)", "(7FE0,0010)"]


def _group_length(dataset: Dataset) -> None:
    dataset[0x00080000] = DataElement(0x00080000, "UL", 4)


def _padding(dataset: Dataset) -> None:
    dataset[0xFFFCFFFC] = DataElement(0xFFFCFFFC, "OB", b"\0\0")


def _undefined_lengths(dataset: Dataset) -> None:
    dataset["OtherPatientIDsSequence"].is_undefined_length = True


SAME: dict[str, Change] = {
    "a group length": _group_length,
    "trailing padding": _padding,
    "an empty Type 3 element": lambda dataset: put(dataset, ImageComments=""),
    "an empty Type 3 sequence": lambda dataset: put(dataset, ReferencedPatientPhotoSequence=[]),
    "undefined lengths": _undefined_lengths,
    "another way to write a number": lambda dataset: put(dataset, SliceThickness="2.500"),
    "padding of text": lambda dataset: put(dataset, StudyID=f"{dataset.StudyID}  "),
    "trailing delimiters of a name": lambda dataset: put(dataset, PatientName=f"{dataset.PatientName}^^"),
}

OTHER: dict[str, tuple[Change, list[str]]] = {
    "an absent Type 2 element": (lambda dataset: dataset.pop("AccessionNumber"), ["(0008,0050)"]),
    "an emptied Type 2 element": (lambda dataset: put(dataset, PatientID=""), ["(0010,0020)"]),
    "a number": (lambda dataset: put(dataset, SliceThickness="2.6"), ["(0018,0050)"]),
    "the case of a letter": (lambda dataset: put(dataset, StudyID=f"{dataset.StudyID}a"), ["(0020,0010)"]),
    "a leading zero of an identifier": (lambda dataset: put(dataset, PatientID=f"0{dataset.PatientID}"), ["(0010,0020)"]),
    "one value of several": (lambda dataset: put(dataset, ImageType=["ORIGINAL", "SECONDARY", "AXIAL"]), ["(0008,0008)"]),
    "an element in an item": (
        lambda dataset: put(dataset.OtherPatientIDsSequence[0], PatientID="1"),
        ["(0010,1002)[0].(0010,0020)"],
    ),
    "a further item": (lambda dataset: dataset.OtherPatientIDsSequence.append(item(PatientID="1")), ["(0010,1002)"]),
    "one bit of one pixel": (
        lambda dataset: put(dataset, PixelData=bytes([dataset.PixelData[0] ^ 1]) + dataset.PixelData[1:]),
        ["(7FE0,0010)"],
    ),
    "a private element": (
        lambda dataset: dataset.add(DataElement(0x00990010, "LO", "SYNTHETIC")),
        ["(0099,0010)"],
    ),
}


@pytest.mark.parametrize("change", SAME)
def test_is_the_same_content(change: str) -> None:
    dataset = sample()
    changed = copy.deepcopy(dataset)
    SAME[change](changed)
    assert paths(dataset, changed) == []
    assert paths(dataset, encode(changed).dataset()) == []


@pytest.mark.parametrize("change", OTHER)
def test_is_other_content(change: str) -> None:
    dataset = sample()
    changed = copy.deepcopy(dataset)
    OTHER[change][0](changed)
    assert paths(dataset, changed) == OTHER[change][1]
    assert paths(encode(dataset).dataset(), encode(changed).dataset()) == OTHER[change][1]


def test_text_in_another_character_set_is_the_same_content() -> None:
    one, other = (encode(sample(character_set=terms)) for terms in ("ISO_IR 192", "ISO_IR 100"))
    assert one.data != other.data
    assert paths(one.dataset(), other.dataset()) == []


def test_text_under_the_wrong_character_set_is_other_content() -> None:
    encoded = encode(sample())
    relabelled = encoded.data.replace(b"ISO_IR 192", b"ISO_IR 100")
    other = replace(encoded, data=relabelled).dataset()
    assert paths(encoded.dataset(), other) == ["(0008,0005)", "(0010,0010)"]


@pytest.mark.parametrize("keyword", ["StudyID", "PatientName", "AccessionNumber", "Rows", "SliceThickness", "OtherPatientIDsSequence"])
@pytest.mark.parametrize("resolved", [True, False])
def test_un_is_read_by_the_known_vr(keyword: str, resolved: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "replace_un_with_known_vr", resolved)
    dataset = sample()
    value = implicit_value(dataset, keyword)
    encoded = encode(dataset)
    unknown = splice(encoded, replace(locate(encoded, tag_of(keyword)), vr=b"UN"), value)
    assert unknown != encoded.data
    assert paths(dataset, replace(encoded, data=unknown).dataset()) == []


def implicit_value(dataset: Dataset, keyword: str) -> bytes:
    """Give the value as UN holds it: in Implicit VR Little Endian (PS3.5 6.2.2)."""
    implicit = encode(dataset, ImplicitVRLittleEndian)
    place = locate(implicit, tag_of(keyword))
    return implicit.data[place.value : place.end]


def test_differences_are_shown_shortly() -> None:
    dataset = sample()
    changed = put(copy.deepcopy(dataset), StudyDescription="D" * 500)
    shown = str(differences(dataset, changed)[0])
    assert shown.startswith("(0008,1030): 'SYNTHETIC CT Image' against 'DDD")
    assert shown.endswith("(500 characters)")


@pytest.mark.parametrize("kind", ["CT", "SC", "SR", "ECG", "SEG"])
def test_differences_of_equal_objects_are_none(kind: str) -> None:
    @settings(EXAMPLES, max_examples=20)
    @given(datasets(kind))
    def check(dataset: Dataset) -> None:
        assert differences(dataset, encode(dataset, ExplicitVRLittleEndian).dataset()) == []

    check()
