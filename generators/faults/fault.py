"""What a fault is: one named way to break an object, and what may rightly follow from it."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from generators.encoding import Encoded, encode
from generators.errors import GeneratorError

Change = Callable[[Dataset], None]
Damage = Callable[[Encoded], bytes]

# Status classes of C-STORE as PS3.4 Table B.2-1 writes them.
REFUSED = ("A7xx", "A9xx", "Cxxx")
WARNED = ("B000", "B007")
STORED = ("0000",)
ABORTED = ("abort",)


@dataclass(frozen=True, slots=True)
class Fault:
    """One single fault.

    `path` is the element that it changes, `also` those that read differently in consequence; `requirements` are the rows of the register
    that it may trip; `answers` is what an archive may rightly answer: status codes with x for any digit, or `abort`.
    `change` breaks a data set in place, `damage` breaks the encoded bytes: a fault has one of them.
    `needs` are the keywords that a base must hold with a value. `keeps_command` leaves the UIDs of the base in the command, so that
    command and data set disagree. `seen_by` says who notices it: `dciodvfy`, `dcentvfy`, `reader` (it does not decode) or `model`.
    """

    name: str
    summary: str
    path: str
    requirements: tuple[str, ...]
    answers: tuple[str, ...]
    change: Change | None = None
    damage: Damage | None = None
    also: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    keeps_command: bool = False
    seen_by: str = "model"

    def applies_to(self, dataset: Dataset) -> bool:
        """Say whether the data set has what this fault breaks."""
        return all(keyword in dataset and not dataset[keyword].is_empty for keyword in self.needs)

    def apply(self, dataset: Dataset) -> Dataset:
        """Break a deep copy. A fault of the bytes gives the copy unchanged: its damage is done by `encode`."""
        if not self.applies_to(dataset):
            raise GeneratorError(f"fault {self.name} needs {', '.join(self.needs)}", where=str(dataset.get("SOPInstanceUID", "")))
        broken = copy.deepcopy(dataset)
        if self.change:
            self.change(broken)
        return broken

    def encode(self, dataset: Dataset, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> Encoded:
        """Break and encode. The command's UIDs are those of the data set, or of its base where the fault took them away."""
        base = Encoded(str(dataset.SOPClassUID), str(dataset.SOPInstanceUID), transfer_syntax_uid, b"")
        broken = encode(self.apply(dataset), transfer_syntax_uid)
        if self.damage:
            broken = replace(broken, data=self.damage(broken))
        if self.keeps_command:
            return replace(base, data=broken.data)
        return replace(
            broken,
            sop_class_uid=broken.sop_class_uid.strip() or base.sop_class_uid,
            sop_instance_uid=broken.sop_instance_uid.strip() or base.sop_instance_uid,
        )
