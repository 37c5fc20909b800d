"""Where an object belongs, told by its beginning: the same in each encoding, and never at the price of the rest of it."""

import zlib
from pathlib import Path

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from conformance.judging import heading
from generators import Synthesizer, encode
from generators.encoding import part10_header

SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)


def test_every_encoding_says_the_same(synthesizer: Synthesizer, tmp_path: Path) -> None:
    study = synthesizer.study("CT", instances=1)
    said = set()
    for syntax in SYNTAXES:
        (tmp_path / "object.dcm").write_bytes(encode(study.dataset(study.instances[0]), syntax).part10())
        said.add(heading(tmp_path / "object.dcm"))
    (found,) = said
    assert found
    assert found.modality == "CT"


def bomb() -> bytes:
    """A deflated data set that says where it belongs, after 64 MiB of nothing."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    nothing = b"\x09\x00\x01\x10UN\0\0" + (1 << 20).to_bytes(4, "little") + bytes(1 << 20)
    end = b"\x20\x00\x0d\x00UI\x04\x001.2\0" + b"\x20\x00\x0e\x00UI\x04\x001.3\0"
    return b"".join(map(packer.compress, [nothing] * 64 + [end])) + packer.flush()


@pytest.mark.parametrize("body", [bomb(), b"", b"\xff" * 200], ids=["bomb", "nothing", "noise"])
def test_an_object_that_does_not_say_it_is_passed_over(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "object.dcm").write_bytes(part10_header("1.2", "1.2", DeflatedExplicitVRLittleEndian) + body)
    assert heading(tmp_path / "object.dcm") is None
