"""What may be told of a value that belongs to a patient: how long it is and what it looks like."""

import re

_LONGEST = 16
_ROOT = re.compile(r"(2\.25|[0-2](?:\.[0-9]{1,9}){1,4})\.")


def shape(value: str) -> str:
    """Tell a value by its length and form: letters as A, digits as 9, runs of them once."""
    if not value:
        return "no value"
    form = re.sub(r"A+", "A", "".join(map(_class, value)))
    form = re.sub(r"9+", "9", form)
    return f"{len(value)} characters like {form[:_LONGEST]}{'...' * (len(form) > _LONGEST)}"


def _class(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "A"
    return character if character.isascii() and character.isprintable() else "?"


def uid_root(uid: str) -> str:
    """Give the beginning of a UID: who assigned it, not what it names."""
    found = _ROOT.match(uid)
    return found.group(1) if found else "no root"
