"""Storage commitment: requests taken on, and reports on an association of their own (PS3.4 J.3)."""

from collections.abc import Sequence

import pytest
from pydicom import Dataset

from conformance.dimse import CommitmentReport, Context

from .client import COMMITMENT, Client
from .objects import CT, EXPLICIT, MR, encoded, image, uid

SECONDS = 10.0


def ask(client: Client, references: Sequence[tuple[str, str]], transaction: str = "", **how: object) -> int:
    """Send an N-ACTION and release. Returns its status."""
    with client.associate(Context(COMMITMENT, (EXPLICIT,))) as association:
        return association.commit(transaction or uid(), references, **how).status  # type: ignore[arg-type]


def report(client: Client, references: Sequence[tuple[str, str]]) -> CommitmentReport:
    transaction = uid()
    assert ask(client, references, transaction) == 0
    found = client.listener.await_report(transaction, SECONDS)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def stored(client: Client) -> list[tuple[str, str]]:
    instances = [encoded(image()) for _ in range(3)]
    assert all(answer.status == 0 for answer in client.store(*instances))
    return [(CT, instance.sop_instance_uid) for instance in instances]


def test_reports_what_is_stored_on_a_new_association(client: Client, stored: list[tuple[str, str]]) -> None:
    found = report(client, stored)
    assert (found.event_type, sorted(found.referenced), found.failed) == (1, sorted(stored), ())
    assert (found.calling_ae, found.new_association, found.roles) == ("REFERENCE", True, (False, True))


def test_reports_each_failure_with_its_reason(client: Client, stored: list[tuple[str, str]]) -> None:
    unknown, conflict, private = (CT, uid()), (MR, stored[1][1]), ("2.25.77", uid())
    found = report(client, [stored[0], unknown, conflict, private])
    assert (found.event_type, found.referenced) == (2, (stored[0],))
    assert {uid_: reason for _, uid_, reason in found.failed} == {unknown[1]: 0x0112, conflict[1]: 0x0119, private[1]: 0x0122}


def test_accounts_for_two_thousand_references(client: Client) -> None:
    asked = [(CT, uid()) for _ in range(2000)]
    found = report(client, asked)
    assert not found.has_referenced_sequence
    assert {(sop_class, instance) for sop_class, instance, _ in found.failed} == set(asked)


def information(transaction: str, references: Sequence[tuple[str, str]] | None) -> Dataset:
    dataset = Dataset()
    if transaction:
        dataset.TransactionUID = transaction
    if references is not None:
        dataset.ReferencedSOPSequence = []
        for sop_class, instance in references:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
            dataset.ReferencedSOPSequence.append(item)
    return dataset


@pytest.mark.parametrize("case", ["no transaction", "no sequence", "empty sequence", "empty reference"])
def test_refuses_a_malformed_request_and_reports_nothing(client: Client, stored: list[tuple[str, str]], case: str) -> None:
    transaction = uid()
    broken = {
        "no transaction": information("", stored),
        "no sequence": information(transaction, None),
        "empty sequence": information(transaction, []),
        "empty reference": information(transaction, [(CT, "")]),
    }[case]
    assert ask(client, stored, transaction, action_information=broken) == 0x0115
    assert client.listener.await_report(transaction, 0.2) is None


def test_refuses_an_unknown_action(client: Client, stored: list[tuple[str, str]]) -> None:
    assert ask(client, stored, action_type=2) == 0x0123


def test_refuses_a_requester_whose_address_it_does_not_know(client: Client, stored: list[tuple[str, str]]) -> None:
    stranger = Client(client.archive, client.listener, "STRANGER")
    assert ask(stranger, stored) == 0x0110


def test_tries_again_while_the_requester_cannot_be_reached(client: Client, stored: list[tuple[str, str]]) -> None:
    transaction = uid()
    with client.listener.unreachable():
        assert ask(client, stored, transaction) == 0
        assert ask(client, stored, transaction) == 0x0110  # still in use
    found = client.listener.await_report(transaction, SECONDS)
    assert found is not None
    assert found.event_type == 1
