"""Text in the repertoires that a province meets, and text that is in none (PS3.5 6.1)."""

import pytest

from conformance.reference.errors import UndecodableText
from conformance.reference.text import characters, in_utf8


@pytest.mark.parametrize(
    ("value", "terms", "text"),
    [
        (b"TREMBLAY", (), "TREMBLAY"),
        ("GAGNÉ^AMÉLIE".encode("latin-1"), ("ISO_IR 100",), "GAGNÉ^AMÉLIE"),
        ("GAGNÉ^AMÉLIE".encode(), ("ISO_IR 192",), "GAGNÉ^AMÉLIE"),
        ("Иванов".encode("iso8859-5"), ("ISO_IR 144",), "Иванов"),
        (b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", ("", "ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎"),
        (b"PADDED  ", (), "PADDED"),
        (b" A B ", (), "A B"),
    ],
)
def test_decodes_names_in_their_character_set(value: bytes, terms: tuple[str, ...], text: str) -> None:
    assert characters(value, "PN", terms) == text


@pytest.mark.parametrize(
    ("value", "terms"),
    [
        ("GAGNÉ".encode("latin-1"), ()),
        ("GAGNÉ".encode("latin-1"), ("ISO_IR 192",)),
        ("GAGNÉ".encode("latin-1"), ("FOO_BAR",)),
        ("GAGNÉ".encode("latin-1"), ("ISO_IR 6",)),
    ],
    ids=["undeclared", "not-utf-8", "unknown-term", "ascii-only"],
)
def test_does_not_guess(value: bytes, terms: tuple[str, ...]) -> None:
    with pytest.raises(UndecodableText):
        characters(value, "PN", terms)


def test_the_character_set_is_not_for_codes() -> None:
    with pytest.raises(UndecodableText):
        characters("CÉ".encode("latin-1"), "CS", ("ISO_IR 100",))


def test_free_text_keeps_its_leading_blanks_and_backslashes() -> None:
    assert characters(b"  a\\b  ", "LT", ()) == "  a\\b"


def test_pads_to_an_even_length() -> None:
    assert (in_utf8("1.2", "UI"), in_utf8("É", "LO"), in_utf8("ABC", "SH")) == (b"1.2\0", "É".encode(), b"ABC ")
