"""The bundled edition: complete, stable in its ids, and honest about what it does not decide."""

import hashlib
import itertools
import re
from pathlib import Path

import pytest

from conformance.guide import BUNDLED, SERVICES, Level, Provenance, Register, Requirement, Role, load_register

PUBLISHED = Path(__file__).with_name("published.txt")
GROUPS = [
    *("ASSOC", "VERIF", "STORE", "INTEG", "IDENT", "CHAR", "XFER", "QUERY", "RETR"),
    *("COMMIT", "REJECT", "ROBUST", "SEC", "WORK", "IOCM", "WEB", "DOC"),
]


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


def test_holds_every_published_requirement_under_its_number(register: Register) -> None:
    """An id that changes its meaning or goes would falsify every old report and every waiver."""
    assert [f"{row.id} {row.title}" for row in register] == PUBLISHED.read_text(encoding="utf-8").splitlines()
    assert len(register) == 204


def test_groups_stand_together_and_ids_ascend_in_them(register: Register) -> None:
    ids_by_group = {group: [row.id for row in rows] for group, rows in itertools.groupby(register, key=lambda row: row.group)}
    assert list(ids_by_group) == GROUPS
    assert all(ids == sorted(ids) for ids in ids_by_group.values())


def test_uses_every_word_of_its_vocabularies(register: Register) -> None:
    assert {row.level for row in register} == set(Level)
    assert {row.provenance for row in register} == set(Provenance)
    assert {role for row in register for role in row.roles} == set(Role)


def test_names_edition_title_and_what_may_be_ascribed_to_the_guide(register: Register) -> None:
    assert register.edition == "ontario-1.0.0-ballot"
    assert register.title == "Ontario Medical Imaging DICOM Implementation Guide v1.0.0-ballot"
    assert register.date == "2026-04-24"
    assert "nothing else may be ascribed to the guide" in register.status


def test_digest_is_that_of_the_file_and_the_same_each_time(register: Register) -> None:
    assert register.digest == hashlib.sha256(BUNDLED.read_bytes()).hexdigest() == load_register().digest


def test_quotes_the_landing_page_only_with_words_that_stand_there(register: Register) -> None:
    page = re.sub(r"\s+", " ", register.status).casefold()
    for row in register:
        for quote in re.findall(r"guide landing page: '([^']+)'", " | ".join(row.sources)):
            for part in quote.split(" ... "):
                assert part.casefold() in page, f"{row.id} ascribes {part!r} to the guide"


def test_only_rows_that_quote_the_guide_claim_its_provenance(register: Register) -> None:
    for row in register:
        if row.provenance is Provenance.GUIDE:
            assert any(source.startswith("guide landing page:") for source in row.sources), row.id


def test_every_standard_row_names_a_clause_of_dicom(register: Register) -> None:
    for row in register:
        if row.provenance is Provenance.STANDARD:
            assert any(re.match(r"(PS3\.\d+|DICOM CP-\d+)", source) for source in row.sources), row.id


def test_reasons_for_what_is_not_tested_and_what_is_attested_are_sentences(register: Register) -> None:
    for row in register:
        for text in (row.untested, row.attested):
            assert not text or re.fullmatch(r"[A-Z].{20,}\.", text), f"{row.id}: {text}"


def test_a_requirement_of_an_optional_service_binds_once_claimed(register: Register) -> None:
    assert {row.id for row in register if row.level is Level.MAY and row.applies_when} == set()
    assert {row.applies_when for row in register} - {""} <= set(SERVICES)


def test_scope_is_every_row_that_binds_one_of_the_roles(register: Register) -> None:
    assert len(register.in_scope([Role.ARCHIVE])) == 164
    assert len(register.in_scope([Role.SOURCE])) == 47
    assert len(register.in_scope([Role.CONSUMER])) == 18
    assert register.in_scope(list(Role)) == tuple(register)
    assert register.in_scope([]) == ()
    source_or_consumer = register.in_scope([Role.SOURCE, Role.CONSUMER])
    assert {row.id for row in source_or_consumer} == {row.id for row in register if set(row.roles) & {Role.SOURCE, Role.CONSUMER}}


def test_finds_rows_by_id(register: Register) -> None:
    row = register["STORE-01"]
    assert isinstance(row, Requirement)
    assert (row.id, row.group, row.level, row.roles) == ("STORE-01", "STORE", Level.SHALL, (Role.ARCHIVE,))
    assert "STORE-01" in register
    assert "STORE-99" not in register
    with pytest.raises(KeyError, match="STORE-99"):
        register["STORE-99"]
