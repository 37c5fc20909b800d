"""Typed reading of TOML tables, in which each complaint names the file, the row, the key and what is allowed.

1. `load_table`: bytes -> UTF-8 -> TOML. Raises for a file that is missing or unreadable, is not UTF-8 or is not TOML.
2. `Table.rows`: the array of tables under a name. Raises if it is absent or not an array of tables.
3. `Table.text`, `texts`, `flag`, `word`, `words`, `day`: one value by its key. Raises if it is missing or of the wrong type or word.

All raise the error class that the file's reader brings, so a waiver file is never called a register.
"""

import datetime
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, TypeVar

from conformance.errors import ConformanceError

Word = TypeVar("Word", bound=StrEnum)

SHOWN = 60
"""Characters of a wrong value that a message repeats: a whole paragraph would bury its point."""


def load_table(path: Path, error: type[ConformanceError]) -> tuple["Table", bytes]:
    """Read a TOML file. Returns its top table and its bytes, as they stand."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise error(f"cannot be read: {problem.strerror or problem}", where=str(path), remedy="name a readable file") from problem
    try:
        values = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise error(f"byte {problem.start} is not UTF-8", where=str(path), remedy="save the file as UTF-8") from problem
    except tomllib.TOMLDecodeError as problem:
        raise error(f"is not TOML: {problem}", where=str(path), remedy="correct the line") from problem
    return Table(values, str(path), error), content


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a TOML file: its values, where it stands (`file, row`), and the error class to complain with."""

    values: Mapping[str, object]
    where: str
    error: type[ConformanceError]

    def named(self, name: str) -> "Table":
        """Return the same table under the name by which its reader knows it."""
        return Table(self.values, f"{self.where}, {name}", self.error)

    def complain(self, key: str, what: str, remedy: str) -> NoReturn:
        """Raise the file's error for one key."""
        raise self.error(what, where=f"{self.where}, {key if key.isprintable() else ascii(key)}", remedy=remedy)

    def allow(self, keys: Collection[str]) -> None:
        """Refuse keys that nobody reads: a misspelt one would otherwise be ignored in silence."""
        for key in self.values:
            if key not in keys:
                self.complain(key, "is not a key of this table", f"the keys are {', '.join(keys)}")

    def rows(self, key: str) -> list["Table"]:
        """Return the array of tables under a key, which must hold at least one."""
        value = self._value(key, f"write [[{key}]] tables")
        if not isinstance(value, list) or not value or not all(isinstance(row, dict) for row in value):
            self._mistyped(key, value, f"[[{key}]] tables")
        return [Table(row, self.where, self.error) for row in value]

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text that says something; `default` where the key may be absent."""
        if default is not None and key not in self.values:
            return default
        value = self._value(key, "give a text")
        if not isinstance(value, str) or not value.strip():
            self._mistyped(key, value, "a text that is not empty")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return an array of texts, each of which says something; `default` where the key may be absent."""
        if default is not None and key not in self.values:
            return default
        value = self._value(key, "give an array of texts")
        if not isinstance(value, list) or not value or not all(isinstance(text, str) and text.strip() for text in value):
            self._mistyped(key, value, "an array of texts that are not empty")
        return tuple(value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false; `default` where the key may be absent."""
        if default is not None and key not in self.values:
            return default
        value = self._value(key, "give true or false")
        if not isinstance(value, bool):
            self._mistyped(key, value, "true or false")
        return value

    def day(self, key: str) -> datetime.date:
        """Return a local date. A date with a time is refused: TOML's are two types, Python's are one family."""
        value = self._value(key, "give a date such as 2027-03-31")
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            self._mistyped(key, value, "a date without quotes, such as 2027-03-31")
        return value

    def word(self, key: str, words: type[Word]) -> Word:
        """Return a member of a closed vocabulary."""
        return self._member(key, self._value(key, f"give one of {_listed(words)}"), words)

    def words(self, key: str, words: type[Word]) -> tuple[Word, ...]:
        """Return an array of members of a closed vocabulary, each once."""
        value = self._value(key, f"give an array of {_listed(words)}")
        if not isinstance(value, list) or not value:
            self._mistyped(key, value, f"an array of {_listed(words)}")
        members = tuple(self._member(key, word, words) for word in value)
        if len(set(members)) < len(members):
            self.complain(key, f"{_shown(value)} names one twice", "name each once")
        return members

    def _value(self, key: str, remedy: str) -> object:
        if key not in self.values:
            self.complain(key, "is missing", remedy)
        return self.values[key]

    def _member(self, key: str, value: object, words: type[Word]) -> Word:
        member = next((word for word in words if word == value), None)
        if member is None:
            self.complain(key, f"{_shown(value)} is unknown", f"give one of {_listed(words)}")
        return member

    def _mistyped(self, key: str, value: object, wanted: str) -> NoReturn:
        self.complain(key, f"{_shown(value)} is not {wanted}", f"give {wanted}")


def _listed(words: type[StrEnum]) -> str:
    return ", ".join(words)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
