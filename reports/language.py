"""The words of a report in one language. English stands in the templates; a catalogue maps it to another language.

What a run recorded (expected, got, reasons, titles) is in English and is marked so, unless the catalogue holds it too.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from reports.results import RegisterRow, ResultsError

LANGUAGES = ("en", "fr")

_Texts = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class RowTexts:
    """What a report shows of a requirement, and the language that it is in."""

    code: str
    title: str
    text: str
    rationale: str


@dataclass(frozen=True)
class Language:
    """Translate, count and format. Call it with an English text; braces are filled in with the keywords."""

    code: str = "en"
    texts: _Texts = field(default_factory=dict)
    thousands: str = ","
    point: str = "."
    colon: str = ":"
    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __call__(self, text: str, /, **values: object) -> str:
        found = self.texts.get(text, text)
        return (found if isinstance(found, str) else found[0]).format(**values)

    def many(self, one: str, more: str, count: int, /, **values: object) -> str:
        """Choose by number: French counts zero as one, English does not."""
        found = self.texts.get(one)
        forms = found if isinstance(found, list) else [one, more]
        single = count in (0, 1) if self.code == "fr" else count == 1
        return forms[0 if single else 1].format(count=self.number(count), **values)

    def row(self, row: RegisterRow) -> RowTexts:
        """Give the texts of a requirement: translated, where the translation is of the very text that the run recorded."""
        found = self.rows.get(row.id)
        if found and found["of"] == row_digest(row):
            return RowTexts(self.code, found["title"], found["text"], found["rationale"])
        return RowTexts("en", row.title, row.text, row.rationale)

    def number(self, value: float, decimals: int = 0) -> str:
        """Format a number with this language's separators."""
        return f"{value:,.{decimals}f}".translate({ord(","): self.thousands, ord("."): self.point})

    def seconds(self, value: float) -> str:
        """A span of time in the unit that a reader would choose."""
        if value < 1:
            return f"{self.number(value * 1000, 0 if value >= 0.01 else 1)} ms"
        if value < 120:
            return f"{self.number(value, 1 if value < 100 else 0)} s"
        return f"{self.number(value // 60)} min {self.number(value % 60)} s"

    def size(self, octets: int) -> str:
        """A number of octets: B, KiB or MiB."""
        if octets < 1024:
            return f"{self.number(octets)} B"
        scaled, unit = (octets / 1024, "KiB") if octets < 1024**2 else (octets / 1024**2, "MiB")
        return f"{self.number(scaled, 1)} {unit}"

    def rate(self, octets: int, seconds: float) -> str:
        """Octets a second; a dash where no time passed, or nobody measured it."""
        return f"{self.size(round(octets / max(seconds, 1e-6)))}/s" if seconds > 0 else "–"

    def share(self, part: float, whole: float) -> str:
        return f"{self.number(100 * part / whole)} %" if whole > 0 else "–"

    def moment(self, text: str) -> str:
        """An ISO 8601 moment as a reader writes it; anything else as it stands."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return text
        return f"{moment:%Y-%m-%d %H:%M:%S} {moment.tzname() or ''}".rstrip()


def row_digest(row: RegisterRow) -> str:
    """Name the English texts of a requirement, so that a translation knows what it translates."""
    return hashlib.sha256("\0".join((row.title, row.text, row.rationale)).encode("utf-8", "surrogatepass")).hexdigest()[:12]


@cache
def language(code: str) -> Language:
    """Load a language. Raises `ResultsError` for one that is not there."""
    if code == "en":
        return Language()
    if code not in LANGUAGES:
        raise ResultsError(f"there is no report in language {code!r}", remedy=f"choose one of {', '.join(LANGUAGES)}")
    return Language(code, _read(f"{code}.toml"), thousands="\u202f", point=",", colon="\u00a0:", rows=_read(f"register.{code}.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("reports").joinpath("lang", name).read_text("utf-8"))
