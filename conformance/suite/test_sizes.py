"""Sizes: a study of many instances and a large object are kept and given back whole (PS3.5 8.2)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest

from conformance.dimse import Answer, AssociationEnded, EndingKind
from conformance.findings import Nonconformance, expect, require
from conformance.options import OBJECT_MEGABYTES, STUDY_INSTANCES
from conformance.suite.attempts import encode_first
from conformance.suite.queries import study_query
from conformance.suite.system import TAKEN, Delivery, System
from conformance.suite.volumes import CLASSES, FRAME, bring_back, send, volume
from conformance.target import MEGABYTE
from generators import Encoded, Study, encode_study


@pytest.mark.slow
@pytest.mark.requirement("ROBUST-09")
def test_keeps_a_study_of_many_instances_and_a_large_object_whole(system: System) -> None:
    load = system.target.load
    expect_large_kept(system, load.megabytes * MEGABYTE)
    expect_many_kept(system, load.instances)
    require(load.is_full, f"not asked in full: {load}, where {STUDY_INSTANCES} instances and {OBJECT_MEGABYTES} MB are to be kept")


def expect_many_kept(system: System, count: int) -> None:
    """Blame the system unless it takes a study of so many instances and gives each of them back, as it does with a small one."""
    small, study = system.synthesizer.study("CT", instances=2), system.synthesizer.study("CT", instances=count)
    control = given_back(system, small, system.keep_study(small))
    require(missing(control, small) == 0, f"the control failed: a study of 2 instances is not given back: {control.answer.final}")
    instances = encode_study(study)
    with endings_blamed(system, f"an answer to each of {count} C-STORE requests on one association"):
        answers = system.store(*instances)
    expect_taken_at_any_size(system, answers, f"a study of {count} instances")
    with endings_blamed(system, f"a study of {count} instances retrieved"):
        delivery = given_back(system, study, instances)
    lost = missing(delivery, study)
    expect(not lost, expected=f"{count} instances retrieved", got=f"{lost} of them missing, and final status {delivery.answer.final}")


def given_back(system: System, study: Study, instances: Sequence[Encoded]) -> Delivery:
    """Retrieve a study once all of it is listed, or no more of it was for the declared time: many objects may take their time."""
    listed = 0
    while listed < len(study.instances) and system.comes_true(partial(lists_more, system, study, listed)):
        listed = len(system.listed(study))
    return system.retrieve(study_query(study), instances)


def lists_more(system: System, study: Study, than: int) -> bool:
    return len(system.listed(study)) > than


def missing(delivery: Delivery, study: Study) -> int:
    return len({instance.uid for instance in study.instances}.difference(delivery.uids))


def expect_large_kept(system: System, octets: int) -> None:
    """Blame the system unless it takes an object with so many bytes of pixels and gives them back, as it does with a small one."""
    kind = next(filter(system.takes, CLASSES), "")
    require(kind, f"none of the classes is accepted that are made so large: {', '.join(CLASSES)}")
    with volume(system, kind, FRAME) as small, volume(system, kind, octets) as large, system.unhurried(len(large.data)):
        require(send(system, small).status_class in TAKEN, f"the control failed: an object with {small.pixels} was refused")
        control, seen = bring_back(system, small)
        require(seen == [small.pixels], f"the control failed: an object with {small.pixels} is not given back: {control.answer.final}")
        with endings_blamed(system, f"an answer to the C-STORE of an object with {large.pixels}"):
            answer = send(system, large)
        expect_taken_at_any_size(system, [answer], f"an object with {large.pixels}")
        system.await_found(study_query(large.study))
        with endings_blamed(system, f"an object with {large.pixels} retrieved"):
            delivery, seen = bring_back(system, large)
    got = ", ".join(f"an object with {pixels}" for pixels in seen) or "no object"
    expect(seen == [large.pixels], expected=f"one object with {large.pixels}", got=f"{got}, and final status {delivery.answer.final}")


def expect_taken_at_any_size(system: System, answers: Sequence[Answer], what: str) -> None:
    """Blame the system for what it refused of something large, once it has shown that it still takes a small object."""
    refused = [answer for answer in answers if answer.status_class not in TAKEN]
    if refused:
        system.keep(encode_first(system.synthesizer.study("CT", instances=1)))
        got = f"{len(refused)} of {len(answers)} refused, the first with {refused[0]}"
        raise Nonconformance(expected=f"success or a warning for {what}", got=got, hint="Look for a limit of size.")


@contextmanager
def endings_blamed(system: System, expected: str) -> Iterator[None]:
    """Blame the system where it ends an association that it had accepted, and serves on afterwards."""
    try:
        yield
    except AssociationEnded as error:
        if error.ending.kind is EndingKind.REJECT:
            raise
        system.blame(error, expected=expected)
