"""The recorder keeps little, keeps it by allow-list, and is shared between threads."""

import threading
import time

import pytest

from conformance.evidence import KEPT, MAX_STEPS, MAX_VALUE, Recorder


def test_only_fields_of_the_allow_list_are_kept() -> None:
    recorder = Recorder()
    recorder.note("sent", "C-FIND-RQ", context=3, size=10, fields={"MessageID": 7, "PatientName": "DOE^JANE", "0000,5110": b"x"})
    (step,) = recorder.steps
    assert step.fields == {"MessageID": "7"}
    assert (step.direction, step.message, step.context, step.size) == ("sent", "C-FIND-RQ", 3, 10)


@pytest.mark.parametrize("keyword", ["PatientName", "PatientID", "AccessionNumber", "CommandField"])
def test_no_value_of_a_data_set_may_be_kept(keyword: str) -> None:
    assert keyword not in KEPT


def test_values_are_cut() -> None:
    recorder = Recorder()
    recorder.note("received", "C-STORE-RSP", fields={"ErrorComment": "x" * 10_000})
    assert recorder.steps[0].fields["ErrorComment"] == "x" * MAX_VALUE


def test_steps_past_the_bound_are_counted() -> None:
    recorder = Recorder()
    for _ in range(MAX_STEPS + 5):
        recorder.note("sent", "C-ECHO-RQ")
    assert (len(recorder.steps), recorder.dropped) == (MAX_STEPS, 5)


def test_what_two_waits_have_in_common_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = {5.0: 1.0, 10.0: 8.0, 12.0: 3.0, 20.0: 2.0}
    clock = iter((0.0, *ends))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    recorder = Recorder()
    for seconds in ends.values():
        recorder.waited(seconds)
    assert recorder.waiting == (12.0 - 2.0) + 2.0


def test_threads_may_note_at_once() -> None:
    recorder = Recorder()

    def work() -> None:
        for _ in range(100):
            recorder.note("received", "C-STORE-RQ")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorder.steps) == 800


def test_steps_are_in_order_of_time() -> None:
    recorder = Recorder()
    for _ in range(10):
        recorder.note("sent", "C-ECHO-RQ")
    times = [step.at for step in recorder.steps]
    assert times == sorted(times)
    assert times[0] >= 0
