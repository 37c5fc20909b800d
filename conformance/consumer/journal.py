"""What a consumer asked of our archive, exactly as it came, and what became of each object that it was sent."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from conformance.dimse import AssociationRequest
from conformance.live import Growth

MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One C-STORE sub-operation: `status` is None where no response came."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    status: int | None


@dataclass(slots=True)
class Asking:
    """One request: the message ("C-FIND"), its presentation context, its identifier, and, of a retrieve, what came of it.

    `known`: its move destination is the system under test. `named` are the objects that a retrieve asks for. `reached`: there was an
    association to send them on. `accepted` has the transfer syntaxes that its other end accepted for the SOP class of each, and
    `refused` each (SOP class, transfer syntax) that a move destination refused beside another one, and then by itself.
    """

    message: str
    abstract_syntax: str
    transfer_syntax: str
    identifier: bytes
    destination: str = ""
    known: bool = False
    named: frozenset[str] = frozenset()
    reached: bool = False
    accepted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: frozenset[tuple[str, str]] = frozenset()
    deliveries: list[Delivery] = field(default_factory=list)


class Journal:
    """The requests and associations of one step, which is over when a request that it awaits has come and been served.

    Where objects are awaited, all of them have to be asked for, unless a retrieve came to nothing: then no more will come. The
    archive's threads add, a check reads once the step is over.
    """

    def __init__(self, awaited: tuple[str, ...], objects: frozenset[str] = frozenset()) -> None:
        self.awaited, self.objects = awaited, objects
        self.askings: list[Asking] = []
        self.associations: dict[int, AssociationRequest] = {}
        self._serving = 0
        self._stirred = time.monotonic()
        self._lock = threading.Lock()

    def of(self, *messages: str) -> list[Asking]:
        """The requests of these kinds, in the order in which they came."""
        return [asking for asking in self.askings if asking.message in messages]

    # Written by the archive

    def begin(self, asking: Asking, association: AssociationRequest) -> None:
        """Write a request down before it is served, and the association that it came on."""
        with self._lock:
            self._serving += 1
            if len(self.askings) < MAX_ENTRIES:
                self.askings.append(asking)
                self.associations[association.association] = association

    def end(self) -> None:
        """Note that a request has been served."""
        with self._lock:
            self._serving -= 1
            self._stirred = time.monotonic()

    # Watched while the operator is waited for

    def arrived(self) -> bool:
        """Whether what is awaited has come, and nothing is being served."""
        with self._lock:
            came = self.of(*self.awaited)
            named = frozenset[str]().union(*(asking.named for asking in came))
            whole = named >= self.objects or not all(asking.reached for asking in came)
            return not self._serving and bool(came) and whole

    def stirred(self) -> float:
        """The monotonic time of the last sign of life."""
        with self._lock:
            return time.monotonic() if self._serving else self._stirred

    def told(self) -> str:
        """What has come so far."""
        counts = Counter(asking.message for asking in list(self.askings))
        return ", ".join(f"{count} {message}" for message, count in counts.items()) or "no request yet"

    def tree(self) -> Growth:
        """Nothing to divide: a consumer brings no objects."""
        return Growth()
