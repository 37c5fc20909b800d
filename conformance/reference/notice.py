"""Instance Availability Notification as a user (PS3.4 R.3): who completes a step hears which of its objects are here."""

import threading
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from uuid import uuid4

from pynetdicom import build_context
from pynetdicom.dimse_primitives import N_CREATE

from conformance.reference.encoding import DataSet, Element, encode
from conformance.reference.index import Index
from conformance.reference.keys import tag_of
from conformance.reference.steps import Performed
from conformance.reference.syntax import syntax_of
from conformance.reference.text import in_utf8
from conformance.reference.wire import Courier

AVAILABILITY = "1.2.840.10008.5.1.4.33"
NOTICE_SECONDS = 30.0


class Notifier:
    """Tells a peer what became available. A notice that cannot be delivered is not sent again: a query says the same."""

    def __init__(self, index: Index, peers: Mapping[str, tuple[str, int]], call: Callable[[], Courier], ae_title: str) -> None:
        self.index, self.peers, self.call, self.ae_title = index, peers, call, ae_title

    def notify(self, peer: str, performed: Sequence[Performed]) -> None:
        """Send a notice about those objects of a step that are here; where there is none, or no address, nothing is sent."""
        here = self.available(performed)
        study = next((study for one in here if (study := self.index.study_of(one.series))), None)
        if study is not None and peer in self.peers:
            threading.Thread(target=self.deliver, args=(peer, study, here), daemon=True).start()

    def available(self, performed: Sequence[Performed]) -> list[Performed]:
        """Of these objects, those that a query finds."""
        return [one for one in performed if self.index.instance(one.uid) is not None]

    def deliver(self, peer: str, study: str, here: Sequence[Performed]) -> None:
        """Open an association and send the notice by N-CREATE (PS3.4 R.3.2)."""
        courier = self.call()
        try:
            if courier.open(self.peers[peer], peer, [build_context(AVAILABILITY)], []):
                context = courier.accepted_contexts[0]
                notice = _create(encode(self.notice(study, here), syntax_of(context.transfer_syntax[0])))
                courier.ask(notice, context.context_id or 0, NOTICE_SECONDS)
        finally:
            courier.close()

    def notice(self, study: str, here: Sequence[Performed]) -> DataSet:
        """Write a notice (PS3.4 Table R.3.2-1)."""
        series = dict.fromkeys(one.series for one in here)
        return {
            tag_of("ReferencedPerformedProcedureStepSequence"): Element("SQ", items=[]),
            tag_of("StudyInstanceUID"): _element("UI", study),
            tag_of("ReferencedSeriesSequence"): Element(
                "SQ", items=[self.series(uid, [one for one in here if one.series == uid]) for uid in series]
            ),
        }

    def series(self, uid: str, here: Sequence[Performed]) -> DataSet:
        """Write the item of one series."""
        objects = [self.object(one) for one in here]
        return {tag_of("SeriesInstanceUID"): _element("UI", uid), tag_of("ReferencedSOPSequence"): Element("SQ", items=objects)}

    def object(self, one: Performed) -> DataSet:
        """Write the item of one object."""
        return {
            tag_of("RetrieveAETitle"): _element("AE", self.ae_title),
            tag_of("InstanceAvailability"): _element("CS", "ONLINE"),
            tag_of("ReferencedSOPClassUID"): _element("UI", one.sop_class),
            tag_of("ReferencedSOPInstanceUID"): _element("UI", one.uid),
        }


def _element(vr: str, value: str) -> Element:
    return Element(vr, in_utf8(value, vr))


def _create(attributes: bytes) -> N_CREATE:
    primitive = N_CREATE()
    primitive.MessageID = 1
    primitive.AffectedSOPClassUID = AVAILABILITY
    primitive.AffectedSOPInstanceUID = f"2.25.{uuid4().int}"
    primitive.AttributeList = BytesIO(attributes)
    return primitive
