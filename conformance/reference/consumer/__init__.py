"""The reference consumer: a viewer without a screen that asks as the standard says, and its seeded faults."""

from conformance.reference.consumer.faults import FAULTS, ConsumerFault

__all__ = ["FAULTS", "ConsumerFault"]
