"""What is read of the objects that came: as far as the judging reads them, and no further."""

import zlib
from pathlib import Path

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from conformance.dimse import Received
from conformance.judging import reading
from conformance.source.heads import heads_of, text
from conformance.source.intake import Attempt, Intake
from conformance.source.script import SEND
from generators import Synthesizer, encode

MEBIBYTE = 1 << 20


def intake_of(path: Path) -> Intake:
    """A step that brought this file."""
    intake = Intake(SEND, path.parent, silence=1.0)
    received = Received("1.2", "1.2.3", DeflatedExplicitVRLittleEndian, b"", "SENDER", "DIR", None, None, 1, 0, path)
    intake.attempts.append(Attempt(received, 0))
    return intake


def test_a_deflated_object_is_read_unless_it_inflates_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_INFLATED", MEBIBYTE)
    study = Synthesizer(1, "HEADS").study("CT", instances=1)
    sound = encode(study.dataset(study.instances[0]), DeflatedExplicitVRLittleEndian)
    (tmp_path / "sound.dcm").write_bytes(sound.part10())
    ((uid, head),) = heads_of(intake_of(tmp_path / "sound.dcm"))
    assert (uid, text(head, "StudyInstanceUID")) == ("1.2.3", study.uid)

    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    plain = encode(study.dataset(study.instances[0])).data
    bomb = sound.part10().removesuffix(sound.data) + deflater.compress(plain + bytes(2 * MEBIBYTE)) + deflater.flush()
    (tmp_path / "bomb.dcm").write_bytes(bomb)
    assert not list(heads_of(intake_of(tmp_path / "bomb.dcm")))
