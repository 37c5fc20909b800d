"""A file of an earlier schema is read as if the present version had written it: nothing lost, nothing made up."""

from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.guide import BUNDLED
from reports.cli import main
from reports.reading import load_results
from reports.results import SCHEMA_VERSION, Check, Footer, Header, Identity, Preflight, Record, Requirement, records
from reports.schema import published
from reports.upgrading import OLDEST, STEPS, upgraded

from . import hostile
from .building import full_run

LACKING = {"header": {"guide_title", "environment"}, "check": {"began", "octets", "latencies"}, "footer": {"foreign"}}


def drafted(record: Record) -> bytes:
    """Write a record as version 0 did."""
    document: dict[str, Any] = msgspec.to_builtins(record)
    kept = {key: value for key, value in document.items() if key not in LACKING.get(document["kind"], ())}
    if document["kind"] == "header":
        kept["schema"] = 0
    if document["kind"] == "requirement" and document.get("reason"):
        kept["reason"] = f"not tested: {document['reason']}"
    return msgspec.json.encode(kept)


def shorn(record: Record) -> Record:
    """Give a record without what version 0 did not record."""
    nothing: dict[str, dict[str, Any]] = {
        "header": {"guide_title": "", "environment": {}},
        "check": {"began": 0.0, "octets": 0, "latencies": {}},
        "footer": {"foreign": 0},
    }
    return msgspec.structs.replace(record, **nothing.get(str(record.__struct_config__.tag), {}))


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b"".join(drafted(record) + b"\n" for record in records(full_run())))
    return path


def test_every_version_that_ever_was_has_its_step() -> None:
    assert set(STEPS) == set(range(OLDEST, SCHEMA_VERSION))


def test_a_whole_draft_is_read_with_all_that_it_recorded(draft: Path) -> None:
    found = load_results(draft)
    assert found.written_in == 0
    assert [*records(found)] == [shorn(record) for record in records(full_run())]


def test_a_draft_needs_its_step() -> None:
    validator = jsonschema.Draft202012Validator(msgspec.json.decode(published()))
    refused = {
        record.__struct_config__.tag for record in records(full_run()) if not validator.is_valid(msgspec.json.decode(drafted(record)))
    }
    assert refused == {"header", "footer"}
    for record in records(full_run()):
        validator.validate(msgspec.json.decode(upgraded(drafted(record), 0)))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.one_of([hostile.struct(kind) for kind in (Header, Preflight, Identity, Check, Requirement, Footer)]))
def test_any_record_comes_through_its_draft(record: Record) -> None:
    assert msgspec.json.decode(upgraded(drafted(record), 0), type=Record) == shorn(record)


@pytest.mark.parametrize(
    "line", [b"", b"[1]", b"\xff", b'{"kind":["header"]}', b'{"kind":"requirement","reason":3}', b'{"kind":"footer"', b'{"a":1}']
)
def test_what_is_no_record_is_counted_and_stops_nothing(draft: Path, line: bytes) -> None:
    draft.write_bytes(draft.read_bytes() + line + b"\n")
    assert load_results(draft).unreadable == bool(line)


def test_a_draft_makes_a_whole_report(draft: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(draft)]) == 0
    page = (draft.parent / "report.html").read_text("utf-8")
    assert "in schema version 0" in page
    assert "NOT CERTIFIED" in page
    assert "not tested: " not in page
    assert main(["compare", str(draft), str(draft)]) == 0


def test_a_draft_that_is_judged_again_is_written_as_the_present_version(draft: Path) -> None:
    assert main(["rejudge", str(draft), f"--guide={BUNDLED}", f"--out={draft.with_name('again.jsonl')}"]) == 0
    again = load_results(draft.with_name("again.jsonl"))
    assert (again.written_in, again.header.schema) == (SCHEMA_VERSION, SCHEMA_VERSION)
    assert again.checks == load_results(draft).checks
