"""Statuses: every code that the run has seen. It runs last, for it judges what all the other checks collected."""

import pytest

from conformance.dimse import StatusClass, status_class
from conformance.findings import expect, require
from conformance.suite.system import System


@pytest.mark.requirement("STORE-09")
def test_answered_c_store_with_defined_statuses_only(system: System) -> None:
    seen = system.ledger.statuses
    require(seen, "no C-STORE was answered in this run")
    undefined = [code for code in seen if status_class("C-STORE", code) not in DEFINED]
    expect(
        not undefined,
        expected="0000, B000, B006, B007, A7xx, A9xx, Cxxx or a general code of PS3.7 Annex C",
        got=", ".join(f"{code:04X} ({seen[code]} times)" for code in sorted(undefined)),
    )


DEFINED = frozenset({StatusClass.SUCCESS, StatusClass.WARNING, StatusClass.FAILURE})
