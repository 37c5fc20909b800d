"""DCMTK's clients against the archive: a third stack, which neither the archive nor the driver was written with."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset

from conformance.dimse import Endpoint

from .objects import EXPLICIT, study, without
from .test_main import running

MOVER = "MOVER"


def dcmtk(name: str) -> str:
    """Find DCMTK's program; pynetdicom installs Python scripts under the same names."""
    for folder in os.environ["PATH"].split(os.pathsep):
        program = Path(folder) / name
        if program.is_file() and program.read_bytes()[:2] != b"#!":
            return str(program)
    raise AssertionError(f"DCMTK's {name} is not on PATH: install dcmtk")


def run(name: str, endpoint: Endpoint, *options: str, succeeds: bool = True) -> str:
    """Run a client and return what it said."""
    command = [dcmtk(name), "-v", "-aet", MOVER, "-aec", endpoint.called_ae, endpoint.host, str(endpoint.port), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, "TCP_NODELAY": "1"}, errors="replace")
    said = done.stdout + done.stderr
    assert (done.returncode == 0) is succeeds, said
    return said


@pytest.fixture(scope="module")
def mover_port(free_port: Callable[[], int]) -> int:
    return free_port()


@pytest.fixture(scope="module")
def endpoint(mover_port: int) -> Iterator[Endpoint]:
    with running("--peer", f"{MOVER}=127.0.0.1:{mover_port}") as archive:
        yield archive.endpoint


@pytest.fixture(scope="module")
def files(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> list[Dataset]:
    """Four images of one study, sent by storescu."""
    folder = tmp_path_factory.mktemp("sent")
    datasets = study(4, series=2, PatientID="DCMTK01")
    for number, dataset in enumerate(datasets):
        save(dataset, folder / f"{number}.dcm")
    run("storescu", endpoint, "+sd", str(folder))
    return datasets


def save(dataset: Dataset, path: Path) -> None:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = EXPLICIT
    dataset.save_as(path, enforce_file_format=True)


def test_echoscu(endpoint: Endpoint) -> None:
    assert "Success" in run("echoscu", endpoint)


def test_storescu_is_told_of_a_refusal(endpoint: Endpoint, tmp_path: Path) -> None:
    (dataset,) = study(1)
    without("AccessionNumber")(dataset)
    save(dataset, tmp_path / "bad.dcm")
    assert "DataSetDoesNotMatchSOPClass" in run("storescu", endpoint, str(tmp_path / "bad.dcm"), succeeds=False)


@pytest.mark.usefixtures("files")
def test_findscu(endpoint: Endpoint) -> None:
    said = run("findscu", endpoint, "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=DCMTK*", "-k", "NumberOfStudyRelatedInstances")
    assert said.count("(Pending)") == 1
    assert "[DCMTK01 ]" in said
    assert "[4 ]" in said


@pytest.mark.parametrize("client", ["movescu", "getscu"])
def test_retrieves_a_study(client: str, endpoint: Endpoint, files: list[Dataset], mover_port: int, tmp_path: Path) -> None:
    options = ["-S", "-od", str(tmp_path), "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={files[0].StudyInstanceUID}"]
    run(client, endpoint, *options, *(["-aem", MOVER, "+P", str(mover_port)] if client == "movescu" else []))
    came = {str(read.SOPInstanceUID): read for read in map(dcmread, tmp_path.iterdir())}
    assert set(came) == {str(dataset.SOPInstanceUID) for dataset in files}
    assert all(came[str(dataset.SOPInstanceUID)].PixelData == dataset.PixelData for dataset in files)
