"""Histories: whatever is stored, stored again, corrected, asked for and committed, in whatever order, the archive shows what it took."""

import pytest

from conformance.findings import Nonconformance, NotApplicable, Unsteady, require
from conformance.suite.commitments import Commitments
from conformance.suite.histories.history import script
from conformance.suite.histories.searching import Search, Searched
from conformance.suite.queries import STUDY_ROOT
from conformance.suite.system import System, query_context
from conformance.target import Claims

OF_COMMITMENT = ("COMMIT-03", "COMMIT-04")
ROWS = (
    "STORE-01",
    "STORE-04",
    "STORE-08",
    "INTEG-01",
    "INTEG-05",
    "IDENT-03",
    "QUERY-15",
    "RETR-01",
    *OF_COMMITMENT,
)

ON_THE_CAST = (
    "Studies 1 and 2 are of one patient; the Patient ID of study 3 has one digit more; study 4 has that of study 1, from another issuer."
)


@pytest.fixture(scope="module")
def searched(system: System, claims: Claims) -> Searched:
    """What the search saw, or the one playing of a saved history; nothing where the system cannot be asked."""
    asked = Commitments(system)
    offered = "commitment" in claims.services if claims.services is not None else asked.offered()
    searched = Searched(absent={} if offered else dict.fromkeys(OF_COMMITMENT, "Storage Commitment is neither claimed nor offered"))
    if system.accepts([query_context(STUDY_ROOT.find)]):
        search = Search(system, asked if offered else None, searched)
        search.replay(system.history) if system.history else search.run()
    return searched


@pytest.mark.parametrize("row", [pytest.param(row, marks=pytest.mark.requirement(row)) for row in ROWS])
def test_shows_what_it_took_after_any_history(system: System, searched: Searched, row: str) -> None:
    blame = searched.blames.get(row)
    if blame is not None:
        system.acts, system.recorder = blame.acts, blame.recorder
        raise Nonconformance(
            expected=blame.divergence.expected,
            got=f"{blame.divergence.got}, after: {script(blame.history)}",
            hint=ON_THE_CAST,
            steps=blame.history,
        )
    if row in searched.unsteady:
        raise Unsteady(f"after: {script(searched.unsteady[row])}")
    if row in searched.absent and row not in searched.rows:
        raise NotApplicable(searched.absent[row])
    require(row in searched.rows, "; ".join(["no history that was played shows it", *dict.fromkeys(searched.idle)]))
    require(not searched.cut, searched.cut)
    if system.history:
        require(not searched.idle, f"not every step could be done: {'; '.join(searched.idle)}")
        require(not (searched.blames or searched.unsteady), "the system differed in another way before this was decided")
