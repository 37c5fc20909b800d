"""Objects as files, as a Storage SCP would have left them."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from conformance.judging import Arrival
from generators import Encoded, Synthesizer


@pytest.fixture
def synthesizer() -> Synthesizer:
    return Synthesizer(5, "JUDGED")


@pytest.fixture
def arrive(tmp_path: Path) -> Callable[[Iterable[Encoded]], list[Arrival]]:
    """Write objects as files, with what the association that carried them said."""

    def written(objects: Iterable[Encoded]) -> list[Arrival]:
        arrivals = []
        for number, each in enumerate(objects, start=1):
            path = tmp_path / f"{number}.dcm"
            path.write_bytes(each.part10())
            said = (each.sop_class_uid, each.sop_instance_uid, each.transfer_syntax_uid)
            arrivals.append(Arrival(path, f"object {number}", *said, calling_ae="SOURCE"))
        return arrivals

    return written
