"""Opening an association on a wire and leaving it, as far as both ends do the same."""

import contextlib

from conformance.dimse.channel import note_pdu
from conformance.dimse.deadline import Deadline
from conformance.dimse.endings import AssociationEnded, EndingKind, ProtocolViolation
from conformance.dimse.negotiation import Acceptance, check_acceptance
from conformance.dimse.pdu import RELEASE_RP, AssociatePdu, Pdu, PduType, decode_associate, encode_associate, pdu_name
from conformance.dimse.wire import Wire, ending_of


def negotiate(wire: Wire, request: AssociatePdu) -> Acceptance:
    """Send the A-ASSOCIATE-RQ and read the answer. Raises AssociationEnded (REJECT, ABORT, ...), ProtocolViolation."""
    data = encode_associate(PduType.ASSOCIATE_RQ, request)
    deadline = Deadline(wire.timeouts.associate, "associate")
    note_pdu(wire, "sent", "A-ASSOCIATE-RQ", associate_facts(request), len(data))
    wire.send([data], deadline)
    pdu = wire.receive(deadline)
    ending = ending_of(pdu, deadline)
    if ending:
        note_pdu(wire, "received", pdu.name, {"Result": ending.result, "Source": ending.source, "Reason": ending.reason})
        raise AssociationEnded(ending)
    if pdu.type != PduType.ASSOCIATE_AC:
        raise ProtocolViolation("PS3.8 9.2.3", "an A-ASSOCIATE-AC, -RJ or A-ABORT", pdu_name(pdu.type))
    return _accepted(wire, request, pdu, deadline)


def _accepted(wire: Wire, request: AssociatePdu, pdu: Pdu, deadline: Deadline) -> Acceptance:
    answer = decode_associate(pdu)
    note_pdu(wire, "received", "A-ASSOCIATE-AC", associate_facts(answer), len(pdu.body))
    return check_acceptance(request, answer, deadline.elapsed())


def associate_facts(pdu: AssociatePdu) -> dict[str, object]:
    """What the recorder keeps of an A-ASSOCIATE-RQ or -AC."""
    accepted = sum(context.result in (0, None) for context in pdu.contexts)
    return {
        "CalledAETitle": pdu.called.decode("ascii", "backslashreplace"),
        "CallingAETitle": pdu.calling.decode("ascii", "backslashreplace"),
        "MaximumLength": pdu.max_pdu,
        "Contexts": f"{accepted} of {len(pdu.contexts)}",
    }


def end_wire(wire: Wire, error: AssociationEnded | ProtocolViolation) -> None:
    """Leave the connection as the error demands: abort what was violated or is silent, answer a release, close the rest."""
    kind = error.ending.kind if isinstance(error, AssociationEnded) else None
    if kind in (None, EndingKind.SILENCE):
        note_pdu(wire, "sent", "A-ABORT")
        return wire.abort()
    if kind is EndingKind.RELEASE:
        note_pdu(wire, "sent", "A-RELEASE-RP")
        with contextlib.suppress(AssociationEnded):
            wire.send([RELEASE_RP], Deadline(wire.timeouts.release, "A-RELEASE-RP"))
    return wire.close()
