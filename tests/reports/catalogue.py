"""Every text that a report may ask its language for: out of the templates and out of the tables of words."""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

from reports import words

_ONE = re.compile(r"""\bt\(\s*"((?:[^"\\]|\\.)*)"|\bt\(\s*'((?:[^'\\]|\\.)*)'""")
_MANY = re.compile(r"""\bt\.many\(\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)\"""")


def _templates() -> Iterator[str]:
    for path in files("reports").joinpath("templates").iterdir():
        if path.name.endswith(".j2"):
            yield path.read_text("utf-8")


def plain() -> set[str]:
    """Texts without a number."""
    found = {one or other for template in _templates() for one, other in _ONE.findall(template)}
    public = [table for name, table in vars(words).items() if name.isupper()]
    tables = [table for table in public if isinstance(table, Mapping) and table not in (words.TONE, words.INK)]
    return found | {text for table in tables for text in table.values() if isinstance(text, str)}


def counted() -> dict[str, str]:
    """Texts with a number: the form for one, and the form for more."""
    return dict(pair for template in _templates() for pair in _MANY.findall(template)) | dict(words.REASON.values())
