"""The driver: a small synchronous DICOM engine for both ends of an association, exact in what it sends and in what it accepts.

`associate` opens an association and gives its services; `connect` opens a bare connection for bytes that make no association;
`Listener` is the other end. A reject, an abort, a close, a reset and silence are different results (AssociationEnded); bytes that
contradict what was asked are a ProtocolViolation.
"""

from conformance.dimse.answers import (
    Answer,
    AvailabilityNotice,
    CommitmentReport,
    FindAnswer,
    FindResponse,
    Received,
    RetrieveAnswer,
    Storable,
    SubOperations,
)
from conformance.dimse.association import VERIFICATION, Association, associate
from conformance.dimse.availability import AVAILABILITY
from conformance.dimse.channel import Message
from conformance.dimse.command import Field, decode_command, encode_command
from conformance.dimse.commitment import PUSH_MODEL, PUSH_MODEL_INSTANCE
from conformance.dimse.endings import AssociationEnded, Ending, EndingKind, NotAccepted, ProtocolViolation
from conformance.dimse.endpoint import Endpoint, Timeouts
from conformance.dimse.listener import Listener
from conformance.dimse.negotiation import Acceptance, Context, Negotiated, UserIdentity, build_request
from conformance.dimse.pdu import AssociatePdu, Pdu, PduType, Pdv, PresentationContext, encode_associate, encode_pdu, encode_pdvs
from conformance.dimse.policy import ACCEPT_ALL, NO_STORAGE, Policy, Reaction
from conformance.dimse.providing import Inquiry, Provider, Reply
from conformance.dimse.reception import AssociationRequest, Reception
from conformance.dimse.status import Service, StatusClass, describe, is_defined, status_class
from conformance.dimse.wire import TLS_HANDSHAKE, Buffer, Wire, connect

__all__ = [
    "ACCEPT_ALL",
    "AVAILABILITY",
    "NO_STORAGE",
    "PUSH_MODEL",
    "PUSH_MODEL_INSTANCE",
    "TLS_HANDSHAKE",
    "VERIFICATION",
    "Acceptance",
    "Answer",
    "AssociatePdu",
    "Association",
    "AssociationEnded",
    "AssociationRequest",
    "AvailabilityNotice",
    "Buffer",
    "CommitmentReport",
    "Context",
    "Ending",
    "EndingKind",
    "Endpoint",
    "Field",
    "FindAnswer",
    "FindResponse",
    "Inquiry",
    "Listener",
    "Message",
    "Negotiated",
    "NotAccepted",
    "Pdu",
    "PduType",
    "Pdv",
    "Policy",
    "PresentationContext",
    "ProtocolViolation",
    "Provider",
    "Reaction",
    "Received",
    "Reception",
    "Reply",
    "RetrieveAnswer",
    "Service",
    "StatusClass",
    "Storable",
    "SubOperations",
    "Timeouts",
    "UserIdentity",
    "Wire",
    "associate",
    "build_request",
    "connect",
    "decode_command",
    "describe",
    "encode_associate",
    "encode_command",
    "encode_pdu",
    "encode_pdvs",
    "is_defined",
    "status_class",
]
