"""The reference sender: a modality without a detector that sends as the standard says, and its seeded faults."""

from conformance.reference.sender.faults import FAULTS, SenderFault
from conformance.reference.sender.sender import STEPS, Sender

__all__ = ["FAULTS", "STEPS", "Sender", "SenderFault"]
