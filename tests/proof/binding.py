"""The checks of modules that a proof runs by itself, with the rows that each decides."""

from collections.abc import Callable, Iterator
from types import ModuleType


def checks(*modules: ModuleType) -> Iterator[tuple[Callable[..., None], list[str]]]:
    """Give each check of the modules with its requirements, in the order of the modules."""
    for module in modules:
        for function in vars(module).values():
            marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "requirement"]
            if marks and function.__module__ == module.__name__:
                yield function, [id_ for mark in marks for id_ in mark.args]
