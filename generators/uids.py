"""UIDs by digest: the same words give the same UID, under 2.25 or under a root of one's own."""

import hashlib
import re

from generators.errors import GeneratorError

UUID_ROOT = "2.25"
MAX_LENGTH = 64  # PS3.5 9.1
_SMALLEST = 10**38  # so that every 2.25 UID has 39 digits after the root: 44 characters, an even length, patched in place
_ROOT = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")


def uid_from(root: str, *words: str) -> str:
    """Give the UID of these words under a root.

    Under 2.25 the number is that of a version 8 UUID (RFC 9562, PS3.5 B.2) and always has 39 digits. Under another root it fills
    the UID up to 64 characters, but never has more than 39 digits.
    """
    return f"{root}.{_uuid_number(words)}" if root == UUID_ROOT else _under(check_root(root), words)


def derived_uid(uid: str, *words: str) -> str:
    """Give a further UID under the root of `uid`, such as the frame of reference of a series."""
    return uid_from(uid.rpartition(".")[0] or UUID_ROOT, uid, *words)


def check_root(root: str) -> str:
    """Return the root, or raise GeneratorError where no UID can stand under it (PS3.5 9.1)."""
    if not _ROOT.fullmatch(root) or len(root) > MAX_LENGTH - 20:
        raise GeneratorError(f"{root!r} is no UID root", remedy=f"give dotted numbers, at most {MAX_LENGTH - 20} characters")
    return root


def _digest(words: tuple[str, ...], attempt: int) -> int:
    return int.from_bytes(hashlib.sha256("\0".join((*words, str(attempt))).encode()).digest()[:16])


def _uuid_number(words: tuple[str, ...]) -> int:
    attempt = 0
    while (number := _as_uuid(_digest(words, attempt))) < _SMALLEST:
        attempt += 1
    return number


def _as_uuid(number: int) -> int:
    version, variant = 0xF << 76, 0x3 << 62
    return number & ~version & ~variant | 0x8 << 76 | 0x2 << 62


def _under(root: str, words: tuple[str, ...]) -> str:
    digits = min(39, MAX_LENGTH - len(root) - 1)
    number = _digest(words, 0) % (9 * 10 ** (digits - 1)) + 10 ** (digits - 1)
    return f"{root}.{number}"
