"""How a source opens its associations, when all is well."""

import pytest
from pydicom.uid import UID, ImplicitVRLittleEndian

from conformance.dimse import AssociationRequest
from conformance.findings import expect, require
from conformance.source.repository import Repository
from conformance.source.script import SEND, SEND_SMALL, Step
from conformance.source.syntaxes import MAY_BE_LOSSY


@pytest.mark.requirement("ASSOC-08")
def test_identifies_its_implementation(repository: Repository) -> None:
    for association in repository.intake(SEND).associations:
        uids = association.implementation_class_uids
        valid = len(uids) == 1 and UID(uids[0]).is_valid
        expect(valid, expected="exactly one valid Implementation Class UID", got=", ".join(repr(uid) for uid in uids) or "none")


@pytest.mark.requirement("ASSOC-07")
@pytest.mark.parametrize("step", [SEND, SEND_SMALL], ids=lambda step: str(step.name))
def test_keeps_to_the_maximum_pdu_length(repository: Repository, step: Step) -> None:
    intake = repository.performed(step)[1]
    longer = [violation.got for violation in intake.reception.violations if violation.clause == "PS3.8 D.1"]
    announced, seen = step.max_pdu or 0, intake.reception.largest_pdu
    within = not longer and seen <= announced
    expect(
        within, expected=f"no P-DATA-TF of more than {announced} bytes, as we announced (PS3.8 D.1.1)", got=(longer or [f"{seen} bytes"])[0]
    )
    largest = max((attempt.octets for attempt in repository.intake(step).attempts), default=0)
    require(largest > announced, f"no object came that is longer than the {announced} bytes that we announced: the longest has {largest}")


@pytest.mark.requirement("ASSOC-13")
def test_offers_the_default_transfer_syntax(repository: Repository) -> None:
    for association in repository.intake(SEND).associations:
        without = sorted(classes_without_default(association))
        expect(
            not without,
            expected=f"Implicit VR Little Endian ({ImplicitVRLittleEndian}) in at least one context of each class (PS3.5 10.1)",
            got=f"none for {', '.join(UID(uid).name for uid in without)}",
        )


def classes_without_default(association: AssociationRequest) -> set[str]:
    """The abstract syntaxes that are proposed without the default one, though what is to be sent need not be lossy."""
    offered: dict[str, set[str]] = {}
    for context in association.contexts:
        offered.setdefault(context.abstract_syntax, set()).update(context.transfer_syntaxes)
    return {uid for uid, syntaxes in offered.items() if ImplicitVRLittleEndian not in syntaxes and not syntaxes <= MAY_BE_LOSSY}


@pytest.mark.requirement("DOC-02")
def test_sends_what_it_declares(repository: Repository) -> None:
    claims = repository.target.claims
    require(claims.sop_classes and claims.transfer_syntaxes, "the profile declares no claims.sop-classes, or no claims.transfer-syntaxes")
    sent = [attempt.received for attempt in repository.intake(SEND).attempts]
    classes = {received.sop_class_uid for received in sent} - set(claims.sop_classes)
    syntaxes = {received.transfer_syntax_uid for received in sent} - set(claims.transfer_syntaxes)
    expect(
        not classes and not syntaxes,
        expected="objects of the declared SOP classes, in the declared transfer syntaxes",
        got=f"also {', '.join(sorted(UID(uid).name for uid in classes | syntaxes))}",
        hint="Correct the conformance statement and the profile.",
    )
