"""A folder of files that were received or exported earlier, as arrivals."""

import os
from collections.abc import Iterator
from pathlib import Path

from conformance.errors import ConformanceError
from conformance.judging.arrivals import Arrival

MAX_FILES = 1_000_000
MAX_DEPTH = 32


class InboxError(ConformanceError):
    """A folder that cannot be read."""


def arrivals_in(folder: Path) -> Iterator[Arrival]:
    """Give each file of a folder and of the folders in it, in the order of their paths; what no association told stays empty.

    No link is followed and nothing outside of the folder is opened: a link is an arrival that is refused. The name of an arrival is
    its path relative to the folder.

    Raises:
        InboxError: it is no folder that can be read.
    """
    if not folder.is_dir():
        raise InboxError("is no folder", where=str(folder), remedy="give the folder that holds the files")
    for count, path in enumerate(_files(folder, MAX_DEPTH), start=1):
        if count > MAX_FILES:
            return
        name = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
        yield Arrival(path, name, refused="is a symbolic link, which is not followed" if path.is_symlink() else "")


def _files(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), depth - 1) if depth else ()
        else:
            yield Path(entry.path)
