"""Faults of character sets: what the bytes are and what (0008,0005) says they are."""

from pydicom import Dataset

from generators.faults.changes import cut_out, path, rewrite
from generators.faults.fault import REFUSED, STORED, WARNED, Damage, Fault

_ANY = (*REFUSED, *WARNED, *STORED)


def _declared(name: str, summary: str, damage: Damage, requirements: tuple[str, ...]) -> Fault:
    keyword = "SpecificCharacterSet"
    return Fault(name, summary, path(keyword), requirements, _ANY, damage=damage, needs=(keyword,), only_if=has_letters)


def has_letters(dataset: Dataset) -> bool:
    """The patient's name has letters outside ASCII, in UTF-8."""
    return dataset.SpecificCharacterSet == "ISO_IR 192" and not str(dataset.PatientName).isascii()


def _named(name: str, summary: str, value: bytes, requirements: tuple[str, ...]) -> Fault:
    return Fault(name, summary, path("PatientName"), requirements, _ANY, damage=rewrite("PatientName", value), needs=("PatientName",))


FAULTS = (
    _declared(
        "undeclared-character-set", "the text is encoded, and nothing says how", cut_out("SpecificCharacterSet"), ("CHAR-01", "CHAR-06")
    ),
    _declared(
        "wrong-character-set",
        "(0008,0005) names another encoding than the text is in",
        rewrite("SpecificCharacterSet", b"ISO_IR 100"),
        ("CHAR-01",),
    ),
    _declared(
        "unknown-character-set", "(0008,0005) is no defined term", rewrite("SpecificCharacterSet", b"ISO_IR 999"), ("CHAR-01", "CHAR-06")
    ),
    _named(
        "broken-bytes-in-name",
        "PatientName holds bytes that no encoding of Unicode gives",
        b"SYNTHETIC-\xff\xfe^\xc3\x28 "[:16],
        ("CHAR-06",),
    ),
    _named(
        "lone-escape-in-name",
        "PatientName changes to a code page that (0008,0005) does not name",
        b"SYNTHETIC-\x1b$B;3^A ",
        ("CHAR-06", "CHAR-01"),
    ),
    _named("null-in-name", "PatientName holds a NULL", b"SYNTHETIC-A\x00B^C ", ("CHAR-06", "REJECT-11")),
)
