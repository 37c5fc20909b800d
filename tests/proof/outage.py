"""What the proof of the controls is made of: a service that is out, and the checks that can decide nothing then."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.embedded import PROFILE
from conformance.reference.archive import Parts

HASTY = f"""
[claims]
services = {json.dumps(tomllib.loads(PROFILE.read_text("utf-8"))["claims"]["services"])}
visible-seconds = 0.2
silence-seconds = 0.2
"""
"""The profile of the embedded archive as a vendor would write it who leaves much unsaid, with short waits."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A way in which the archive fails a control of some checks without breaking the clause that they decide.

    `blocked` names these checks, one case of each as `test_name[case]` or all of them as `test_name`, with words of the reason that
    each gives. `options` are those of the run, `settings` those of the archive; `profile` stands in place of the archive's own.
    """

    name: str
    parts: Parts
    blocked: Mapping[str, str]
    options: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    profile: str = ""


def claiming(key: str, value: str) -> str:
    """The profile of the archive with another claim."""
    others = [line for line in PROFILE.read_text("utf-8").splitlines() if line.partition(" =")[0] != key]
    place = others.index("[claims]") + 1
    return "\n".join((*others[:place], f"{key} = {value}", *others[place:]))
