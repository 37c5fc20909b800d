"""French says the same as English: every text, the same numbers, the same elements."""

import re
from collections import Counter
from string import Formatter

import msgspec
import pytest

from conformance.guide import load_register
from reports.html import render
from reports.language import LANGUAGES, language, row_digest
from reports.results import RegisterRow, ResultsError

from . import catalogue
from .building import full_run
from .parsing import Node, parse

OTHERS = [code for code in LANGUAGES if code != "en"]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_there_and_none_too_many(code: str) -> None:
    wanted = catalogue.plain() | set(catalogue.counted())
    assert set(language(code).texts) == wanted


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_keeps_its_fields_and_counts_where_english_counts(code: str) -> None:
    counted = catalogue.counted()
    for english, text in language(code).texts.items():
        assert isinstance(text, list) == (english in counted), english
        for form in text if isinstance(text, list) else [text]:
            assert fields(form) == fields(english)
            assert form.strip()


def test_french_typography_keeps_its_double_signs_with_their_word() -> None:
    for text in language("fr").texts.values():
        for form in text if isinstance(text, list) else [text]:
            assert not re.search(r" [;:?!»]|« |\w[;?!»]|\w:(?=\s|$)|'", form), form


def digits(page: Node) -> Counter[str]:
    """The numbers of a page, whatever separates their thousands and decimals, and in whatever order a sentence has them."""
    return Counter(re.findall(r"\d+", re.sub(r"(?<=\d)[,.\u202f](?=\d)", "", page.text)))


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "truncated"])
def test_the_same_numbers_and_elements_stand_in_every_language(code: str, cut: bool) -> None:
    results = full_run(footer=None, requirements=[]) if cut else full_run()
    english, other = parse(render(results)), parse(render(results, lang=code))
    assert [node.tag for node in english.walk()] == [node.tag for node in other.walk()]
    assert digits(english) == digits(other)
    assert [node.attributes.get("id") for node in english.walk()] == [node.attributes.get("id") for node in other.walk()]
    assert other.all("html")[0].attributes["lang"] == code


def test_what_a_run_recorded_is_marked_as_english() -> None:
    page = parse(render(full_run(), lang="fr"))
    protocol = {id(node) for field in page.all("span", **{"class": "kv"}) for node in field.all("bdi")}
    french = {text for row in language("fr").rows.values() for text in row.values()}
    spoken = [node for node in page.all("bdi") if id(node) not in protocol and node.text not in french]
    assert all(node.attributes.get("lang") == "en" for node in spoken)
    assert any("status C000" in node.text for node in spoken)


def test_numbers_are_written_as_the_language_writes_them() -> None:
    english, french = language("en"), language("fr")
    assert (english.number(12345), french.number(12345)) == ("12,345", "12\u202f345")
    assert (english.seconds(1.25), french.seconds(1.25)) == ("1.2 s", "1,2 s")
    assert [english.seconds(value) for value in (0.0123, 0.0012, 100, 185)] == ["12 ms", "1.2 ms", "100 s", "3 min 5 s"]
    assert (english.size(92), english.size(524_288), french.size(1_572_864)) == ("92 B", "512.0 KiB", "1,5 MiB")
    assert english.share(1, 0) == "–"


def test_french_counts_zero_as_one() -> None:
    forms = ("{count} object", "{count} objects")
    assert [language("en").many(*forms, count) for count in (0, 1, 2)] == ["0 objects", "1 object", "2 objects"]
    assert [language("fr").many(*forms, count) for count in (0, 1, 2)] == ["0 objet", "1 objet", "2 objets"]


def test_a_moment_that_is_none_stays_as_it_is() -> None:
    assert language("en").moment("2026-10-05T14:03:22-04:00") == "2026-10-05 14:03:22 UTC-04:00"
    assert language("en").moment("yesterday") == "yesterday"


def test_an_unknown_language_is_one_clear_line() -> None:
    with pytest.raises(ResultsError, match="choose one of en, fr"):
        language("de")


ROWS = {row.id: RegisterRow.of(row) for row in load_register()}


@pytest.mark.parametrize("code", OTHERS)
def test_every_row_of_the_register_is_translated_as_it_stands_now(code: str) -> None:
    stale = {id_: row_digest(row) for id_, row in ROWS.items() if language(code).row(row).code != code}
    assert stale == {}, f"translate these anew in lang/register.{code}.toml and set `of` to the digest shown"
    assert set(language(code).rows) == set(ROWS)


def marks(text: str) -> Counter[str]:
    """Tags, numbers and codes: what a translation may not touch."""
    return Counter(re.findall(r"[0-9A-Z]*\d[0-9A-Zx]*", re.sub(r"(?<=\d)[,\u202f](?=\d{3}\b)", "", text)))


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("requirement", ROWS)
def test_a_translated_row_keeps_its_tags_numbers_and_codes(requirement: str, code: str) -> None:
    row, texts = ROWS[requirement], language(code).row(ROWS[requirement])
    for english, other in ((row.title, texts.title), (row.text, texts.text), (row.rationale, texts.rationale)):
        assert marks(other) == marks(english)


def test_a_row_that_was_changed_since_is_shown_in_english_and_marked_so() -> None:
    row = msgspec.structs.replace(ROWS["STORE-01"], text="Something new.")
    assert (language("fr").row(row).code, language("fr").row(row).text) == ("en", "Something new.")


def test_a_french_report_has_french_rows() -> None:
    page = parse(render(full_run(), lang="fr"))
    assert "Destination inconnue" in page.one("RETR-04").text
    assert "traduction non officielle" in page.one("requirements").text
