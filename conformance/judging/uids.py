"""The form of UIDs, whose they are, and that an object's own differ (INTEG-10 to INTEG-12, INTEG-14)."""

import re
from collections.abc import Iterator
from itertools import combinations

from conformance.judging.arrivals import Expected
from conformance.judging.reading import Instance
from conformance.judging.rules import Breach, Rule
from conformance.judging.shapes import uid_root

_UID = re.compile(rb"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")
_LONGEST = 64
_OWN = (
    ("StudyInstanceUID", "Study Instance UID (0020,000D)"),
    ("SeriesInstanceUID", "Series Instance UID (0020,000E)"),
    ("SOPInstanceUID", "SOP Instance UID (0008,0018)"),
)
_ARCS = re.compile(r"0\.[0-59]\.|1\.[0-3]\.|2\.\d+\.")
_DICOM_ROOT = "1.2.840.10008."
_SAMPLE_ROOTS = ("1.2.3.", "1.2.826.0.1.3680043.8.498.", "1.2.276.0.7230010.3.", "1.3.6.1.4.1.9590.100.")
"""Roots that toolkits ship for their own examples: pydicom's, DCMTK's, MATLAB's, and that of every tutorial."""


def _forms(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    for raw in instance.raw:
        if raw.vr == "UI" and (wrong := malformed(raw.value)):
            yield Breach("UIDs as PS3.5 9.1 forms them", f"the UID in {raw.path} {wrong}")


def malformed(value: bytes) -> str:
    """Say what breaks PS3.5 9.1 and 6.2 in the bytes of a UI value; empty where nothing does."""
    for uid in value.split(b"\\"):
        bare = uid[:-1] if uid.endswith(b"\0") else uid
        if len(bare) > _LONGEST:
            return f"has {len(bare)} characters"
        if bare.endswith(b" "):
            return "is padded with a space"
        if bare and not _UID.fullmatch(bare):
            return "is no dotted number, or has an empty component or a leading zero"
    return ""


def _roots(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    for keyword, name in _OWN:
        uid = instance.text(keyword)
        if not uid or malformed(uid.encode()):  # INTEG-10
            continue
        if uid.startswith(_DICOM_ROOT):
            yield Breach("a root that manufacturer or site holds", f"{name} stands under 1.2.840.10008, which is DICOM's own (PS3.5 9)")
        elif not _ARCS.match(uid):
            yield Breach("a root that manufacturer or site holds", f"{name} begins with an arc that nobody assigns (ISO/IEC 9834-1)")
        elif uid.startswith("2.25.") and not _is_uuid(uid[5:]):
            yield Breach("a UUID after 2.25 (PS3.5 B.2)", f"{name} stands under 2.25 with a number of more than 128 bits")
        elif sample := next((root for root in _SAMPLE_ROOTS if uid.startswith(root)), ""):
            yield Breach("a root that manufacturer or site holds", f"{name} stands under {sample[:-1]}, the sample root of a toolkit")


def _is_uuid(number: str) -> bool:
    return int(number.partition(".")[0]) < 2**128


def _differ(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    for (keyword, name), (other, other_name) in combinations(_OWN, 2):
        if instance.text(keyword) and instance.text(keyword) == instance.text(other):
            yield Breach("three UIDs that differ", f"{other_name} is {name}")


def _was_commanded(instance: Instance, _expected: Expected) -> bool:
    return bool(instance.arrival.sop_instance_uid)


def _commanded(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    arrival = instance.arrival
    for keyword, said, name in (
        ("SOPClassUID", arrival.sop_class_uid, "SOP Class UID (0008,0016)"),
        ("SOPInstanceUID", arrival.sop_instance_uid, "SOP Instance UID (0008,0018)"),
    ):
        if instance.text(keyword) != said.strip(" \0"):
            got = f"root {uid_root(instance.text(keyword))} against {uid_root(said)}"
            yield Breach("the UIDs of the C-STORE request in the data set", f"{name} is not that of the command ({got})")


RULES = (
    Rule("INTEG-10", _forms),
    Rule("INTEG-11", _roots),
    Rule("INTEG-12", _differ),
    Rule("INTEG-14", _commanded, _was_commanded),
)
