"""The status codes of PS3.4 and PS3.7: to which class a code belongs for a service, and what it says.

A code of a service's own table keeps that table's class; any other code falls into the class of its range in PS3.7 Annex C,
and what no range covers is UNDEFINED.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class StatusClass(StrEnum):
    """The status classes of PS3.7 Annex C, and one for codes that belong to none."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    PENDING = "pending"
    CANCEL = "cancel"
    UNDEFINED = "undefined"


class Service(StrEnum):
    """The DIMSE services whose responses the harness reads."""

    C_ECHO = "C-ECHO"
    C_STORE = "C-STORE"
    C_FIND = "C-FIND"
    C_MOVE = "C-MOVE"
    C_GET = "C-GET"
    N_ACTION = "N-ACTION"
    N_EVENT_REPORT = "N-EVENT-REPORT"
    N_CREATE = "N-CREATE"
    N_SET = "N-SET"


@dataclass(frozen=True, slots=True)
class Code:
    """The codes from `low` to `high`, both included."""

    low: int
    high: int
    status_class: StatusClass
    meaning: str

    def __contains__(self, code: int) -> bool:
        return self.low <= code <= self.high


def _table(status_class: StatusClass, rows: Mapping[str, str]) -> tuple[Code, ...]:
    """Read rows such as "A7xx": an x stands for any digit."""
    bounds = {digits: (int(digits.replace("x", "0"), 16), int(digits.replace("x", "F"), 16)) for digits in rows}
    return tuple(Code(*bounds[digits], status_class, meaning) for digits, meaning in rows.items())


_SUCCESS = _table(StatusClass.SUCCESS, {"0000": "success"})
_CANCEL = _table(StatusClass.CANCEL, {"FE00": "terminated by a cancel request"})
_PENDING = _table(StatusClass.PENDING, {"FF00": "sub-operations are continuing"})

_GENERAL = (  # PS3.7 Annex C
    *_SUCCESS,
    *_table(StatusClass.WARNING, {"0107": "attribute list error", "0116": "attribute value out of range"}),
    *_table(
        StatusClass.FAILURE,
        {
            "0105": "no such attribute",
            "0106": "invalid attribute value",
            "0110": "processing failure",
            "0111": "duplicate SOP instance",
            "0112": "no such SOP instance",
            "0113": "no such event type",
            "0114": "no such argument",
            "0115": "invalid argument value",
            "0117": "invalid SOP instance",
            "0118": "no such SOP class",
            "0119": "class-instance conflict",
            "0120": "missing attribute",
            "0121": "missing attribute value",
            "0122": "SOP class not supported",
            "0123": "no such action",
            "0124": "not authorized",
            "0131": "duplicate transaction UID",
            "0210": "duplicate invocation",
            "0211": "unrecognized operation",
            "0212": "mistyped argument",
            "0213": "resource limitation",
        },
    ),
)
_RANGES = (  # PS3.7 Annex C: the class of a code that no table names
    *_table(StatusClass.FAILURE, {"01xx": "general failure", "02xx": "general failure"}),
    *_table(StatusClass.FAILURE, {"Axxx": "service specific failure", "Cxxx": "service specific failure"}),
    *_table(StatusClass.WARNING, {"Bxxx": "service specific warning"}),
)
_RETRIEVE_FAILURES = {
    "A701": "out of resources: unable to calculate the number of matches",
    "A702": "out of resources: unable to perform sub-operations",
    "A900": "identifier does not match SOP class",
    "Cxxx": "unable to process",
}
_N_RANGES = _table(StatusClass.WARNING, {"0001": "requested optional attributes are not supported"})

_TABLES: Mapping[str, tuple[Code, ...]] = {
    Service.C_STORE: (  # PS3.4 Table B.2-1
        *_table(
            StatusClass.WARNING,
            {"B000": "coercion of data elements", "B006": "elements discarded", "B007": "data set does not match SOP class"},
        ),
        *_table(
            StatusClass.FAILURE,
            {"A7xx": "out of resources", "A9xx": "data set does not match SOP class", "Cxxx": "cannot understand"},
        ),
    ),
    Service.C_FIND: (  # PS3.4 Table C.4-1
        *_table(
            StatusClass.PENDING,
            {"FF00": "current match, optional keys supported", "FF01": "current match, one or more optional keys not supported"},
        ),
        *_CANCEL,
        *_table(
            StatusClass.FAILURE,
            {"A700": "out of resources", "A900": "identifier does not match SOP class", "Cxxx": "unable to process"},
        ),
    ),
    Service.C_MOVE: (  # PS3.4 Table C.4-2
        *_PENDING,
        *_CANCEL,
        *_table(StatusClass.WARNING, {"B000": "sub-operations complete, one or more failures"}),
        *_table(StatusClass.FAILURE, {**_RETRIEVE_FAILURES, "A801": "move destination unknown"}),
    ),
    Service.C_GET: (  # PS3.4 Table C.4-3
        *_PENDING,
        *_CANCEL,
        *_table(StatusClass.WARNING, {"B000": "sub-operations complete, one or more failures or warnings"}),
        *_table(StatusClass.FAILURE, _RETRIEVE_FAILURES),
    ),
    Service.N_ACTION: _N_RANGES,
    Service.N_EVENT_REPORT: _N_RANGES,
    Service.N_CREATE: _N_RANGES,
    Service.N_SET: _N_RANGES,
}


def _code(service: str, code: int) -> Code | None:
    rows = (*_TABLES.get(service, ()), *_GENERAL, *_RANGES)
    return next((row for row in rows if code in row), None)


def status_class(service: Service | str, code: int) -> StatusClass:
    """Say to which class a status code belongs when it answers this service (PS3.7 Annex C, PS3.4 B.2.3, C.4)."""
    row = _code(service, code)
    return row.status_class if row else StatusClass.UNDEFINED


def is_defined(service: Service | str, code: int) -> bool:
    """Say whether a table names the code for this service, rather than only the range it lies in."""
    return any(code in row for row in (*_TABLES.get(service, ()), *_GENERAL))


def describe(service: Service | str, code: int) -> str:
    """Write a status as a person reads it: "A900 (data set does not match SOP class)"."""
    row = _code(service, code)
    return f"{code:04X} ({row.meaning if row else 'no status that PS3.7 defines'})"
