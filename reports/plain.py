"""Make a string of unknown origin fit to be shown: bounded in length, every control character visible.

A system under test chooses its implementation version, its error comments and its UIDs. Escaping markup is the template's
work; here go the characters that would reorder, hide or break the text around them, and lengths no reader wants.
"""

import re
import unicodedata

SHOWN = 2000  # characters; the longest text of the register has under 400, and results.jsonl keeps the rest

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 but for tab and line feed, which are white space in a page
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, or changing the direction
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"  # no characters at all, and invisible tags
)
_MARKS = 4  # combining marks kept in a row: more of them climb over the neighbouring lines


def visible(text: str, limit: int = SHOWN) -> str:
    """Show controls as `\\u{202E}`, cut piles of combining marks, and say how many characters were left out."""
    shown = _UNSEEN.sub(lambda match: f"\\u{{{ord(match[0]):04X}}}", _flattened(text[:limit]))
    return shown if len(text) <= limit else f"{shown} … (+{len(text) - limit})"


def one_line(text: str, limit: int = 160) -> str:
    """The same on one line, for a terminal: escape sequences cannot reach it."""
    return visible(" ".join(text.split()), limit)


def _flattened(text: str) -> str:
    if text.isascii():
        return text
    kept, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.category(character).startswith("M") else 0
        if run <= _MARKS:
            kept.append(character)
    return "".join(kept)
