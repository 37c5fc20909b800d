"""One edition of the register: its rows as facts, found by id, filtered by role."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from conformance.guide.words import Level, Provenance, Role


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of the register.

    `sources` are clauses (`PS3.4 C.4.2.1.6`); `unverified` says which of them, or what else, was not read. `how` tells in prose
    how it is decided and what a broken product does; `evidence` are addresses of real cases. `applies_when` is "" or the one
    word of `SERVICES` whose claim makes the row bind. `attested` is "" or who has to attest to what: a dated statement decides the
    row, whatever the wire showed. `untested` is "" or the written reason why no check decides it yet.
    """

    id: str
    title: str
    level: Level
    roles: tuple[Role, ...]
    text: str
    rationale: str
    sources: tuple[str, ...]
    provenance: Provenance
    verified: bool
    unverified: tuple[str, ...]
    how: str
    evidence: tuple[str, ...]
    applies_when: str
    slow: bool
    hostile: bool
    attested: str
    untested: str

    @property
    def group(self) -> str:
        """The part of the id before the number: `STORE` of `STORE-01`."""
        return self.id.partition("-")[0]


@dataclass(frozen=True)
class Register:
    """The rows of one edition, in the order of its file, and the digest (SHA-256, hexadecimal) of that file's bytes."""

    edition: str
    title: str
    date: str
    status: str
    requirements: Mapping[str, Requirement]
    digest: str

    def __getitem__(self, id_: str) -> Requirement:
        """Return the row of this id. Raises KeyError."""
        return self.requirements[id_]

    def __contains__(self, id_: object) -> bool:
        return id_ in self.requirements

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self.requirements.values())

    def __len__(self) -> int:
        return len(self.requirements)

    def in_scope(self, roles: Collection[Role]) -> tuple[Requirement, ...]:
        """Return the rows that bind at least one of these roles, whatever the profile claims."""
        return tuple(row for row in self if not set(row.roles).isdisjoint(roles))
