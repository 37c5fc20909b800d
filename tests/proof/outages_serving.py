"""Outages of the other services: associations, commitment, rejection, worklist and steps, TLS and DICOMweb."""

import threading
from typing import Any

from conformance.embedded import SEND_ONLY_AE
from conformance.reference.archive import Parts
from conformance.reference.commitment import Committer, Order
from conformance.reference.door import Door
from conformance.reference.find import Finder, Query
from conformance.reference.models import Identifier, IdentifierRefused
from conformance.reference.retrieve import SUCCESS
from conformance.reference.rules import Refusal
from conformance.reference.services import Request, Services

from .outage import CALLING_AE, Outage

NOT_AUTHORIZED = 0x0124  # PS3.7 C.5.12
BETWEEN_ORDERS = 5.0  # seconds


class OneAtATime(Door):
    limit = 1


class KnowsOneTitle(Services):
    """Takes objects of the title alone to which it may send."""

    def take(self, request: Request, data: bytes) -> Refusal | None:
        known = request.calling_ae in self.desk.peers
        return super().take(request, data) if known else Refusal(NOT_AUTHORIZED, "the title is not registered")


class CountsNothing(Finder):
    """Refuses a query that asks for counts."""

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        query = super().query(identifier, levels)
        if any(key.computed for key in query.keys):
            raise IdentifierRefused("nothing is counted here")
        return query


class LosesOrders(Committer):
    """Loses both of two orders under one Transaction UID."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.lost: set[str] = set()
        self.asked_again = threading.Event()

    def begin(self, order: Order) -> tuple[int, str]:
        if order.transaction not in self.active:
            return super().begin(order)
        self.lost.add(order.transaction)
        self.asked_again.set()
        return SUCCESS, ""

    def delivered(self, order: Order) -> bool:
        self.asked_again.wait(BETWEEN_ORDERS)
        return order.transaction in self.lost or super().delivered(order)


SERVICE_OUTAGES = (
    Outage(
        "one-association-at-a-time",
        Parts(door=OneAtATime),
        {"test_keeps_studies_apart_that_come_at_once": "does not serve two associations at once"},
        ("--slow",),
    ),
    Outage(
        "title-that-sends-not-registered",
        Parts(services=KnowsOneTitle),
        dict.fromkeys(
            ("test_answers_no_query_of_a_title_that_may_only_send", "test_delivers_nothing_to_a_title_that_may_only_send"),
            "a sound object of a title that may send was answered",
        ),
        (f"--send-only-ae={SEND_ONLY_AE}",),
        {"calling": frozenset({CALLING_AE, SEND_ONLY_AE}), "send_only": frozenset({SEND_ONLY_AE})},
    ),
    Outage(
        "counts-refused",
        Parts(finder=CountsNothing),
        dict.fromkeys(
            ("test_what_came_by_dimse_is_the_same_on_dicomweb", "test_what_came_by_dicomweb_is_the_same_by_dimse"),
            "C-FIND does not list the study where it is asked for counts",
        ),
    ),
    Outage(
        "orders-lost",
        Parts(committer=LosesOrders),
        {"test_refuses_a_transaction_uid_that_is_still_active": "was never reported"},
        ("--report-timeout=2",),
    ),
)
