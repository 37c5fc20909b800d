"""Who is blamed for a class that a viewer does not take: a move destination, and nobody who asked by C-GET."""

from dataclasses import dataclass

import pytest

from conformance.consumer.archive import ViewerArchive
from conformance.consumer.content import prepare
from conformance.consumer.journal import Asking, Journal
from conformance.consumer.stage import Stage
from conformance.consumer.test_retrieves import test_accepts_the_classes_that_it_asks_for as check
from conformance.findings import Nonconformance, NotApplicable
from conformance.operating import Errand, Performance, Watch
from conformance.target import Settings, build_target
from generators import Synthesizer

IMPLICIT, BASIC_TEXT_SR = "1.2.840.10008.1.2", "1.2.840.10008.5.1.4.1.1.88.11"
CONTENT = prepare(Synthesizer(1, "RETRIEVES"))
ACCEPTED = {one.sop_class_uid: (IMPLICIT,) for one in CONTENT.mixed.instances} | {BASIC_TEXT_SR: ()}


@dataclass
class Viewer:
    """Asks for the whole study by one message, and takes no reports."""

    message: str

    def perform(self, errand: Errand, watch: Watch) -> Performance:
        assert isinstance(watch, Journal)
        watch.askings.append(Asking(self.message, "", IMPLICIT, b"", known=True, reached=True, accepted=dict(ACCEPTED)))
        return Performance(True, f"{errand.name} ended")


@pytest.mark.parametrize(
    ("message", "seen", "words"), [("C-MOVE", Nonconformance, "Basic Text SR"), ("C-GET", NotApplicable, "C-GET alone")]
)
def test_a_class_that_is_not_taken_is_blamed_on_a_move_destination_alone(message: str, seen: type[Exception], words: str) -> None:
    target = build_target(Settings({"--target-ae": "VIEWER", "--host": "127.0.0.1"}))
    stage = Stage(target, ViewerArchive("CONFORMANCE", ("127.0.0.1", 0), {}), CONTENT, Viewer(message), lambda *_: None)
    with pytest.raises(seen, match=words):
        check(stage)
