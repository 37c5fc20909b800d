"""Ways to put elements into a data set that neither validate nor warn: a fault must be able to write what is wrong."""

from collections.abc import Iterable

from pydicom import DataElement, Dataset, config
from pydicom.datadict import dictionary_VR, tag_for_keyword

from generators.errors import GeneratorError


def put(dataset: Dataset, **values: object) -> Dataset:
    """Set elements by keyword, in place, and return the data set. GeneratorError for a keyword that PS3.6 does not have."""
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise GeneratorError(f"{keyword!r} is not a keyword of PS3.6")
        dataset[tag] = DataElement(tag, dictionary_VR(tag), value, validation_mode=config.IGNORE)
    return dataset


def item(**values: object) -> Dataset:
    """Make a sequence item from keywords."""
    return put(Dataset(), **values)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Make a code sequence item (PS3.3 8.8)."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def decimal(number: float) -> str:
    """Write a DS of at most 16 characters."""
    return f"{number:.10g}"[:16]


def decimals(numbers: Iterable[float]) -> list[str]:
    """Write the values of a DS."""
    return [decimal(number) for number in numbers]
