"""Rejection notes as the checks send them: a study that is stored, a note about a part of it, and what the system then shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.dimse import Answer, AssociationEnded, Ending, EndingKind, StatusClass
from conformance.findings import NotExercised, expect, require
from conformance.suite.queries import Query, image_query, series_query, shown_value, study_query
from conformance.suite.system import TAKEN, System
from conformance.target import Claims
from generators import Encoded, Instance, Rejection, Study, rejection_note

DELIBERATE = frozenset({EndingKind.ABORT, EndingKind.REJECT})
COUNTERS = ("NumberOfStudyRelatedInstances", "NumberOfStudyRelatedSeries", "ModalitiesInStudy")
ABSENT = ("absent", "")


@dataclass(frozen=True, slots=True)
class Account:
    """What a system says of one study: what it lists, walking down series by series, and what its counters say.

    `listed` maps each SOP Instance UID to its series' UID and modality; `told` holds the counters that were returned with a value.
    """

    listed: Mapping[str, tuple[str, str]]
    told: Mapping[str, str]

    def contradictions(self) -> list[str]:
        """Say where the counters are not those of what is listed."""
        counted = {
            "NumberOfStudyRelatedInstances": str(len(self.listed)),
            "NumberOfStudyRelatedSeries": str(len({series for series, _ in self.listed.values()})),
            "ModalitiesInStudy": "\\".join(sorted({modality for _, modality in self.listed.values()})),
        }
        return [f"{name} {value}, listed {counted[name]}" for name, value in self.told.items() if value != counted[name]]


@dataclass(frozen=True, slots=True)
class Case:
    """A study of which a note took a part back: the objects as sent, those that the note names, and what came of it.

    `spared` are the objects of the study that the note does not name, `other` is another study of the same patient. `before` is what
    the system said of the study before the note. `gone`: none of the named objects is listed any more.
    """

    why: Rejection
    study: Study
    sent: Mapping[str, Encoded]
    named: tuple[Instance, ...]
    spared: tuple[Instance, ...]
    other: Study
    before: Account
    answer: Answer | Ending
    gone: bool

    @property
    def taken(self) -> bool:
        return taken(self.answer)


def taken(answer: Answer | Ending) -> bool:
    """Whether an object was answered with success or a warning."""
    return isinstance(answer, Answer) and answer.status_class in TAKEN


def refused(answer: Answer | Ending) -> bool:
    """Whether an object was answered with a failure, or the association aborted over it."""
    return answer.kind in DELIBERATE if isinstance(answer, Ending) else answer.status_class is StatusClass.FAILURE


class Rejections:
    """Notes of each title, each sent once in a run about a study of its own."""

    def __init__(self, system: System, claims: Claims) -> None:
        self._system = system
        self._vanishing = {Rejection.PATIENT_SAFETY, Rejection.WRONG_WORKLIST_ENTRY}
        self._vanishing |= {Rejection.RETENTION_EXPIRED} if claims.retention_expired == "removed" else set()
        self._vanishing |= {Rejection.QUALITY} if claims.rejected_for_quality == "hidden" else set()
        self._cases: dict[Rejection, Case] = {}

    def of(self, why: Rejection) -> Case:
        """Store a study, take a whole series and one further object of it back, and wait for the effect where one is due.

        Raises:
            NotExercised: the study was not taken, or is not listed whole before the note.
        """
        if why not in self._cases:
            self._cases[why] = self._sent(why)
        return self._cases[why]

    def obeyed(self) -> Case:
        """Give a case whose note had its effect.

        Raises:
            NotExercised: no note of any title had one, which IOCM-01 decides.
        """
        for why in sorted(self._vanishing, key=list(Rejection).index):
            if self.of(why).gone:
                return self.of(why)
        raise NotExercised("no rejection note, whatever its title, has any effect: see IOCM-01")

    def _sent(self, why: Rejection) -> Case:
        system = self._system
        study = system.synthesizer.study(modalities=["CT", "MR" if system.takes("MR") else "CT"], instances=2)
        sent = {encoded.sop_instance_uid: encoded for encoded in system.keep_study(study)}
        other = system.synthesizer.study("CT", instances=1, patient=study.patient)
        system.keep_study(other)
        require(system.settle(study) and system.settle(other), "the studies are not listed whole before the note")
        before = self.account(study)
        named = (study.series[0].instances[0], *study.series[1].instances)
        answer = self.answer_to(rejection_note(system.synthesizer, study, named, why))
        uids = {instance.uid for instance in named}
        gone = why in self._vanishing and taken(answer) and system.comes_true(lambda: not uids & system.listed(study))
        return Case(why, study, sent, named, study.series[0].instances[1:], other, before, answer, gone)

    def answer_to(self, instance: Encoded) -> Answer | Ending:
        """Send one object on a fresh association: the answer, or how the system ended the association over it."""
        try:
            return self._system.store(instance)[0]
        except AssociationEnded as error:
            require(error.ending.kind in DELIBERATE, f"the object was left without an answer: {error.ending}")
            return error.ending

    def account(self, study: Study) -> Account:
        """Ask for everything that the system says of a study."""
        find = self._system.find
        listed = {}
        for series in find(series_query(study, Modality="")).matches:
            uid = str(series.get("SeriesInstanceUID", ""))
            for match in find(Query("IMAGE", {"StudyInstanceUID": study.uid, "SeriesInstanceUID": uid, "SOPInstanceUID": ""})).matches:
                listed[str(match.get("SOPInstanceUID", ""))] = uid, str(series.get("Modality", ""))
        told = find(study_query(study, **dict.fromkeys(COUNTERS, ""))).matches[:1]
        return Account(listed, {name: text for match in told for name in COUNTERS if (text := shown_value(match, name)) not in ABSENT})

    def expect_hidden(self, case: Case) -> None:
        """Blame the system for each rejected object that a query lists or that a retrieve by its own UID delivers."""
        if not case.gone:
            self.obeyed()
        shown = sum(1 for instance in case.named if instance.uid in self._system.listed(case.study))
        expect(
            not shown,
            expected=f"none of {len(case.named)} objects listed after a note {case.why}",
            got=f"{shown} still listed after {self._system.target.claims.visible_seconds:g} s",
        )
        delivered = self.delivered(case)
        expect(
            not delivered,
            expected=f"none of {len(case.named)} objects delivered after a note {case.why}",
            got=f"{delivered} delivered, each asked for by its SOP Instance UID",
        )

    def require_delivering(self, case: Case) -> None:
        """Hold the control of what a retrieve does not bring: another study of the patient is delivered.

        Raises:
            NotExercised: it is not, and no note is about that.
        """
        delivery = self._system.retrieve(study_query(case.other), list(case.sent.values()))
        require(delivery.objects, "another study of the patient, which no note is about, is not delivered either")

    def delivered(self, case: Case) -> int:
        """Count the rejected objects that a retrieve by their own UIDs delivers."""
        queries = [image_query(case.study, case.study.series_of(instance), instance) for instance in case.named]
        sent = list(case.sent.values())
        return sum(len(self._system.retrieve(query, sent).objects) for query in queries)
