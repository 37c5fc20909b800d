"""What a check saw, told twice: as a record of the results, and in pytest's own words.

pytest's words: only FAIL fails a test; BLOCKED and INCONCLUSIVE are errors; WARN and INFO pass with a property; a waived FAIL is an
expected failure; what does not apply is skipped.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path

import pytest

from conformance.acts import Act
from conformance.cases import Case, save_case
from conformance.evidence import Recorder, Step
from conformance.findings import Observation
from conformance.run import CASES_FOLDER, Run
from conformance.target import Target
from conformance.verdicts import Outcome, Verdict, judge, roll_up
from generators import Encoded
from reports import results
from reports.timing import latencies

MAX_FILES = 12
MAX_SLUG = 100
PROPERTY = "conformance"


def verdict_of(observation: Observation, ids: Sequence[str], run: Run) -> Verdict:
    """Judge what a check saw: the most severe verdict over the requirements that it decides."""
    outcomes, _ = results_of(observation, ids)
    return roll_up(judge(Outcome(outcome), run.plan.register[id_].level) for id_, outcome in outcomes.items())


def results_of(observation: Observation, ids: Sequence[str]) -> tuple[dict[str, str], list[results.Finding]]:
    """Spread what a check saw over the requirements that it decides.

    A nonconformance that names its requirement violates that one only; the others were then not exercised.
    """
    blamed = observation.requirement if observation.requirement in ids else ""
    outcomes = {id_: observation.outcome if not blamed or id_ == blamed else Outcome.NOT_EXERCISED for id_ in ids}
    found = [
        results.Finding(id_, outcome, observation.expected, observation.got, observation.hint)
        for id_, outcome in outcomes.items()
        if outcome is observation.outcome and outcome is not Outcome.CONFORMS
    ]
    return {id_: str(outcome) for id_, outcome in outcomes.items()}, found


def words(observation: Observation, ids: Sequence[str], verdict: Verdict) -> str:
    """Say in a few lines what a check saw, for the terminal and for JUnit."""
    lines = [
        f"{verdict} {', '.join(ids)}",
        observation.expected and f"  expected: {observation.expected}",
        observation.got and f"  seen:     {observation.got}",
        observation.hint and f"  hint:     {observation.hint}",
    ]
    return "\n".join(line for line in lines if line)


def retell(report: pytest.TestReport, observation: Observation, ids: Sequence[str], run: Run) -> None:
    """Put the verdict of a check into pytest's report of it."""
    verdict = verdict_of(observation, ids, run)
    text = words(observation, ids, verdict)
    waived = {waiver.requirement: waiver for waiver in run.plan.waivers}
    levels = ", ".join(sorted({str(run.plan.register[id_].level) for id_ in ids}))
    report.user_properties = [*(("requirement", id_) for id_ in ids), ("level", levels), ("verdict", str(verdict))]
    if verdict is Verdict.FAIL and all(id_ in waived for id_ in ids):
        report.outcome, report.longrepr = "skipped", text
        report.wasxfail = f"waived: {waived[ids[0]].reason}"
        return
    _WORDS[verdict](report, text)


def _failed(report: pytest.TestReport, text: str) -> None:
    report.outcome, report.longrepr = "failed", text


def _error(report: pytest.TestReport, text: str) -> None:
    """pytest calls a failure outside the call phase an error."""
    report.outcome, report.longrepr, report.when = "failed", text, "setup"


def _passed(report: pytest.TestReport, text: str) -> None:
    report.outcome, report.longrepr = "passed", None
    if text:
        report.sections.append((PROPERTY, text))


def _skipped(report: pytest.TestReport, text: str) -> None:
    report.outcome = "skipped"
    report.longrepr = (report.location[0], report.location[1] or 0, text)


_WORDS: Mapping[Verdict, Callable[[pytest.TestReport, str], None]] = {
    Verdict.FAIL: _failed,
    Verdict.INCONCLUSIVE: _error,
    Verdict.BLOCKED: _error,
    Verdict.WARN: _passed,
    Verdict.INFO: _passed,
    Verdict.PASS: _passed,
    Verdict.NOT_APPLICABLE: _skipped,
}


def check_record(item: pytest.Item, observation: Observation, ids: Sequence[str], run: Run, seconds: float) -> results.Check:
    """Make the record of a check that ended; what it sent is saved where it did not simply conform."""
    outcomes, found = results_of(observation, ids)
    conforms = observation.outcome in (Outcome.CONFORMS, Outcome.NOT_APPLICABLE)
    acts = [] if conforms else run.subject.acts
    files = save_cases(run.plan.report_dir, item.name, [instance for act in acts for instance in act.instances])
    recorder: Recorder = run.subject.recorder
    transcript = [wire_step(step) for step in recorder.steps]
    return results.Check(
        nodeid=f"{item.path.name}::{item.name}",
        name=item.name,
        outcomes=outcomes,
        seconds=seconds,
        waiting=recorder.waiting,
        findings=found,
        transcript=[] if conforms else transcript,
        dropped=recorder.dropped,
        files=files,
        repeat="" if conforms else repeat_command(item, run),
        replay=replay_command(item, [finding.requirement for finding in found], observation, run),
        repeat_dcmtk="\n".join(dcmtk_commands(acts, files, run.subject.target)),
        began=max(run.elapsed - seconds, 0.0),
        octets=sum(step.size for step in recorder.steps),
        latencies=latencies(transcript),
    )


def repeat_command(item: pytest.Item, run: Run) -> str:
    """Write the command that asks this question again, and leaves the report of this run alone."""
    slow = ["--slow"] if item.get_closest_marker("slow") else []
    return f"{run.plan.repeat} {shlex.join([f'--seed={run.plan.seed}', *slow, '-k', item.name])}"


def replay_command(item: pytest.Item, broken: Sequence[str], observation: Observation, run: Run) -> str:
    """Save a check that found a violation as a case, and write the command that replays it; nothing for any other check."""
    if observation.outcome is not Outcome.VIOLATES:
        return ""
    slow = item.get_closest_marker("slow") is not None
    case = Case(schema=1, check=item.name, requirement=broken[0], seed=run.plan.seed, slow=slow, steps=observation.steps)
    path = save_case(case, run.plan.report_dir / CASES_FOLDER)
    return f"{run.plan.repeat} {shlex.join([f'--replay={path}'])}"


def wire_step(step: Step) -> results.WireStep:
    """Copy a step of the recorder into the results."""
    return results.WireStep(
        at=round(step.at, 6),
        direction=step.direction,
        message=step.message,
        context=step.context,
        size=step.size,
        fields=dict(step.fields),
    )


def save_cases(report_dir: Path, name: str, instances: Sequence[Encoded]) -> list[str]:
    """Save what a check sent as Part 10 files under names of our own; give their paths relative to the report folder."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:MAX_SLUG]
    paths: list[str] = []
    for number, instance in enumerate(instances[:MAX_FILES], start=1):
        relative = Path(CASES_FOLDER) / slug / f"{number:02}.dcm"
        (report_dir / relative).parent.mkdir(parents=True, exist_ok=True)
        (report_dir / relative).write_bytes(instance.part10())
        paths.append(str(relative))
    return paths


def dcmtk_commands(acts: Iterable[Act], files: Sequence[str], target: Target) -> list[str]:
    """Write what a check did as DCMTK commands; neighbouring stores become one."""
    peer = f"-aet {shlex.quote(target.calling_ae)} -aec {shlex.quote(target.ae_title)} {target.host} {target.port}"
    left = iter(files)
    commands: list[str] = []
    for command, group in groupby(acts, key=lambda act: act.command):
        names = [shlex.quote(name) for name in islice(left, sum(len(act.instances) for act in group))]
        if "{files}" in command and not names:
            continue
        commands.append(command.replace("{peer}", peer).replace("{files}", " ".join(names)))
    return list(dict.fromkeys(commands))


def preflight_line(step: results.Preflight) -> str:
    """Show one step of the preflight on the terminal."""
    line = f"preflight  {step.state:11}  {step.name}: {step.detail}"
    return f"{line}\n           to change:   {step.remedy}" if step.remedy else line
