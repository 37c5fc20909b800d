"""The status tables: every code of the standard in its class, every other code in the class of its range."""

import pytest
from pynetdicom import status as oracle

from conformance.dimse import Service, StatusClass, describe, is_defined, status_class

TABLES = [
    (Service.C_STORE, oracle.STORAGE_SERVICE_CLASS_STATUS),
    (Service.C_FIND, oracle.QR_FIND_SERVICE_CLASS_STATUS),
    (Service.C_MOVE, oracle.QR_MOVE_SERVICE_CLASS_STATUS),
    (Service.C_GET, oracle.QR_GET_SERVICE_CLASS_STATUS),
    (Service.N_ACTION, oracle.GENERAL_STATUS),
]


@pytest.mark.parametrize(("service", "table"), TABLES, ids=[str(service) for service, _ in TABLES])
def test_codes_have_the_class_that_pynetdicom_knows(service: Service, table: dict[int, tuple[str, str]]) -> None:
    storage_cancel = 0xFE00 if service in (Service.C_STORE, Service.N_ACTION) else None  # no cancel of a C-STORE: PS3.7 9.3.2.3
    differing = {
        f"{code:04X}" for code, (category, _) in table.items() if code != storage_cancel and status_class(service, code) != category.lower()
    }
    assert not differing


@pytest.mark.parametrize(
    ("service", "code", "expected"),
    [
        ("C-STORE", 0x0000, StatusClass.SUCCESS),
        ("C-STORE", 0xA7FF, StatusClass.FAILURE),
        ("C-STORE", 0x0107, StatusClass.WARNING),
        ("C-STORE", 0x0116, StatusClass.WARNING),
        ("C-STORE", 0xB123, StatusClass.WARNING),
        ("C-STORE", 0x0001, StatusClass.UNDEFINED),
        ("C-STORE", 0xFF00, StatusClass.UNDEFINED),
        ("C-STORE", 0xFE00, StatusClass.UNDEFINED),
        ("C-STORE", 0xD000, StatusClass.UNDEFINED),
        ("C-STORE", 0xFFFF, StatusClass.UNDEFINED),
        ("C-STORE", 0x01FF, StatusClass.FAILURE),
        ("C-FIND", 0xFF01, StatusClass.PENDING),
        ("C-FIND", 0xFE00, StatusClass.CANCEL),
        ("C-MOVE", 0xFF01, StatusClass.UNDEFINED),
        ("C-MOVE", 0xA801, StatusClass.FAILURE),
        ("N-ACTION", 0x0001, StatusClass.WARNING),
        ("N-ACTION", 0x0131, StatusClass.FAILURE),
    ],
)
def test_a_code_is_classed_by_table_then_by_range(service: str, code: int, expected: StatusClass) -> None:
    assert status_class(service, code) is expected


@pytest.mark.parametrize("service", list(Service))
def test_every_code_has_a_class_and_a_description(service: Service) -> None:
    for code in range(0, 0x10000, 7):
        assert status_class(service, code) in StatusClass
        assert describe(service, code).startswith(f"{code:04X} (")


def test_descriptions_are_those_of_the_service() -> None:
    assert describe("C-STORE", 0xA900) == "A900 (data set does not match SOP class)"
    assert describe("C-FIND", 0xA900) == "A900 (identifier does not match SOP class)"
    assert describe("C-STORE", 0xFFFF) == "FFFF (no status that PS3.7 defines)"


def test_a_code_that_only_its_range_covers_is_not_defined() -> None:
    assert is_defined("C-STORE", 0xB007)
    assert not is_defined("C-STORE", 0xB008)
