"""What a consumer has sent to it, and how it takes it."""

from collections.abc import Iterator

import pytest
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from conformance.consumer.expectations import expect_legal
from conformance.consumer.identifiers import retrieve_breaches
from conformance.consumer.journal import Asking
from conformance.consumer.script import OPEN
from conformance.consumer.stage import Stage, readable
from conformance.dimse import StatusClass, describe, is_defined, status_class
from conformance.findings import NotApplicable, expect, require


@pytest.mark.requirement("RETR-14")
def test_retrieves_name_unique_keys_only(stage: Stage) -> None:
    retrieves = list(readable(stage.retrieves()))
    require(retrieves, "no retrieve came whose identifier can be read")
    ambiguous = stage.content.ambiguous
    breaches = (breach for one, asked in retrieves for breach in retrieve_breaches(asked, one.message, ambiguous))
    expect_legal(breaches, of=len(retrieves), what="retrieves")


@pytest.mark.requirement("RETR-16")
def test_accepts_the_classes_that_it_asks_for(stage: Stage) -> None:
    moves = [retrieve for retrieve in delivered(stage) if retrieve.message == "C-MOVE"]
    if not moves:
        raise NotApplicable("it retrieves by C-GET alone, and is no move destination")
    refused = sorted({words for move in moves for words in refusals(move)})
    expect(
        not refused,
        expected="a context for each SOP class of the study that was asked for, and the default transfer syntax where it is proposed",
        got="; ".join(refused),
    )
    undecided = sorted({UID(sop_class).name for move in moves for sop_class in unasked(move, ImplicitVRLittleEndian)})
    require(not undecided, f"{ImplicitVRLittleEndian.name} could not be proposed by itself for {', '.join(undecided)}")


@pytest.mark.requirement("RETR-16")
def test_answers_what_it_is_sent_with_true_statuses(stage: Stage) -> None:
    sent = [delivery for retrieve in delivered(stage) for delivery in retrieve.deliveries]
    require(all(one.status is not None for one in sent), "an object that was sent had no response")
    failed = sorted(
        {
            f"{describe('C-STORE', one.status)} to {UID(one.sop_class_uid).name}"
            for one in sent
            if one.status is not None and not is_taken(one.status)
        }
    )
    expect(not failed, expected="success, or a warning that PS3.4 B.2.3 defines, for each object that it asked for", got="; ".join(failed))


@pytest.mark.requirement("DOC-02")
def test_accepts_what_it_declares(stage: Stage) -> None:
    claims, retrieves = stage.target.claims, delivered(stage)
    require(claims.sop_classes, "the profile does not say which SOP classes are declared: claims.sop-classes")
    accepted = {sop_class: syntaxes for one in retrieves for sop_class, syntaxes in one.accepted.items()}
    refused = [f"{UID(uid).name} is declared and refused" for uid in claims.sop_classes if accepted.get(uid) == ()]
    moves = [one for one in retrieves if one.message == "C-MOVE"]
    declared = {ExplicitVRLittleEndian, ImplicitVRLittleEndian}.intersection(claims.transfer_syntaxes) if moves else set()
    unheard = declared.difference(*accepted.values())
    undecided = {syntax for syntax in unheard for move in moves if unasked(move, syntax)}
    refused += [f"{UID(uid).name} is declared and refused for every class" for uid in sorted(unheard - undecided)]
    expect(not refused, expected="the declared SOP classes and transfer syntaxes accepted", got="; ".join(refused))
    require(not undecided, f"declared, and could not be proposed by itself: {', '.join(UID(uid).name for uid in sorted(undecided))}")
    require(accepted.keys() & set(claims.sop_classes), "none of the declared SOP classes is in the study that it asked for")


def is_taken(status: int) -> bool:
    """Whether a status of C-STORE says that the object was taken, and is one that the standard has."""
    return is_defined("C-STORE", status) and status_class("C-STORE", status) in (StatusClass.SUCCESS, StatusClass.WARNING)


def refusals(retrieve: Asking) -> Iterator[str]:
    """Which classes a move destination did not accept, or not in the default syntax, even where that was proposed by itself."""
    for sop_class, syntaxes in retrieve.accepted.items():
        if not syntaxes:
            yield f"no context for {UID(sop_class).name}"
        elif (sop_class, ImplicitVRLittleEndian) in retrieve.refused:
            yield f"no {ImplicitVRLittleEndian.name} for {UID(sop_class).name}"


def unasked(move: Asking, syntax: str) -> list[str]:
    """The classes of which a move destination took another syntax, and could not be asked for this one alone."""
    return [uid for uid, taken in move.accepted.items() if taken and syntax not in taken and (uid, syntax) not in move.refused]


def delivered(stage: Stage) -> list[Asking]:
    """The retrieves that reached their receiver. Raises NotExercised unless they asked for the whole study."""
    retrieves = stage.journal(OPEN).of("C-MOVE", "C-GET")
    strangers = sorted({one.destination for one in retrieves if one.message == "C-MOVE" and not one.known})
    require(not strangers, f"it asked for delivery to {', '.join(strangers)}, which is not the system under test")
    unreached = [one for one in retrieves if one.named and not one.reached]
    require(not unreached, "its Storage SCP gave us no association: check --host and --port")
    wanted = {series.instances[0].sop_class_uid for series in stage.content.mixed.series}
    missing = wanted - {sop_class for one in retrieves for sop_class in one.accepted}
    require(not missing, f"it did not ask for {', '.join(sorted(UID(one).name for one in missing))} of the study to be opened")
    return retrieves
