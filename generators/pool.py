"""The registered test patients of a site, which a run then uses instead of people of its own."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generators.errors import GeneratorError
from generators.identity import Issuer, Patient

SHORTEST_PREFIX = 3
_KEYS = {"id", "name", "birth_date", "sex", "issuer", "other_ids"}


class PoolError(GeneratorError):
    """A pool file that cannot be used; names the file, the entry and the key."""


@dataclass(frozen=True, slots=True)
class TestPatientPool:
    """Test patients in the order of their file. Their ids share a prefix, since every query of a run is bounded by it."""

    __test__ = False  # the name is no test class

    patients: tuple[Patient, ...]

    @property
    def prefix(self) -> str:
        first, last = min(patient.id for patient in self.patients), max(patient.id for patient in self.patients)
        same = [a == b for a, b in zip(first, last, strict=False)]
        return first[: (*same, False).index(False)]

    def patient(self, serial: int) -> Patient:
        """Give the patient of this serial number (from 1); past the end the pool begins again."""
        return self.patients[(serial - 1) % len(self.patients)]


def load_pool(path: Path) -> TestPatientPool:
    """Read a TOML file of `[[patient]]` entries.

    Each has `id`, `name` (PN), `birth_date` (DA), `sex` (M, F or O), and may have `issuer = {name, oid}` and
    `other_ids = [{id, name, oid}]`. PoolError says which entry and key is wrong.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PoolError(f"cannot be read as TOML: {error}", where=str(path)) from error
    entries = document.get("patient")
    if not isinstance(entries, list) or not entries:
        raise PoolError("holds no [[patient]] entry", where=str(path), remedy="add one entry for each registered test patient")
    pool = TestPatientPool(tuple(_patient(entry, f"{path}: patient {place}") for place, entry in enumerate(entries, 1)))
    return _checked(pool, path)


def _checked(pool: TestPatientPool, path: Path) -> TestPatientPool:
    if len({patient.id for patient in pool.patients}) < len(pool.patients):
        raise PoolError("two patients have the same id", where=str(path))
    if len(pool.prefix) < SHORTEST_PREFIX:
        raise PoolError(
            f"the ids share fewer than {SHORTEST_PREFIX} first characters, so no query can be bounded by them",
            where=str(path),
            remedy="use test patients whose ids begin alike, or one patient",
        )
    return pool


def _patient(entry: Mapping[str, Any], where: str) -> Patient:
    if unknown := set(entry) - _KEYS:
        raise PoolError(f"unknown key {min(unknown)!r}", where=where, remedy=f"known keys are {', '.join(sorted(_KEYS))}")
    return Patient(
        id=_text(entry, "id", where, r"[^\\*?\s]([^\\*?]{0,62}[^\\*?\s])?"),
        name=_text(entry, "name", where, r"[^\\]{1,320}"),
        birth_date=_text(entry, "birth_date", where, r"[0-9]{8}"),
        sex=_text(entry, "sex", where, r"[MFO]"),
        issuer=_issuer(entry["issuer"], f"{where}: issuer") if "issuer" in entry else None,
        other_ids=tuple(
            (_text(other, "id", f"{where}: other_ids", r"[^\\]{1,64}"), _issuer(other, f"{where}: other_ids"))
            for other in entry.get("other_ids", ())
        ),
    )


def _issuer(entry: Mapping[str, Any], where: str) -> Issuer:
    return Issuer(_text(entry, "name", where, r"[^\\]{0,64}"), str(entry.get("oid", "")))


def _text(entry: Mapping[str, Any], key: str, where: str, form: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not re.fullmatch(form, value):
        raise PoolError(f"{key} is {value!r}", where=where, remedy=f"give a text of the form {form}")
    return value
