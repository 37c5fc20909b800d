"""A step that was not taken, or that brought nothing, leaves its checks unexercised, and is not asked for again."""

import pytest
from pydicom import Dataset

from conformance.consumer.archive import ViewerArchive
from conformance.consumer.content import ACCENTED_NAME, prepare
from conformance.consumer.script import OPEN, SEARCH
from conformance.consumer.stage import Stage
from conformance.dimse import Context, Endpoint, associate
from conformance.findings import NotExercised
from conformance.operating import Errand, Performance, Watch
from conformance.reference.worklist import WORKLIST
from conformance.target import Settings, build_target
from generators import Synthesizer

IMPLICIT = "1.2.840.10008.1.2"
STUDY_ROOT_FIND, STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.2"


class Nobody:
    """Hears what is to be done, and does nothing."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def perform(self, errand: Errand, watch: Watch) -> Performance:
        self.heard.append(errand.instruction)
        return Performance(watch.arrived(), "the time for it was over")


def test_a_step_that_nobody_takes_is_not_exercised_and_not_asked_for_again() -> None:
    target = build_target(Settings({"--target-ae": "VIEWER", "--host": "127.0.0.1"}))
    archive, nobody = ViewerArchive("CONFORMANCE", ("127.0.0.1", 0), {}), Nobody()
    stage = Stage(target, archive, prepare(Synthesizer(1, "STAGE")), nobody, lambda *_: None)
    for _ in range(2):
        with pytest.raises(NotExercised, match="brought no C-FIND: the time for it was over"):
            stage.journal(SEARCH)
    (heard,) = nobody.heard
    assert ACCENTED_NAME in heard


def test_the_step_that_opens_names_the_study_of_several_kinds() -> None:
    content = prepare(Synthesizer(1, "STAGE"))
    told = OPEN.told(content)
    assert content.mixed.order.accession in told
    assert content.mixed.patient.name in told


class Workstation:
    """Looks for work before it searches, and before it retrieves."""

    def __init__(self, archive: ViewerArchive) -> None:
        self.archive = archive

    def perform(self, errand: Errand, watch: Watch) -> Performance:
        work, study = Dataset(), Dataset()
        work.PatientID, study.QueryRetrieveLevel, study.StudyInstanceUID = "", "STUDY", "1.2.3"
        contexts = [Context(model, (IMPLICIT,)) for model in (WORKLIST, STUDY_ROOT_FIND, STUDY_ROOT_MOVE)]
        with associate(Endpoint("127.0.0.1", self.archive.port, "CONFORMANCE", "VIEWER"), contexts) as association:
            association.find(WORKLIST, work)
            association.find(STUDY_ROOT_FIND, study)
            association.move(STUDY_ROOT_MOVE, study, "NOWHERE")
        return Performance(watch.arrived(), f"{errand.name} ended")


def test_a_worklist_is_no_query_of_the_hierarchy() -> None:
    target = build_target(Settings({"--target-ae": "VIEWER", "--host": "127.0.0.1"}))
    archive = ViewerArchive("CONFORMANCE", ("127.0.0.1", 0), {})
    with archive.serving():
        stage = Stage(target, archive, prepare(Synthesizer(1, "STAGE")), Workstation(archive), lambda *_: None)
        assert {asking.abstract_syntax for asking in stage.queries()} == {STUDY_ROOT_FIND}
