"""Under which terms our listener receives: the policy of a reception."""

import pytest

from conformance.dimse import (
    NO_STORAGE,
    AssociationEnded,
    Context,
    EndingKind,
    Listener,
    Policy,
    Reaction,
    Received,
    Timeouts,
    associate,
)

from .peers import CT, EXPLICIT, IMPLICIT, STUDY_FIND, VERIFICATION, Stored, endpoint_of

pytestmark = pytest.mark.timeout(60)
WAIT = 20.0


@pytest.mark.parametrize(
    ("policy", "results"),
    [
        (Policy(), [0, 0, 0, 3]),
        (NO_STORAGE, [0, 3, 3, 3]),
        (Policy(accept_sop_classes=frozenset({CT})), [0, 0, 3, 3]),
        (Policy(transfer_syntaxes=(IMPLICIT,)), [0, 0, 4, 3]),
        (Policy(contexts=lambda context: EXPLICIT if context.abstract_syntax == CT else None), [0, 0, 4, 3]),
        (Policy(contexts=lambda _context: "1.2.3"), [0, 4, 4, 3]),
    ],
    ids=["all storage", "no storage", "one class", "one syntax", "by function", "a syntax not proposed"],
)
def test_the_policy_chooses_contexts(listener: Listener, policy: Policy, results: list[int]) -> None:
    contexts = [
        Context(VERIFICATION, (EXPLICIT,)),
        Context(CT, (EXPLICIT, IMPLICIT)),
        Context("1.3.6.1.4.1.99999.1", (EXPLICIT,)),
        Context(STUDY_FIND, (EXPLICIT, IMPLICIT)),
    ]
    with listener.reception(policy), associate(endpoint_of(listener), contexts) as association:
        assert [context.result for context in association.acceptance.contexts] == results


def test_the_policy_prefers_its_own_order_of_syntaxes(listener: Listener) -> None:
    policy = Policy(transfer_syntaxes=(IMPLICIT, EXPLICIT))
    with listener.reception(policy), associate(endpoint_of(listener), [Context(CT, (EXPLICIT, IMPLICIT))]) as association:
        assert association.acceptance.contexts[0].transfer_syntax == IMPLICIT


def test_no_storage_is_accepted_while_nobody_receives(listener: Listener) -> None:
    with associate(endpoint_of(listener), [Context(CT, (IMPLICIT,)), Context(VERIFICATION, (IMPLICIT,))]) as association:
        assert association.accepted(CT) is None
        assert association.echo().status == 0


def test_the_policy_decides_the_status(listener: Listener) -> None:
    def status(received: Received) -> int:
        return 0xA700 if received.sop_instance_uid.endswith(".2") else 0xB000

    contexts = [Context(CT, (IMPLICIT,))]
    with listener.reception(Policy(status=status)) as reception, associate(endpoint_of(listener), contexts) as association:
        statuses = [association.store(Stored(f"1.2.3.{number}")).status for number in (1, 2, 3)]
    assert statuses == [0xB000, 0xA700, 0xB000]
    assert len(reception.objects) == 3


@pytest.mark.parametrize(
    ("reaction", "kind"),
    [(Reaction.ABORT, EndingKind.ABORT), (Reaction.CLOSE, EndingKind.CLOSE), (Reaction.SILENCE, EndingKind.SILENCE)],
)
def test_the_policy_may_end_the_association_instead(listener: Listener, reaction: Reaction, kind: EndingKind) -> None:
    timeouts = Timeouts(response=0.5 if reaction is Reaction.SILENCE else WAIT)
    with listener.reception(Policy(status=lambda _received: reaction)) as reception:
        association = associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))], timeouts=timeouts)
        with pytest.raises(AssociationEnded) as caught:
            association.store(Stored())
    assert caught.value.ending.kind is kind
    assert reception.objects == []


def test_the_policy_may_reject(listener: Listener) -> None:
    with listener.reception(Policy(reject=(2, 3, 1))) as reception, pytest.raises(AssociationEnded) as caught:
        associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))])
    ending = caught.value.ending
    assert (ending.kind, ending.result, ending.source, ending.reason) == (EndingKind.REJECT, 2, 3, 1)
    assert reception.associations[0].answers == ()


def test_an_object_that_is_not_ours_is_counted_and_nothing_of_it_kept(listener: Listener) -> None:
    with listener.reception(Policy(ours=lambda uid: uid.startswith("1.2.3."))) as reception:
        association = associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))])
        assert association.store(Stored("1.2.3.1")).status == 0
        assert association.store(Stored("9.9.9")).status == 0xA700
        with pytest.raises(AssociationEnded) as caught:
            association.store(Stored("1.2.3.2"))
    assert caught.value.ending.kind is EndingKind.ABORT
    assert (reception.foreign, [received.sop_instance_uid for received in reception.objects]) == (1, ["1.2.3.1"])


def test_a_large_object_that_is_not_ours_is_not_read(listener: Listener) -> None:
    with listener.reception(Policy(ours=lambda _uid: False)) as reception:
        association = associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))])
        with pytest.raises(AssociationEnded) as caught:
            association.store(Stored(data=bytes(64 << 20)))
    assert caught.value.ending.kind in (EndingKind.ABORT, EndingKind.RESET)
    assert reception.foreign == 1


def test_objects_past_the_memory_bound_are_refused(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.dimse.reception.MAX_KEPT", 1000)
    with listener.reception() as reception, associate(endpoint_of(listener), [Context(CT, (IMPLICIT,))]) as association:
        assert association.store(Stored("1.2.3.1", data=bytes(900))).status == 0
        assert association.store(Stored("1.2.3.2", data=bytes(900))).status == 0xA700
    assert (len(reception.objects), reception.refused) == (1, 1)
