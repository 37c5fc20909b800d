"""Rights: what a title may ask for, and who the user behind it is (PS3.7 9.1.1.1.9, 9.1.4.1.7, D.3.3.7)."""

from dataclasses import replace

import pytest

from conformance.dimse import AssociationEnded, EndingKind, Endpoint, NotAccepted, StatusClass, UserIdentity
from conformance.findings import expect, require
from conformance.suite.expectations import require_named
from conformance.suite.peer import DELIBERATE, VERIFICATION
from conformance.suite.queries import STUDY_ROOT, study_query
from conformance.suite.system import TAKEN, System, query_context, storage_contexts
from conformance.target import Claims, User
from generators import Study, Synthesizer, encode_study

NAME_AND_PASSCODE = 2


@pytest.fixture(scope="module")
def sender(system: System, claims: Claims) -> Endpoint:
    """The system, called from a title that is registered for sending only."""
    title = system.target.send_only_ae
    require_named(title, claims, "a title that is registered for sending only: --send-only-ae")
    return replace(system.endpoint, calling_ae=title)


@pytest.fixture(scope="module")
def sent(system: System, sender: Endpoint, synthesizer: Synthesizer) -> Study:
    """A study that this title stored, as ours stored one before, and that our own title finds."""
    system.keep_study(synthesizer.study("CT", instances=1))
    study = synthesizer.study("CT", instances=1)
    instances = encode_study(study)
    with system.associate(storage_contexts(instances), endpoint=sender) as association:
        for instance in instances:
            answer = system.send(association, instance)
            require(answer.status_class in TAKEN, f"a sound object of a title that may send was answered {answer}")
    require(system.await_found(study_query(study)), "what the title stored is not found by ours")
    return study


@pytest.mark.requirement("SEC-02")
def test_answers_no_query_of_a_title_that_may_only_send(system: System, sender: Endpoint, sent: Study) -> None:
    query = study_query(sent)
    try:
        with system.associate([VERIFICATION, query_context(STUDY_ROOT.find)], endpoint=sender) as association:
            answer = association.find(STUDY_ROOT.find, query.identifier())
    except NotAccepted:
        return
    expect(
        answer.final.status_class is StatusClass.FAILURE and not answer.matches,
        expected="the context of C-FIND refused, or C-FIND answered 0124, for a title that may only send",
        got=f"{len(answer.matches)} matches and {answer.final}",
    )


@pytest.mark.requirement("SEC-02")
def test_delivers_nothing_to_a_title_that_may_only_send(system: System, sender: Endpoint, sent: Study) -> None:
    try:
        delivery = system.move(study_query(sent), endpoint=sender)
    except NotAccepted:
        return
    expect(
        delivery.answer.final.status_class is StatusClass.FAILURE and not delivery.associations,
        expected="the context of C-MOVE refused, or C-MOVE answered 0124, for a title that may only send",
        got=f"{delivery.answer.final}, {delivery.associations} association(s) opened to us",
    )


@pytest.fixture(scope="module")
def user(system: System, claims: Claims) -> User:
    require_named(system.target.user, claims, "a user of the system: --user, with its passcode in the environment")
    assert system.target.user is not None
    return system.target.user


@pytest.mark.requirement("SEC-09")
def test_confirms_a_user_that_it_knows(system: System, user: User) -> None:
    try:
        with system.associate([VERIFICATION], user_identity=claim(user.name, user.passcode)) as association:
            confirmed = association.acceptance.user_identity
    except AssociationEnded as error:
        system.blame(error, expected="an association for a user with the right passcode")
    expect(confirmed is not None, expected="a user identity response, as it was asked for", got="A-ASSOCIATE-AC without one")


@pytest.mark.requirement("SEC-09")
def test_rejects_a_user_with_a_wrong_passcode(system: System, user: User) -> None:
    with system.associate([VERIFICATION], user_identity=claim(user.name, user.passcode)):
        pass
    ending = None
    try:
        with system.associate([VERIFICATION], user_identity=claim(user.name, f"not {user.passcode}")):
            pass
    except AssociationEnded as error:
        ending = error.ending
        require(ending.kind in DELIBERATE, str(ending))
    with system.associate([VERIFICATION], user_identity=claim(user.name, user.passcode)):
        pass
    expect(
        ending is not None and ending.kind is EndingKind.REJECT,
        expected="A-ASSOCIATE-RJ for a wrong passcode",
        got="A-ASSOCIATE-AC" if ending is None else str(ending),
    )


def claim(name: str, passcode: str) -> UserIdentity:
    """User name and passcode, with a response asked for."""
    return UserIdentity(NAME_AND_PASSCODE, name.encode(), passcode.encode(), response=True)
