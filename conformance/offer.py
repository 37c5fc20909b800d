"""What a system offers, as negotiation shows it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """The transfer syntaxes in which each class is accepted, and the classes refused; `options` says whether each is taken up."""

    syntaxes: Mapping[str, tuple[str, ...]]
    refused: tuple[str, ...]
    options: Mapping[str, bool]

    @property
    def groups(self) -> Mapping[tuple[str, ...], list[str]]:
        """The classes that are accepted in the same syntaxes, by those syntaxes."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for uid, syntaxes in self.syntaxes.items():
            groups.setdefault(syntaxes, []).append(uid)
        return groups
