"""What a system does not keep of what is said of it: faults that need another profile, or another address, than those of the table."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from socket import socket
from ssl import SSLContext
from typing import Any

import pytest
from pydicom.uid import CTImageStorage, EncapsulatedPDFStorage

from conformance.embedded import PROFILE
from conformance.reference.archive import Parts
from conformance.reference.door import Door
from conformance.reference.faults.acknowledging import NoDocuments
from conformance.reference.models import GET, MOVE
from conformance.reference.web import WebServices

from .running import run_against

DECLARED = f'[claims]\nsop-classes = ["{CTImageStorage}", "{EncapsulatedPDFStorage}"]'


class NoRetrieves(Door):
    def contexts(self, proposed: Sequence[Any]) -> list[Any]:
        return [context for context in super().contexts(proposed) if context.abstract_syntax not in {*MOVE, *GET}]


class PlainHttp(WebServices):
    def __init__(self, *parts: Any, url: str, token: str) -> None:
        super().__init__(*parts, url=url.replace("https:", "http:"), token=token)

    def secured(self, connection: socket, _context: SSLContext) -> socket:
        return connection


@pytest.mark.parametrize(
    ("parts", "blamed"),
    [
        (Parts(door=NoDocuments), {"test_stores_an_object_of_each_class_it_declares": "refused: Encapsulated PDF Storage"}),
        (
            Parts(door=NoRetrieves),
            {
                "test_delivers_a_study_whole_and_unchanged": "its presentation context refused",
                "test_serves_retrieves_where_its_matches_say": "both presentation contexts refused",
            },
        ),
        (Parts(web=PlainHttp), {"test_only_https_is_served": "a search answered at an http URL"}),
    ],
    ids=["class-declared-and-refused", "retrieves-not-offered", "plain-http-only"],
)
def test_what_is_promised_and_not_kept_is_blamed(
    parts: Parts, blamed: Mapping[str, str], tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]
) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text(PROFILE.read_text(encoding="utf-8").replace("[claims]", DECLARED), encoding="utf-8")
    seen = run_against(run_suite, tmp_path, free_port(), parts, " or ".join(blamed), f"--target-profile={profile}")
    checks = [(record["name"].partition("[")[0], record["findings"]) for record in seen.of_kind("check")]
    found = {(check, each["outcome"], each["got"]) for check, findings in checks for each in findings}
    assert found == {(check, "violates", words) for check, words in blamed.items()}
