"""The only source of identities: everything that it gives comes from a seed, a nonce and a serial number."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from generators.errors import GeneratorError
from generators.identity import HEALTH_CARD, Issuer, Order, Patient, health_card_number
from generators.kinds import KINDS, Kind, kind_named
from generators.people import person_name, physician, script_for
from generators.pool import TestPatientPool
from generators.tree import Instance, Series, Study
from generators.uids import UUID_ROOT, check_root, uid_from

ISSUER = Issuer("SYNTHETIC-HOSPITAL", "2.25.305401478233094183405270345620127815811")
INSTITUTION = "SYNTHETIC HOSPITAL"
_TAG = re.compile(r"[A-Z0-9]{1,8}")


class Synthesizer:
    """Makes patients, orders and studies.

    Content follows from (seed, serial), identifiers from (nonce, serial) alone, so that a second run with the same seed brings the
    same studies under other identifiers. Where a pool of test patients is given, its patients are used in turn.
    """

    def __init__(self, seed: int, nonce: str, *, uid_root: str | None = None, pool: TestPatientPool | None = None) -> None:
        self.seed, self.nonce, self.pool = seed, nonce, pool
        self.uid_root = check_root(uid_root) if uid_root else UUID_ROOT
        self._tag = _tag(nonce)
        self._serials: dict[str, int] = {}

    @property
    def patient_id_prefix(self) -> str:
        """What every Patient ID of this run begins with, so that queries are bounded by it."""
        return self.pool.prefix if self.pool else f"SYN{self._tag}-"

    def uid(self) -> str:
        """Give a UID that this nonce has not had before: at most 64 characters, 44 of them under 2.25."""
        return uid_from(self.uid_root, "uid", self.nonce, str(self._next("uid")))

    def patient(self, *, script: str = "", **overrides: Any) -> Patient:
        """Give a new synthetic patient, or the next one of the pool. `script` is a name of SCRIPTS; the default is English or French."""
        serial = self._next("patient")
        made = self.pool.patient(serial) if self.pool else self._person(serial, script)
        return replace(made, **overrides)

    def health_card(self, *, valid: bool = True) -> tuple[str, Issuer]:
        """Give an Ontario health card number with its issuer, for `other_ids`; not valid: with a wrong check digit."""
        random = self._random("health card", self._next("health card"))
        return health_card_number(f"{random.randrange(10**9):09}", valid=valid), HEALTH_CARD

    def order(self, **overrides: Any) -> Order:
        """Give a new order. Its accession number has at most 16 characters and carries the nonce."""
        serial = self._next("order")
        random = self._random("order", serial)
        made = Order(
            accession=f"A{self._tag}{_base36(serial):>05}",
            issuer=ISSUER,
            procedure_id=f"RP{_base36(serial):>05}",
            description=random.choice(("Follow-up", "Initial examination", "Screening")),
            referring=physician(random),
            institution=INSTITUTION,
        )
        return replace(made, **overrides)

    def study(
        self,
        modality: str = "CT",
        *,
        series: int = 1,
        instances: int = 2,
        patient: Patient | None = None,
        order: Order | None = None,
        modalities: Sequence[str] | None = None,
        character_set: str = "ISO_IR 192",
        rows: int = 16,
        columns: int = 16,
        frames: int = 2,
        **overrides: Any,
    ) -> Study:
        """Make a study of `series` series with `instances` instances each.

        `modality` is a name of KINDS, such as CT or SEG; `modalities` gives one series for each of its names instead. A kind that
        refers to images gets a CT series before its own, unless an earlier series of the study has what it needs. `rows` and
        `columns` are pixels, `frames` counts only for multi-frame kinds. `overrides` are the other fields of Study.
        """
        serial = self._next("study")
        random = self._random("study", serial)
        kinds = with_sources([kind_named(name) for name in (modalities if modalities is not None else [modality] * series)])
        made = Study(
            uid=self.uid(),
            id=f"S{_base36(serial):>05}",
            date=f"20{random.randrange(20, 26)}{random.randrange(1, 13):02}{random.randrange(1, 29):02}",
            time=f"{random.randrange(7, 19):02}{random.randrange(60):02}{random.randrange(60):02}",
            description=f"SYNTHETIC {kinds[-1].title}"[:64],
            patient=patient or self.patient(script="" if self.pool else script_for(character_set, random)),
            order=order or self.order(),
            series=tuple(
                self._series(kind, number, instances if kind.many else 1, (rows, columns, frames)) for number, kind in enumerate(kinds, 1)
            ),
            character_set=character_set,
        )
        return replace(made, **overrides)

    def instance(self, kind: str, number: int = 1, *, rows: int = 16, columns: int = 16, frames: int = 2) -> Instance:
        """Make one more instance of a kind, for a series that is there already."""
        return self._instance(kind_named(kind), number, (rows, columns, frames))

    def _series(self, kind: Kind, number: int, instances: int, size: tuple[int, int, int]) -> Series:
        return Series(
            uid=self.uid(),
            modality=kind.modality,
            number=number,
            description=f"{kind.title} series {number}"[:64],
            instances=tuple(self._instance(kind, place, size) for place in range(1, instances + 1)),
        )

    def _instance(self, kind: Kind, number: int, size: tuple[int, int, int]) -> Instance:
        rows, columns, frames = size if kind.pixels else (0, 0, 0)
        return Instance(
            uid=self.uid(),
            sop_class_uid=kind.sop_class_uid,
            number=number,
            kind=kind.name,
            rows=rows,
            columns=columns,
            frames=frames if kind.multiframe else min(frames, 1),
            seed=self._random("pixels", self._next("pixels")).getrandbits(32),
        )

    def _person(self, serial: int, script: str) -> Patient:
        random = self._random("patient", serial)
        born = f"{random.randrange(1930, 2020)}{random.randrange(1, 13):02}{random.randrange(1, 29):02}"
        return Patient(
            id=f"{self.patient_id_prefix}{serial:05}",
            name=person_name(script or random.choice(("english", "french")), random),
            birth_date=born,
            sex=random.choice("MFO"),
            issuer=ISSUER,
            other_ids=(self.health_card(),),
        )

    def _next(self, what: str) -> int:
        self._serials[what] = self._serials.get(what, 0) + 1
        return self._serials[what]

    def _random(self, what: str, serial: int) -> Random:
        return Random(f"{self.seed}/{what}/{serial}")


def with_sources(kinds: Sequence[Kind]) -> list[Kind]:
    """Put the kind that a kind refers to before it, where the study would lack it."""
    ordered: list[Kind] = []
    for kind in kinds:
        if kind.source and not any(earlier.name == kind.source for earlier in ordered):
            ordered.append(KINDS[kind.source])
        ordered.append(kind)
    return ordered


def _tag(nonce: str) -> str:
    if not nonce:
        raise GeneratorError("an empty nonce", remedy="give each run one of its own, such as 8 letters and digits")
    upper = nonce.upper()
    return upper if _TAG.fullmatch(upper) else hashlib.sha256(nonce.encode()).hexdigest()[:8].upper()


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest] + digits
    return digits or "0"
