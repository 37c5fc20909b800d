"""highdicom's tables of PS3.3 for the SOP classes that dciodvfy does not know: of these, the modules that nearly every IOD has.

The tables leave out the conditions of macros, so what else they demand may be wrong; the modules here have none at their top.
"""

from dataclasses import dataclass

from pydicom import Dataset
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import RawDataElement

_SHARED = ("patient", "general-study", "general-series", "general-equipment", "sop-common")
_NEEDS_VALUE = "1"


@dataclass(frozen=True, slots=True)
class Outline:
    """Which attributes an object has at its top, and which of them have a value: all that is kept until dciodvfy has answered."""

    sop_class: str
    held: frozenset[str]
    filled: frozenset[str]


def outline(dataset: Dataset) -> Outline:
    """Draw the outline of a data set, without decoding it."""
    held = {keyword_for_tag(tag): dataset.get_item(tag) for tag in dataset.keys()}  # noqa: SIM118 - iterating would decode
    filled = frozenset(keyword for keyword, element in held.items() if not _is_empty(element))
    return Outline(str(dataset.get("SOPClassUID", "")), frozenset(held), filled)


def _is_empty(element: object) -> bool:
    if isinstance(element, RawDataElement):
        return element.length == 0
    return bool(getattr(element, "is_empty", False))


def missing(about: Outline) -> tuple[str, ...] | None:
    """Say what the shared modules miss; None where the tables do not know the class either."""
    from highdicom._standard_utils import get_iod_module_map, get_module_attribute_map, get_sop_class_iod_map  # slow to import

    iod = get_sop_class_iod_map().get(about.sop_class)
    if iod is None:
        return None
    mandatory = [module["key"] for module in get_iod_module_map()[iod] if module["usage"] == "M" and module["key"] in _SHARED]
    wanted = {row["keyword"]: (row["type"], key) for key in mandatory for row in get_module_attribute_map()[key] if not row["path"]}
    return tuple(
        f"{keyword} is {'empty' if keyword in about.held else 'missing'}, of Type {type_} in module {key}"
        for keyword, (type_, key) in wanted.items()
        if type_ in ("1", "2") and keyword not in (about.filled if type_ == _NEEDS_VALUE else about.held)
    )
