"""Outages of storage: sound objects that are refused, or lost, where a check needs one to put its question."""

from conformance.embedded import SEND_ONLY_AE
from conformance.reference.archive import Parts
from conformance.reference.rules import Refusal
from conformance.reference.services import Request, Services

from .outage import CALLING_AE, Outage

NOT_AUTHORIZED = 0x0124  # PS3.7 C.5.12


class KnowsOneTitle(Services):
    """Takes objects of the title alone to which it may send."""

    def take(self, request: Request, data: bytes) -> Refusal | None:
        known = request.calling_ae in self.desk.peers
        return super().take(request, data) if known else Refusal(NOT_AUTHORIZED, "the title is not registered")


STORAGE_OUTAGES: tuple[Outage, ...] = (
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
)
