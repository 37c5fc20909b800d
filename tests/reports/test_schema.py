"""The published schema and the records agree, both ways."""

from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.results import Check, Footer, Header, Identity, Preflight, Record, Requirement, Signature, records
from reports.schema import published, record_schema, schema_text

from . import hostile
from .building import full_run, write

VALIDATOR = jsonschema.Draft202012Validator(msgspec.json.decode(published()))


def test_the_published_schema_is_the_one_of_the_records() -> None:
    assert published() == schema_text(), "publish it again: dicom-conformance schema > reports/results.schema.json"
    jsonschema.Draft202012Validator.check_schema(record_schema())


def test_every_line_of_a_run_is_valid(tmp_path: Path) -> None:
    for line in write(full_run(), tmp_path / "r.jsonl").read_bytes().splitlines():
        VALIDATOR.validate(msgspec.json.decode(line))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.one_of([hostile.struct(kind) for kind in (Header, Preflight, Identity, Check, Requirement, Footer, Signature)]))
def test_every_record_that_can_be_written_is_valid(record: Record) -> None:
    VALIDATOR.validate(msgspec.json.decode(msgspec.json.encode(record)))


@pytest.mark.parametrize("spoiled", ["kind", "schema", "outcomes", "nodeid", "id"])
def test_what_the_schema_refuses_the_reader_refuses_too(spoiled: str) -> None:
    documents = [msgspec.to_builtins(record) for record in records(full_run())]
    document = next(one for one in documents if spoiled in one)
    for wrong in (document | {spoiled: None}, {key: value for key, value in document.items() if key != spoiled}):
        assert not VALIDATOR.is_valid(wrong)
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(msgspec.json.encode(wrong), type=Record)
