"""Attribute matching of C-FIND (PS3.4 C.2.2.2), on decoded text, so that no character set stands between key and value.

Each kind of matching is one small method, so that a fault of the archive is one method that is wrong.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

from conformance.reference.encoding import dictionary_vr
from conformance.reference.keys import Attributes, Value

# PS3.4 C.2.2.2.4: the VRs in which "*" and "?" are wild cards.
WILD = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})


class Matcher:
    """Decides whether a value that the archive holds matches the key of a query."""

    def matches(self, vr: str, wanted: Value, held: Value) -> bool:
        """Match one attribute. A zero-length key matches all, a zero-length value is matched by all (C.2.2.1.2, C.2.2.2.3)."""
        if isinstance(wanted, list) or isinstance(held, list):
            return self.sequence(wanted if isinstance(wanted, list) else [], held if isinstance(held, list) else [])
        if self.universal(vr, wanted) or self.unknown(held):
            return True
        decide = self.kind(vr, wanted)
        return any(decide(wanted, value) for value in self.values(vr, held))

    def kind(self, vr: str, wanted: str) -> Callable[[str, str], bool]:
        """Choose the kind of matching by VR and form of the key (C.2.2.2)."""
        if vr in _RANGED and "-" in wanted:
            return self.date_range if vr == "DA" else self.time_range
        if vr in WILD and ("*" in wanted or "?" in wanted):
            return self.name_pattern if vr == "PN" else self.wild_card
        return self._exact().get(vr, self.single)

    def _exact(self) -> Mapping[str, Callable[[str, str], bool]]:
        return {"PN": self.name, "UI": self.uid_list, "DA": self.date, "TM": self.time, "IS": self.number, "DS": self.number}

    def values(self, vr: str, held: str) -> list[str]:
        """Take a multi-valued attribute apart; free text has one value (PS3.5 6.4)."""
        return [held] if vr in ("LT", "ST", "UT") else held.split("\\")

    def universal(self, vr: str, wanted: str) -> bool:
        """Zero length, or "*" alone where wild cards are allowed, which is the same (C.2.2.2.3, C.2.2.2.4)."""
        return wanted == "" or (vr in WILD and wanted.strip("*") == "")

    def unknown(self, held: str) -> bool:
        """A key attribute without value in the archive is matched by any value (C.2.2.1.2)."""
        return held == ""

    def single(self, wanted: str, held: str) -> bool:
        """Single value matching, case-sensitive (C.2.2.2.1)."""
        return wanted == held

    def wild_card(self, wanted: str, held: str) -> bool:
        """Wild card matching, case-sensitive (C.2.2.2.4)."""
        return pattern(wanted).fullmatch(held) is not None

    def uid_list(self, wanted: str, held: str) -> bool:
        """List of UID matching; one UID is a list of one (C.2.2.2.2)."""
        return held in wanted.split("\\")

    def date(self, wanted: str, held: str) -> bool:
        """A single date, in the old form with dots as well (PS3.5 6.2)."""
        return canonical_date(wanted) == canonical_date(held)

    def date_range(self, wanted: str, held: str) -> bool:
        """Both ends belong to the range; either may be open (C.2.2.2.5.1)."""
        first, _, last = wanted.partition("-")
        day = canonical_date(held)
        return day.isdigit() and canonical_date(first) <= day and (not last or day <= canonical_date(last))

    def time(self, wanted: str, held: str) -> bool:
        """A single time: components left out are zero."""
        return time_of_day(wanted) == time_of_day(held)

    def time_range(self, wanted: str, held: str) -> bool:
        """Both ends belong to the range; the end reaches to the last moment that its precision names (C.2.2.2.5.2)."""
        first, _, last = wanted.partition("-")
        moment = time_of_day(held)
        return moment.isdigit() and time_of_day(first) <= moment and (not last or moment <= time_of_day(last, fill="9"))

    def number(self, wanted: str, held: str) -> bool:
        """Numbers in text compare as numbers: "01" is "1" (PS3.5 6.2)."""
        try:
            return float(wanted) == float(held)
        except ValueError:
            return wanted == held

    def name(self, wanted: str, held: str) -> bool:
        """Names compare without regard to case; a key without "=" may equal any component group (C.2.2.2.1.1)."""
        return any(canonical_name(wanted) == form for form in self.name_forms(held))

    def name_pattern(self, wanted: str, held: str) -> bool:
        """Wild cards in a name, on the same forms as single names."""
        return any(pattern(canonical_name(wanted)).fullmatch(form) is not None for form in self.name_forms(held))

    def name_forms(self, held: str) -> list[str]:
        """The whole name and each of its component groups (PS3.5 6.2.1)."""
        return [canonical_name(form) for form in (held, *held.split("="))]

    def sequence(self, wanted: list[Attributes], held: list[Attributes]) -> bool:
        """Some item matches every key of the item in the query (C.2.2.2.6); no item, no keys: universal."""
        if not wanted or not wanted[0] or not held:
            return True
        return any(self.item(wanted[0], item) for item in held)

    def item(self, wanted: Attributes, held: Attributes) -> bool:
        """All keys of one item, each by its own VR."""
        return all(self.matches(dictionary_vr(int(tag, 16)), value, held.get(tag, "")) for tag, value in wanted.items())


_RANGED = frozenset({"DA", "TM"})


@lru_cache(maxsize=1024)
def pattern(wanted: str) -> re.Pattern[str]:
    """Translate wild cards; every other character stands for itself."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in wanted), re.DOTALL)


def canonical_date(text: str) -> str:
    """YYYYMMDD, also for the YYYY.MM.DD of old objects."""
    text = text.strip()
    return text.replace(".", "") if len(text) == 10 else text


def time_of_day(text: str, fill: str = "0") -> str:
    """HHMMSSFFFFFF, as digits that compare in order; components left out become zeros, or the latest moment."""
    whole, _, fraction = text.strip().replace(":", "").partition(".")
    latest = "235959" if fill == "9" else "000000"
    return whole + latest[len(whole) :] + fraction + fill * (6 - len(fraction))


@lru_cache(maxsize=4096)
def canonical_name(text: str) -> str:
    """Fold case, compose accents, and drop the trailing delimiters that carry nothing (PS3.5 6.2)."""
    groups = [group.strip().rstrip("^") for group in unicodedata.normalize("NFC", text).casefold().split("=")]
    return "=".join(groups).rstrip("=")
