"""The closed vocabularies of the register. Each member is spelt in the files exactly as here."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Level(StrEnum):
    """How binding a requirement is, in the words of RFC 2119."""

    SHALL = "SHALL"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Role(StrEnum):
    """What part a system under test plays: the side of an association that it stands on."""

    ARCHIVE = "archive"
    SOURCE = "source"
    CONSUMER = "consumer"


class Provenance(StrEnum):
    """Whose demand a requirement is. Shown in every report, so that nobody takes our reading for the guide's words."""

    GUIDE = "guide"  # a phrase of the guide's landing page; which attribute it means is our reading
    STANDARD = "standard"  # DICOM mandates or defines it
    DERIVED = "derived"  # our reading of what a phrase of the guide, or of DICOM, needs
    PRACTICE = "practice"  # comparable programmes, IHE profiles or product experience demand it


SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "commitment": "Storage Commitment Push Model (PS3.4 J)",
        "get": "retrieval by C-GET (PS3.4 C.4.3)",
        "patient-root": "the Patient Root Query/Retrieve information model (PS3.4 C.6.1)",
        "worklist": "Modality Worklist (PS3.4 K)",
        "mpps": "Modality Performed Procedure Step (PS3.4 F.7)",
        "ian": "Instance Availability Notification (PS3.4 R)",
        "iocm": "rejection notes of Imaging Object Change Management (IHE RAD TF-3 4.66)",
        "web": "DICOMweb: QIDO-RS, WADO-RS, STOW-RS (PS3.18)",
        "tls": "DIMSE over TLS (PS3.15 B.12, B.13)",
        "mutual-tls": "TLS in which the server demands a certificate of its client (PS3.15 B.12)",
        "user-identity": "User Identity Negotiation (PS3.7 D.3.3.7)",
        "coercion": "changing attributes of received instances (PS3.4 B.4.1.3)",
        "ae-rights": "an allow list of calling AE titles and rights per title",
    }
)
"""The optional services that a profile may claim and that a row may wait for, and what each means."""
