"""What a step waits for: as many studies as it asks for, though one is enough for checks to look at, and the end of what has begun."""

from pathlib import Path

import pytest

from conformance.dimse import Context, Endpoint, Listener, associate
from conformance.source.intake import Intake
from conformance.source.script import SEND, SEND_SMALL
from generators import Synthesizer, encode_study

from .waiting import await_that


@pytest.mark.parametrize(("studies", "arrived"), [(1, False), (2, True)])
def test_two_studies_are_waited_for_and_one_is_of_use(tmp_path: Path, studies: int, arrived: bool) -> None:
    synthesizer = Synthesizer(1, "INTAKE")
    objects = [one for _ in range(studies) for one in encode_study(synthesizer.study("CT"))]
    intake = Intake(SEND, tmp_path, silence=1.0)
    context = Context(objects[0].sop_class_uid, (objects[0].transfer_syntax_uid,))
    with Listener("127.0.0.1", 0, "DIR") as listener, listener.reception(intake.policy) as intake.reception:
        with associate(Endpoint("127.0.0.1", listener.port, "DIR", "SENDER"), (context,)) as association:
            assert {association.store(one).status for one in objects} == {0}
        assert (intake.of_use(), intake.arrived()) == (True, arrived)
        await_that(lambda: not intake.tree().unplaced, "all that came is looked into, a few at a time")
        tree = intake.tree()
    assert (tree.objects, len(tree.branches)) == (len(objects), studies)
    assert 0 < tree.began < tree.ended


def test_what_has_begun_is_a_sign_of_life_until_it_ends(tmp_path: Path) -> None:
    first, second = encode_study(Synthesizer(1, "INTAKE").study("CT"))
    intake = Intake(SEND_SMALL, tmp_path, silence=1.0)

    def lives() -> bool:
        return intake.stirred() < intake.stirred()

    with Listener("127.0.0.1", 0, "DIR") as listener, listener.reception(intake.policy) as reception:
        intake.reception = reception
        context = Context(first.sop_class_uid, (first.transfer_syntax_uid,))
        association = associate(Endpoint("127.0.0.1", listener.port, "DIR", "SENDER"), (context,))
        assert lives()
        association.store(first)
        await_that(lambda: not reception.coming, "the first object has its answer")
        assert not lives()
        association.half_store(second, 0.5)
        await_that(lambda: bool(reception.coming), "the second object begins to come")
        assert lives()
        association.abort()
        await_that(lambda: not reception.open, "the association is over")
        assert not lives()
