"""The services beside storage: a worklist that answers only what matches, and performed steps that end once."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydicom import Dataset

from conformance.dimse import PUSH_MODEL, Association, Context, Endpoint, Listener, Policy, Timeouts, associate
from conformance.guide import Role
from conformance.reference.steps import PERFORMED_STEP
from conformance.reference.worklist import WORKLIST
from conformance.source.desk import Desk
from conformance.target import Target
from generators import COMPLETED, IN_PROGRESS, Synthesizer, begun_step, ended_step

IMPLICIT, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
TARGET = Target("SENDER", "127.0.0.1", 104, "DIR", "127.0.0.1", 0, "", (Role.SOURCE,), Timeouts())


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk(TARGET, Synthesizer(1, "DESK"), list)
    yield desk
    desk.commitments.close()


@contextmanager
def calling(desk: Desk, *contexts: Context) -> Iterator[Association]:
    """An association that proposes these contexts to the desk."""
    with (
        Listener("127.0.0.1", 0, "DIR") as listener,
        listener.reception(Policy(providers=desk.providers)),
        associate(Endpoint("127.0.0.1", listener.port, "DIR", "SENDER"), contexts) as association,
    ):
        yield association


@pytest.fixture
def association(desk: Desk) -> Iterator[Association]:
    with calling(desk, Context(WORKLIST, (IMPLICIT,)), Context(PERFORMED_STEP, (IMPLICIT,))) as association:
        yield association


@pytest.mark.parametrize("service", [WORKLIST, PERFORMED_STEP, PUSH_MODEL])
def test_nothing_is_taken_that_has_to_be_inflated(desk: Desk, service: str) -> None:
    with calling(desk, Context(service, (DEFLATED,)), Context(service, (DEFLATED, IMPLICIT))) as association:
        answers = [(context.result, context.transfer_syntax) for context in association.acceptance.contexts]
    assert answers == [(4, ""), (0, IMPLICIT)]


@pytest.mark.parametrize(("modality", "found"), [("MR", 1), ("", 8), ("LASER", 0)])
def test_the_worklist_answers_what_matches(association: Association, modality: str, found: int) -> None:
    step = Dataset()
    step.Modality, step.ScheduledProcedureStepID = modality, ""
    keys = Dataset()
    keys.PatientID, keys.ScheduledProcedureStepSequence = "", [step]
    answer = association.find(WORKLIST, keys)
    assert (len(answer.matches), answer.final.status) == (found, 0)
    assert {one.ScheduledProcedureStepSequence[0].Modality for one in answer.matches} >= ({modality} - {""} if found else set())


def test_a_step_that_was_completed_stays_as_it_is(association: Association, desk: Desk) -> None:
    study = Synthesizer(1, "STEP").study("CT")
    assert association.create(PERFORMED_STEP, "2.25.1", begun_step(study, "SENDER", COMPLETED)).status == 0x0106
    assert association.create(PERFORMED_STEP, "2.25.1", begun_step(study, "SENDER", IN_PROGRESS)).status == 0
    assert association.set(PERFORMED_STEP, "2.25.1", ended_step(study, COMPLETED)).status == 0
    again = association.set(PERFORMED_STEP, "2.25.1", ended_step(study, COMPLETED))
    assert (again.status, again.command["ErrorID"]) == (0x0110, 0xA710)
    (step,) = desk.performed.completed
    assert (step.studies, step.listed) == ({study.uid}, {one.uid for one in study.instances})
