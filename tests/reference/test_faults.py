"""The seeded faults: each starts and serves C-ECHO, and the table of them is sound."""

import pytest

from conformance.guide import Level, Role, load_register
from conformance.reference.archive import Archive, Settings
from conformance.reference.faults import FAULTS

from .client import Client
from .objects import encoded, image

REGISTER = load_register()
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
NAMES_NO_ROW = {"refuses-everything"}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_starts_and_answers_c_echo(name: str) -> None:
    with Archive(Settings(), FAULTS[name].parts) as archive:
        client = Client(archive, None, "TESTER")  # type: ignore[arg-type] # nothing is delivered here
        assert client.echo() == 0
        assert client.store(encoded(image()))[0].status in (0, 0xA700, 0xB000)


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_names_rows_that_it_can_break(name: str) -> None:
    fault = FAULTS[name]
    assert fault.name == name
    assert fault.summary
    assert all(REGISTER[id_].level is Level.SHALL for id_ in fault.breaks)
    assert all(REGISTER[id_].level is Level.SHOULD for id_ in fault.warns)
    assert all(REGISTER[id_].level is Level.MAY for id_ in fault.informs)
    named = fault.breaks | fault.warns | fault.informs | fault.blocks
    assert len(named) == sum(map(len, (fault.breaks, fault.warns, fault.informs, fault.blocks)))
    assert bool(named) is (name not in NAMES_NO_ROW)
    assert fault.stops_preflight is (name in NAMES_NO_ROW)
    assert all(not REGISTER[id_].untested for id_ in named)


def test_each_row_that_is_decided_has_a_narrow_fault() -> None:
    decided = [row.id for row in REGISTER if Role.ARCHIVE in row.roles and not row.untested and not row.attested]
    blamed = [fault.breaks | fault.warns | fault.informs for fault in FAULTS.values()]
    narrow = {id_ for rows in blamed if len(rows) <= 3 for id_ in rows}
    assert set(decided) <= narrow
