"""What our repository makes of requests for commitment: whose report counts as received, and what it does not take on."""

from collections.abc import Iterator

import pytest

from conformance.dimse import PUSH_MODEL_INSTANCE, Endpoint, Inquiry, Listener, Policy, Received, Timeouts
from conformance.dimse.channel import Message
from conformance.dimse.commitment import commitment_information
from conformance.dimse.identifiers import encode_dataset
from conformance.operating import Performance
from conformance.source import commitment
from conformance.source.commitment import Commitments
from conformance.source.intake import Attempt
from conformance.source.test_workflow import trouble_with_the_report

from .waiting import await_that

IMPLICIT, CT = "1.2.840.10008.1.2", "1.2.840.10008.5.1.4.1.1.2"
TRANSACTION, INSTANCE = "2.25.1", "2.25.2"
CAME = Attempt(Received(CT, INSTANCE, IMPLICIT, b"", "SENDER", "DIR", None, None, 1, 0), 0)

Taken = list[Attempt]


@pytest.fixture
def taken() -> Taken:
    return [CAME]


@pytest.fixture
def product(taken: Taken) -> Iterator[Listener]:
    """Whoever hears of commitment, and sends the object once more before it accepts an association."""
    with Listener("127.0.0.1", 0, "SENDER") as product, product.reception(Policy(admit=lambda: taken.append(CAME))):
        yield product


@pytest.fixture
def commitments(product: Listener, taken: Taken) -> Iterator[Commitments]:
    commitments = Commitments(Endpoint("127.0.0.1", product.port, "", "DIR"), Timeouts(), lambda: taken, lambda: None)
    commitments.withhold(one=True)
    yield commitments
    commitments.close()


def asked(commitments: Commitments, *, times: int = 1, calling: str = "SENDER") -> int:
    """Ask for the commitment of the object, named so many times, and give the status of the answer."""
    information = encode_dataset(commitment_information(TRANSACTION, [(CT, INSTANCE)] * times), IMPLICIT)
    command = {"RequestedSOPInstanceUID": PUSH_MODEL_INSTANCE, "ActionTypeID": 1}
    (reply,) = commitments.provide(Inquiry(Message(1, command, information, 0), IMPLICIT, calling))
    return reply.status


def test_what_came_before_the_report_did_not_come_again(product: Listener, commitments: Commitments, taken: Taken) -> None:
    assert asked(commitments) == 0
    report = product.await_report(TRANSACTION, 10)
    assert report is not None
    assert [uid for _, uid, _ in report.failed] == [INSTANCE]
    assert not commitments.came_again
    taken.append(CAME)
    assert commitments.came_again


def test_a_report_that_we_cannot_send_is_no_trouble_of_the_source(commitments: Commitments) -> None:
    assert asked(commitments, calling=r"\xc9" * 16) == 0
    await_that(lambda: not commitments.reporting, "the report is over")
    with pytest.raises(ValueError, match="AE title"):
        trouble_with_the_report(Performance(False), commitments)


def test_requests_for_more_than_there_is_room_for_are_refused(commitments: Commitments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commitment, "MAX_REFERENCES", 3)
    assert [asked(commitments, times=times) for times in (2, 2, 1)] == [0, commitment.RESOURCE_LIMITATION, 0]
