"""The DICOMweb door of the embedded archive, seen by a client that is not ours: dicomweb-client."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless

from conformance.reference.archive import Archive, Settings, WebSettings
from conformance.reference.webserver import parts_of
from generators import Synthesizer, differences, encode, encode_study

TOKEN = "only for this test"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DICOMwebClient]:
    """A client that has the token and trusts the archive's certificate."""
    ca = tmp_path_factory.mktemp("web") / "ca.pem"
    with Archive(Settings(web=WebSettings(0, TOKEN, ca))) as archive:
        assert archive.web is not None
        session = requests.Session()
        session.verify, session.trust_env = str(ca), False  # else a bundle named in the environment wins
        client = DICOMwebClient(f"https://127.0.0.1:{archive.web.server_address[1]}/dicom-web", session=session)
        client.set_http_retry_params(retry=False)
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        yield client


def test_a_study_comes_back_as_it_was_posted(client: DICOMwebClient) -> None:
    study = Synthesizer(1, "WEBA").study("CT", series=2)
    sent = {instance.sop_instance_uid: instance for instance in encode_study(study)}
    answer = client.store_instances([dcmread(BytesIO(instance.part10())) for instance in sent.values()])
    assert {item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence} == set(sent)
    kept = client.retrieve_study(study.uid)
    assert {instance.SOPInstanceUID for instance in kept} == set(sent)
    assert [differences(sent[instance.SOPInstanceUID].dataset(), instance) for instance in kept] == [[]] * len(sent)


def test_a_search_reads_as_data_sets(client: DICOMwebClient) -> None:
    synthesizer = Synthesizer(1, "WEBB")
    study = synthesizer.study("CT", patient=synthesizer.patient(name="Wang^XiaoDong=王^小东"))
    client.store_instances([dcmread(BytesIO(instance.part10())) for instance in encode_study(study)])
    (found,) = client.search_for_studies(search_filters={"PatientID": study.patient.id}, fields=["IssuerOfPatientIDQualifiersSequence"])
    read = Dataset.from_json(found)
    assert (str(read.PatientName), read.NumberOfStudyRelatedInstances) == (study.patient.name, 2)
    assert client.search_for_studies(search_filters={"PatientID": "NOBODY"}) == []
    (metadata, _) = client.retrieve_study_metadata(study.uid)
    assert Dataset.from_json(metadata).StudyInstanceUID == study.uid


@pytest.mark.parametrize("stored", [ImplicitVRLittleEndian, JPEG2000Lossless])
def test_whoever_names_no_syntax_gets_explicit_little_endian(client: DICOMwebClient, stored: str) -> None:
    study = Synthesizer(1, "WEB" + stored[-2:].replace(".", "X")).study("CT", instances=1)
    (instance,) = encode_study(study, stored)
    client.store_instances([dcmread(BytesIO(instance.part10()))])
    (kept,) = client.retrieve_study(study.uid, media_types=(("application/dicom", str(ExplicitVRLittleEndian)),))
    assert kept.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert differences(instance.dataset(), kept) == []


def test_a_posted_part_that_is_no_dicom_is_refused_beside_a_sound_one(client: DICOMwebClient) -> None:
    sound = encode(next(iter(Synthesizer(1, "WEBC").study("CT").datasets())))
    boundary = b"--x\r\nContent-Type: application/dicom\r\n\r\n"
    body = boundary + sound.part10() + b"\r\n" + boundary + b"no DICOM" + b"\r\n--x--\r\n"
    media_type = 'multipart/related; type="application/dicom"; boundary=x'
    answer = client._session.post(f"{client.base_url}/studies", data=body, headers={"Content-Type": media_type}, timeout=10)
    assert answer.status_code == 202
    assert len(answer.json()["00081199"]["Value"]) == len(answer.json()["0008119A"]["Value"]) == 1


def test_parts_keep_every_byte(tmp_path: Path) -> None:
    every = bytes(range(256)) * 3 + b"\r\n\n\r--\r\n\r\n"
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + every + b"\r\n--b--\r\n"
    assert parts_of("multipart/related; boundary=b", body) == [every]
