"""C-STORE: whether an object is kept, and keeping it.

Policy for repeats, as the register asks for one (STORE-08, INTEG-05): the first object under a SOP Instance UID stays. The same object
again, in whatever native encoding, is a success that changes nothing; another object under the same UID is refused.
"""

from collections.abc import Mapping

from conformance.reference.depot import Depot, digest, same_content
from conformance.reference.encoding import DataSet, decode, encode, to_little_endian
from conformance.reference.errors import UndecodableDataSet, UndecodableText
from conformance.reference.index import Entry, Index, Located
from conformance.reference.keys import Attributes
from conformance.reference.rejection import Rejector
from conformance.reference.rules import (
    CANNOT_UNDERSTAND,
    COMMAND_RULES,
    DUPLICATE,
    RULES,
    Candidate,
    Refusal,
    Rule,
    first_refusal,
)
from conformance.reference.syntax import Syntax, syntax_of

SUCCESS = 0x0000


class Intake:
    """Takes objects in, one at a time: what fits is in the depot and in the index before it is answered for (STORE-01)."""

    command_rules: tuple[Rule, ...] = COMMAND_RULES
    rules: tuple[Rule, ...] = RULES

    def __init__(self, index: Index, depot: Depot, rejector: Rejector) -> None:
        self.index, self.depot, self.rejector = index, depot, rejector

    def take(self, command_class: str, command_instance: str, context_class: str, syntax_uid: str, data: bytes) -> Refusal | None:
        """Keep an object, or say why not. None is success."""
        candidate = Candidate(command_class, command_instance, context_class, syntax_of(syntax_uid), data, {}, self.index)
        refusal = first_refusal(self.command_rules, candidate)
        if refusal is not None:
            return refusal
        try:
            candidate.dataset = self.read(data, candidate.syntax)
            with self.index.lock:
                refusal = self.judge(candidate) or self.rejector.refusal(candidate) or self.settle(candidate)
                if refusal is None:
                    self.rejector.obey(candidate)
                return refusal
        except (UndecodableDataSet, UndecodableText) as broken:
            return Refusal(CANNOT_UNDERSTAND, broken.what)

    def read(self, data: bytes, syntax: Syntax) -> DataSet:
        """Read the whole data set: what cannot be read cannot be answered for (REJECT-09)."""
        return decode(data, syntax)

    def judge(self, candidate: Candidate) -> Refusal | None:
        """Hold the object against every rule."""
        return first_refusal(self.rules, candidate)

    def settle(self, candidate: Candidate) -> Refusal | None:
        """Keep an object that broke no rule, unless its SOP Instance UID is taken."""
        stored = self.index.instance(self.identity(candidate))
        if stored is None:
            self.keep(candidate)
            return None
        return self.again(candidate, stored)

    def identity(self, candidate: Candidate) -> str:
        """The SOP Instance UID under which the object is kept."""
        return candidate.text("SOPInstanceUID")

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        """Answer an object that has come before: the same is welcome, another is not."""
        if stored.digest == digest(candidate.data) or same_content(
            self.depot.get(stored), stored.transfer_syntax_uid, candidate.data, candidate.syntax.uid
        ):
            return None
        return Refusal(DUPLICATE, "another object is stored under this SOP Instance UID")

    def keep(self, candidate: Candidate) -> None:
        """Write the file, then the index: an index row always has its object."""
        data = self.stored_bytes(candidate)
        uid = self.identity(candidate)
        path, start = self.depot.put(candidate.text("SOPClassUID"), uid, candidate.syntax.uid, data)
        located = Located(
            sop_class_uid=candidate.text("SOPClassUID"),
            sop_instance_uid=uid,
            transfer_syntax_uid=candidate.syntax.uid,
            path=path,
            start=start,
            digest=digest(candidate.data),
            series=candidate.text("SeriesInstanceUID"),
        )
        self.index.add(Entry(self.attributes(candidate), located))

    def attributes(self, candidate: Candidate) -> Mapping[str, Attributes]:
        """What the index is told, by level."""
        return candidate.levels

    def stored_bytes(self, candidate: Candidate) -> bytes:
        """What is written: the bytes as they came (STORE-04, STORE-13)."""
        return candidate.data

    def rewritten(self, candidate: Candidate, dataset: DataSet) -> bytes:
        """Write another data set in place of an object's own, in its syntax; for faults, since nothing else changes an object."""
        return encode(dataset if candidate.syntax.little else to_little_endian(dataset), candidate.syntax)
