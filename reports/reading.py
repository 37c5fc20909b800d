"""Read a results file back: all that stands, and a count of what could not be read.

Only the header is indispensable, since it says what the rest means. A line that was cut off when the run was killed, or that
was damaged since, is counted in `unreadable`. A file of an older schema is read through `reports.upgrading`. What no reader of
this version can understand is a `ResultsError`; where a page can still say something useful of it, an `UnusableResults`.
"""

from collections.abc import Iterable
from enum import StrEnum
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
    Received,
    Record,
    Requirement,
    Results,
    ResultsError,
    Signature,
)
from reports.upgrading import OLDEST, upgraded
from reports.writing import read

FILE_NAME = "results.jsonl"

_Kind = TypeVar("_Kind")


class Plight(StrEnum):
    """Why a file that a run did leave cannot be judged."""

    EMPTY = "empty"
    OUTDATED = "outdated"


class UnusableResults(ResultsError):
    """A results file of a run that says nothing, or nothing that can be read any more: no verdict, and never a pass."""

    def __init__(self, what: str, *, where: str, remedy: str, plight: Plight) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.plight = plight


class _Opening(msgspec.Struct):
    """The part of a header that tells how to read the rest."""

    kind: str
    schema: int | None = None


def load_results(path: Path) -> Results:
    """Read a results file, or the one in a report folder.

    A file without a footer is a run that was cut short. Raises `UnusableResults` where nothing was recorded, or in a form older
    than any that is still known; `ResultsError` where there is no file, no header, or a schema that only a later version knows.
    """
    path = results_file(path)
    content = read(path)
    if not content.strip() or _ends_in_its_header(content):
        remedy = "the run was stopped before it wrote its first line: run again"
        raise UnusableResults("is empty: nothing was recorded", where=str(path), remedy=remedy, plight=Plight.EMPTY)
    lines = content.splitlines()
    version = _version(lines[0], str(path))
    if version < SCHEMA_VERSION:
        lines = [upgraded(line, version) for line in lines]
    return _assemble(_header(lines[0], str(path)), lines[1:], version)


def results_file(path: Path) -> Path:
    """Give the results file for a report folder; a file is taken as it is."""
    return path / FILE_NAME if path.is_dir() else path


def _ends_in_its_header(content: bytes) -> bool:
    """The first line is on its way to the disk when the process is killed."""
    return content.startswith(b'{"kind":"header",') and b"\n" not in content and not content.endswith(b"}")


def _version(line: bytes, where: str) -> int:
    try:
        opening = msgspec.json.decode(line, type=_Opening)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultsError("does not open with a header", where=where, remedy=f"give a {FILE_NAME} of this harness") from error
    if opening.kind != "header":
        raise ResultsError(f"opens with a record of kind {opening.kind!r:.40}, not with its header", where=where)
    reads = f"this version reads {OLDEST} to {SCHEMA_VERSION}"
    remedy = "read it with the version of the harness that wrote it"
    if opening.schema is None or opening.schema < OLDEST:
        named = "no schema version" if opening.schema is None else f"schema version {opening.schema}"
        raise UnusableResults(f"has {named}; {reads}", where=where, remedy=remedy, plight=Plight.OUTDATED)
    if opening.schema > SCHEMA_VERSION:
        raise ResultsError(f"has schema version {opening.schema}; {reads}", where=where, remedy=f"{remedy}, or a later one")
    return opening.schema


def _header(line: bytes, where: str) -> Header:
    try:
        return msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultsError(f"has a header that cannot be read: {error}", where=where) from error


def _assemble(header: Header, lines: Iterable[bytes], version: int) -> Results:
    records, unreadable = _decoded(lines)
    identities, footers, signatures = _of(Identity, records), _of(Footer, records), _of(Signature, records)
    received = _of(Received, records)
    return Results(
        header=header,
        preflight=_of(Preflight, records),
        identity=identities[-1] if identities else None,
        checks=_of(Check, records),
        requirements=_of(Requirement, records),
        footer=footers[-1] if footers else None,
        unreadable=unreadable,
        signature=signatures[-1] if signatures else None,
        received=received[-1] if received else None,
        written_in=version,
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
