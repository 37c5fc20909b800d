"""What is lawful is not blamed: the embedded archive does otherwise than it does by itself, and conforms all the same."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom.encaps import encapsulate, generate_fragments, parse_basic_offsets
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.reference.archive import Parts
from conformance.reference.door import Door, Knock, Rejection
from conformance.reference.encoding import PIXEL_DATA, DataSet, Element, decode, encode
from conformance.reference.faults.acknowledging import TRAIL, OrphansStudies
from conformance.reference.faults.storing import OverwritesElsewhere
from conformance.reference.faults.transcoding import END, JPEG_BASELINE, Alters
from conformance.reference.find import Finder
from conformance.reference.index import Located
from conformance.reference.intake import Intake
from conformance.reference.keys import UNIQUE, Attributes, Key, Value, tag_of
from conformance.reference.models import PENDING
from conformance.reference.retrieve import Progress
from conformance.reference.rules import Candidate, Refusal
from conformance.reference.services import Request, Services
from conformance.reference.syntax import syntax_of
from conformance.reference.web import Request as WebRequest
from conformance.reference.web import Response, WebServices
from conformance.reference.wire import Acceptor, Messages

from .outages_storing import AbortsRefusals, WarnsOfAll
from .running import run_against

PATIENCE, LONGER = 2.0, 4.0  # seconds
ODD = 1025  # octets of a PDU, of which an object takes several
INSTITUTION, ORIGINAL, SERIES_NUMBER = (tag_of(k) for k in ("InstitutionName", "OriginalAttributesSequence", "SeriesNumber"))


class OffsetsWrittenAnew(Alters):
    """Passes a lossy image on with an empty offset table (PS3.5 A.4)."""

    def concerns(self, located: Located, syntax: str) -> bool:
        return located.transfer_syntax_uid == syntax == JPEG_BASELINE

    def altered(self, dataset: DataSet) -> DataSet:
        pixels = dataset[PIXEL_DATA]
        buffer = BytesIO(pixels.value)
        assert parse_basic_offsets(buffer), "the images come with a table"
        return dataset | {PIXEL_DATA: replace(pixels, value=encapsulate(list(generate_fragments(buffer)), has_bot=False) + END)}


class CountsFailuresOnly(Services):
    """Counts only the failed sub-operations when a retrieve has ended, for every counter may stay out (PS3.4 C.4.2.1.7 to C.4.2.1.9)."""

    def report(self, request: Request, progress: Progress) -> None:
        if progress.status == PENDING:
            return super().report(request, progress)
        listed = progress.identifier and encode(progress.identifier, syntax_of(request.transfer_syntax))
        return request.respond(Status=progress.status, NumberOfFailedSuboperations=progress.tally.failed, Identifier=listed)


class FiveComponents(Finder):
    """Writes every name with all the delimiters that it may have (PS3.5 6.2)."""

    def held(self, key: Key, entity: Attributes) -> Value:
        value = super().held(key, entity)
        return f"{value}^^^" if key.keyword == "PatientName" and str(value).count("^") == 1 else value


class CountsAfterwards(Finder):
    """Shows what it counted when it was asked before; for each answer it counts twice, to match and to show."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.counted: defaultdict[tuple[str, str], list[str]] = defaultdict(lambda: ["", ""])

    def computed(self, key: Key, entity: Attributes) -> str:
        counts = self.counted[key.keyword, str(entity[UNIQUE[key.level]])]
        counts.append(super().computed(key, entity))
        return counts[-3]


class FloatingCounts(WebServices):
    """Writes every number with its decimal point, as JSON lets it."""

    def search(self, request: WebRequest) -> Response:
        response = super().search(request)
        floating = json.loads(response.body, parse_int=float) if response.body else []
        return replace(response, body=json.dumps(floating).encode()) if floating else response


class Coerces(Intake):
    """Writes the institution as the region knows it, and keeps what was there before (PS3.3 C.12.1.1.9)."""

    def stored_bytes(self, candidate: Candidate) -> bytes:
        prior = {INSTITUTION: candidate.dataset.get(INSTITUTION, Element("LO"))}
        item: DataSet = {tag_of(keyword): Element(vr, value) for keyword, (vr, value) in TRAIL.items()}
        item[tag_of("ModifiedAttributesSequence")] = Element("SQ", items=[prior])
        earlier = candidate.dataset.get(ORIGINAL, Element("SQ", items=[])).items or []
        changed = {INSTITUTION: Element("LO", b"SYNTHETIC-REGION"), ORIGINAL: Element("SQ", items=[*earlier, item])}
        return self.rewritten(candidate, candidate.dataset | changed)


class WarnsAndOverwrites(OverwritesElsewhere):
    """Replaces an image by another one with its SOP Instance UID, and says so (INTEG-04)."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        replaced = stored.series != candidate.text("SeriesInstanceUID")
        return super().again(candidate, stored) or (Refusal(0xB000, "replaced") if replaced else None)


class MovesStudies(OrphansStudies):
    """Gives a study to the patient whom its last object names, and says so (INTEG-02)."""

    def move(self, candidate: Candidate) -> None:
        study = str(candidate.levels["STUDY"]["StudyInstanceUID"])
        with self.index.lock:
            patient = self.index.patient_key(candidate.levels["PATIENT"])
            attributes = json.dumps({**candidate.levels["PATIENT"], **candidate.levels["STUDY"]})
            self.index._all("UPDATE study SET patient = ?, attributes = ? WHERE uid = ?", [patient, attributes, study])


class KeepsThirdSeriesApart(Services):
    """Puts what it doubts into quarantine, and says so with a warning (REJECT-05)."""

    def take(self, request: Request, data: bytes) -> Refusal | None:
        number = decode(data, syntax_of(request.transfer_syntax)).get(SERIES_NUMBER, Element("IS")).value.strip()
        return Refusal(0xB000, "put into quarantine") if number == b"3" else super().take(request, data)


class EvenValues(Messages):
    """Ends the association over a fragment of odd length (PS3.8 E.1)."""

    def receive_primitive(self, primitive: Any) -> None:
        if any(len(value) % 2 == 0 for _, value in primitive.presentation_data_value_list):  # a byte of header goes before each
            self.dul.event_queue.put("Evt19")
        else:
            super().receive_primitive(primitive)


class TakesEvenValues(Acceptor):
    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.dimse = EvenValues(self)


class TakesOneSyntaxOfAClass(Door):
    """Accepts of each class the transfer syntax that is proposed first, and no other context (PS3.8 9.3.3.2)."""

    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        supported = super().contexts(proposed)
        for context in supported:
            wanted = [syntax for other in proposed if other.abstract_syntax == context.abstract_syntax for syntax in other.transfer_syntax]
            context.transfer_syntax = [syntax for syntax in wanted if syntax in context.transfer_syntax][:1]
        return supported


class VerifiesApart(TakesOneSyntaxOfAClass):
    """Wants an association of its own for Verification."""

    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        alone = all(context.abstract_syntax == Verification for context in proposed)
        return [context for context in super().contexts(proposed) if alone or context.abstract_syntax != Verification]


class SilentToStrangers(Door):
    """Lets callers wait for their rejection whom it does not know, and users with a wrong passcode."""

    def rejection(self, knock: Knock) -> Rejection | None:
        if not self.may_call(knock.calling):
            time.sleep(LONGER)
        return super().rejection(knock)

    def authenticates(self, name: bytes, passcode: bytes) -> bool:
        right = super().authenticates(name, passcode)
        time.sleep(0 if right else LONGER)
        return right


def judged(
    run_suite: Callable[..., Any], folder: Path, port: int, parts: Parts, rows: Sequence[str], *options: str, **how: Any
) -> Mapping[str, str]:
    """Run the checks of these rows against an archive of these parts, and give the verdict of each."""
    verdicts: Mapping[str, str] = run_against(run_suite, folder, port, parts, " or ".join(rows), *options, **how).verdicts
    return {row: verdicts[row] for row in rows}


def test_other_lawful_answers_pass(tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]) -> None:
    parts = Parts(retriever=OffsetsWrittenAnew, services=CountsFailuresOnly, finder=FiveComponents, web=FloatingCounts)
    rows = ("IDENT-06", "QUERY-04", "RETR-03", "RETR-07", "RETR-08", "XFER-08", "WEB-02", "WEB-07")
    assert judged(run_suite, tmp_path, free_port(), parts, rows) == dict.fromkeys(rows, "PASS")


def test_an_abort_tells_that_something_is_wrong(tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]) -> None:
    rows = ("INTEG-02", "INTEG-03", "INTEG-04", "INTEG-05", "INTEG-14", "REJECT-07")
    assert judged(run_suite, tmp_path, free_port(), Parts(services=AbortsRefusals), rows) == dict.fromkeys(rows, "PASS")


@pytest.mark.parametrize(("intake", "row"), [(WarnsAndOverwrites, "INTEG-04"), (MovesStudies, "INTEG-02")])
def test_a_change_that_is_told_is_not_blamed(
    tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int], intake: type[Intake], row: str
) -> None:
    assert judged(run_suite, tmp_path, free_port(), Parts(intake=intake), [row]) == {row: "PASS"}


def test_an_object_that_is_put_aside_with_a_warning_is_not_lost(
    tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]
) -> None:
    rows = ("STORE-01", "INTEG-01", "COMMIT-03", "RETR-01")
    seen = judged(run_suite, tmp_path, free_port(), Parts(services=KeepsThirdSeriesApart), rows)
    assert seen == dict.fromkeys(rows, "PASS") | {"RETR-01": "BLOCKED"}


def test_a_coercion_that_is_told_is_not_blamed(tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]) -> None:
    rows = ("STORE-04", "STORE-11", "STORE-12", "RETR-01", "COMMIT-09")
    seen = judged(run_suite, tmp_path, free_port(), Parts(intake=Coerces, services=WarnsOfAll), rows)
    assert seen == {"STORE-04": "BLOCKED", "STORE-11": "PASS", "STORE-12": "PASS", "RETR-01": "BLOCKED", "COMMIT-09": "PASS"}


def test_counters_may_be_as_late_as_objects(tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]) -> None:
    seen = run_against(run_suite, tmp_path, free_port(), Parts(finder=CountsAfterwards), "QUERY-15 and not test_histories")
    assert seen.verdicts["QUERY-15"] == "PASS"


def test_an_acceptor_may_choose_among_the_contexts_of_a_proposal(
    tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]
) -> None:
    rows = ("ASSOC-03", "VERIF-02", "XFER-01", "XFER-02", "XFER-13", "DOC-02")
    assert judged(run_suite, tmp_path, free_port(), Parts(door=VerifiesApart), rows) == dict.fromkeys(rows, "PASS")


def test_silence_towards_strangers_is_not_blamed(tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]) -> None:
    rows = ("SEC-01", "SEC-09")
    seen = judged(run_suite, tmp_path, free_port(), Parts(door=SilentToStrangers), rows, f"--associate-timeout={PATIENCE}")
    assert seen == dict.fromkeys(rows, "BLOCKED")


def test_messages_cut_by_hand_are_lawful(tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]) -> None:
    seen = judged(run_suite, tmp_path, free_port(), Parts(acceptor=TakesEvenValues), ["ROBUST-07"], "--slow", max_pdu=ODD)
    assert seen == {"ROBUST-07": "PASS"}
