"""C-MOVE and C-GET: which objects are asked for, their delivery, and the account of it (PS3.4 C.4.2, C.4.3)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from pydicom.errors import InvalidDicomError

from conformance.reference.depot import Depot
from conformance.reference.encoding import DataSet, Element
from conformance.reference.errors import UndecodableDataSet
from conformance.reference.index import Index, Located
from conformance.reference.keys import LEVELS, QUERY_RETRIEVE_LEVEL, UNIQUE, tag_of
from conformance.reference.models import CANCELLED, PENDING, Identifier, IdentifierRefused, demand_unique_keys
from conformance.reference.syntax import STORABLE
from conformance.reference.text import SPECIFIC_CHARACTER_SET, in_utf8
from conformance.reference.transcoding import TARGETS, transcode

SUCCESS, WITH_FAILURES, UNABLE, UNKNOWN_DESTINATION = 0x0000, 0xB000, 0xA702, 0xA801
FAILED_LIST = tag_of("FailedSOPInstanceUIDList")

_RETRIEVE_KEYS = frozenset({tag_of(keyword) for keyword in UNIQUE.values()} | {QUERY_RETRIEVE_LEVEL, SPECIFIC_CHARACTER_SET})


class Outlet(Protocol):
    """Where objects go: an association on which they are stored, and the contexts that it accepted."""

    def syntaxes(self, sop_class: str) -> Sequence[str]:
        """The transfer syntaxes accepted for a class."""

    def store(self, located: Located, transfer_syntax: str, data: bytes) -> int | None:
        """Send one object. Returns the status of the response, None where none came."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The sub-operations of one retrieve, counted (PS3.4 C.4.2.1.6 to C.4.2.1.9)."""

    remaining: int
    completed: int = 0
    failed: int = 0
    warning: int = 0
    failed_uids: tuple[str, ...] = ()

    def count(self, uid: str, status: int | None) -> "Tally":
        """Count one finished sub-operation by its status."""
        left = self.remaining - 1
        if status == SUCCESS:
            return replace(self, remaining=left, completed=self.completed + 1)
        if status is not None and status >> 12 == 0xB:
            return replace(self, remaining=left, warning=self.warning + 1)
        return replace(self, remaining=left, failed=self.failed + 1, failed_uids=(*self.failed_uids, uid))


@dataclass(frozen=True, slots=True)
class Progress:
    """One response of a retrieve: `identifier` is the list of failures where one belongs."""

    status: int
    tally: Tally
    show_remaining: bool = True
    identifier: DataSet | None = field(default=None)


class Retriever:
    """Selects, delivers and counts; how a request came in and how responses leave is the archive's matter."""

    def __init__(self, index: Index, depot: Depot) -> None:
        self.index, self.depot = index, depot

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        """Find the objects that an identifier names by unique keys (PS3.4 C.4.2.1.4.1). Raises IdentifierRefused."""
        self.demand(identifier, levels)
        scope = {}
        for level in LEVELS[: LEVELS.index(identifier.level) + 1]:
            value = identifier.text(UNIQUE[level])
            if value:
                scope[UNIQUE[level]] = self.wanted(level, value)
        return self.index.locate(scope)

    def demand(self, identifier: Identifier, levels: tuple[str, ...]) -> None:
        """Demand the unique keys, and nothing but unique keys: everything else would have to be matched (PS3.4 C.4.2.2.1)."""
        demand_unique_keys(identifier, levels)
        key = UNIQUE[identifier.level]
        value = identifier.text(key)
        if not value or "*" in value or "?" in value or not all(value.split("\\")):
            raise IdentifierRefused(f"{key} must name what to retrieve")
        if any(tag not in _RETRIEVE_KEYS and tag & 0xFFFF for tag in identifier.dataset):
            raise IdentifierRefused("only unique keys may stand in a retrieve identifier")

    def wanted(self, level: str, value: str) -> list[str]:
        """Take a unique key apart; Patient ID is one value."""
        return [value] if level == "PATIENT" else value.split("\\")

    def deliver(self, targets: Sequence[Located], outlet: Outlet, cancelled: Callable[[], bool]) -> Iterator[Progress]:
        """Send the objects one by one: a pending response after each, then the final one."""
        tally = Tally(remaining=len(targets))
        for located in targets:
            if cancelled():
                yield Progress(CANCELLED, tally, identifier=self.failures(tally))
                return
            tally = self.counted(tally, located, self.send(located, outlet))
            yield self.pending(tally)
        yield self.final(tally)

    def counted(self, tally: Tally, located: Located, status: int | None) -> Tally:
        """Book one finished sub-operation."""
        return tally.count(located.sop_instance_uid, status)

    def pending(self, tally: Tally) -> Progress:
        """A pending response carries all four counts."""
        return Progress(PENDING, tally)

    def unreachable(self, targets: Sequence[Located]) -> Progress:
        """Answer for a destination that gave no association: every sub-operation has failed."""
        uids = tuple(located.sop_instance_uid for located in targets)
        return self.final(Tally(remaining=0, failed=len(uids), failed_uids=uids))

    def final(self, tally: Tally) -> Progress:
        """The final status follows the sub-operations; the failed are named; Remaining is gone (PS3.4 C.4.2.1.6, C.4.2.3.1)."""
        return Progress(self.verdict(tally), tally, show_remaining=False, identifier=self.failures(tally))

    def verdict(self, tally: Tally) -> int:
        """0000 where all went well, A702 where none did, B000 in between."""
        if not tally.failed and not tally.warning:
            return SUCCESS
        return WITH_FAILURES if tally.completed or tally.warning else UNABLE

    def failures(self, tally: Tally) -> DataSet | None:
        """The Failed SOP Instance UID List (PS3.4 C.4.2.1.4.2)."""
        if not tally.failed:
            return None
        return {FAILED_LIST: Element("UI", in_utf8("\\".join(tally.failed_uids), "UI"))}

    def send(self, located: Located, outlet: Outlet) -> int | None:
        """Send one object in the syntax it came in, or in a native one that the destination takes. None is a failure."""
        accepted = outlet.syntaxes(located.sop_class_uid)
        for syntax in (located.transfer_syntax_uid, *TARGETS):
            if syntax in accepted:
                data = self.payload(located, syntax)
                return None if data is None else outlet.store(located, syntax, data)
        return None

    def payload(self, located: Located, syntax: str) -> bytes | None:
        """Read an object in the given syntax. None where it cannot be had: the sub-operation has failed."""
        try:
            return transcode(self.depot.get(located), located.transfer_syntax_uid, syntax)
        except (OSError, UndecodableDataSet, InvalidDicomError, RuntimeError, ValueError, NotImplementedError, AttributeError):
            return None


def proposals(targets: Sequence[Located], limit: int = 128) -> list[tuple[str, str]]:
    """List the (class, syntax) pairs to propose: as stored first, then the native ones, one syntax to a context (PS3.8 9.3.2.2)."""
    stored = dict.fromkeys((located.sop_class_uid, located.transfer_syntax_uid) for located in targets)
    native = dict.fromkeys((sop_class, syntax) for sop_class, _ in stored for syntax in TARGETS)
    pairs = list(dict.fromkeys((*stored, *native)))
    return [pair for pair in pairs if pair[1] in STORABLE][:limit]
