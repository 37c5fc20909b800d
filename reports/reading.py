"""Read a results file back: all that stands, and a count of what could not be read.

Only the header is indispensable, since it says what the rest means. A line that was cut off when the run was killed, or that
was damaged since, is counted in `unreadable`; a file that no reader of this version can understand is a `ResultsError`.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from reports.results import (
    SCHEMA_VERSION,
    Check,
    Footer,
    Header,
    Identity,
    Preflight,
    Record,
    Requirement,
    Results,
    ResultsError,
    Signature,
)

FILE_NAME = "results.jsonl"

_Kind = TypeVar("_Kind")


class _Opening(msgspec.Struct):
    """The part of a header that every schema version has."""

    kind: str
    schema: int


def load_results(path: Path) -> Results:
    """Read a results file, or the one in a report folder.

    A file without a footer is a run that was cut short. Raises `ResultsError` where there is no file, no header, or a header
    of a schema that this version does not know.
    """
    path = results_file(path)
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ResultsError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if not lines:
        raise ResultsError("is empty", where=str(path), remedy="the run was stopped before it wrote its first line: run again")
    return _assemble(_header(lines[0], str(path)), lines[1:])


def results_file(path: Path) -> Path:
    """Give the results file for a report folder; a file is taken as it is."""
    return path / FILE_NAME if path.is_dir() else path


def _header(line: bytes, where: str) -> Header:
    try:
        opening = msgspec.json.decode(line, type=_Opening)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultsError("does not open with a header", where=where, remedy=f"give a {FILE_NAME} of this harness") from error
    if opening.kind != "header":
        raise ResultsError(f"opens with a record of kind {opening.kind!r:.40}, not with its header", where=where)
    if not 1 <= opening.schema <= SCHEMA_VERSION:
        remedy = "read it with the version of the harness that wrote it, or a later one"
        raise ResultsError(f"has schema version {opening.schema}; this version reads 1 to {SCHEMA_VERSION}", where=where, remedy=remedy)
    try:
        return msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultsError(f"has a header that cannot be read: {error}", where=where) from error


def _assemble(header: Header, lines: Iterable[bytes]) -> Results:
    records, unreadable = _decoded(lines)
    identities, footers, signatures = _of(Identity, records), _of(Footer, records), _of(Signature, records)
    return Results(
        header=header,
        preflight=_of(Preflight, records),
        identity=identities[-1] if identities else None,
        checks=_of(Check, records),
        requirements=_of(Requirement, records),
        footer=footers[-1] if footers else None,
        unreadable=unreadable,
        signature=signatures[-1] if signatures else None,
    )


def _decoded(lines: Iterable[bytes]) -> tuple[list[Record], int]:
    decoder = msgspec.json.Decoder(Record)
    records: list[Record] = []
    unreadable = 0
    for line in filter(None, lines):
        try:
            records.append(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):  # cut off, or damaged since
            unreadable += 1
    return records, unreadable


def _of(kind: type[_Kind], records: Iterable[Record]) -> list[_Kind]:
    return [record for record in records if isinstance(record, kind)]
