"""The command line writes what its manifest says."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from generators import FAULTS, KINDS, SCRIPTS, SYNTAXES
from generators.commandline import main


def written(folder: Path, *options: str) -> dict[str, Any]:
    assert main(["study", "--rows", "16", "--columns", "16", "--out", str(folder), *options]) == 0
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def test_the_issues_own_example(tmp_path: Path) -> None:
    manifest = written(tmp_path / "out", "--modality", "CT", "--instances", "200", "--fault", "empty-patient-id", "--seed", "7")
    files = manifest["files"]
    assert len(files) == 200
    assert all(file["broken"] for file in files)
    assert manifest["fault"]["path"] == "(0010,0020)"
    first = dcmread(tmp_path / "out" / files[0]["file"])
    assert (first.PatientID, first.SOPInstanceUID) == ("", files[0]["sop_instance_uid"])


def test_digests_and_sizes_are_those_of_the_files(tmp_path: Path) -> None:
    manifest = written(tmp_path / "out", "--modality", "MR", "--modality", "SEG", "--syntax", "jpeg-ls")
    assert [file["kind"] for file in manifest["files"]] == ["MR", "MR", "CT", "CT", "SEG"]
    for file in manifest["files"]:
        data = (tmp_path / "out" / file["file"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    syntaxes = [dcmread(tmp_path / "out" / file["file"]).file_meta.TransferSyntaxUID for file in manifest["files"]]
    assert syntaxes == [file["transfer_syntax_uid"] for file in manifest["files"]]


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    one, other = (written(tmp_path / name, "--seed", "3", "--script", "japanese") for name in "ab")
    assert one == other
    assert one != written(tmp_path / "c", "--seed", "4", "--script", "japanese")


def test_test_patients_of_a_pool_are_used(tmp_path: Path) -> None:
    pool = tmp_path / "pool.toml"
    pool.write_text('[[patient]]\nid = "TEST-1"\nname = "TEST^One"\nbirth_date = "19700101"\nsex = "F"\n', encoding="utf-8")
    manifest = written(tmp_path / "out", "--pool", str(pool))
    assert manifest["study"]["patient"]["id"] == "TEST-1"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fault", "no-such-fault"], "is no fault"),
        (["--modality", "XX"], "is no kind of object"),
        (["--syntax", "gif"], "is no transfer syntax"),
        (["--modality", "SR", "--fault", "short-pixel-data"], "applies to none of the objects"),
        (["--uid-root", "x"], "is no UID root"),
        (["--pool", "/nowhere.toml"], "cannot be read"),
        (["--script", "thai", "--character-set", "ISO_IR 100"], "no encoding in character set"),
    ],
)
def test_what_cannot_be_made_is_said(options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "--out", str(tmp_path / "out"), *options]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "precious").write_text("")
    assert main(["study", "--out", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_lists_name_all_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {name: set(entries) for name, entries in listed.items()} == {
        "modalities": set(KINDS),
        "faults": set(FAULTS),
        "syntaxes": set(SYNTAXES),
        "scripts": set(SCRIPTS),
    }


def test_large_images_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = written(tmp_path / "whole", "--modality", "XA")
    monkeypatch.setattr("generators.writing.STREAMED", 100)
    assert written(tmp_path / "streamed", "--modality", "XA") == whole
