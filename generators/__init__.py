"""Whole synthetic imaging studies, and named faults that break exactly one thing in them."""

from generators.content import Difference, differences
from generators.encoding import Encoded, encode
from generators.errors import GeneratorError
from generators.faults import FAULTS, Fault
from generators.identity import HEALTH_CARD, Issuer, Order, Patient, health_card_number, is_health_card_number
from generators.kinds import KINDS, Kind
from generators.model import Finding, findings
from generators.people import MARKER, SCRIPTS, Script
from generators.pool import PoolError, TestPatientPool, load_pool
from generators.rejection import Rejection, rejection_note
from generators.scheduling import scheduled_step
from generators.steps import COMPLETED, DISCONTINUED, IN_PROGRESS, begun_step, ended_step
from generators.streaming import write_instance
from generators.studies import encode_study, iterate_study
from generators.syntaxes import SYNTAXES, Syntax
from generators.synthesizer import Synthesizer
from generators.tree import Instance, Series, Study

__all__ = [
    "COMPLETED",
    "DISCONTINUED",
    "FAULTS",
    "HEALTH_CARD",
    "IN_PROGRESS",
    "KINDS",
    "MARKER",
    "SCRIPTS",
    "SYNTAXES",
    "Difference",
    "Encoded",
    "Fault",
    "Finding",
    "GeneratorError",
    "Instance",
    "Issuer",
    "Kind",
    "Order",
    "Patient",
    "PoolError",
    "Rejection",
    "Script",
    "Series",
    "Study",
    "Syntax",
    "Synthesizer",
    "TestPatientPool",
    "begun_step",
    "differences",
    "encode",
    "encode_study",
    "ended_step",
    "findings",
    "health_card_number",
    "is_health_card_number",
    "iterate_study",
    "load_pool",
    "rejection_note",
    "scheduled_step",
    "write_instance",
]
