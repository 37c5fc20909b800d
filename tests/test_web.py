"""The command that a report gives for a question to DICOMweb."""

import shlex

import pytest

from conformance.web import JSON, WebService

URL = "https://pacs.example/dicom-web/studies?PatientName=Doe%5EJane&limit=200"


@pytest.mark.parametrize(
    ("user", "credentials"),
    [("", ["-H", "Authorization: Bearer $SECRET"]), ("o'hara", ["-u", "o'hara:$SECRET"])],
    ids=["token", "password"],
)
def test_the_command_asks_the_same_and_does_not_tell_the_secret(user: str, credentials: list[str]) -> None:
    service = WebService("https://pacs.example/dicom-web", "ca file.pem", user, "hunter2")
    assert shlex.split(service.curl(URL, JSON)) == ["curl", "-i", "-H", f"Accept: {JSON}", "--cacert", "ca file.pem", URL, *credentials]
