"""Hypothesis strategies for results in which every string is chosen by an enemy of the page."""

from collections.abc import Mapping
from typing import get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from conformance.guide import Level, Provenance, Role
from conformance.verdicts import Certification, Outcome, Verdict
from reports.results import SCHEMA_VERSION, Results

ATTACKS = (
    "<script>alert(1)</script>",
    "</style><script src=//x>",
    "</summary></details></table></main>",
    "<!-- ",
    "]]><svg onload=alert(1)>",
    '" onmouseover=alert(1) x="',
    "' autofocus onfocus=alert(1) '",
    "javascript:alert(1)",
    "data:text/html,<script>1</script>",
    "../../etc/passwd",
    "/etc/passwd",
    "//evil.example/x.dcm",
    "a\\..\\b.dcm",
    "{{ 7 * 7 }}{% raw %}",
    "{} {count} {0.__class__} %s %(x)s",
    "&lt;b&gt; &amp;#60; &#x0;",
    "\x00\x01\x1b[31m\x7f\x85\r\n\t",
    "\u202egnp.exe\u2066\u2069\u200f",
    "z" + "\u0301" * 300,
    "\ufeff\ufffe\ufdd0\u2028",
    "STORE-01",
    "findings",
    "",
)

text = st.one_of(
    st.sampled_from(ATTACKS), st.text(max_size=40), st.builds(lambda a: a * 700, st.sampled_from(["<b>", "&", "\u202e", "Ω " * 20]))
)
seconds = st.floats(0, 1e5, allow_nan=False)
count = st.integers(0, 2**31)


def _word(kind: type[Outcome] | type[Verdict] | type[Level] | type[Provenance] | type[Role]) -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from([*kind]).map(str), text)


IDS = st.one_of(st.sampled_from(["STORE-01", "STORE-02", "QUERY-07", "RETR-03"]), text)

FIELDS: Mapping[str, st.SearchStrategy[object]] = {  # fields whose values the program reads as words or ids
    "id": IDS,
    "requirement": IDS,
    "level": _word(Level),
    "provenance": _word(Provenance),
    "outcome": _word(Outcome),
    "verdict": _word(Verdict),
    "state": st.one_of(st.sampled_from(["passed", "failed", "noted", "not reached"]), text),
    "direction": st.one_of(st.sampled_from(["sent", "received"]), text),
    "outcomes": st.dictionaries(IDS, _word(Outcome), max_size=3),
    "roles": st.lists(_word(Role), max_size=2),
    "certification": st.one_of(st.sampled_from([*Certification]).map(str), text),
    "schema": st.just(SCHEMA_VERSION),
    "profile": st.dictionaries(text, st.one_of(text, st.lists(text, max_size=2), st.dictionaries(text, text, max_size=2)), max_size=3),
    "target": st.dictionaries(st.one_of(st.sampled_from(["host", "port", "called AE title"]), text), text, max_size=4),
}


def _strategy(kind: object) -> st.SearchStrategy[object]:
    """Give the strategy of a field by its type."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return struct(kind)
    if get_origin(kind) is list:
        return st.lists(_strategy(get_args(kind)[0]), max_size=3)
    if get_origin(kind) is dict:
        return st.dictionaries(text, _strategy(get_args(kind)[1]), max_size=2)
    if type(None) in get_args(kind):
        return st.none() | _strategy(get_args(kind)[0])
    simple: Mapping[object, st.SearchStrategy[object]] = {str: text, int: count, float: seconds, bool: st.booleans()}
    return simple[kind]


def struct(kind: type[msgspec.Struct]) -> st.SearchStrategy[object]:
    """Give any value of a record type."""
    fields = get_type_hints(kind).items()
    return st.builds(kind, **{name: FIELDS[name] if name in FIELDS else _strategy(hint) for name, hint in fields})


results = struct(Results)
