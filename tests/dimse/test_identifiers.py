"""Identifiers cross in the syntax that was accepted, whole and strictly: nothing is guessed, nothing is cut without a word."""

import contextlib
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID

from conformance.dimse import ProtocolViolation
from conformance.dimse.identifiers import decode_dataset, encode_dataset
from conformance.dimse.structure import Walk

from .peers import UNHURRIED

SYNTAXES = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "deflated": "1.2.840.10008.1.2.1.99",
    "big endian": "1.2.840.10008.1.2.2",
}


def identifier() -> Dataset:
    """A query with a sequence, an empty key, several character sets and a list of UIDs."""
    item = Dataset()
    item.ReferencedSOPClassUID = "1.2.3"
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.QueryRetrieveLevel = "STUDY"
    dataset.PatientName = "MÜLLER^ÉLISE"
    dataset.PatientID = ""
    dataset.StudyInstanceUID = ["1.2.3", "1.2.4"]
    dataset.ReferencedSOPSequence = [item, Dataset()]
    dataset.NumberOfStudyRelatedInstances = 12
    dataset.add_new(0x00091001, "UN", b"private!")
    return dataset


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_what_is_encoded_is_decoded(syntax: str) -> None:
    decoded = decode_dataset(encode_dataset(identifier(), syntax), syntax, clause="PS3.4")
    assert decoded == identifier()


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_sequences_of_undefined_length_are_decoded(syntax: str) -> None:
    dataset = identifier()
    dataset["ReferencedSOPSequence"].is_undefined_length = True
    for item in dataset.ReferencedSOPSequence:
        item.is_undefined_length_sequence_item = True
    assert decode_dataset(encode_dataset(dataset, syntax), syntax, clause="PS3.4") == identifier()


@pytest.mark.parametrize("wrong", ["explicit", "deflated", "big endian"])
@pytest.mark.parametrize("accepted", ["implicit", "explicit", "deflated"])
def test_another_syntax_than_the_accepted_one_is_a_violation(accepted: str, wrong: str) -> None:
    if accepted == wrong:
        wrong = "implicit"
    with pytest.raises(ProtocolViolation) as caught:
        decode_dataset(encode_dataset(identifier(), SYNTAXES[wrong]), SYNTAXES[accepted], clause="PS3.4 C.4.1.1.3")
    assert caught.value.clause == "PS3.4 C.4.1.1.3"
    assert UID(SYNTAXES[accepted]).name in caught.value.expected


@pytest.mark.parametrize("syntax", [SYNTAXES["implicit"], SYNTAXES["explicit"]], ids=["implicit", "explicit"])
def test_a_data_set_cut_within_an_element_is_a_violation(syntax: str) -> None:
    whole = encode_dataset(identifier(), syntax)
    with pytest.raises(ProtocolViolation, match="cannot be decoded"):
        decode_dataset(whole[:-3], syntax, clause="PS3.4")


def test_a_value_whose_length_its_representation_forbids_is_a_violation() -> None:
    data = b"\x28\x00\x10\x00US\x03\x00abc"
    with pytest.raises(ProtocolViolation, match="cannot be decoded"):
        decode_dataset(data, SYNTAXES["explicit"], clause="PS3.4")


def test_a_deflated_bomb_is_a_violation() -> None:
    dataset = Dataset()
    dataset.add_new(0x00420011, "OB", bytes(64 << 20))
    with pytest.raises(ProtocolViolation, match="too large"):
        decode_dataset(encode_dataset(dataset, SYNTAXES["deflated"]), SYNTAXES["deflated"], clause="PS3.4")


def test_a_value_that_is_only_wrong_is_left_to_the_check() -> None:
    data = b"\x20\x00\x08\x12IS\x04\x00many"
    assert decode_dataset(data, SYNTAXES["explicit"], clause="PS3.4")["NumberOfStudyRelatedInstances"].value == "many"


def test_warnings_about_a_peers_values_are_no_errors_of_ours() -> None:
    data = b"\x10\x00\x20\x00LO\x46\x00" + 70 * b"X"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode_dataset(data, SYNTAXES["explicit"], clause="PS3.4").PatientID == 70 * "X"


@UNHURRIED
@given(st.binary(max_size=120), st.booleans(), st.booleans())
def test_arbitrary_bytes_have_a_structure_or_a_reason_why_not(data: bytes, implicit: bool, little_endian: bool) -> None:
    with contextlib.suppress(ValueError):
        Walk(data, implicit, little_endian).check()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x10\0\x20\0", "are no element"),
        (b"\x10\0\x20\0LO\x09\0ab", r"\(0010,0020\) of 9 bytes has 2 left"),
        (b"\x10\0\x20\0\x04\0\0\0SYN1", "no value representation"),
        (b"\x08\0\x99\x11SQ\0\0\xff\xff\xff\xff", "a sequence of undefined length is not closed"),
        (b"\x08\0\x99\x11SQ\0\0\x08\0\0\0\x10\0\x20\0LO\0\0", "no item of a sequence"),
        (b"\x08\0\x99\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff", "an item of undefined length is not closed"),
        (b"\x08\0\x99\x11SQ\0\0\x08\0\0\0\xfe\xff\0\xe0\x20\0\0\0", "an item of 32 bytes has 0 left"),
    ],
)
def test_a_broken_structure_is_told_by_its_place(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Walk(data, implicit=False, little_endian=True).check()
