"""One run: what it was asked, what it saw, and the records it leaves. Knows nothing of pytest."""

import platform
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile

import msgspec

from conformance.attestations import Attestation
from conformance.cases import Case
from conformance.errors import ConformanceError
from conformance.guide import Level, Register, Requirement, Waiver
from conformance.offer import Offer
from conformance.operating import Operator
from conformance.received import received_record
from conformance.roles import Means, Room, Subject, room_of
from conformance.target import Target
from conformance.verdicts import UNDECIDED, Certification, Outcome, Verdict, certify, judge, worst
from generators import Synthesizer
from reports import results
from reports.results import Results

DISTRIBUTION = "ontario-dicom-conformance"
RESULTS_FILE = "results.jsonl"
REPORT_FILE = "report.html"
CASES_FOLDER = "cases"
NONCE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
NONCE_LENGTH = 6
UNANSWERED_CHECKS = 4
WITHOUT_HOSTILE = "the hostile checks were left out (--no-hostile)"
WITHOUT_NETWORK = "the files of a folder were judged, and the system was asked nothing (--inbox)"


class ReportFolderError(ConformanceError):
    """The report folder cannot be written."""


def new_nonce() -> str:
    """Draw what keeps this run's identifiers apart from those of every other run."""
    return "".join(secrets.choice(NONCE_ALPHABET) for _ in range(NONCE_LENGTH))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is asked to do. `command` is how it was called; `repeat` begins the command that repeats one check of it."""

    target: Target
    register: Register
    waivers: tuple[Waiver, ...]
    report_dir: Path
    seed: int
    nonce: str
    certify: bool
    slow: bool
    hostile: bool
    command: str
    repeat: str
    profile: dict[str, object] = field(default_factory=dict)
    attestations: Mapping[str, Attestation] = field(default_factory=dict)
    tester: str = ""
    lang: str = "en"
    baseline: Results | None = None
    replay: Case | None = None
    operator: Operator = field(default_factory=Operator)


class Run:
    """The run under way. Records are written as they are made; `finish` writes the verdicts and the footer."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.partial: list[str] = [WITHOUT_HOSTILE] * (not plan.hostile) + [WITHOUT_NETWORK] * (plan.target.inbox is not None)
        self.stopped = ""
        self._unanswered = 0
        self._began = time.monotonic()
        self._waiting = 0.0
        self._seen: defaultdict[str, list[tuple[str, Outcome, float, str]]] = defaultdict(list)
        self._open = ExitStack()
        self._writer: results.ResultsWriter
        self._identity: results.Identity | None = None
        self._attestations = dict(plan.attestations)
        self.subject: Subject

    @property
    def results_path(self) -> Path:
        return self.plan.report_dir / RESULTS_FILE

    @property
    def report_path(self) -> Path:
        return self.plan.report_dir / REPORT_FILE

    @property
    def scope(self) -> tuple[Requirement, ...]:
        return self.plan.register.in_scope(self.plan.target.roles)

    @property
    def room(self) -> Room:
        """Where the checks of the role are."""
        return room_of(self.plan.target)

    def open(self) -> None:
        """Start what the checks of the role act on, and write the header.

        Raises:
            ListenerError: our port is taken.
            EmbeddedArchiveError: the embedded archive did not start.
            ReportFolderError: the report folder cannot be written. What it held before is untouched until all else has started.
        """
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise

    def _start(self) -> None:
        plan, target = self.plan, self.plan.target
        make_report_folder(plan.report_dir)
        history = plan.replay.steps if plan.replay else ()
        means = Means(target, Synthesizer(plan.seed, plan.nonce), plan.report_dir, plan.operator, self._ask, history)
        self.subject = self.room.start(means, self._open)
        self._writer = self._open.enter_context(open_results(plan.report_dir))
        self._writer.write(header(plan, self.subject.target, self.partial, self.scope))

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def preflight(self, rows: Iterable[str]) -> Iterable[results.Preflight]:
        """Run the preflight of a selection of rows, recording each step as it ends; `stopped` says where it failed."""
        journey = self.room.preflight(self.subject)
        journey.services = {self.plan.register[id_].applies_when for id_ in rows}
        for step in journey.steps():
            self._writer.write(step)
            if step.state == "failed":
                self.stopped = f"preflight stopped at {step.name}: {step.detail}; {step.remedy}"
            yield step
        self._identity = journey.identity
        if journey.identity is not None:
            self._writer.write(journey.identity)

    def record(self, check: results.Check) -> None:
        """Keep what one check saw."""
        self._writer.write(check)
        self._waiting += check.waiting
        words = {finding.requirement: finding.got for finding in check.findings}
        for id_, outcome in check.outcomes.items():
            self._seen[id_].append((check.name, Outcome(outcome), check.seconds, words.get(id_, "")))

    def gives_up(self, *, unanswered: bool) -> bool:
        """Say whether the run is over because the system is gone: check after check was left without an answer, and so is C-ECHO.

        A run would otherwise wait for every time-out of every check that is left.
        """
        self._unanswered = self._unanswered + 1 if unanswered else 0
        if self._unanswered < UNANSWERED_CHECKS:
            return False
        self._unanswered = 0
        if self.subject.serves_within(self.plan.target.timeouts.associate):
            return False
        self.partial.append(f"the system no longer answers: {UNANSWERED_CHECKS} checks in a row and a C-ECHO were left without an answer")
        return True

    def finish(self, interrupted: str = "") -> results.Footer:
        """Judge each row in scope, write the verdicts and the footer, and close our Storage SCP."""
        if interrupted:
            self.partial.append(interrupted)
        if self.subject.offer is not None and self._identity is not None:
            self._writer.write(with_offer(self._identity, self.subject.offer))
        if self.subject.ledger.received is not None:
            self._writer.write(received_record(self.subject.ledger.received))
        rows = [self._row(requirement) for requirement in self.scope]
        self.partial += self._stale_waivers(rows)
        for row in rows:
            self._writer.write(row)
        footer = self._footer(rows)
        self._writer.write(footer)
        self.close()
        return footer

    def close(self) -> None:
        """End what was started, and leave the results file as it stands."""
        self._open.close()

    def _row(self, requirement: Requirement) -> results.Requirement:
        seen = self._seen.get(requirement.id, ())
        outcome, reason = self._outcome(requirement)
        verdict = judge(outcome, requirement.level)
        return results.Requirement(
            id=requirement.id,
            level=requirement.level,
            outcome=outcome,
            verdict=verdict,
            checks=[name for name, *_ in seen],
            reason=reason,
            seconds=sum(seconds for *_, seconds, _ in seen),
            waiver=self._waiver(requirement.id) if verdict is Verdict.FAIL else None,
            attestation=self._attestation(requirement.id) if outcome in (Outcome.CONFORMS, Outcome.VIOLATES) else None,
        )

    def _outcome(self, requirement: Requirement) -> tuple[Outcome, str]:
        claimed = self.plan.target.claims.services
        if requirement.applies_when and claimed is not None and requirement.applies_when not in claimed:
            return Outcome.NOT_APPLICABLE, f"the profile does not claim {requirement.applies_when}"
        seen = [(outcome, words) for _, outcome, _, words in self._seen.get(requirement.id, ())]
        if requirement.attested and self._seen:
            seen.append(self._attested(requirement))
        if seen:
            outcome = worst((outcome for outcome, _ in seen), requirement.level)
            return outcome, next((words for each, words in seen if each is outcome and words), "")
        return Outcome.NOT_EXERCISED, self._why_not_run(requirement)

    def attest(self, attestation: Attestation) -> None:
        """Take what somebody stated during the run; it counts instead of what the profile says."""
        self._attestations[attestation.requirement] = attestation

    def _ask(self, requirement: str, question: str) -> None:
        """Put a question to the operator; an answer is an attestation of whoever runs this."""
        holds = self.plan.operator.ask(question)
        if holds is not None:
            by, today = self.plan.tester or "the operator of this run", datetime.now(UTC).date()
            self.attest(Attestation(requirement, by, today, f"{question} {'Yes' if holds else 'No'}.", holds))

    def _attested(self, requirement: Requirement) -> tuple[Outcome, str]:
        """An attested row is never decided without the statement, whatever a check saw besides; a run that saw nothing decides nothing."""
        attestation = self._attestations.get(requirement.id)
        if attestation is None:
            return Outcome.NOT_EXERCISED, f"not attested: {requirement.attested}"
        return (Outcome.CONFORMS if attestation.holds else Outcome.VIOLATES), attestation.statement

    def _attestation(self, id_: str) -> results.Attestation | None:
        made = self._attestations.get(id_)
        return results.Attestation(made.by, made.on.isoformat(), made.statement, made.holds) if made else None

    def _why_not_run(self, requirement: Requirement) -> str:
        if requirement.untested:
            return requirement.untested
        if self.stopped:
            return self.stopped
        if requirement.slow and not self.plan.slow:
            return "not selected: it waits for timers of the system or stores much there; run with --slow"
        if requirement.hostile and not self.plan.hostile:
            return "not selected: it sends what may harm a weak system; run without --no-hostile"
        return "not selected, or not reached, in this run"

    def _waiver(self, id_: str) -> results.Waiver | None:
        for waiver in self.plan.waivers:
            if waiver.requirement == id_:
                return results.Waiver(id_, waiver.owner, waiver.reason, waiver.expires.isoformat(), waiver.reference)
        return None

    def _stale_waivers(self, rows: Sequence[results.Requirement]) -> list[str]:
        """A formal run admits no waiver that waives nothing: somebody would go on answering for it."""
        used = {row.id for row in rows if row.waiver is not None}
        stale = [waiver.requirement for waiver in self.plan.waivers if waiver.requirement not in used]
        return [f"the waiver for {id_} is stale: it did not fail" for id_ in stale if self.plan.certify]

    def _footer(self, rows: Sequence[results.Requirement]) -> results.Footer:
        register = self.plan.register
        judged = [(register[row.id].level, Verdict(row.verdict), row.waiver is not None) for row in rows]
        certification = Certification.INCOMPLETE if self.stopped else certify(judged, partial=bool(self.partial))
        return results.Footer(
            certification=certification,
            reasons=self._reasons(rows),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=self.elapsed,
            waiting=self._waiting,
            verdicts=dict(Counter(row.verdict for row in rows)),
            foreign=self.subject.ledger.foreign,
            left=[results.StoredObject(o.patient_id, o.study_uid, o.series_uid, o.sop_uid) for o in self.subject.ledger.left.values()],
        )

    def _reasons(self, rows: Sequence[results.Requirement]) -> list[str]:
        if self.stopped:
            return [self.stopped]
        shall = {row.id: row.verdict for row in rows if row.level == Level.SHALL}
        failed = [row.id for row in rows if row.verdict == Verdict.FAIL and row.waiver is None]
        waived = [row.id for row in rows if row.waiver is not None]
        undecided = [id_ for id_, verdict in shall.items() if Verdict(verdict) in UNDECIDED]
        untested = [id_ for id_ in undecided if self.plan.register[id_].untested]
        open_ = [id_ for id_ in undecided if id_ not in untested]
        sentences = [
            (failed, "{n} SHALL failed: {ids}"),
            (open_, "{n} SHALL could not be decided: {ids}"),
            (untested, "{n} SHALL are not tested by this release"),
            (waived, "{n} failed and waived: {ids}"),
        ]
        return [text.format(n=len(ids), ids=", ".join(ids)) for ids, text in sentences if ids] + self.partial


def make_report_folder(folder: Path) -> None:
    """Make the report folder, and see that it can be written, before anything is sent.

    Raises:
        ReportFolderError: it cannot be made or written.
    """
    try:
        (folder / CASES_FOLDER).mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def open_results(folder: Path) -> results.ResultsWriter:
    """Open the results file, now that nothing else can go wrong before the first question.

    Raises:
        ReportFolderError: it cannot be written.
    """
    try:
        return results.ResultsWriter(folder / RESULTS_FILE)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> ReportFolderError:
    what = f"cannot be written ({error.strerror})"
    return ReportFolderError(what, where=f"--report-dir={folder}", remedy="give a folder that you may write to")


def header(plan: Plan, target: Target, partial: list[str], scope: Sequence[Requirement]) -> results.Header:
    """Say who is tested, by what, and against which rows."""
    return results.Header(
        schema=results.SCHEMA_VERSION,
        harness=f"{DISTRIBUTION} {version(DISTRIBUTION)}",
        edition=plan.register.edition,
        register_digest=plan.register.digest,
        seed=plan.seed,
        nonce=plan.nonce,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        roles=[str(role) for role in target.roles],
        target={
            "called AE title": target.ae_title,
            "host": target.host,
            "port": str(target.port),
            "calling AE title": target.calling_ae,
            "our Storage SCP": target.advertised,
        }
        | ({"TLS port": str(target.tls.port)} if target.tls else {})
        | ({"DICOMweb": target.web.url} if target.web else {}),
        profile=plan.profile,
        certify=plan.certify,
        partial=list(partial),
        command=plan.command,
        environment={"python": platform.python_version(), "system": platform.system()} | ({"tester": plan.tester} if plan.tester else {}),
        register=[results.RegisterRow.of(requirement) for requirement in scope],
        guide_title=plan.register.title,
    )


def with_offer(identity: results.Identity, offer: Offer) -> results.Identity:
    """Add what the system accepted when it was asked for everything."""
    offers = [results.Offer(classes, list(syntaxes)) for syntaxes, classes in offer.groups.items()]
    return msgspec.structs.replace(identity, offers=offers, refused=list(offer.refused), options=dict(offer.options))


def builtins(value: object) -> dict[str, object]:
    """Turn a profile into what JSON can say."""
    document: dict[str, object] = msgspec.to_builtins(value)
    return document
