"""What a fault is: one named way to break an object, and what may rightly follow from it."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from pydicom import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from generators.compression import why_not
from generators.encoding import Encoded, deflate, encode, inflate
from generators.errors import GeneratorError
from generators.syntaxes import syntax_named

Change = Callable[[Dataset], None]
Damage = Callable[[Encoded], bytes]

# Status classes of C-STORE as PS3.4 Table B.2-1 writes them.
REFUSED = ("A7xx", "A9xx", "Cxxx")
WARNED = ("B000", "B007")
STORED = ("0000",)
ABORTED = ("abort",)


class Scope(StrEnum):
    """In what a broken object differs from its base, and in nothing else."""

    ELEMENT = "the bytes of one element"
    CUT = "bytes missing at the end"
    INSERTED = "bytes put in at one place"
    MOVED = "the order of the elements"
    SYNTAX = "the transfer syntax that the bytes are in"


@dataclass(frozen=True, slots=True)
class Fault:
    """One single fault.

    `path` is the element that it changes, empty where it is the whole data set, `also` what reads differently in consequence;
    `requirements` are the rows of the register that it may trip; `answers` is what an archive may rightly answer: status codes with x
    for any digit, or `abort`. `change` breaks a data set in place, `damage` breaks the encoded bytes (of an inflated data set, where the
    syntax is deflated): a fault has one of them. `needs` are the keywords that a base must hold with a value, `only_if` is what else must
    be true of it; `syntax` is the one transfer syntax in which the fault exists, whatever is asked for. `keeps_command` leaves the UIDs of
    the base in the command, so that command and data set disagree. `seen_by` says who of these notices it first: `dciodvfy`,
    `dcentvfy` (beside a sound neighbour), or the `model`, our own rules.
    """

    name: str
    summary: str
    path: str
    requirements: tuple[str, ...]
    answers: tuple[str, ...]
    change: Change | None = None
    damage: Damage | None = None
    scope: Scope = Scope.ELEMENT
    also: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    syntax: str = ""
    keeps_command: bool = False
    only_if: Callable[[Dataset], bool] | None = None
    seen_by: str = "dciodvfy"

    def applies_to(self, dataset: Dataset) -> bool:
        """Say whether the data set has what this fault breaks."""
        held = all(keyword in dataset and not dataset[keyword].is_empty for keyword in self.needs)
        fits = held and (self.only_if is None or self.only_if(dataset))
        return fits and not (self.syntax and why_not(dataset, syntax_named(self.syntax)))

    def wants(self) -> str:
        """Say what a base must have."""
        said = [f"it needs {', '.join(self.needs)}"] if self.needs else []
        said += [(self.only_if.__doc__ or "").strip().rstrip(".")] if self.only_if else []
        said += [f"pixels that {syntax_named(self.syntax).title} can carry"] if self.syntax else []
        return "; ".join(said) or "any object will do"

    def apply(self, dataset: Dataset) -> Dataset:
        """Break a deep copy. A fault of the bytes gives the copy unchanged: its damage is done by `encode`."""
        if not self.applies_to(dataset):
            raise GeneratorError(f"fault {self.name} does not apply: {self.wants()}", where=str(dataset.get("SOPInstanceUID", "")))
        broken = copy.deepcopy(dataset)
        if self.change:
            self.change(broken)
        return broken

    def encode(self, dataset: Dataset, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> Encoded:
        """Break and encode. The command's UIDs are those of the data set, or of its base where the fault took them away."""
        base = Encoded(str(dataset.SOPClassUID), str(dataset.SOPInstanceUID), self.syntax or transfer_syntax_uid, b"")
        broken = encode(self.apply(dataset), base.transfer_syntax_uid)
        if self.damage:
            broken = replace(broken, data=_damaged(broken, self.damage))
        if self.keeps_command:
            return replace(base, data=broken.data)
        return replace(
            broken,
            sop_class_uid=broken.sop_class_uid.strip() or base.sop_class_uid,
            sop_instance_uid=broken.sop_instance_uid.strip() or base.sop_instance_uid,
        )


def _damaged(encoded: Encoded, damage: Damage) -> bytes:
    if encoded.transfer_syntax_uid != DeflatedExplicitVRLittleEndian:
        return damage(encoded)
    plain = replace(encoded, transfer_syntax_uid=str(ExplicitVRLittleEndian), data=inflate(encoded.data))
    return deflate(damage(plain))
