"""Declarations: what the profile declares is what the system does (PS3.2 7.1).

The declared storage classes are decided beside the objects that are stored in them (STORE-05), the declared policies where they show.
"""

import pytest
from pydicom.uid import UID

from conformance.dimse import AssociationEnded, ProtocolViolation
from conformance.findings import NotExercised, expect, require
from conformance.offer import Offer
from conformance.suite.probing import BY_SERVICE, STORAGE, SYNTAXES, observe_offer
from conformance.suite.system import System
from conformance.target import Claims

HINT = "Correct the conformance statement and the profile, or switch on what they declare for our AE title."


@pytest.fixture(scope="module")
def offer(system: System) -> Offer:
    try:
        system.offer = observe_offer(system)
    except (AssociationEnded, ProtocolViolation) as error:
        raise NotExercised(f"what it offers could not be asked for: {error}") from error
    return system.offer


@pytest.mark.requirement("DOC-02")
def test_offers_each_service_that_it_declares(offer: Offer, claims: Claims) -> None:
    require(claims.services is not None, "the profile does not say which services are declared: claims.services")
    declared = {service: BY_SERVICE[service] for service in claims.services or () if service in BY_SERVICE}
    require(declared, "no service is declared that negotiation shows")
    lacking = [service for service, classes in declared.items() if not offer.syntaxes.keys() & classes]
    expect(not lacking, expected="each declared service accepted in negotiation", got=f"refused: {', '.join(lacking)}", hint=HINT)


@pytest.mark.requirement("DOC-02")
def test_accepts_each_transfer_syntax_that_it_declares(offer: Offer, claims: Claims) -> None:
    require(claims.transfer_syntaxes, "the profile does not say which transfer syntaxes are declared: claims.transfer-syntaxes")
    accepted = {syntax for uid in STORAGE for syntax in offer.syntaxes.get(uid, ())}
    refused = [UID(uid).name for uid in claims.transfer_syntaxes if uid in SYNTAXES and uid not in accepted]
    expect(
        not refused,
        expected="each declared transfer syntax accepted for at least one storage class",
        got=f"refused for all: {', '.join(refused)}",
        hint=HINT,
    )
    unasked = [uid for uid in claims.transfer_syntaxes if uid not in SYNTAXES]
    require(not unasked, f"declared, and not proposed by this release, which does not know it: {', '.join(unasked)}")
