"""The reader takes what is a data set and nothing else; the writer loses nothing between the native syntaxes (PS3.5 7)."""

import struct

import pytest
from pydicom import Dataset, Sequence, dcmread
from pydicom.filebase import DicomBytesIO

from conformance.reference.depot import same_content
from conformance.reference.encoding import (
    PIXEL_DATA,
    Element,
    decode,
    encode,
    part10_header,
    readable,
    to_little_endian,
)
from conformance.reference.errors import UndecodableDataSet
from conformance.reference.keys import tag_of
from conformance.reference.syntax import syntax_of

from .objects import BIG, DEFLATED, EXPLICIT, IMPLICIT, encoded, image

NATIVE = [EXPLICIT, IMPLICIT, BIG, DEFLATED]


def rich() -> Dataset:
    """Sequences in both length forms, private elements, numbers of every width."""
    inner = Dataset()
    inner.CodeValue, inner.CodeMeaning = "1", "inner"
    outer = Dataset()
    outer.ConceptCodeSequence = Sequence([inner])
    dataset = image(ProcedureCodeSequence=Sequence([outer]), SourceImageSequence=Sequence([]))
    dataset["ProcedureCodeSequence"].is_undefined_length = True
    outer.is_undefined_length_sequence_item = True
    block = dataset.private_block(0x0011, "SYNTHETIC", create=True)
    block.add_new(1, "LO", "private")
    block.add_new(2, "FD", [1.5, -2.25])
    dataset.ReferencePixelX0 = -70000  # SL
    dataset.RecommendedDisplayFrameRateInFloat = 1.5  # FL
    return dataset


@pytest.mark.parametrize("target", NATIVE)
@pytest.mark.parametrize("source", NATIVE)
def test_rewrites_between_the_native_syntaxes_without_loss(source: str, target: str) -> None:
    sent = encoded(rich(), source)
    layout = syntax_of(source)
    dataset = decode(sent.data, layout)
    rewritten = encode(dataset if layout.little else to_little_endian(dataset), syntax_of(target))
    read = dcmread(DicomBytesIO(part10_header(sent.sop_class_uid, sent.sop_instance_uid, target, "1.2") + rewritten))
    original = rich()
    assert str(read.ProcedureCodeSequence[0].ConceptCodeSequence[0].CodeMeaning) == "inner"
    assert (read.ReferencePixelX0, read.RecommendedDisplayFrameRateInFloat) == (-70000, 1.5)
    assert (read.PixelData == original.PixelData) is (target != BIG)
    assert same_content(sent.data, source, rewritten, target)


@pytest.mark.parametrize("syntax", NATIVE)
def test_reads_every_element_of_a_sound_data_set(syntax: str) -> None:
    dataset = rich()
    found = decode(encoded(dataset, syntax).data, syntax_of(syntax))
    assert sorted(found) == sorted(int(element.tag) for element in dataset)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("cut", [1, 5, 60, 120, 141])
def test_refuses_a_data_set_that_is_cut_off(syntax: str, cut: int) -> None:
    data = encoded(image(), syntax).data
    with pytest.raises(UndecodableDataSet):
        decode(data[:-cut], syntax_of(syntax))


@pytest.mark.parametrize(("sent", "read"), [(IMPLICIT, EXPLICIT), (EXPLICIT, IMPLICIT), (BIG, EXPLICIT), (EXPLICIT, DEFLATED)])
def test_refuses_a_data_set_in_another_syntax(sent: str, read: str) -> None:
    with pytest.raises(UndecodableDataSet):
        decode(encoded(image(), sent).data, syntax_of(read))


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + struct.pack("<H", len(value)) + value


@pytest.mark.parametrize(
    "data",
    [
        element(0x00100020, b"LO", b"ID") + element(0x00080060, b"CS", b"CT"),
        element(0x00100020, b"LO", b"ID") * 2,
        element(0x00020010, b"UI", b"1.2\0"),
        element(0x00100020, b"ZZ", b"ID"),
        bytes.fromhex("10002000") + b"LO\xff\xff" + b"ID",
        bytes.fromhex("08001511") + b"SQ\0\0" + b"\xff" * 4,
        bytes.fromhex("08001511") + b"SQ\0\0" + struct.pack("<L", 8) + bytes.fromhex("feff00e0") + struct.pack("<L", 99),
        bytes.fromhex("e07f1000") + b"OB\0\0" + b"\xff" * 4 + bytes.fromhex("feff00e0") + struct.pack("<L", 64) + b"\0" * 8,
        bytes.fromhex("10002000") + b"LO\0\0" + bytes.fromhex("feff0de000000000"),
        b"\x08",
    ],
    ids=["order", "twice", "file-meta", "vr", "length", "no-end", "item", "fragments", "stray-item-end", "stub"],
)
def test_refuses_bytes_that_contradict_themselves(data: bytes) -> None:
    with pytest.raises(UndecodableDataSet):
        decode(data, syntax_of(EXPLICIT))


def test_refuses_sequences_that_nest_without_end() -> None:
    nested = b""
    for _ in range(200):
        item = bytes.fromhex("feff00e0") + struct.pack("<L", len(nested)) + nested
        nested = bytes.fromhex("08001511") + b"SQ\0\0" + struct.pack("<L", len(item)) + item
    with pytest.raises(UndecodableDataSet, match="deep"):
        decode(nested, syntax_of(EXPLICIT))


def test_keeps_encapsulated_pixel_data_as_they_came() -> None:
    value = b"".join(bytes.fromhex("feff00e0") + struct.pack("<L", len(part)) + part for part in (b"", b"frame one!", b"two."))
    value += bytes.fromhex("feffdde000000000")
    data = bytes.fromhex("e07f1000") + b"OB\0\0" + b"\xff" * 4 + value
    found = decode(data, syntax_of("1.2.840.10008.1.2.4.90"))[PIXEL_DATA]
    assert found.open
    assert found.value == value


def test_reads_what_stands_before_a_break() -> None:
    data = encoded(image(PatientID="BEFORE")).data
    found = readable(data[:-64], syntax_of(EXPLICIT))
    assert found[tag_of("PatientID")] == Element("LO", b"BEFORE")
    assert PIXEL_DATA not in found
