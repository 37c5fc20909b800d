"""Attribute matching, kind by kind (PS3.4 C.2.2.2): what a key matches and what it does not."""

import pytest

from conformance.reference.matching import Matcher

MATCHES = [
    # VR, key, value held
    ("LO", "", "anything"),  # universal
    ("LO", "*", "anything"),
    ("SH", "**", "anything"),
    ("LO", "other", ""),  # a value that is unknown is matched by any (C.2.2.1.2)
    ("DA", "20260101-20260131", ""),
    ("UI", "1.2.3", ""),
    ("LO", "ABC12", "ABC12"),
    ("LO", "AB*", "AB"),
    ("LO", "*12", "ABC12"),
    ("LO", "A*2", "ABC12"),
    ("SH", "AB?12", "ABC12"),
    ("SH", "?????", "ABC12"),
    ("LO", "A.C*", "A.C12"),
    ("LO", "1%*", "1% of it"),
    ("LO", "[A]*", "[A]12"),
    ("LO", "a?\nb", "a\n\nb"),
    ("UI", "1.2.3", "1.2.3"),
    ("UI", "1.2.3\\1.2.4", "1.2.4"),
    ("DA", "20260424", "20260424"),
    ("DA", "20260424", "2026.04.24"),
    ("DA", "20260101-20260131", "20260101"),
    ("DA", "20260101-20260131", "20260131"),
    ("DA", "-20260131", "20260131"),
    ("DA", "20260101-", "20260101"),
    ("TM", "1015", "101500"),
    ("TM", "101500", "101500.000000"),
    ("TM", "080000-113000", "080000"),
    ("TM", "080000-113000", "113000"),
    ("TM", "10-11", "115959.9"),
    ("TM", "-080000", "000000"),
    ("TM", "120000-", "235959"),
    ("IS", "7", "007"),
    ("IS", "+1", "1"),
    ("DS", "1.50", "1.5"),
    ("PN", "gagné^amélie", "GAGNÉ^AMÉLIE"),
    ("PN", "GAGNE\u0301*", "Gagn\u00e9^Am\u00e9lie"),  # composed and decomposed accents are one character
    ("PN", "DOE^JOHN^Q^^", "DOE^JOHN^Q"),
    ("PN", "TREMBLA?^*", "Tremblay^Luc"),
    ("PN", "*山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ("PN", "山田^太郎", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ("CS", "MR", "CT\\MR"),  # one of several values
    ("LO", "A*", "BC\\AB"),
]

MISSES = [
    ("LO", "ABC12", "abc12"),
    ("LO", "ABC1", "ABC12"),
    ("LO", "ABC123", "ABC12"),
    ("LO", "0123", "123"),
    ("LO", "AB?", "AB"),
    ("LO", "AB*", "ab1"),
    ("LO", "A.C*", "ABC12"),  # a regular expression's dot is a dot
    ("SH", "??", "ABC"),
    ("UI", "*", "1.2.3"),  # no wild cards in UIDs
    ("UI", "1.2", "1.2.3"),
    ("DA", "20260424", "20260425"),
    ("DA", "20260101-20260131", "20260201"),
    ("DA", "20260102-", "20260101"),
    ("DA", "-20260130", "20260131"),
    ("DA", "20260101-20261231", "2026-04-24"),  # not a date: kept, and in no range
    ("TM", "080000-113000", "113001"),
    ("TM", "080000-113000", "075959.999999"),
    ("TM", "1015", "101530"),
    ("IS", "1*", "12"),
    ("IS", "7", "8"),
    ("PN", "DOE", "DOE^JOHN"),
    ("PN", "DOE^JOHN", "DOE^JOHN^Q"),
    ("CS", "XA", "CT\\MR"),
]


@pytest.mark.parametrize(("vr", "wanted", "held"), MATCHES)
def test_matches(vr: str, wanted: str, held: str) -> None:
    assert Matcher().matches(vr, wanted, held)


@pytest.mark.parametrize(("vr", "wanted", "held"), MISSES)
def test_does_not_match(vr: str, wanted: str, held: str) -> None:
    assert not Matcher().matches(vr, wanted, held)


ISSUER, ENTITY = "00400031", "00400032"


@pytest.mark.parametrize(
    ("wanted", "held", "matched"),
    [
        ([], [{ENTITY: "1.2.3"}], True),
        ([{}], [{ENTITY: "1.2.3"}], True),
        ([{ENTITY: "1.2.3"}], [{ENTITY: "1.2.3", ISSUER: "A"}], True),
        ([{ENTITY: "1.2.3"}], [{ENTITY: "9.9"}, {ENTITY: "1.2.3"}], True),
        ([{ENTITY: "1.2.3", ISSUER: "B"}], [{ENTITY: "1.2.3", ISSUER: "A"}], False),
        ([{ENTITY: "1.2.3"}], [{ENTITY: "1.2.4"}], False),
        ([{ENTITY: "1.2.3"}], [], True),  # nothing held: unknown
        ([{"0040A043": [{ISSUER: "A"}]}], [{"0040A043": [{ISSUER: "B"}]}], False),
    ],
)
def test_matches_a_sequence_when_one_item_has_every_key(wanted: list[dict], held: list[dict], matched: bool) -> None:
    assert Matcher().matches("SQ", wanted, held) is matched
