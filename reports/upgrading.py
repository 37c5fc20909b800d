"""Read what earlier versions wrote: one step from each schema version to the next, record by record.

A step adds what the next version demands, says "none" where the older one recorded nothing, and invents no observation. A new schema
version adds one step here; the steps before it stay as they are.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

_Document = dict[str, Any]

OLDEST = 0


def upgraded(line: bytes, version: int) -> bytes:
    """Give a line of an older file as the present version would have written it. A line that is no record stays as it is."""
    try:
        document = msgspec.json.decode(line, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return line
    for number in range(version, OLDEST + len(STEPS)):
        document = STEPS[number](document)
    return msgspec.json.encode(document)


def _from_first_draft(document: _Document) -> _Document:
    """Version 0: no environment in the header, no count of foreign objects, and reasons that said again what the verdict says.

    It recorded neither when a check began nor its octets and response times; their defaults say so.
    """
    match document:
        case {"kind": "header"}:
            return {"environment": {}, **document, "schema": 1}
        case {"kind": "requirement", "reason": str(reason)}:
            return {**document, "reason": reason.removeprefix("not tested: ")}
        case {"kind": "footer"}:
            return {"foreign": 0, **document}
        case _:
            return document


STEPS: Mapping[int, Callable[[_Document], _Document]] = {0: _from_first_draft}
"""By the version that a step reads; it writes the next one."""
