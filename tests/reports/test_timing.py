"""Response times and traffic: what is read off a transcript, and what the charts make of it."""

import pytest

from reports.results import Check, WireStep
from reports.timing import BUCKETS, HEIGHT, WIDTH, latencies, services, traffic

from .building import transcript


def step(at: float, message: str, status: str = "") -> WireStep:
    direction = "sent" if message.endswith("RQ") else "received"
    return WireStep(at, direction, message, fields={"Status": status} if status else {})


def check(began: float = 0.0, seconds: float = 1.0, octets: int = 0, **times: list[float]) -> Check:
    return Check("n", "n", {}, seconds, began=began, octets=octets, latencies=times)


def test_each_request_is_timed_to_its_final_response() -> None:
    steps = [
        step(0.0, "A-ASSOCIATE-RQ"),
        step(0.5, "A-ASSOCIATE-AC"),
        step(1.0, "C-FIND-RQ"),
        step(1.2, "C-FIND-RSP", "FF00"),
        step(1.3, "C-FIND-RSP", "FF01"),
        step(1.75, "C-FIND-RSP", "0000"),
        step(2.0, "C-ECHO-RQ"),
        step(2.25, "C-ECHO-RSP", "0000"),
    ]
    assert latencies(steps) == {"A-ASSOCIATE": [0.5], "C-FIND": [0.75], "C-ECHO": [0.25]}


def test_a_request_without_an_answer_has_no_time_and_an_answer_without_a_request_none_either() -> None:
    assert latencies([step(0, "C-STORE-RQ"), step(1, "C-STORE-RQ"), step(1.5, "C-STORE-RSP", "0000"), step(2, "C-STORE-RSP")]) == {
        "C-STORE": [0.5]
    }
    assert latencies([step(0, "A-ABORT"), WireStep(1, "received", "")]) == {}
    assert latencies(transcript())["C-STORE"] == [0.0, 0.0]


def test_services_are_summed_up_over_all_checks() -> None:
    (echo,) = services([check(**{"C-ECHO": [0.001 * n for n in range(1, 61)]}), check(**{"C-ECHO": [0.001 * n for n in range(61, 101)]})])
    assert (echo.count, echo.median, echo.most, echo.slowest) == (100, 0.05, pytest.approx(0.096), 0.1)


def test_services_stand_in_the_order_of_a_conversation() -> None:
    (*names,) = services([check(**{"X-OTHER": [1.0], "A-RELEASE": [1.0], "C-GET": [], "C-STORE": [1.0], "A-ASSOCIATE": [1.0]})])
    assert [one.name for one in names] == ["A-ASSOCIATE", "C-STORE", "A-RELEASE", "X-OTHER"]


@pytest.mark.parametrize("seconds", [0.0, 1e-12, 0.0001, 1.0, 99.9, 1e9])
def test_no_time_leaves_the_chart(seconds: float) -> None:
    (one,) = services([check(x=[seconds])])
    (column,) = one.columns
    assert 0 <= column.x <= WIDTH - column.width
    assert column.height == HEIGHT


def test_traffic_is_spread_over_the_time_that_it_took() -> None:
    found = traffic([check(began=0, seconds=30, octets=3000), check(began=30, seconds=30, octets=6000)])
    assert found
    assert (found.total, found.step, found.peak) == (9000, 1.0, pytest.approx(200))
    assert len(found.columns) == BUCKETS
    assert [column.height for column in found.columns] == [HEIGHT / 2] * 30 + [HEIGHT] * 30


def test_a_check_shorter_than_the_clock_tells_keeps_its_octets() -> None:
    found = traffic([check(began=7.0, seconds=1e-300, octets=5)])
    assert found
    assert (found.total, len(found.columns)) == (5, 1)


@pytest.mark.parametrize("seconds", [5e-324, 1e-300, 1e-9])
def test_a_run_shorter_than_the_clock_tells_has_a_rate_that_is_a_number(seconds: float) -> None:
    found = traffic([check(began=seconds, seconds=0.0, octets=2**31)])
    assert found
    assert found.peak == pytest.approx(2**31 * BUCKETS * 1e6)


def test_no_traffic_makes_no_chart() -> None:
    assert traffic([check(), check(seconds=0, octets=5)]) is None
    assert services([check()]) == ()
