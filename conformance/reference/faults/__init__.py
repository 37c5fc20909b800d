"""Seeded faults of the embedded archive: each is one part that is wrong, with what the suite must say about it.

What they break was written before any run, from the register's rows and from how real products break.
"""

from collections.abc import Mapping

from conformance.reference.faults.acknowledging import ACKNOWLEDGING_FAULTS
from conformance.reference.faults.admitting import ADMITTING_FAULTS
from conformance.reference.faults.answering import ANSWERING_FAULTS
from conformance.reference.faults.associations import ASSOCIATION_FAULTS
from conformance.reference.faults.characters import CHARACTER_FAULTS
from conformance.reference.faults.committing import COMMITMENT_FAULTS
from conformance.reference.faults.delivering import DELIVERY_FAULTS
from conformance.reference.faults.encoding import ENCODING_FAULTS
from conformance.reference.faults.fault import Fault
from conformance.reference.faults.field import FIELD_FAULTS
from conformance.reference.faults.histories import HISTORY_FAULTS
from conformance.reference.faults.identities import IDENTITY_FAULTS
from conformance.reference.faults.pdus import PDU_FAULTS
from conformance.reference.faults.querying import QUERY_FAULTS
from conformance.reference.faults.rejecting import REJECTION_FAULTS
from conformance.reference.faults.retrieving import RETRIEVE_FAULTS
from conformance.reference.faults.securing import SECURING_FAULTS
from conformance.reference.faults.sizes import SIZE_FAULTS
from conformance.reference.faults.stepping import WORKFLOW_FAULTS
from conformance.reference.faults.storing import STORING_FAULTS
from conformance.reference.faults.transcoding import TRANSCODING_FAULTS
from conformance.reference.faults.values import VALUE_FAULTS
from conformance.reference.faults.verifying import VERIFICATION_FAULTS
from conformance.reference.faults.web import WEB_FAULTS

__all__ = ["FAULTS", "Fault"]

FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for faults in (
        ASSOCIATION_FAULTS,
        VERIFICATION_FAULTS,
        STORING_FAULTS,
        ACKNOWLEDGING_FAULTS,
        IDENTITY_FAULTS,
        CHARACTER_FAULTS,
        ENCODING_FAULTS,
        TRANSCODING_FAULTS,
        QUERY_FAULTS,
        ANSWERING_FAULTS,
        RETRIEVE_FAULTS,
        DELIVERY_FAULTS,
        COMMITMENT_FAULTS,
        REJECTION_FAULTS,
        WORKFLOW_FAULTS,
        VALUE_FAULTS,
        PDU_FAULTS,
        FIELD_FAULTS,
        WEB_FAULTS,
        SECURING_FAULTS,
        ADMITTING_FAULTS,
        SIZE_FAULTS,
        HISTORY_FAULTS,
    )
    for fault in faults
}
