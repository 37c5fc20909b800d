"""Outages of the other services: associations, commitment, rejection, worklist and steps, TLS and DICOMweb."""

import threading
from typing import Any

from conformance.reference.archive import Parts
from conformance.reference.commitment import Committer, Order
from conformance.reference.door import Door
from conformance.reference.retrieve import SUCCESS

from .outage import Outage

BETWEEN_ORDERS = 5.0  # seconds


class OneAtATime(Door):
    limit = 1


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
        "orders-lost",
        Parts(committer=LosesOrders),
        {"test_refuses_a_transaction_uid_that_is_still_active": "was never reported"},
        ("--report-timeout=2",),
    ),
)
