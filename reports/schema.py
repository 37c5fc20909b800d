"""The published JSON Schema of a results file: what one line may be."""

from importlib.resources import files

import msgspec

from reports.results import SCHEMA_VERSION, Record

FILE_NAME = "results.schema.json"


def record_schema() -> dict[str, object]:
    """Give the schema of one line, draft 2020-12. Unknown members are allowed: a later version may add some."""
    schema = msgspec.json.schema(Record, schema_hook=_anything)
    title = f"One line of results.jsonl of ontario-dicom-conformance, schema version {SCHEMA_VERSION}"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}


def _anything(_: type) -> dict[str, object]:
    """A profile holds whatever its file held."""
    return {"description": "any value"}


def schema_text() -> str:
    """Give the schema as it is published beside this module."""
    return msgspec.json.format(msgspec.json.encode(record_schema()), indent=2).decode() + "\n"


def published() -> str:
    """Read the schema as it was published."""
    return files("reports").joinpath(FILE_NAME).read_text("utf-8")
