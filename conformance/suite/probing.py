"""Probing what the system offers: every class, every transfer syntax, the roles, and extended negotiation.

The classes are asked for first, in the syntaxes that systems know best; each class that is accepted is then asked for in every
syntax, at most 128 contexts at a time, and one syntax: an acceptor may choose among several. A class of which no other syntax than
the default one is accepted so is asked for again with that beside each, which a requestor has to offer (PS3.5 10.1). No message is
sent on any of them.
"""

from collections.abc import Iterable, Mapping

from pydicom.uid import MPEG2MPML, MPEG4HP41, AllTransferSyntaxes, JPEG2000Lossless, JPEGBaseline8Bit
from pynetdicom.presentation import AllStoragePresentationContexts
from pynetdicom.sop_class import (  # type: ignore[attr-defined] # made at import from pynetdicom's tables
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    StorageCommitmentPushModel,
)

from conformance.dimse import Acceptance, Context, Negotiated
from conformance.offer import Offer
from conformance.suite.encodings import IMPLICIT
from conformance.suite.peer import VERIFICATION
from conformance.suite.queries import PATIENT_ROOT, STUDY_ROOT
from conformance.suite.sop_classes import CT
from conformance.suite.system import UNCOMPRESSED, System

STORAGE = tuple(sorted({str(context.abstract_syntax) for context in AllStoragePresentationContexts}))
BY_SERVICE: Mapping[str, tuple[str, ...]] = {
    "commitment": (str(StorageCommitmentPushModel),),
    "get": (STUDY_ROOT.get,),
    "patient-root": (PATIENT_ROOT.find, PATIENT_ROOT.move),
    "worklist": (str(ModalityWorklistInformationFind),),
    "mpps": (str(ModalityPerformedProcedureStep),),
}
OTHERS = (VERIFICATION.abstract_syntax, STUDY_ROOT.find, STUDY_ROOT.move, PATIENT_ROOT.get)
SERVICES = tuple(dict.fromkeys((*OTHERS, *(uid for classes in BY_SERVICE.values() for uid in classes))))
WELL_KNOWN = (*UNCOMPRESSED, *map(str, (JPEGBaseline8Bit, JPEG2000Lossless, MPEG2MPML, MPEG4HP41)))
SYNTAXES = tuple(map(str, AllTransferSyntaxes))
RELATIONAL = b"\1"  # PS3.4 C.5.1.1


def observe_offer(system: System) -> Offer:
    """Ask for everything that this release knows, and say what was accepted."""
    classes = (*STORAGE, *SERVICES)
    known = _accepted(system.negotiate([Context(uid, WELL_KNOWN if uid in STORAGE else UNCOMPRESSED) for uid in classes]))
    stored = [uid for uid in known if uid in STORAGE]
    found = _accepted_of(system, stored)
    found |= _accepted_of(system, [uid for uid in stored if not set(found.get(uid, ())) - {IMPLICIT}], IMPLICIT)
    return Offer(
        syntaxes={uid: tuple(dict.fromkeys(found.get(uid, known[uid]))) for uid in known},
        refused=tuple(uid for uid in classes if uid not in known),
        options=_options(system),
    )


def _accepted_of(system: System, stored: list[str], *beside: str) -> dict[str, list[str]]:
    """Ask for each class in every syntax, with nothing but `beside` proposed next to it."""
    return _accepted(
        answer for syntax in SYNTAXES for answer in system.negotiate([Context(uid, (one,)) for uid in stored for one in (syntax, *beside)])
    )


def _accepted(answers: Iterable[Negotiated]) -> dict[str, list[str]]:
    accepted: dict[str, list[str]] = {}
    for answer in answers:
        if answer.accepted:
            accepted.setdefault(answer.abstract_syntax, []).append(answer.transfer_syntax)
    return accepted


def _options(system: System) -> dict[str, bool]:
    asked = [
        Context(CT, UNCOMPRESSED, scu_role=True, scp_role=True),
        Context(STUDY_ROOT.find, UNCOMPRESSED, extended=RELATIONAL),
        Context(STUDY_ROOT.move, UNCOMPRESSED, extended=RELATIONAL),
    ]
    with system.associate(asked) as association:
        seen = association.acceptance
    return {
        "SCP role for us on storage, as C-GET needs it": seen.roles.get(CT, (False, False))[1],
        "relational queries": _relational(seen, STUDY_ROOT.find),
        "relational retrieval": _relational(seen, STUDY_ROOT.move),
    }


def _relational(seen: Acceptance, uid: str) -> bool:
    return seen.extended.get(uid, b"")[:1] == RELATIONAL
