"""Pictures in which a person sees at once what they are: a phantom with burnt-in words.

Grey phantoms are (rows, columns) arrays of levels 0.0 to 1.0; the kinds scale them to their own depth.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
Frame = NDArray[Any]

# 3 x 5 pixels a letter, one row a digit of 0 to 7.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
_STROKES = (
    "25755656563444365556746477464434553557557222711152556554444757755577752555265644255736565534216"
    "722225555755552557755525555222712477555726227612476121655711746163465271222252522531600700"
)
_HEIGHT, _ADVANCE = 5, 4


def phantom(rows: int, columns: int, label: str, number: int, seed: int) -> Grey:
    """Draw a body with two lungs and a lesion that wanders with `number`, grained by `seed`, under the words SYNTHETIC, label and number.

    Words that do not fit are left out, the number last.
    """
    picture = _body(rows, columns).copy()
    _fill_lesion(picture, number, 0.95)
    grain = np.random.Generator(np.random.PCG64(seed)).random((min(rows, 64), min(columns, 64)), dtype=np.float32)
    grained = picture[: grain.shape[0], : grain.shape[1]]
    grained += (grain - np.float32(0.5)) * np.float32(0.06)
    np.clip(grained, 0, 1, out=grained)
    for line, words in enumerate(_captions(rows, columns, label, number)):
        write(picture, words, 1 + line * (_HEIGHT + 1) * _scale(columns), _scale(columns))
    return picture


def lesion(rows: int, columns: int, number: int) -> NDArray[np.uint8]:
    """Mask the lesion of the phantom of the same size and number: 1 in it, 0 elsewhere."""
    mask = np.zeros((rows, columns), dtype=np.float32)
    _fill_lesion(mask, number, 1)
    return mask.astype(np.uint8)


def colour(grey: Grey, number: int) -> NDArray[np.uint8]:
    """Tint a grey phantom into (rows, columns, 3) RGB; the hue turns with `number`."""
    tints = np.array([(1.0, 0.55, 0.45), (0.5, 1.0, 0.6), (0.5, 0.65, 1.0)], dtype=np.float32)
    tinted: NDArray[np.uint8] = (grey[..., None] * tints[number % 3] * 255).astype(np.uint8)
    return tinted


@lru_cache(maxsize=16)
def _body(rows: int, columns: int) -> Grey:
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    picture = np.where((x / 0.85) ** 2 + (y / 0.7) ** 2 < 1, 0.5, 0.04).astype(np.float32)
    for centre in (-0.38, 0.38):
        picture[((x - centre) / 0.26) ** 2 + ((y - 0.05) / 0.4) ** 2 < 1] = 0.2
    picture[(x / 0.1) ** 2 + ((y - 0.5) / 0.1) ** 2 < 1] = 0.85
    return picture


def _fill_lesion(picture: Grey, number: int, level: float) -> None:
    rows, columns = picture.shape
    angle, radius = number * 0.61, min(rows, columns) / 14
    row, column = rows * (0.52 + 0.18 * np.sin(angle)), columns * (0.5 + 0.2 * np.cos(angle))
    top, left, size = int(row - radius), int(column - radius), int(2 * radius) + 3
    window = picture[top : top + size, left : left + size]
    y, x = np.ogrid[top : top + window.shape[0], left : left + window.shape[1]]
    window[(y - row) ** 2 + (x - column) ** 2 < radius**2] = level


def _captions(rows: int, columns: int, label: str, number: int) -> list[str]:
    width, room = columns // (_ADVANCE * _scale(columns)), (rows - 2) // ((_HEIGHT + 1) * _scale(columns))
    captions = [words.upper() for words in ("SYNTHETIC", label, str(number)) if len(words) <= width]
    return captions[-room:] if room > 0 else []


def _scale(columns: int) -> int:
    return max(1, columns // 128)


def write(picture: Grey, words: str, top: int, scale: int = 1) -> None:
    """Burn words into a picture, in place: capital letters, digits and hyphens of 3 x 5 pixels times `scale`."""
    for place, letter in enumerate(words):
        glyph = _glyph(letter, scale)
        left = 1 + place * _ADVANCE * scale
        window = picture[top : top + glyph.shape[0], left : left + glyph.shape[1]]
        window[glyph[: window.shape[0], : window.shape[1]] > 0] = 1.0


@lru_cache(maxsize=256)
def _glyph(letter: str, scale: int) -> Grey:
    place = _LETTERS.find(letter)
    rows = _STROKES[place * _HEIGHT : (place + 1) * _HEIGHT] if place >= 0 else "0" * _HEIGHT
    strokes = np.array([[int(row) >> bit & 1 for bit in (2, 1, 0)] for row in rows], dtype=np.float32)
    return np.kron(strokes, np.ones((scale, scale), dtype=np.float32))
