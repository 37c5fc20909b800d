"""Single changes of a data set, from which the table of faults is made."""

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.tag import Tag

from generators.content import path_of
from generators.elements import put
from generators.errors import GeneratorError
from generators.faults.fault import Change


def path(keyword: str) -> str:
    """Give the path of a keyword at the top of a data set."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise GeneratorError(f"{keyword!r} is not a keyword of PS3.6")
    return path_of(Tag(tag))


def drop(keyword: str) -> Change:
    """Take the element away."""

    def change(dataset: Dataset) -> None:
        del dataset[keyword]

    return change


def write(keyword: str, value: object) -> Change:
    """Put this value, whatever it is."""

    def change(dataset: Dataset) -> None:
        put(dataset, **{keyword: value})

    return change
