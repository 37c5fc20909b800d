"""The stored objects: Part 10 files whose data set is, byte for byte, what was received."""

import hashlib
from pathlib import Path

from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID

from conformance.reference.encoding import DataSet, Element, decode, part10_header, to_little_endian
from conformance.reference.index import Located
from conformance.reference.syntax import syntax_of

_TRAILING_PADDING = 0xFFFCFFFC


class Depot:
    """A folder of objects. A UID never becomes a path: files are named by a digest of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def put(self, sop_class: str, sop_instance: str, transfer_syntax: str, data: bytes) -> tuple[str, int]:
        """Write an object whole or not at all. Returns its file's name and where in it the data set begins."""
        header = part10_header(sop_class, sop_instance, transfer_syntax, PYNETDICOM_IMPLEMENTATION_UID)
        path = self.root / self.name(sop_instance)
        scratch = path.with_suffix(".part")
        with scratch.open("wb") as file:
            file.write(header)
            file.write(data)
        scratch.replace(path)
        return path.name, len(header)

    def name(self, sop_instance: str) -> str:
        """Name the file of an instance."""
        return hashlib.sha256(sop_instance.encode()).hexdigest() + ".dcm"

    def get(self, located: Located) -> bytes:
        """Read the data set of a stored object, in the transfer syntax in which it came. Raises OSError where it is gone."""
        with (self.root / located.path).open("rb") as file:
            file.seek(located.start)
            return file.read()

    def drop(self, located: Located) -> None:
        """Delete the file of an object."""
        (self.root / located.path).unlink(missing_ok=True)


def digest(data: bytes) -> str:
    """Fingerprint the bytes of a data set."""
    return hashlib.sha256(data).hexdigest()


def same_content(one: bytes, one_syntax: str, two: bytes, two_syntax: str) -> bool:
    """Compare two encodings of a data set: the values, not how lengths, VRs and byte ordering write them down."""
    return _canonical(_little(one, one_syntax)) == _canonical(_little(two, two_syntax))


def _little(data: bytes, uid: str) -> DataSet:
    syntax = syntax_of(uid)
    dataset = decode(data, syntax)
    return dataset if syntax.little else to_little_endian(dataset)


def _canonical(dataset: DataSet) -> list[tuple[int, object]]:
    kept = (tag for tag in sorted(dataset) if tag & 0xFFFF and tag != _TRAILING_PADDING)
    return [(tag, _value(dataset[tag])) for tag in kept]


def _value(element: Element) -> object:
    if element.items is not None:
        return [_canonical(item) for item in element.items]
    return element.value.rstrip(b" \0") if len(element.value) < 1024 else element.value
