"""Security: who may come in, and where the archive sends (PS3.8 7.1.1, PS3.4 C.4.2)."""

from dataclasses import replace

import pytest
from pydicom.uid import UID

from conformance.dimse import AssociationEnded, Context, EndingKind, Endpoint, NotAccepted
from conformance.findings import Nonconformance, expect, require
from conformance.suite.conftest import Stored
from conformance.suite.expectations import expect_rejected
from conformance.suite.peer import DELIBERATE
from conformance.suite.queries import PATIENT_ROOT, STUDY_ROOT, study_query
from conformance.suite.sop_classes import CORE_STORAGE
from conformance.suite.system import UNCOMPRESSED, System, query_context

SERVED = [uid for root in (STUDY_ROOT, PATIENT_ROOT) for uid in (root.find, root.move, root.get)]


def stranger(system: System) -> Endpoint:
    """The system, called from an AE title that nobody has registered."""
    return replace(system.endpoint, calling_ae="NO" + system.synthesizer.nonce)


@pytest.mark.requirement("SEC-01")
def test_lets_no_unknown_calling_ae_title_store_or_query(system: System) -> None:
    contexts = [*(Context(uid, UNCOMPRESSED) for uid in CORE_STORAGE), *map(query_context, SERVED)]
    system.require_alive("before the case")
    open_to_strangers: list[str] = []
    ending = None
    try:
        with system.associate(contexts, endpoint=stranger(system)) as association:
            open_to_strangers = [UID(context.abstract_syntax).name for context in association.acceptance.contexts if context.accepted]
    except AssociationEnded as error:
        ending = error.ending
        require(ending.kind in DELIBERATE, str(ending))
    system.require_alive("after the case")
    if ending is not None:
        return expect_rejected(ending, 1, 3, because="a calling AE title that is not registered")
    return expect(
        not open_to_strangers,
        expected="A-ASSOCIATE-RJ 1/1/3, or no storage or query context accepted, for a calling AE title that is not registered",
        got=f"A-ASSOCIATE-AC, and {len(open_to_strangers)} contexts accepted: {', '.join(open_to_strangers[:3])}, …",
        hint="Look for a setting that checks calling AE titles, for each service.",
    )


@pytest.mark.requirement("SEC-07")
@pytest.mark.parametrize("requester", ["registered", "unknown"])
def test_sends_to_no_destination_that_is_not_registered(system: System, ct_study: Stored, requester: str) -> None:
    require(system.move(study_query(ct_study.study)).objects, "the study is not delivered to the registered destination")
    unregistered = stranger(system)
    try:
        delivery = system.move(
            study_query(ct_study.study),
            destination=unregistered.calling_ae,
            endpoint=unregistered if requester == "unknown" else None,
        )
    except (AssociationEnded, NotAccepted) as error:
        refused = isinstance(error, NotAccepted) or error.ending.kind in (EndingKind.REJECT, EndingKind.ABORT)
        require(requester == "unknown" and refused, f"the retrieve was left without an answer: {error}")
        return
    if delivery.associations:
        raise Nonconformance(
            expected="nothing sent to an AE title that is not registered: A801 or 0124",
            got=f"{delivery.answer.final}, {delivery.associations} association(s) opened to us and {len(delivery.objects)} objects sent",
            hint="The system sends to whoever asks. Look for a setting that registers callers, or their addresses, by themselves.",
        )
