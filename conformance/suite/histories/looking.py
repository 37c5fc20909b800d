"""What an archive shows after a part of a history, held against the model of it.

Each look names the one cause of what it sees: where an object is lost, neither its count nor its delivery is blamed.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from pydicom import Dataset

from conformance.dimse import Received
from conformance.findings import Nonconformance
from conformance.suite.commitments import UNKNOWN_INSTANCE, Commitments, told
from conformance.suite.expectations import ISSUERS, expect_same_content
from conformance.suite.histories.history import Place, name_of
from conformance.suite.histories.model import Cast, Model
from conformance.suite.histories.symptoms import Divergence, Symptom
from conformance.suite.queries import Query, image_query, series_query, study_query
from conformance.suite.system import SUCCESS, System
from generators import Study

STUDY_COUNTERS = ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
SERIES_COUNTER = "NumberOfSeriesRelatedInstances"

Find = Callable[[Query, str], list[Dataset]]
"""Puts a question on a fresh association or on one that is held."""


class Looks:
    """Questions to a system about the studies of a cast.

    `rows` are those of which a look found nothing wrong; `absent` gives the reason why there was nothing to look at for a row.
    """

    def __init__(self, system: System, cast: Cast, model: Model, find: Find) -> None:
        self._system, self._cast, self._model, self._find = system, cast, model, find
        self.rows: set[str] = set()
        self.absent: dict[str, str] = {}

    def at_series(self, study: int, series: int, on: str = "fresh") -> Divergence | None:
        """List the objects of a series."""
        held = self._model.within(study, series)
        if not held:
            return None
        shown = self._shown(image_query(self._study(study), self._study(study).series[series]), "SOPInstanceUID", on)
        strangers = [place for uid, place in self._cast.places.items() if uid in shown and place[:2] != (study, series)]
        if strangers:
            return Divergence(Symptom.TREE, f"only its own objects listed in {name_of(held[0], 2)}", f"{name_of(strangers[0])} there")
        missing = [place for place in held if self._cast.uid(place) not in shown]
        if missing:
            return self._missing(missing[0], on)
        apart = len({place[:2] for place in self._model.held}) > 1
        self._saw("STORE-01", *["INTEG-01"] * apart, *["STORE-08"] * bool(self._model.again.intersection(held)))
        return None

    def _missing(self, place: Place, on: str) -> Divergence:
        """Say where an object is that is not listed in its series: found by its own UID all the same, elsewhere, or nowhere."""
        study = self._study(place[0])
        series, uid = study.series[place[1]], self._cast.uid(place)
        if uid in self._shown(image_query(study, series, series.instances[place[2]]), "SOPInstanceUID", on):
            return Divergence(Symptom.TREE, f"{name_of(place)} listed in its series", "found by its own UID only")
        for other in sorted({(held[0], held[1]) for held in self._model.held} - {place[:2]}):
            elsewhere = self._study(other[0])
            if uid in self._shown(image_query(elsewhere, elsewhere.series[other[1]]), "SOPInstanceUID", on):
                return Divergence(Symptom.TREE, f"{name_of(place)} in its series", f"in {name_of((*other, 0), 2)}")
        return Divergence(Symptom.MISSING, f"{name_of(place)}, which was acknowledged, found by its UIDs", "no match")

    def at_study(self, study: int, on: str = "fresh") -> Divergence | None:
        """Ask for a study by its UID, and list its series."""
        held = sorted({place[1] for place in self._model.within(study)})
        if not held:
            return None
        own = self._study(study)
        others = {series.uid for other in self._cast.studies if other is not own for series in other.series}
        shown = self._shown(series_query(own), "SeriesInstanceUID", on)
        wanting = [number for number in held if own.series[number].uid not in shown]
        if own.uid not in self._shown(study_query(own), "StudyInstanceUID", on):
            wrong = f"{name_of((study, 0, 0), 1)} is not found by its UID"
        elif wanting:
            wrong = f"{name_of((study, wanting[0], 0), 2)} is not listed"
        elif others & shown:
            wrong = f"a series of another study is listed in {name_of((study, 0, 0), 1)}"
        else:
            return None
        lost = self._lost(self._model.within(study), on)
        return lost or Divergence(Symptom.TREE, "each study found with its own series, of which the objects are found", wrong)

    def at_patient(self, study: int, on: str = "fresh") -> Divergence | None:
        """List the studies of a patient by Patient ID. Those of another issuer's patient of the same ID may be there or not."""
        patient = self._study(study).patient
        own = sorted({place[0] for place in self._model.held if self._study(place[0]).patient == patient})
        if not own:
            return None
        shown = self._shown(Query("STUDY", {"PatientID": patient.id, "StudyInstanceUID": ""}), "StudyInstanceUID", on)
        missing = [number for number in own if self._study(number).uid not in shown]
        strangers = [n for n, other in enumerate(self._cast.studies) if other.patient.id != patient.id and other.uid in shown]
        if missing:
            wrong = f"{name_of((missing[0], 0, 0), 1)} is found by its UID only"
        elif strangers:
            wrong = f"{name_of((strangers[0], 0, 0), 1)}, of another Patient ID, is among them"
        else:
            self._saw(*["IDENT-03"] * any(self._study(place[0]).patient.id != patient.id for place in self._model.held))
            return None
        lost = next(filter(None, (self.at_study(number, on) for number in missing)), None)
        return lost or Divergence(Symptom.PATIENT, f"the studies of the patient of {name_of((study, 0, 0), 1)} under the Patient ID", wrong)

    def at_counters(self, study: int, series: int, on: str = "fresh") -> Divergence | None:
        """Ask for the counters of a study and of one of its series. A counter that does not come is for the checks of QUERY-15."""
        within = self._model.within(study, series)
        if not within or not self._model.is_sure(study):
            return None
        own, held = self._study(study), self._model.within(study)
        counts = dict(zip(STUDY_COUNTERS, (len({place[1] for place in held}), len(held)), strict=True))
        counters = self._counted(study_query(own), counts, on)
        counters += self._counted(series_query(own, own.series[series]), {SERIES_COUNTER: len(within)}, on)
        wrong = [f"{keyword} {shown}, not {count}" for keyword, shown, count in counters if shown != str(count)]
        if wrong:
            lost = self._lost(held, on)
            return lost or Divergence(Symptom.COUNT, f"what {name_of(within[0], 2)} and its study hold counted", "; ".join(wrong))
        if counters:
            self._saw("QUERY-15")
        else:
            self.absent["QUERY-15"] = "no counter is returned"
        return None

    def _counted(self, query: Query, counts: Mapping[str, int], on: str) -> list[tuple[str, str, int]]:
        """Give each counter that comes with a value: its keyword, that value, and what it should be."""
        matches = self._find(query.where(dict.fromkeys(counts, "")), on)
        came = {(keyword, str(match.get(keyword, ""))) for match in matches for keyword in counts}
        return [(keyword, shown, counts[keyword]) for keyword, shown in sorted(came) if shown]

    def at_delivery(self, study: int, _on: str = "fresh") -> Divergence | None:
        """Retrieve a study, and compare each object with what was sent."""
        held = self._model.within(study)
        if not held:
            return None
        delivery = self._system.retrieve(study_query(self._study(study)), [self._cast.encoded(place, 0) for place in held])
        came = Counter(self._cast.places[uid] for uid in delivery.uids if uid in self._cast.places)
        whole = f"each object of {name_of(held[0], 1)} delivered once"
        lacking = [place for place in held if not came[place]]
        if lacking:
            lost = self._lost(lacking, "fresh")
            vanished = delivery.answer.final.status == SUCCESS and bool(self._model.delivered.intersection(lacking))
            return lost or Divergence(Symptom.LACKING, whole, f"{name_of(lacking[0])} not delivered; {delivery.answer.final}", vanished)
        wrong = [f"{name_of(place)} of another study delivered too" for place in came if place[0] != study]
        wrong += [f"{name_of(place)} delivered {count} times" for place, count in came.items() if count > 1]
        if wrong:
            return Divergence(Symptom.DELIVERED, whole, wrong[0], at_once=True)
        received = {
            self._cast.places[each.sop_instance_uid]: each for each in delivery.objects if each.sop_instance_uid in self._cast.places
        }
        changed = next(filter(None, (self._changed(place, received[place]) for place in held)), None)
        self._model.delivered.update(held)
        if changed is None:
            self._saw("RETR-01", "STORE-01", "STORE-04", *["INTEG-05"] * any(map(self._model.corrected, held)))
        return changed

    def _changed(self, place: Place, received: Received) -> Divergence | None:
        """Compare an object with each content that may lawfully be kept of it; query and retrieve must tell of the same one."""
        kept, difference = None, ""
        for version in sorted(self._model.held[place]):
            sent = self._cast.encoded(place, version)
            try:
                if sent.data != received.data:
                    expect_same_content(sent, received, but=tuple(ISSUERS.values()))
                kept = version
            except Nonconformance as changed:
                difference = difference or changed.got
        if kept is None:
            return Divergence(Symptom.CONTENT, f"{name_of(place)} with a content that was sent, whole", difference)
        if not self._model.corrected(place):
            return None
        study = self._study(place[0])
        series = study.series[place[1]]
        numbers = {version: str(self._cast.encoded(place, version).dataset().InstanceNumber) for version in self._model.held[place]}
        query = image_query(study, series, series.instances[place[2]], InstanceNumber="")
        shown = self._shown(query, "InstanceNumber", "fresh") & set(numbers.values())
        if shown <= {numbers[kept]}:
            return None
        return Divergence(
            Symptom.CONTENT,
            f"query and retrieve to tell of the same content of {name_of(place)}",
            f"delivered with Instance Number {numbers[kept]}, listed with {', '.join(sorted(shown))}",
        )

    def at_commitment(self, place: Place, commitments: Commitments) -> Divergence | None:
        """Ask for commitment of an object, stored or not, together with those of its study that are held.

        Raises:
            NotExercised: the request was not taken on, or no report came.
        """
        if place in self._model.doubtful:
            return None
        held = self._model.within(place[0])
        asked = [self._cast.encoded(each, 0) for each in dict.fromkeys((*held, place))]
        report = commitments.report_of([(instance.sop_class_uid, instance.sop_instance_uid) for instance in asked])
        committed = {uid for _, uid in report.referenced} - {uid for _, uid, _ in report.failed}
        if place not in held and self._cast.uid(place) in committed:
            return Divergence(Symptom.COMMITTED, f"{name_of(place)}, which was never stored, not committed", "committed", at_once=True)
        sure = [each for each in held if not self._model.corrected(each)]  # of two contents an archive need not answer for either
        wanting = [each for each in sure if self._cast.uid(each) not in committed]
        if wanting:
            lost = self._lost(wanting, "fresh") or self.at_delivery(place[0])
            return lost or Divergence(Symptom.UNCOMMITTED, f"{name_of(wanting[0])}, which is held, committed", told(report))
        unknown = (self._cast.uid(place), UNKNOWN_INSTANCE) in {(uid, reason) for _, uid, reason in report.failed}
        self._saw(*["COMMIT-03"] * bool(sure), *["COMMIT-04"] * unknown)
        return None

    def _lost(self, places: list[Place], on: str) -> Divergence | None:
        """Whether one of these objects is not found where it belongs: then that is the cause."""
        return next(filter(None, (self.at_series(*series, on) for series in sorted({place[:2] for place in places}))), None)

    def _shown(self, query: Query, keyword: str, on: str) -> set[str]:
        return {str(match.get(keyword, "")) for match in self._find(query, on)}

    def _study(self, number: int) -> Study:
        return self._cast.studies[number]

    def _saw(self, *rows: str) -> None:
        self.rows.update(rows)
