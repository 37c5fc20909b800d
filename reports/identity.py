"""Who was tested: what the profile says beside what was read off the wire."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydicom.uid import UID

from reports.results import NegotiatedContext, Results

_UID = re.compile(r"[0-9.]{1,64}", re.ASCII)


class Agreement(StrEnum):
    """How a statement of the profile and the wire stand to each other."""

    SAME = "same"
    DIFFERS = "differs"
    ONLY_SAID = "only said"
    ONLY_SEEN = "only seen"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the profile and the wire both may tell. Empty means not told."""

    name: str
    said: str
    seen: str

    @property
    def agreement(self) -> Agreement:
        if self.said and self.seen:
            return Agreement.SAME if self.said == self.seen else Agreement.DIFFERS
        return Agreement.ONLY_SAID if self.said else Agreement.ONLY_SEEN


@dataclass(frozen=True, slots=True)
class Support:
    """One SOP class: claimed by the profile or not, and the transfer syntaxes in which it was accepted."""

    uid: str
    name: str
    claimed: bool
    asked: bool
    accepted: tuple[str, ...]

    @property
    def unkept(self) -> bool:
        """Claimed by the profile and refused on the wire."""
        return self.claimed and self.asked and not self.accepted


@dataclass(frozen=True, slots=True)
class Offered:
    """The names of SOP classes that are accepted in the same transfer syntaxes, and of these."""

    classes: tuple[str, ...]
    syntaxes: tuple[str, ...]


def system_name(results: Results) -> str:
    """Call the system by its AE title and address, in one phrase."""
    target = results.header.target
    address = ":".join(filter(None, (target.get("host", ""), target.get("port", ""))))
    return " @ ".join(filter(None, (target.get("called AE title", ""), address))) or "?"


def facts(results: Results) -> tuple[Fact, ...]:
    """Give the product as the profile names it, then what both can tell: the implementation and the maximum PDU length."""
    said = dict(statements(results.header.profile))
    product = (Fact(name, _ending(said, name), "") for name in ("vendor", "product", "version", "site"))
    seen = results.identity
    pairs = (
        ("Implementation Class UID", "implementation_class_uid", seen.implementation_class_uid if seen else ""),
        ("Implementation Version Name", "implementation_version", seen.implementation_version if seen else ""),
        ("Maximum PDU length", "max_pdu", str(seen.max_pdu) if seen else ""),
    )
    compared = (Fact(name, _ending(said, key), value) for name, key, value in pairs)
    return tuple(fact for fact in (*product, *compared) if fact.said or fact.seen)


def statements(profile: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Flatten a profile into dotted keys and text."""
    for key, value in profile.items():
        if isinstance(value, Mapping):
            yield from statements(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{key}", ", ".join(map(str, value))
        elif value not in ("", None):
            yield f"{prefix}{key}", str(value)


def support(results: Results) -> tuple[Support, ...]:
    """Give each SOP class that was claimed or proposed, claimed and refused ones first."""
    claimed = _listed(results.header.profile, "sop_classes")
    contexts: dict[str, list[NegotiatedContext]] = {}
    for context in results.identity.contexts if results.identity else ():
        contexts.setdefault(context.abstract_syntax, []).append(context)
    rows = [_support(uid, claimed, contexts.get(uid, [])) for uid in dict.fromkeys((*claimed, *contexts))]
    return tuple(sorted(rows, key=lambda row: (not row.unkept, row.name)))


def offers(results: Results) -> tuple[Offered, ...]:
    """Give what was accepted when everything was asked for, by the syntaxes that classes share."""
    found = results.identity.offers if results.identity else []
    named = (Offered(*(tuple(map(uid_name, uids)) for uids in (offer.abstract_syntaxes, offer.transfer_syntaxes))) for offer in found)
    return tuple(sorted(named, key=lambda offer: -len(offer.classes)))


def undeclared(results: Results) -> tuple[str, ...]:
    """Name the storage syntaxes that are accepted and that the profile, where it lists any, does not declare."""
    declared = set(_listed(results.header.profile, "transfer_syntaxes"))
    found = results.identity.offers if results.identity else []
    accepted = dict.fromkeys(uid for offer in found for uid in offer.transfer_syntaxes)
    return tuple(uid_name(uid) for uid in accepted if uid not in declared) if declared else ()


def uid_name(uid: str) -> str:
    """Name a UID as the DICOM dictionary does; an unknown one stays as it is."""
    return str(UID(uid).name) if _UID.fullmatch(uid) else uid


def _support(uid: str, claimed: tuple[str, ...], contexts: list[NegotiatedContext]) -> Support:
    accepted = dict.fromkeys(uid_name(context.transfer_syntax) for context in contexts if context.result == 0)
    return Support(uid, uid_name(uid), uid in claimed, bool(contexts), tuple(accepted))


def _listed(profile: Mapping[str, object], name: str) -> tuple[str, ...]:
    for key, value in profile.items():
        if _spelt(key) == name and isinstance(value, list | tuple | Mapping):
            return tuple(map(str, value))
        if isinstance(value, Mapping) and (found := _listed(value, name)):
            return found
    return ()


def _ending(said: Mapping[str, str], key: str) -> str:
    return next((value for name, value in said.items() if _spelt(name.rpartition(".")[2]) == key), "")


def _spelt(key: str) -> str:
    return key.replace("-", "_").removesuffix("_name")
