"""A folder of whatever somebody exported: bad files are counted and named, and nothing outside of it is read."""

import os
import zlib
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from conformance.judging import Expected, Judgement, judge
from conformance.judging.inbox import InboxError, arrivals_in
from conformance.judging.reading import MAX_INFLATED, MAX_OCTETS
from generators import Synthesizer, encode
from generators.encoding import part10_header

PYDICOM_FILES = Path(pydicom.__file__).parent / "data" / "test_files"


def judged(folder: Path) -> Judgement:
    return judge(arrivals_in(folder), Expected(complete=False))


def reasons(judgement: Judgement) -> dict[str, str]:
    return {each.name: each.reason for each in judgement.unreadable}


def test_bad_files_are_named_by_their_path_in_the_folder_and_the_good_ones_judged(synthesizer: Synthesizer, tmp_path: Path) -> None:
    inbox, outside = tmp_path / "inbox", tmp_path / "outside.dcm"
    (inbox / "deep").mkdir(parents=True)
    sound = encode(next(synthesizer.study("CT").datasets()))
    outside.write_bytes(sound.part10())
    (inbox / "deep" / "sound").write_bytes(sound.part10())
    (inbox / "deep" / "empty").touch()
    (inbox / "words.txt").write_text("no DICOM")
    (inbox / "cut.dcm").write_bytes(sound.part10()[:200])
    (inbox / "leading-out").symlink_to(outside)
    (inbox / "folder-leading-out").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(inbox / "pipe")
    with (inbox / "enormous.dcm").open("wb") as sparse:
        sparse.truncate(MAX_OCTETS + 1)
    judgement = judged(inbox)
    assert judgement.instances == 1
    assert set(reasons(judgement)) == {
        *("deep/empty", "words.txt", "cut.dcm", "leading-out", "folder-leading-out", "pipe", "enormous.dcm"),
    }
    assert "link" in reasons(judgement)["leading-out"]


def test_a_bomb_is_inflated_no_further_than_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.judging.reading.MAX_INFLATED", 1 << 22)
    assert MAX_INFLATED < 1 << 32
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    (tmp_path / "bomb.dcm").write_bytes(part10_header("1.2", "1.2", DeflatedExplicitVRLittleEndian) + bomb)
    assert "inflates to more than" in reasons(judged(tmp_path))["bomb.dcm"]


def test_sequences_that_nest_without_end_do_not_end_the_pass(tmp_path: Path) -> None:
    nested = b"\x40\x00\x75\x02SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 20_000
    (tmp_path / "nested.dcm").write_bytes(part10_header("1.2", "1.2", "1.2.840.10008.1.2.1") + nested)
    judgement = judged(tmp_path)
    assert judgement.ruling("XFER-07").findings or judgement.unread == 1


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InboxError, match="is no folder"):
        list(arrivals_in(tmp_path / "nowhere"))


def test_what_is_found_in_the_test_files_of_pydicom_was_looked_at() -> None:
    """Each number here was adjudicated: what is said of these files is so."""
    judgement = judged(PYDICOM_FILES)
    assert judgement.unread == 22
    assert judgement.instances == 154
    assert {row for row, ruling in judgement.rulings.items() if not ruling.findings} >= {
        *("CHAR-01", "IDENT-13", "IDENT-16", "INTEG-01", "INTEG-06", "INTEG-08", "INTEG-12"),
    }
    assert {finding.example for finding in judgement.ruling("XFER-07").findings} == {
        *("MR_truncated.dcm", "SC_rgb_jpeg.dcm", "rtplan_truncated.dcm"),
    }
