"""The gate: every row of the register is bound to a check or says why not, and every check names rows that exist."""

import importlib
import re

import pytest

from conformance.guide import Requirement, Role, load_register
from conformance.roles import ROOMS, Room
from conformance.suite.sop_classes import CORE_STORAGE


def checks(*rooms: Room) -> dict[str, list[str]]:
    """Every check of some rooms, of all if none is named, with the rows that it decides."""
    found = {}
    for name in (f"conformance.{room.folder.name}.{module}" for room in rooms or ROOMS.values() for module in room.order):
        module = importlib.import_module(name)
        for function in vars(module).values():
            marks = [mark for mark in marks_of(function) if mark.name == "requirement"]
            if getattr(function, "__module__", "") == module.__name__ and function.__name__.startswith("test_"):
                found[f"{name}::{function.__name__}"] = [id_ for mark in marks for id_ in mark.args]
    return found


def marks_of(function: object) -> list[pytest.Mark]:
    """The marks of a check, and those of its cases."""
    own: list[pytest.Mark] = getattr(function, "pytestmark", [])
    cases = [case for mark in own if mark.name == "parametrize" for case in mark.args[1]]
    return own + [getattr(mark, "mark", mark) for case in cases for mark in getattr(case, "marks", ())]


@pytest.mark.parametrize("room", ROOMS.values(), ids=lambda room: str(room.folder.name))
def test_every_module_of_a_room_has_its_place(room: Room) -> None:
    assert {path.stem for path in room.folder.glob("test_*.py")} == set(room.order)


@pytest.mark.parametrize("role", ROOMS)
def test_every_check_of_a_room_decides_rows_of_its_role(role: Role) -> None:
    scope = {row.id for row in load_register().in_scope([role])}
    assert {name: ids for name, ids in checks(ROOMS[role]).items() if not scope.issuperset(ids)} == {}


def test_every_check_decides_rows_that_exist() -> None:
    register = load_register()
    wrong = {name: ids for name, ids in checks().items() if not ids or any(id_ not in register for id_ in ids)}
    assert wrong == {}


def test_the_core_classes_are_those_that_the_register_names() -> None:
    named = load_register()["STORE-06"].text.partition("at least ")[2].rstrip(".")
    assert len(set(CORE_STORAGE)) == len(CORE_STORAGE) == len(re.split(", | and |/", named))


@pytest.mark.parametrize("row", load_register(), ids=lambda row: str(row.id))
def test_a_row_has_a_check_or_an_attestation_or_else_a_written_reason(row: Requirement) -> None:
    bound = {id_ for ids in checks().values() for id_ in ids}
    assert (row.id in bound or bool(row.attested)) != bool(row.untested)


@pytest.mark.parametrize("row", load_register(), ids=lambda row: str(row.id))
def test_only_the_checks_of_slow_rows_are_slow(row: Requirement) -> None:
    assert {row.slow} >= {slow for name, slow in slowness().items() if row.id in checks()[name]}


def slowness() -> dict[str, bool]:
    """Every check of the suite, and whether it carries the marker `slow`."""
    functions = {name: name.split("::") for name in checks()}
    return {
        name: any(mark.name == "slow" for mark in getattr(importlib.import_module(module), check).pytestmark)
        for name, (module, check) in functions.items()
    }
