"""The check that a fault breaks what its record says, and nothing else."""

from dataclasses import replace

from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from generators.content import differences, path_of
from generators.encoding import Encoded, encode
from generators.faults.fault import Fault, Scope
from generators.faults.layout import places, raw_elements


def strays(fault: Fault, dataset: Dataset, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> list[str]:
    """Say in what the broken object differs from its base otherwise than the fault's record says; empty where it is as said.

    The transfer syntax is a native one that is not deflated, or that of the fault.
    """
    broken = fault.encode(dataset, transfer_syntax_uid)
    base = encode(dataset, broken.transfer_syntax_uid)
    if base.data == broken.data:
        return ["nothing is broken"]
    if fault.change:
        return _changed(fault, base, broken)
    return _DAMAGED[fault.scope](fault, base, broken)


def _changed(fault: Fault, base: Encoded, broken: Encoded) -> list[str]:
    """Compare the bytes of each element at the top, and the values below a path that leads into a sequence."""
    before, after = raw_elements(base), raw_elements(broken)
    touched = {path_of(tag) for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag)}
    expected = {fault.path, *fault.also}
    stray = touched ^ {path.partition("[")[0] for path in expected}
    if not stray and "[" in fault.path:
        stray = {difference.path for difference in differences(base.dataset(), broken.dataset())} ^ expected
    return sorted(stray)


def _element(fault: Fault, base: Encoded, broken: Encoded) -> list[str]:
    place = next(place for place in places(base.data, ExplicitVRLittleEndian) if path_of(place.tag) == fault.path)
    head, tail = base.data[: place.start], base.data[place.end :]
    apart = broken.data.startswith(head) and broken.data.endswith(tail) and len(broken.data) >= len(head) + len(tail)
    return [] if apart else [f"bytes outside {fault.path}"]


def _cut(fault: Fault, base: Encoded, broken: Encoded) -> list[str]:
    return [] if base.data.startswith(broken.data) else [f"{fault.name}: bytes that are not the beginning of the base"]


def _inserted(fault: Fault, base: Encoded, broken: Encoded) -> list[str]:
    same = next((at for at, (a, b) in enumerate(zip(base.data, broken.data, strict=False)) if a != b), len(base.data))
    return [] if broken.data.endswith(base.data[same:]) else [f"{fault.name}: bytes of the base are gone"]


def _moved(fault: Fault, base: Encoded, broken: Encoded) -> list[str]:
    before, after = raw_elements(base), raw_elements(broken)
    return [f"{fault.name}: {path_of(tag)}" for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag)]


def _syntax(fault: Fault, base: Encoded, broken: Encoded) -> list[str]:
    for uid in (ImplicitVRLittleEndian, ExplicitVRBigEndian):
        other = replace(broken, transfer_syntax_uid=str(uid))
        if encode(base.dataset(), uid) == other:
            return []
    return [f"{fault.name}: the bytes are the base in no syntax"]


_DAMAGED = {Scope.ELEMENT: _element, Scope.CUT: _cut, Scope.INSERTED: _inserted, Scope.MOVED: _moved, Scope.SYNTAX: _syntax}
