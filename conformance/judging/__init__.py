"""Judging objects that were received: files in, rulings out. Knows neither the network nor pytest.

`judge(arrivals, expected)` reads an iterable of `Arrival` once and never holds more than one object; an iterable that blocks (a
queue that is filled while a source sends) is judged while it is filled, in the thread that calls. What comes back is a `Judgement`:
`judgement.ruling("IDENT-01")` says how many instances the question arose in, and the findings, each once with the series that it
stands in. `examined == 0` is never a pass.

`arrivals_in(folder)` makes the arrivals of a folder of files (an inbox), without following what leads out of it. `heading(path)` reads
of one object where it belongs, and judges nothing.
"""

from conformance.judging.arrivals import Arrival, Authority, Expected
from conformance.judging.heading import Heading, heading
from conformance.judging.inbox import InboxError, arrivals_in
from conformance.judging.judgement import (
    Finding,
    Judgement,
    PatientReceived,
    Place,
    Ruling,
    SeriesReceived,
    StudyReceived,
    Unreadable,
)
from conformance.judging.judging import judge

__all__ = [
    "Arrival",
    "Authority",
    "Expected",
    "Finding",
    "Heading",
    "InboxError",
    "Judgement",
    "PatientReceived",
    "Place",
    "Ruling",
    "SeriesReceived",
    "StudyReceived",
    "Unreadable",
    "arrivals_in",
    "heading",
    "judge",
]
