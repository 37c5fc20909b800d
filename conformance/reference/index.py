"""The index: one tree of patients, studies, series and instances, in SQLite.

It answers two kinds of question: does this object fit into the tree (asked before it is stored), and which entities of a level
match these unique keys (asked by find, retrieve and commitment). Attributes are kept as JSON, since matching is done on text.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from conformance.reference.keys import LEVELS, UNIQUE, Attributes

_SCHEMA = """
CREATE TABLE IF NOT EXISTS patient (key INTEGER PRIMARY KEY, id TEXT, issuer TEXT, attributes TEXT, UNIQUE (id, issuer));
CREATE TABLE IF NOT EXISTS study (uid TEXT PRIMARY KEY, patient INTEGER, attributes TEXT);
CREATE TABLE IF NOT EXISTS series (uid TEXT PRIMARY KEY, study TEXT, modality TEXT, attributes TEXT);
CREATE TABLE IF NOT EXISTS instance (uid TEXT PRIMARY KEY, series TEXT, class TEXT, syntax TEXT, path TEXT, start INTEGER, digest TEXT,
  attributes TEXT);
CREATE TABLE IF NOT EXISTS rejected (uid TEXT PRIMARY KEY, study TEXT, class TEXT, syntax TEXT, path TEXT, start INTEGER, digest TEXT,
  series TEXT);
CREATE INDEX IF NOT EXISTS study_patient ON study (patient);
CREATE INDEX IF NOT EXISTS series_study ON series (study);
CREATE INDEX IF NOT EXISTS instance_series ON instance (series);
"""

# Each level, with the tables it needs, from the level itself up to the patient.
_JOINS: Mapping[str, str] = {
    "PATIENT": "patient",
    "STUDY": "study JOIN patient ON patient.key = study.patient",
    "SERIES": "series JOIN study ON study.uid = series.study JOIN patient ON patient.key = study.patient",
    "IMAGE": "instance JOIN series ON series.uid = instance.series JOIN study ON study.uid = series.study "
    "JOIN patient ON patient.key = study.patient",
}
_TABLES: Mapping[str, str] = {"PATIENT": "patient", "STUDY": "study", "SERIES": "series", "IMAGE": "instance"}
_COLUMNS: Mapping[str, str] = {
    "PatientID": "patient.id",
    "StudyInstanceUID": "study.uid",
    "SeriesInstanceUID": "series.uid",
    "SOPInstanceUID": "instance.uid",
    "Issuer": "patient.issuer",
}


@dataclass(frozen=True, slots=True)
class Located:
    """An object that is stored: where its bytes lie and what they are."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    path: str
    start: int
    digest: str
    series: str


@dataclass(frozen=True, slots=True)
class Owner:
    """The patient that a study belongs to."""

    patient_id: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An object about to be indexed: its attributes by level, and where its bytes were put."""

    levels: Mapping[str, Attributes]
    located: Located


class Index:
    """One SQLite file behind one lock. Nothing is synced to the disk: a power failure is not what this archive is for."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._base.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _SCHEMA)

    def close(self) -> None:
        """Close the file; the index may be opened again."""
        with self.lock:
            self._base.close()

    # What the tree holds already

    def owner(self, study: str) -> Owner | None:
        """Find the patient of a study."""
        row = self._one("SELECT patient.id, patient.issuer FROM study JOIN patient ON patient.key = study.patient WHERE uid = ?", study)
        return Owner(str(row[0]), str(row[1])) if row else None

    def study_of(self, series: str) -> str | None:
        """Find the study of a series."""
        row = self._one("SELECT study FROM series WHERE uid = ?", series)
        return str(row[0]) if row else None

    def instance(self, uid: str) -> Located | None:
        """Find one stored object by its SOP Instance UID."""
        row = self._one("SELECT class, uid, syntax, path, start, digest, series FROM instance WHERE uid = ?", uid)
        return Located(*row) if row else None

    # Growing

    def add(self, entry: Entry) -> None:
        """Put an object into the tree, with every entity above it that is new. Whoever calls has checked that it fits."""
        at, series = entry.located, self.series_key(entry.levels["SERIES"])
        place = (at.sop_class_uid, at.transfer_syntax_uid, at.path, at.start, at.digest)
        with self.lock:
            self._base.execute("BEGIN")
            self.grow(entry.levels)
            self._insert("instance", at.sop_instance_uid, series, *place, _packed(entry.levels["IMAGE"]))
            self._base.execute("COMMIT")

    def grow(self, levels: Mapping[str, Attributes]) -> None:
        """Make the patient, the study and the series of an object, as far as they are new."""
        patient, study, series = levels["PATIENT"], levels["STUDY"], levels["SERIES"]
        uid = self.study_key(study)
        key = self._patient_of(uid) or self.patient_key(patient)
        self._insert("study", uid, key, _packed(patient | study))
        self._insert("series", self.series_key(series), uid, series["Modality"], _packed(series))

    def remove(self, sop_instance: str) -> None:
        """Take an object out of the tree; what stands above it stays."""
        self._all("DELETE FROM instance WHERE uid = ?", [sop_instance])

    def reject(self, study: str, located: Sequence[Located]) -> None:
        """Hide objects of a study: nothing finds them any more, and that they were rejected is remembered."""
        with self.lock:
            for at in located:
                place = (at.sop_class_uid, at.transfer_syntax_uid, at.path, at.start, at.digest, at.series)
                self._insert("rejected", at.sop_instance_uid, study, *place)
            self.withdraw(located)

    def withdraw(self, located: Sequence[Located]) -> None:
        """Take objects out of the tree, and what stands above them where nothing else is left below it."""
        with self.lock:
            for at in located:
                self.remove(at.sop_instance_uid)
            for level, above in (("series", "instance"), ("study", "series")):
                self._all(f"DELETE FROM {level} WHERE uid NOT IN (SELECT {level} FROM {above})", ())
            self._all("DELETE FROM patient WHERE key NOT IN (SELECT patient FROM study)", ())

    def is_rejected(self, sop_instance: str) -> bool:
        """Whether an object of this SOP Instance UID was hidden for good."""
        return self._one("SELECT uid FROM rejected WHERE uid = ?", sop_instance) is not None

    def _patient_of(self, study: str) -> int:
        rows = self._all("SELECT patient FROM study WHERE uid = ?", [study])
        return int(rows[0][0]) if rows else 0

    def patient_key(self, patient: Attributes) -> int:
        """Find or make the patient: Patient ID and issuer together say who it is (PS3.4 C.6.1.1.2)."""
        identity = (str(patient["PatientID"]), self.issuer(patient))
        self._base.execute("INSERT OR IGNORE INTO patient (id, issuer, attributes) VALUES (?, ?, ?)", (*identity, _packed(patient)))
        row = self._base.execute("SELECT key FROM patient WHERE id = ? AND issuer = ?", identity).fetchone()
        return int(row[0])

    def study_key(self, study: Attributes) -> str:
        """The identity of a study."""
        return str(study["StudyInstanceUID"])

    def series_key(self, series: Attributes) -> str:
        """The identity of a series."""
        return str(series["SeriesInstanceUID"])

    def issuer(self, patient: Attributes) -> str:
        """The identity of the assigning authority: its name and its universal entity (PS3.3 10.15)."""
        return issuer_of(patient)

    # Asking

    def select(self, level: str, scope: Mapping[str, Sequence[str]]) -> list[Attributes]:
        """List the entities of a level, each with the attributes of the levels above it, within unique keys by keyword."""
        where, values = self.where(scope)
        columns = ", ".join(f"{_TABLES[above]}.attributes" for above in self._levels(level))
        rows = self._all(f"SELECT {columns} FROM {_JOINS[level]} {where} ORDER BY {_TABLES[level]}.rowid", values)
        return [merged(row) for row in rows]

    def locate(self, scope: Mapping[str, Sequence[str]]) -> list[Located]:
        """List the stored objects within unique keys by keyword, in the order in which they came."""
        where, values = self.where(scope)
        columns = "class, instance.uid, syntax, path, start, digest, series"
        return [Located(*row) for row in self._all(f"SELECT {columns} FROM {_JOINS['IMAGE']} {where} ORDER BY instance.rowid", values)]

    def count(self, level: str, scope: Mapping[str, Sequence[str]]) -> int:
        """Count the entities of a level within unique keys."""
        where, values = self.where(scope)
        return int(self._all(f"SELECT COUNT(DISTINCT {_COLUMNS[UNIQUE[level]]}) FROM {_JOINS['IMAGE']} {where}", values)[0][0])

    def distinct(self, column: str, scope: Mapping[str, Sequence[str]]) -> list[str]:
        """List the different modalities ("series.modality") or classes ("instance.class") within unique keys."""
        where, values = self.where(scope)
        rows = self._all(f"SELECT DISTINCT {column} FROM {_JOINS['IMAGE']} {where} ORDER BY {column}", values)
        return [str(row[0]) for row in rows if row[0]]

    def _levels(self, level: str) -> tuple[str, ...]:
        # A study keeps its own copy of the patient's attributes: two studies of one patient may differ in the name.
        start = 0 if level == "PATIENT" else 1
        return LEVELS[start : LEVELS.index(level) + 1]

    def column(self, keyword: str) -> str:
        """Name the column that holds a unique key."""
        return _COLUMNS[keyword]

    def where(self, scope: Mapping[str, Sequence[str]]) -> tuple[str, list[str]]:
        """Write unique keys as a condition on the tables, and its values."""
        parts: list[str] = []
        values: list[str] = []
        for keyword, wanted in scope.items():
            parts.append(f"{self.column(keyword)} IN ({', '.join('?' * len(wanted))})")
            values.extend(wanted)
        return ("WHERE " + " AND ".join(parts) if parts else ""), values

    def _insert(self, table: str, *row: object) -> None:
        self._base.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    def _one(self, sql: str, *values: str) -> tuple[Any, ...] | None:
        rows = self._all(sql, values)
        return rows[0] if rows else None

    def _all(self, sql: str, values: Iterable[str]) -> list[tuple[Any, ...]]:
        with self.lock:
            return self._base.execute(sql, tuple(values)).fetchall()


def issuer_of(patient: Attributes) -> str:
    """Write name and universal entity of an assigning authority as one text, "name|id|type"; empty where none is named."""
    parts = [str(patient["IssuerOfPatientID"])]
    qualifiers = patient["IssuerOfPatientIDQualifiersSequence"]
    item = qualifiers[0] if isinstance(qualifiers, list) and qualifiers else {}
    parts += [str(item.get("00400032", "")), str(item.get("00400033", ""))]
    return "|".join(parts) if any(parts) else ""


def merged(rows: Sequence[str]) -> Attributes:
    """Put the attributes of an entity and of those above it into one mapping."""
    found: Attributes = {}
    for packed in rows:
        found |= _unpacked(packed)
    return found


def _packed(attributes: Attributes) -> str:
    return json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=8192)
def _unpacked(packed: str) -> Attributes:
    attributes: Attributes = json.loads(packed)
    return attributes
