"""What ties a study to its order and to the step that made it, and that it is kept until somebody answers for it."""

from collections.abc import Iterable, Mapping

import pytest
from pydicom import Dataset

from conformance.dimse.identifiers import items_of
from conformance.findings import Nonconformance, NotExercised, expect, require
from conformance.operating import Performance
from conformance.source.commitment import Commitments
from conformance.source.heads import heads_of, is_image, text
from conformance.source.performed import PerformedStep
from conformance.source.repository import Repository
from conformance.source.script import COMMIT, COMMIT_AGAIN, SCHEDULED
from conformance.source.worklist import differing, made_for
from generators import Study


@pytest.mark.requirement("WORK-01")
def test_images_carry_the_identifiers_of_their_worklist_entry(repository: Repository) -> None:
    repository.demand("worklist")
    made = made_to_order(repository)
    wrong = [keywords for order, head in made if (keywords := differing(order, head))]
    expect(
        not wrong,
        expected="the patient, the Accession Number and the Study Instance UID of the worklist entry",
        got=f"{', '.join(sorted(set().union(*wrong)))} of {len(wrong)} of {len(made)} images are not those of the entry",
    )


@pytest.mark.requirement("WORK-02")
def test_images_refer_to_the_requested_procedure_and_the_scheduled_step(repository: Repository) -> None:
    repository.demand("worklist")
    made = made_to_order(repository)
    without = sum((order.order.procedure_id, order.id) not in requests_of(head) for order, head in made)
    expect(
        not without,
        expected="Requested Procedure ID and Scheduled Procedure Step ID of the entry in Request Attributes Sequence (0040,0275)",
        got=f"{without} of {len(made)} images have no item with both",
    )


@pytest.mark.requirement("WORK-06")
def test_a_completed_step_lists_what_came_of_it(repository: Repository) -> None:
    repository.demand("mpps")
    performance, intake = repository.performed(SCHEDULED)
    heads, performed = dict(heads_of(intake)), repository.desk.performed
    came = {attempt.uid for attempt in intake.taken}
    begun = list(performed.begun.values())
    made = {step.uid: of_step(step, heads, begun) for step in performed.completed}
    steps = [step for step in performed.completed if made[step.uid]]
    require(steps, "; ".join(["no step was completed for what came", *performed.refused[:1]]))
    for step in steps:
        require(not (performance.cut_short and step.missing(came)), performance.reason)
        expect_listed(step, made[step.uid], came)
        images = {uid for uid in step.listed.intersection(heads) if is_image(heads[uid])}
        strangers = images - referring(step, heads)
        expect(
            not strangers,
            expected="images that refer to their step in Referenced Performed Procedure Step Sequence (0008,1111)",
            got=f"{len(strangers)} of {len(images)} images that the step lists do not refer to it",
        )


def expect_listed(step: PerformedStep, made: set[str], came: set[str]) -> None:
    """Blame the source for a step that leaves out what came of it, or counts what never came."""
    unlisted, missing = made - step.listed, step.missing(came)
    expect(
        not unlisted and not missing,
        expected="a step that lists every object that came of it, and no other (PS3.4 F.7.2.2.2)",
        got=f"{len(unlisted)} objects came and are not listed, {len(missing)} are listed in a series that came and did not come",
    )


@pytest.mark.slow
@pytest.mark.requirement("COMMIT-11")
def test_keeps_its_copy_until_somebody_answers_for_it(repository: Repository) -> None:
    repository.demand("commitment")
    performance, commitments = repository.performed(COMMIT)[0], repository.desk.commitments
    trouble = trouble_with_the_report(performance, commitments)
    expect(
        not trouble,
        expected="a report on an association of ours that is accepted and answered 0000 (PS3.4 J.3.3)",
        got=trouble,
        hint=f"We call as {commitments.source.calling_ae}, and ask for the role of the provider.",
    )
    if not commitments.came_again:  # no clause has it come by itself
        again = repository.performed(COMMIT_AGAIN)[0]
        require(again.taken or commitments.came_again, f"step {COMMIT_AGAIN.name!r}: {again.reason}; whether it was taken is not known")
    if commitments.came_again:
        return
    bound = repository.retries_within(performance)
    raise Nonconformance(
        expected="the object that was reported as not committed (0112), again, under its UID",
        got=f"{performance.reason}: it did not come again after the report, nor when the product's user was to have it sent",
        hint=f"The profile says that the product tries again within {bound:g} s.",
    )


def trouble_with_the_report(performance: Performance, commitments: Commitments) -> str:
    """What the product made of the report that one object is not committed; "" where it took it.

    Raises:
        NotExercised: there was nothing to report, or nobody to take the report.
    """
    delivery, source = commitments.delivery, commitments.source
    if delivery is None:
        if commitments.mishap:
            raise commitments.mishap
        unasked = commitments.refused or "the commitment of nothing that came was asked for"
        why = "the report is still under way" if commitments.reporting else unasked
        raise NotExercised(f"step {COMMIT.name!r}: {performance.reason}; {why}")
    require(delivery.answered, f"the report was not taken at {source.host}:{source.port}: {delivery.trouble}")
    return delivery.trouble


def made_to_order(repository: Repository) -> list[tuple[Study, Dataset]]:
    """The images that came for the entries of our worklist, each with its order.

    Raises:
        NotExercised: nothing that came has anything to do with an entry, or nothing of that is an image.
    """
    schedule = repository.desk.schedule
    made = list(made_for(schedule.orders, [head for _, head in heads_of(repository.intake(SCHEDULED))]))
    require(made, f"{schedule.given} worklist entries were handed out, and nothing that came is of one of them")
    images = [(order, head) for order, head in made if is_image(head)]
    require(images, "nothing that came of an entry is an image")
    return images


def requests_of(head: Dataset) -> set[tuple[str, str]]:
    """The requested procedures and scheduled steps that an object names."""
    items = items_of(head, "RequestAttributesSequence")
    return {(text(item, "RequestedProcedureID"), text(item, "ScheduledProcedureStepID")) for item in items}


def referring(step: PerformedStep, heads: Mapping[str, Dataset]) -> set[str]:
    """The objects that refer to a step."""
    return {
        uid
        for uid, head in heads.items()
        for item in items_of(head, "ReferencedPerformedProcedureStepSequence")
        if text(item, "ReferencedSOPInstanceUID") == step.uid
    }


def of_step(step: PerformedStep, heads: Mapping[str, Dataset], steps: Iterable[PerformedStep]) -> set[str]:
    """The objects of a step: images that refer to it, and what it lists. Of one without any, the images of its study that no other has."""
    images = {uid for uid in referring(step, heads) if is_image(heads[uid])}  # a document may be made when the step is over
    certain = images | step.listed.intersection(heads)
    if certain or step.listed:
        return certain
    others = {uid for other in steps if other is not step for uid in referring(other, heads) | other.listed}
    return {uid for uid, head in heads.items() if is_image(head) and text(head, "StudyInstanceUID") in step.studies} - others
