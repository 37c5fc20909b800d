"""Write files so that none is lost or seen by others: whole or not at all, never over another where that matters."""

import os
from pathlib import Path

from reports.results import ResultsError


def write_text(path: Path, text: str) -> None:
    """Write a file. Raises `ResultsError` where that cannot be done."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise _failed(path, "written", error) from error


def read(path: Path) -> bytes:
    """Read a file. Raises `ResultsError` where that cannot be done."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _failed(path, "read", error) from error


def create(path: Path, octets: bytes, mode: int) -> None:
    """Make a new file, with these rights from its first octet on. Raises `ResultsError` where one is already there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise _failed(path, "made", error) from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(octets)


def replace(path: Path, octets: bytes) -> None:
    """Put new content in the place of the old: a file is not lost to a full disk. Raises `ResultsError` where that cannot be done."""
    new = path.with_name(path.name + ".new")
    try:
        new.write_bytes(octets)
        new.replace(path)
    except OSError as error:
        raise _failed(path, "written", error) from error


def _failed(path: Path, verb: str, error: OSError) -> ResultsError:
    return ResultsError(f"cannot be {verb}: {error.strerror}", where=str(path))
