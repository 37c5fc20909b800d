"""A step that was not taken, or that brought nothing, leaves its checks unexercised, and is not asked for again."""

import pytest

from conformance.consumer.archive import ViewerArchive
from conformance.consumer.content import ACCENTED_NAME, prepare
from conformance.consumer.script import OPEN, SEARCH, Step
from conformance.consumer.stage import Stage
from conformance.findings import NotExercised
from generators import Synthesizer


@pytest.mark.parametrize(("taken", "reason"), [(False, "was not taken"), (True, "brought no C-FIND")])
def test_a_step_without_effect_is_not_exercised(taken: bool, reason: str) -> None:
    told: list[str] = []

    def perform(_step: Step, text: str) -> bool:
        told.append(text)
        return taken

    stage = Stage(ViewerArchive("CONFORMANCE", ("127.0.0.1", 0), {}), prepare(Synthesizer(1, "STAGE")), perform, lambda *_: None)
    for _ in range(2):
        with pytest.raises(NotExercised, match=reason):
            stage.journal(SEARCH)
    assert len(told) == 1
    assert ACCENTED_NAME in told[0]


def test_the_step_that_opens_names_the_study_of_several_kinds() -> None:
    content = prepare(Synthesizer(1, "STAGE"))
    told = OPEN.told(content)
    assert content.mixed.order.accession in told
    assert content.mixed.patient.name in told
