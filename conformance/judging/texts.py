"""Text against the character set that is declared for it (CHAR-01)."""

import warnings
from collections.abc import Iterator
from functools import lru_cache

from pydicom.charset import decode_bytes
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

from conformance.judging.arrivals import Expected
from conformance.judging.raw import Raw
from conformance.judging.reading import TEXTS, Instance
from conformance.judging.rules import Breach, Rule
from generators.charsets import python_encodings

_EXPECTED = "text in the repertoire that Specific Character Set (0008,0005) declares"
_LATIN_9 = frozenset(("ISO_IR 203", "ISO 2022 IR 203"))
"""Latin alphabet No. 9 (PS3.3 Tables C.12-2 and C.12-3), which pydicom does not know."""

_LATIN = frozenset(("latin_1", "iso8859_15"))
"""Sets in which the second byte of a letter of UTF-8 is a sign or a control character; in Thai or Cyrillic it may be a letter."""

_ESCAPE = b"\x1b"


def _beyond_ascii(instance: Instance) -> list[Raw]:
    return [raw for raw in instance.raw if raw.vr in TEXTS and (not raw.value.isascii() or _ESCAPE in raw.value)]


def _arises(instance: Instance, _expected: Expected) -> bool:
    return bool(_beyond_ascii(instance))


def _breaches(instance: Instance, _expected: Expected) -> Iterator[Breach]:
    for raw in _beyond_ascii(instance):
        if wrong := _wrong(raw):
            yield Breach(_EXPECTED, f"the text in {raw.path} {wrong}")


def _wrong(raw: Raw) -> str:
    declared = raw.declared.strip(b" \0").decode("ascii", "replace")
    encodings = _encodings(declared)
    if encodings is None:
        return "stands under a Specific Character Set that is no defined term (PS3.3 C.12.1.1.2)"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            decode_bytes(raw.value, list(encodings), PN_DELIMS if raw.vr == "PN" else TEXT_VR_DELIMS)
    except (UserWarning, UnicodeError, LookupError):
        return f"holds bytes that {'the declared character set' if declared else 'no declared character set'} gives"
    if len(encodings) == 1 and encodings[0] in _LATIN and _is_utf8(raw.value):
        return "is UTF-8 under a single-byte character set"
    return ""


@lru_cache(maxsize=64)
def _encodings(declared: str) -> tuple[str, ...] | None:
    if declared in _LATIN_9:
        return ("iso8859_15",)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return tuple(python_encodings(declared))
    except (LookupError, UserWarning):
        return None


def _is_utf8(value: bytes) -> bool:
    """Say whether the bytes are UTF-8 in every place, which text in Latin letters is not by accident."""
    if _ESCAPE in value:
        return False
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


RULES = (Rule("CHAR-01", _breaches, _arises),)
