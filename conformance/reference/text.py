"""Text of a data set: from bytes in any repertoire to characters, and back in UTF-8 (PS3.5 6.1)."""

from collections.abc import Sequence

from pydicom.charset import decode_bytes, python_encoding

from conformance.reference.encoding import DataSet, Element
from conformance.reference.errors import UndecodableText

SPECIFIC_CHARACTER_SET = 0x00080005
UTF8 = "ISO_IR 192"

# PS3.5 6.1.2.2: only these follow the Specific Character Set; all others are of the default repertoire.
REPERTOIRE = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
# PS3.3 C.12.1.1.2: the default repertoire has seven bits, whatever codec pydicom decodes it with.
_DEFAULT = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"})
# Where code extensions fall back to the first repertoire (PS3.5 6.1.2.5.3): "\\", "^", "=".
_DELIMITERS = {0x5C, 0x5E, 0x3D}
_FREE_TEXT = frozenset({"LT", "ST", "UT"})


def character_set(dataset: DataSet, outer: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Read the defined terms that apply in this data set or item; an item without its own inherits those around it."""
    element = dataset.get(SPECIFIC_CHARACTER_SET)
    if element is None:
        return outer
    terms = element.value.decode("latin-1").strip(" \0").split("\\")
    return tuple(term.strip() for term in terms) if any(terms) else outer


def characters(value: bytes, vr: str, terms: Sequence[str]) -> str:
    """Decode the value of one element and take its padding off (PS3.5 6.2).

    Raises UndecodableText where the bytes are not of the declared repertoire: nothing is guessed.
    """
    text = _decoded(value, terms if vr in REPERTOIRE else ())
    if vr in _FREE_TEXT:
        return text.rstrip(" \0")
    return "\\".join(part.strip(" \0") for part in text.split("\\"))


def element_text(element: Element | None, vr: str, terms: Sequence[str]) -> str:
    """Decode an element that may be absent, which is the same as empty here."""
    return "" if element is None else characters(element.value, vr, terms)


def in_utf8(text: str, vr: str) -> bytes:
    """Encode a value for a response, padded to an even length (PS3.5 6.2)."""
    raw = text.encode("utf-8")
    return raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2)


def _decoded(value: bytes, terms: Sequence[str]) -> str:
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    try:
        codecs = [python_encoding[term or "ISO_IR 6"] for term in terms or ("",)]
    except KeyError as unknown:
        raise UndecodableText(f"the character set {str(unknown)[:32]} is unknown") from unknown
    if set(terms) <= _DEFAULT:
        raise UndecodableText("8-bit text in the default character set")
    return _strict(value, codecs)


def _strict(value: bytes, codecs: list[str]) -> str:
    try:
        text = value.decode(codecs[0]) if len(codecs) == 1 else decode_bytes(value, codecs, _DELIMITERS)
    except (UnicodeDecodeError, LookupError) as unfit:
        raise UndecodableText("text that does not fit its Specific Character Set") from unfit
    if "\ufffd" in text:
        raise UndecodableText("text that does not fit its Specific Character Set")
    return text
