"""What a DICOM character set can carry."""

import warnings

from pydicom.charset import convert_encodings, encode_string


def terms(character_set: str) -> list[str]:
    """Part (0008,0005) into its values. The default repertoire is the empty text."""
    return character_set.split("\\") if character_set else []


def python_encodings(character_set: str) -> list[str]:
    """Give Python's names for the encodings of a character set. pydicom takes the default repertoire for Latin-1; PS3.5 6.1.1 does not."""
    found = convert_encodings(terms(character_set) or ["ISO_IR 6"])
    return ["ascii" if name == "iso8859" else name for name in found]


def encodable(text: str, character_set: str) -> bool:
    """Say whether every character of `text` has a place in the character set (PS3.5 6.1.2)."""
    if text.isascii():
        return True
    encodings = python_encodings(character_set)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # how pydicom tells that it put question marks
        try:
            encode_string(text, encodings)
        except (UserWarning, UnicodeError):
            return False
    return True
