"""The register: what the guide, the standard and our reading of both ask of a system, and who has waived what."""

from conformance.guide.errors import RegisterError, WaiverError
from conformance.guide.loading import BUNDLED, load_register
from conformance.guide.register import Register, Requirement
from conformance.guide.waivers import Waiver, load_waivers
from conformance.guide.words import SERVICES, Level, Provenance, Role

__all__ = [
    "BUNDLED",
    "SERVICES",
    "Level",
    "Provenance",
    "Register",
    "RegisterError",
    "Requirement",
    "Role",
    "Waiver",
    "WaiverError",
    "load_register",
    "load_waivers",
]
