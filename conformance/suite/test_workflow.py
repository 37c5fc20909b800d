"""The steps around the images: what is reported of them, and what is told when they are there (PS3.4 F.7, K, R)."""

from collections.abc import Callable, Mapping

import pytest
from pydicom import Dataset

from conformance.dimse import Answer, AvailabilityNotice, FindAnswer, NotAccepted
from conformance.findings import Nonconformance, NotApplicable, NotExercised, expect, require
from conformance.suite.queries import image_query, shown_value
from conformance.suite.steps import Steps
from conformance.suite.system import IMPATIENT_SECONDS, TAKEN, System
from conformance.suite.worklist import ISSUER, LINKING, STEP, STEP_KEYS, Worklist
from conformance.target import Claims, Scheduled
from generators import COMPLETED, DISCONTINUED, Study, Synthesizer, encode_study

INVALID_VALUE, PROCESSING_FAILURE = 0x0106, 0x0110
NO_LONGER_UPDATED = 0xA710
UNAVAILABLE = "UNAVAILABLE"
FINAL = (COMPLETED, DISCONTINUED)


def demand_service(claims: Claims, service: str, offered: Callable[[], bool]) -> None:
    """Leave the rows of a service out where it is not claimed, or nothing is claimed and it is not offered.

    Raises:
        NotApplicable: so it is.
    """
    if service not in claims.services if claims.services is not None else not offered():
        raise NotApplicable(f"{service} is neither claimed nor offered")


@pytest.fixture(scope="module")
def steps(system: System, claims: Claims) -> Steps:
    """Reports of performed procedure steps, where the system takes them."""
    reports = Steps(system)
    demand_service(claims, "mpps", reports.offered)
    return reports


def demand_begun(steps: Steps, study: Study, when: str) -> str:
    """Begin a step as it should begin: the control of both checks."""
    step, answer = steps.begin(study)
    require(answer.status_class in TAKEN, f"the control failed {when}: a step begun IN PROGRESS was answered {answer}")
    return step


@pytest.fixture(scope="module")
def worklist(system: System, claims: Claims) -> Worklist:
    """The worklist, where there is one and the profile names an order in it."""
    asked = Worklist(system)
    demand_service(claims, "worklist", asked.offered)
    require(system.target.scheduled.patient_id, "the profile names no scheduled order: see [scheduled] in docs/profile.md")
    return asked


@pytest.mark.requirement("WORK-04")
@pytest.mark.parametrize("narrowed", ["", "PatientName", *STEP_KEYS], ids=lambda keyword: keyword or "PatientID")
def test_links_a_scheduled_step_to_its_order(system: System, worklist: Worklist, narrowed: str) -> None:
    """The same entry must say the same, by whichever of the keys that a modality asks with it is found."""
    found = entries_of(worklist.find(), system.target.scheduled)
    require(found, "the worklist holds no entry under the Patient ID of the profile's scheduled order")
    if narrowed:
        value = held(found[0], narrowed)
        found = entries_of(worklist.find(**{narrowed: value}), system.target.scheduled)
        require(value and found, f"the entry is not found by its {narrowed}")
    for entry in found:
        missing = [f"{keyword} without a value" for keyword in LINKING if not held(entry, keyword)]
        missing += ["no AccessionNumber"] * ("AccessionNumber" not in entry)
        expect(not missing, expected="an entry with each of its identifiers", got=", ".join(missing))
        wrong = contradictions(entry, system.target.scheduled)
        expect(not wrong, expected="the identifiers and issuers of the scheduled order", got=f"{', '.join(wrong)} other or empty")


def entries_of(answer: FindAnswer, order: Scheduled) -> list[Dataset]:
    """Of the matches, those of the patient of the order: all others are nobody's business here."""
    return [match for match in answer.matches if held(match, "PatientID") == order.patient_id]


def held(entry: Dataset, keyword: str) -> str:
    """Read a key of an entry, wherever in it it stands; empty where it has no value."""
    steps = entry.get(STEP) if keyword in STEP_KEYS else None
    said = shown_value(steps[0] if steps else entry, keyword)
    return "" if said == "absent" else said


def contradictions(entry: Dataset, order: Scheduled) -> list[str]:
    """Name what the profile knows of the order and the entry says otherwise.

    Issuers are of type 3 in Table K.6-1: a worklist that does not know these attributes leaves them out; one that has them fills them.
    """
    said = {
        "AccessionNumber": (order.accession_number, held(entry, "AccessionNumber")),
        "IssuerOfPatientID": (order.patient_id_issuer, held(entry, "IssuerOfPatientID")),
        ISSUER: (order.accession_issuer, held((entry.get(ISSUER) or [Dataset()])[0], "LocalNamespaceEntityID")),
    }
    return [keyword for keyword, (known, answered) in said.items() if known and keyword in entry and known != answered]


@pytest.mark.requirement("WORK-05")
@pytest.mark.parametrize("status", FINAL)
def test_refuses_a_step_that_begins_with_its_end(steps: Steps, synthesizer: Synthesizer, status: str) -> None:
    study = synthesizer.study("CT", instances=1)
    demand_begun(steps, study, "before")
    _, answer = steps.begin(study, status)
    demand_begun(steps, study, "after")
    expect(
        answer.status == INVALID_VALUE,
        expected=f"0106 (invalid attribute value) for a step that is begun {status}",
        got=str(answer),
    )


@pytest.mark.requirement("WORK-05")
@pytest.mark.parametrize("status", FINAL)
def test_changes_no_step_after_its_end(steps: Steps, synthesizer: Synthesizer, status: str) -> None:
    study = synthesizer.study("CT", instances=1)
    step = demand_begun(steps, study, "before")
    ended = steps.end(step, study, status)
    require(ended.status_class in TAKEN, f"a step that was in progress could not be ended: {ended}")
    answers = {again: steps.end(step, study, again) for again in FINAL}
    demand_begun(steps, study, "after")
    for again, answer in answers.items():
        expect(
            answer.status == PROCESSING_FAILURE and answer.command.get("ErrorID", NO_LONGER_UPDATED) == NO_LONGER_UPDATED,
            expected=f"0110 (error ID A710) for {again} after {status}",
            got=told(answer),
            hint="A step that changes after its end falsifies the list of its images.",
        )


def told(answer: Answer) -> str:
    """Say what an answer said, its error ID too."""
    error = answer.command.get("ErrorID")
    return f"{answer}, error ID {error:04X}" if isinstance(error, int) else str(answer)


@pytest.mark.requirement("WORK-07")
def test_tells_of_an_availability_that_queries_confirm(system: System, claims: Claims, synthesizer: Synthesizer) -> None:
    """Where steps are taken, one is completed that lists an object which has not come: a notice may wait for it, not vouch for it."""
    if "ian" not in (claims.services or ()):
        raise NotApplicable("the profile does not claim ian, and nothing but a notice would show it")
    study = synthesizer.study("CT", instances=3)
    *stored, late = encode_study(study)
    reports = Steps(system)
    step = begun_where_taken(reports, study)
    system.keep(*stored)
    if step:
        reports.end(step, study, COMPLETED)
    notice = system.listener.await_notice(study.uid, IMPATIENT_SECONDS)
    if notice is None:
        system.keep(late)
        notice = system.listener.await_notice(study.uid, system.target.timeouts.report)
    if notice is None:
        raise NotExercised(f"no notice about the study came within {system.target.timeouts.report:g} s of its objects")
    expect_confirmed(notice, {instance.uid: availability(system, study, instance.number) for instance in study.instances})


def begun_where_taken(reports: Steps, study: Study) -> str:
    """Begin the step of a study; empty where the system takes no reports of steps."""
    try:
        step, answer = reports.begin(study)
    except NotAccepted:
        return ""
    return step if answer.status_class in TAKEN else ""


def availability(system: System, study: Study, number: int) -> str | None:
    """Ask for one object: None where it is not found, empty where a query does not say how available it is."""
    found = system.find(image_query(study, study.series[0], study.series[0].instances[number - 1], InstanceAvailability="")).matches
    said = shown_value(found[0], "InstanceAvailability") if found else None
    return "" if said == "absent" else said


def expect_confirmed(notice: AvailabilityNotice, queried: Mapping[str, str | None]) -> None:
    """Blame the system for each object of which notice and query do not say the same."""
    for uid, said in notice.availability.items():
        found = queried.get(uid)
        missing = found is None and said != UNAVAILABLE
        other = found is not None and (said == UNAVAILABLE or (found and found != said))
        if missing or other:
            shown = "not found" if found is None else found or "found"
            raise Nonconformance(expected=f"an object that the notice calls {said} confirmed by C-FIND at once", got=shown)
