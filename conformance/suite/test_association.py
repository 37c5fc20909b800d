"""Associations: who is let in, on which terms, and what becomes of them (PS3.8, PS3.7 Annex D)."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

import pytest
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from conformance.dimse import Association, AssociationEnded, Context, Ending, EndingKind, Wire
from conformance.findings import Nonconformance, NotApplicable, NotExercised, expect, expect_answers_by, require
from conformance.suite.conftest import Stored
from conformance.suite.expectations import expect_rejected, expect_taken
from conformance.suite.peer import DELIBERATE, GRACE_SECONDS, POLL_SECONDS, VERIFICATION
from conformance.suite.queries import STUDY_ROOT, study_query
from conformance.suite.sop_classes import CORE_STORAGE, CT, NOT_SERVED
from conformance.suite.system import TAKEN, System, query_context, storage_contexts
from conformance.target import MAX_AE_TITLE, Claims
from generators import Encoded, Study, Synthesizer, encode, encode_study

CYCLES = 50
ECHOES = 3
PRIVATE_SOP_CLASS = "2.25.310458246739824793746534657936453219871"
OTHER_APPLICATION_CONTEXT = "2.25.310458246739824793746534657936453219872"
SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)


def refusal(system: System, **how: object) -> Ending | None:
    """How the system ended an association request; None if it accepted. A sound request is accepted before and after."""
    system.require_alive("before the case")
    try:
        with system.associate(**how):  # type: ignore[arg-type] # checked by associate
            ending = None
    except AssociationEnded as error:
        ending = error.ending
        require(ending.kind in DELIBERATE, str(ending))
    system.require_alive("after the case")
    return ending


@pytest.mark.requirement("ASSOC-01")
def test_accepts_a_well_formed_association(system: System) -> None:
    try:
        with system.associate([VERIFICATION, *storage_context(CT)]) as association:
            answer = association.echo()
    except AssociationEnded as error:
        system.blame(error, expected="A-ASSOCIATE-AC")
    expect(answer.status == 0, expected="a usable association: C-ECHO answered 0000", got=f"{answer.status:04X}")


def storage_context(sop_class: str, *syntaxes: str) -> list[Context]:
    return [Context(sop_class, syntaxes or (ExplicitVRLittleEndian, ImplicitVRLittleEndian))]


@pytest.mark.requirement("ASSOC-02")
def test_refuses_an_unknown_called_ae_title(system: System) -> None:
    ending = refusal(system, endpoint=system.called("NO" + system.synthesizer.nonce))
    expect_rejected(ending, 1, 7, because="a called AE title that is not the system's")


@pytest.mark.requirement("ASSOC-03")
def test_accepts_the_default_transfer_syntax_for_every_class_it_supports(system: System, claims: Claims) -> None:
    classes = dict.fromkeys([*CORE_STORAGE, *claims.sop_classes])
    supported = system.accepts([Context(uid, SYNTAXES) for uid in classes])
    require(supported, "the system accepts none of the core storage classes")
    alone = system.accepts([Context(uid, (ImplicitVRLittleEndian,)) for uid in supported])
    refused = [uid for uid in supported if uid not in alone]
    expect(
        not refused,
        expected="Implicit VR Little Endian accepted for each of them",
        got=f"refused alone for {len(refused)} of {len(supported)}: {', '.join(UID(uid).name for uid in refused[:5])}",
    )


@pytest.mark.requirement("ASSOC-04")
@pytest.mark.parametrize(
    "syntaxes",
    [
        (ImplicitVRLittleEndian,),
        (ExplicitVRLittleEndian,),
        (JPEG2000Lossless, ImplicitVRLittleEndian, ExplicitVRLittleEndian),
        (RLELossless, JPEGLSLossless),
    ],
    ids=["implicit", "explicit", "three", "compressed"],
)
def test_answers_with_a_transfer_syntax_that_was_proposed(system: System, syntaxes: tuple[str, ...]) -> None:
    with expect_answers_by("PS3.8 9.3.3"), system.associate([VERIFICATION, Context(CT, syntaxes)]) as association:
        association.echo()
        if not association.accepted(CT):
            raise NotApplicable("the system accepts none of these transfer syntaxes, so there is no choice to look at")


@pytest.mark.requirement("ASSOC-05")
def test_rejects_the_unsupported_context_and_accepts_the_others(system: System, synthesizer: Synthesizer) -> None:
    with system.associate(storage_context(CT)) as association:
        require(association.accepted(CT), "CT Image Storage alone is not accepted")
    try:
        with system.associate([*storage_context(CT), *storage_context(PRIVATE_SOP_CLASS)]) as association:
            accepted, private = association.accepted(CT), association.accepted(PRIVATE_SOP_CLASS)
    except AssociationEnded as error:
        system.blame(error, expected="the one context refused in A-ASSOCIATE-AC")
    expect(accepted, expected="CT accepted beside a private class", got="CT refused")
    if private:
        stored = system.store(of_class(PRIVATE_SOP_CLASS, synthesizer, private.transfer_syntax))[0]
        if stored.status_class in TAKEN:
            raise NotApplicable("the system stores objects of a class that nobody defined, so there is none that it does not support")
        supported = stored.status not in NOT_SERVED
        expect(supported, expected="the private class refused in A-ASSOCIATE-AC", got=f"accepted, and its object answered {stored}")
        raise NotExercised(f"an object of the private class was answered {stored}: whether the class is supported cannot be told")


def of_class(sop_class: str, synthesizer: Synthesizer, syntax: str) -> Encoded:
    """An image under a SOP class that is not its own."""
    dataset = next(synthesizer.study("CT", instances=1).datasets())
    dataset.SOPClassUID = sop_class
    return encode(dataset, syntax)


@pytest.mark.requirement("ASSOC-06")
def test_answers_each_of_128_contexts(system: System) -> None:
    private = [Context(f"{PRIVATE_SOP_CLASS}.{number}", (ImplicitVRLittleEndian,)) for number in range(1, 127)]
    contexts = [VERIFICATION, *private, *storage_context(CT)]
    try:
        with system.associate(contexts) as association:
            answered = {context.id for context in association.acceptance.contexts}
            last = association.accepted(CT)
            association.echo()
    except AssociationEnded as error:
        system.blame(error, expected="A-ASSOCIATE-AC with 128 results")
    expect(len(answered) == len(contexts), expected="128 presentation contexts answered", got=f"{len(answered)} answered")
    expect(last, expected="the last context, CT Image Storage, accepted", got="not accepted")


@pytest.fixture(scope="module")
def large_study(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> Stored:
    """One CT object of 128 KiB, more than fits into any of the PDUs."""
    return keep(synthesizer.study("CT", instances=1, rows=256, columns=256))


@pytest.mark.requirement("ASSOC-07")
@pytest.mark.parametrize("limit", [4096, 16384])
def test_sends_no_pdu_longer_than_we_announce(system: System, large_study: Stored, limit: int) -> None:
    delivery = system.move(study_query(large_study.study), policy=system.policy(max_pdu=limit))
    require(delivery.objects, "no object was delivered")
    expect(
        delivery.largest_pdu <= limit,
        expected=f"P-DATA-TF of at most {limit} bytes to a receiver that announced {limit}",
        got=f"one of {delivery.largest_pdu} bytes",
    )


@pytest.mark.requirement("ASSOC-07")
def test_reads_a_maximum_length_of_0_as_no_limit(system: System, ct_study: Stored) -> None:
    contexts = [VERIFICATION, query_context(STUDY_ROOT.find)]
    try:
        with system.associate(contexts, max_pdu=0) as association:
            association.echo()
            answer = association.find(STUDY_ROOT.find, study_query(ct_study.study).identifier())
    except AssociationEnded as error:
        system.blame(error, expected="answers as long as they need to be")
    expect(answer.matches, expected="the study found", got=f"no match and {answer.final}")


@pytest.mark.requirement("ASSOC-07")
def test_takes_pdus_as_long_as_it_announced(system: System, synthesizer: Synthesizer) -> None:
    small, large = (encode_study(synthesizer.study("CT", instances=1, rows=size, columns=size))[0] for size in (16, 256))
    system.keep(small)
    try:
        with system.associate(storage_contexts([large])) as association:
            answer = system.send(association, large)
    except AssociationEnded as error:
        system.blame(error, expected="PDUs of the announced maximum length taken")
    expect_taken(answer, what="an object sent in PDUs of the announced maximum length")


@pytest.mark.requirement("ASSOC-08")
def test_identifies_its_implementation(system: System) -> None:
    with system.associate() as association:
        uids = association.acceptance.implementation_class_uids
    valid = len(uids) == 1 and UID(uids[0]).is_valid
    expect(valid, expected="exactly one valid Implementation Class UID", got=", ".join(repr(uid) for uid in uids) or "none")


ENDINGS: dict[str, Callable[[Association], object]] = {
    "release": lambda association: association.release(),
    "abort": lambda association: association.abort(),
    "reset": lambda association: association.reset(),
}


@pytest.mark.requirement("ASSOC-09")
@pytest.mark.parametrize("how", ENDINGS)
def test_goes_on_after_fifty_endings(system: System, how: str) -> None:
    system.require_alive(f"before the first {how}")
    for _ in range(CYCLES):
        try:
            system.once_it_has_room(lambda: end_one(system, how))
        except AssociationEnded as error:
            system.blame(error, expected=f"associations accepted, and ended by {how}, {CYCLES} times in a row")
    expect(
        system.serves_within(GRACE_SECONDS),
        expected=f"C-ECHO answered after {CYCLES} times {how}",
        got=f"no association for {GRACE_SECONDS:g} s",
    )


def end_one(system: System, how: str) -> None:
    """Open one association and end it."""
    with system.associate() as association:
        ENDINGS[how](association)


def padded(title: str, left: bool) -> bytes:
    """Fill an AE title to its full length with spaces on one side (PS3.8 9.3.2)."""
    return (title.rjust(MAX_AE_TITLE) if left else title.ljust(MAX_AE_TITLE)).encode("ascii")


@pytest.mark.requirement("ASSOC-10")
@pytest.mark.parametrize("left", [True, False], ids=["left", "right"])
@pytest.mark.parametrize("which", ["called", "calling"])
def test_ignores_the_padding_of_ae_titles(system: System, which: str, left: bool) -> None:
    title = system.target.ae_title if which == "called" else system.target.calling_ae
    if len(title) == MAX_AE_TITLE:
        raise NotApplicable(f"the {which} AE title fills all {MAX_AE_TITLE} characters, so there is no padding to vary")
    ending = refusal(system, **{f"raw_{which}": padded(title, left)})
    expect(ending is None, expected="the same answer as without padding: A-ASSOCIATE-AC", got=str(ending))


@pytest.mark.requirement("ASSOC-11")
def test_serves_the_declared_number_of_associations_at_once(system: System, claims: Claims, synthesizer: Synthesizer) -> None:
    alone, *instances = encode_study(synthesizer.study("CT", instances=claims.associations + 1))
    system.keep(alone)
    try:
        system.once_it_has_room(lambda: store_at_once(system, instances))
    except AssociationEnded as error:
        system.blame(error, expected=f"{claims.associations} associations served at once", silence=True)


def store_at_once(system: System, instances: list[Encoded]) -> None:
    """Hold one association for each object, and then use them all.

    Each pass goes in the order of opening: a server that polls its associations in turn is slow in any other.
    """
    with ExitStack() as stack:
        held = [stack.enter_context(system.associate([VERIFICATION, *storage_contexts(instances)])) for _ in instances]
        for association in held:
            association.echo()
        for association, instance in zip(held, instances, strict=True):
            expect_taken(system.send(association, instance), what=f"an object on one of {len(held)} open associations")
        for association in held:
            association.release()


@pytest.mark.slow
@pytest.mark.requirement("ASSOC-12")
def test_drops_a_silent_connection_and_an_idle_association_and_serves_others_meanwhile(system: System, claims: Claims) -> None:
    try:
        with system.connection() as silent:
            system.echo()
            with system.associate() as idle:
                system.echo()
                left_open = still_open({"the connection": silent, "the association": idle}, claims.silence_seconds)
    except AssociationEnded as error:
        system.blame(error, expected="other peers served while one connection is silent, and one association idle", silence=True)
    expect(
        not left_open,
        expected=f"a connection without A-ASSOCIATE-RQ and an idle association each ended within {claims.silence_seconds:g} s",
        got=f"{' and '.join(left_open)} still open after {claims.silence_seconds:g} s",
    )


def still_open(held: Mapping[str, Wire | Association], seconds: float) -> list[str]:
    """Wait until each has ended, or the time is over for all of them. Gives those that the system has not ended."""
    deadline = time.monotonic() + seconds
    endings = {what: peer.await_ending(max(deadline - time.monotonic(), POLL_SECONDS)) for what, peer in held.items()}
    return [what for what, ending in endings.items() if ending.kind is EndingKind.SILENCE]


@pytest.mark.requirement("ASSOC-14")
def test_refuses_an_unknown_application_context(system: System) -> None:
    ending = refusal(system, application_context=OTHER_APPLICATION_CONTEXT)
    expect_rejected(ending, 1, 2, because="an application context name that is not DICOM's")


@pytest.mark.requirement("VERIF-01")
def test_answers_each_c_echo(system: System) -> None:
    with expect_answers_by("PS3.7 9.3.5.2"), system.associate() as association:
        if not association.accepted(VERIFICATION.abstract_syntax):
            raise Nonconformance(expected="the Verification SOP Class accepted", got="its presentation context refused")
        answers = [association.echo() for _ in range(ECHOES)]  # each under a Message ID of its own
    wrong = [str(answer) for answer in answers if answer.status != 0]
    expect(not wrong, expected=f"each of {ECHOES} C-ECHO on one association answered 0000", got="; ".join(wrong))


@pytest.mark.requirement("VERIF-02")
def test_serves_verification_where_it_serves_storage_and_query(system: System) -> None:
    with system.associate([VERIFICATION, *storage_context(CT), query_context(STUDY_ROOT.find)]) as association:
        served = any(association.accepted(uid) for uid in (CT, STUDY_ROOT.find))
        require(served, "neither storage nor query is accepted on this AE title and port")
        beside = association.echo() if association.accepted(VERIFICATION.abstract_syntax) else None
    answer = beside or system.echo()  # it may want an association of its own
    expect(answer.status == 0, expected="C-ECHO answered 0000", got=f"{answer.status:04X}")
