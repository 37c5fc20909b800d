"""Faults as installed products show them: each breaks one row in a corner that an ordinary day does not reach.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from weakref import WeakKeyDictionary

from pynetdicom.dimse_primitives import C_FIND, C_STORE
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined] # made at import from pynetdicom's tables

from conformance.reference.archive import Parts
from conformance.reference.commitment import Committer, Order
from conformance.reference.door import UNKNOWN_CALLING_AE, Door, Knock, Rejection
from conformance.reference.encoding import ITEM, PIXEL_DATA, DataSet, Element, decode
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.faults.identities import Corrects, RemembersDescriptions
from conformance.reference.faults.transcoding import Alters
from conformance.reference.find import Finder, Query
from conformance.reference.index import Index, Located
from conformance.reference.intake import Intake
from conformance.reference.keys import BY_KEYWORD, UNIQUE, Attributes, Key, Value, tag_of
from conformance.reference.models import FIND, Identifier, read_identifier
from conformance.reference.retrieve import Progress, Retriever, Tally
from conformance.reference.rules import DUPLICATE, OUT_OF_RESOURCES, Candidate, Refusal
from conformance.reference.services import Request, Services
from conformance.reference.syntax import syntax_of
from conformance.reference.text import SPECIFIC_CHARACTER_SET, in_utf8
from conformance.reference.wire import Acceptor, Courier, Messages

_PDU_HEADER = 6  # bytes of type, reserved byte and length
_PAGE = 100  # references that one fault reports at a time
TRAILING_PADDING = 0xFFFCFFFC

FRAMES, SEX = tag_of("NumberOfFrames"), tag_of("PatientSex")
LOSS = frozenset(tag_of(keyword) for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"))


class HeaderNotCounted(Messages):
    """Takes the limit of the receiver for one on the values alone, and adds the room that it thinks the header needs."""

    @property
    def maximum_pdu_size(self) -> int:
        limit = int(super().maximum_pdu_size)
        return limit + _PDU_HEADER if limit else limit


class SixBytesTooLong(Courier):
    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.dimse = HeaderNotCounted(self)


class CallersPaddingCounts(Door):
    def may_call(self, title: str) -> bool:
        return not self.calling or title.rstrip(" \0") in self.calling


class StrangersMayQuery(Door):
    """Keeps its list of callers for what changes the archive; to read, everybody is let in."""

    def __init__(self, ae_title: str, calling: frozenset[str], send_only: frozenset[str], users: Mapping[str, str]) -> None:
        super().__init__(ae_title, calling, send_only, users)
        self.here = threading.local()  # each association is negotiated in a thread of its own

    def rejection(self, knock: Knock) -> Rejection | None:
        rejection = super().rejection(knock)
        self.here.stranger = rejection == UNKNOWN_CALLING_AE
        return None if self.here.stranger else rejection

    def contexts(self, proposed: Sequence[Any]) -> list[PresentationContext]:
        found = super().contexts(proposed)
        return [context for context in found if context.abstract_syntax in FIND] if self.here.stranger else found


class EchoAnswersOne(Services):
    """Answers a C-ECHO that comes alone from a ready-made response to Message ID 1."""

    def echo(self, request: Request) -> None:
        if all(context.abstract_syntax == Verification for context in request.assoc.accepted_contexts):
            request.message.MessageID = 1
        super().echo(request)


class EndsWithPixels(Intake):
    """Reads an object as far as its pixel data, and keeps what it has read."""

    def stored_bytes(self, candidate: Candidate) -> bytes:
        read = {tag: element for tag, element in candidate.dataset.items() if tag <= PIXEL_DATA}
        late = PIXEL_DATA in read and any(tag != TRAILING_PADDING for tag in candidate.dataset.keys() - read.keys())
        return self.rewritten(candidate, read) if late else candidate.data


class CountsRepeats(Index):
    """Counts what was received where it should count what is there."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.repeats: Counter[str] = Counter()

    def count(self, level: str, scope: Any) -> int:
        again = sum(self.repeats[located.sop_instance_uid] for located in self.locate(scope)) if level == "IMAGE" else 0
        return super().count(level, scope) + again


class NotesRepeats(Intake):
    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        if refusal is None:
            cast(CountsRepeats, self.index).repeats[stored.sop_instance_uid] += 1
        return refusal


class HoldsStudy(Intake):
    """Puts a study on hold, until its sender calls again, as soon as one of its objects is refused."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.held: WeakKeyDictionary[threading.Thread, set[str]] = WeakKeyDictionary()

    def judge(self, candidate: Candidate) -> Refusal | None:
        study = candidate.text("StudyInstanceUID")
        held = self.held.setdefault(threading.current_thread(), set())  # each association is served by a thread of its own
        if study in held:
            return Refusal(OUT_OF_RESOURCES, "the study is on hold")
        refusal = super().judge(candidate)
        if refusal is not None and study:
            held.add(study)
        return refusal


class HeaderWithoutPixels(Intake):
    """Takes the header of an object that comes again with other content, and leaves the pixels that it has."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        alike = stored.transfer_syntax_uid == candidate.syntax.uid and candidate.syntax.little
        if refusal is None or refusal.status != DUPLICATE or not alike:
            return refusal
        first = decode(self.depot.get(stored), candidate.syntax)
        pixels = {PIXEL_DATA: first[PIXEL_DATA]} if PIXEL_DATA in first else {}
        candidate.data = self.rewritten(candidate, candidate.dataset | pixels)
        self.index.remove(stored.sop_instance_uid)
        self.keep(candidate)
        return None


class DescriptionsJoined(Finder):
    """Shows every description that came with a study as one more value of the first."""

    def entities(self, query: Query) -> list[Attributes]:
        found, index = super().entities(query), cast(RemembersDescriptions, self.index)
        if query.level != "STUDY":
            return found
        return [study | {"StudyDescription": "\\".join(index.described[index.study_key(study)])} for study in found]


class SpacesLeftOut(Finder):
    """Shows Patient IDs without the spaces inside them."""

    def put(self, found: DataSet, key: Key, wanted: Value, held: Value) -> None:
        super().put(found, key, wanted, str(held).replace(" ", "") if key.keyword == "PatientID" else held)


class DeclaresAsAsked(Finder):
    """Repeats the Specific Character Set of the query in each match, over text in UTF-8."""

    def answer(self, identifier: Identifier, levels: tuple[str, ...]) -> Iterator[tuple[int, DataSet]]:
        terms = in_utf8("\\".join(identifier.terms), "CS")
        for status, found in super().answer(identifier, levels):
            copied = {SPECIFIC_CHARACTER_SET: Element("CS", terms)} if terms and SPECIFIC_CHARACTER_SET in found else {}
            yield status, found | copied


class ListsOfStudiesOnly(Finder):
    """Takes a list of series or of instances for one odd UID."""

    def entities(self, query: Query) -> list[Attributes]:
        wanted = str(query.keys.get(BY_KEYWORD[UNIQUE[query.level]], ""))
        return [] if query.level in ("SERIES", "IMAGE") and "\\" in wanted else super().entities(query)


class PatientsInStudyRoot(Services):
    """Answers a query at PATIENT level of the Study Root with studies."""

    def identify(self, request: Request, levels: tuple[str, ...]) -> Identifier:
        if not isinstance(request.message, C_FIND) or "PATIENT" in levels:
            return super().identify(request, levels)
        found = read_identifier(request.message.Identifier, syntax_of(request.transfer_syntax), ("PATIENT", *levels))
        return replace(found, level="STUDY") if found.level == "PATIENT" else found


class ForgetsHowLossy(Alters):
    """Says of a decompressed image that it was lossy, and no longer how."""

    def altered(self, dataset: DataSet) -> DataSet:
        return {tag: element for tag, element in dataset.items() if tag not in LOSS}


class FragmentForEachFrame(Intake):
    """Where the offset table is empty it keeps as many fragments as there are frames."""

    def stored_bytes(self, candidate: Candidate) -> bytes:
        pixels, frames = candidate.dataset.get(PIXEL_DATA), candidate.text("NumberOfFrames")
        if pixels is None or not pixels.open or not frames.isdigit() or int(frames) < 2:
            return candidate.data
        table, *pieces = items_of(pixels.value)
        if len(table) > 8 or len(pieces) <= int(frames):
            return candidate.data
        end = pixels.value[-8:]  # the sequence delimiter
        kept = replace(pixels, value=b"".join((table, *pieces[: int(frames)], end)))
        return self.rewritten(candidate, candidate.dataset | {PIXEL_DATA: kept})


def items_of(value: bytes) -> list[bytes]:
    """Take encapsulated pixel data apart: the offset table and the fragments, each with its header."""
    at, found = 0, []
    while struct.unpack_from("<HH", value, at) == (ITEM >> 16, ITEM & 0xFFFF):
        stop = at + 8 + int(struct.unpack_from("<L", value, at + 4)[0])
        found.append(value[at:stop])
        at = stop
    return found


class FailedAreCompleted(Retriever):
    """Counts every sub-operation that has ended as completed, the failed ones too."""

    def pending(self, tally: Tally) -> Progress:
        return super().pending(ended(tally))

    def final(self, tally: Tally) -> Progress:
        return replace(super().final(tally), tally=ended(tally))


def ended(tally: Tally) -> Tally:
    """Count the failed among the completed."""
    return replace(tally, completed=tally.completed + tally.failed)


class PagesOverlap(Committer):
    """Reports page after page; each page begins with the last reference of the one before."""

    def result(self, order: Order) -> tuple[int, DataSet]:
        starts = range(0, len(order.references), _PAGE)
        pages = (order.references[max(0, start - 1) : start + _PAGE] for start in starts)
        return super().result(replace(order, references=tuple(one for page in pages for one in page)))


class ThreeSexes(Corrects):
    """Writes O for a sex that its table does not have."""

    level, keyword = "PATIENT", "PatientSex"

    def corrected(self, value: str) -> str:
        return value if value in ("", "M", "F", "O") else "O"

    def stored_bytes(self, candidate: Candidate) -> bytes:
        value = candidate.text("PatientSex")
        if self.corrected(value) == value:
            return candidate.data
        return self.rewritten(candidate, candidate.dataset | {SEX: Element("CS", b"O ")})


class CountsPixelsLate(Intake):
    """Finds out that pixel data are short when the object is in the archive already."""

    def judge(self, candidate: Candidate) -> Refusal | None:
        refusal = super().judge(candidate)
        short = refusal is not None and refusal.tag == PIXEL_DATA
        if short and self.index.instance(self.identity(candidate)) is None:
            self.keep(candidate)
        return refusal


class TakesAllBack(Acceptor):
    """Holds an association for one transaction: when it breaks inside an object, the objects before that go too."""

    def __init__(self, ae: Any, mode: str) -> None:
        super().__init__(ae, mode)
        self.came: list[str] = []

    @property
    def index(self) -> Index:
        """The index of the archive that this association belongs to."""
        return cast(Index, cast(Any, self._server).serve.__self__.desk.intake.index)

    def _serve_request(self, msg: Any, context_id: int) -> None:
        uid = str(msg.AffectedSOPInstanceUID) if isinstance(msg, C_STORE) else ""
        new = bool(uid) and self.index.instance(uid) is None
        super()._serve_request(msg, context_id)
        if new and self.index.instance(uid) is not None:
            self.came.append(uid)

    def _has_ended(self) -> bool:
        if self.came and self.dimse.message is not None and (self.acse.is_aborted() or not self.dul.is_alive()):
            roll_back(self.index, self.came)
            self.came = []
        return super()._has_ended()


def roll_back(index: Index, uids: Sequence[str]) -> None:
    """Take objects out of the tree, and what stood there for them alone."""
    with index.lock:
        for uid in uids:
            index.remove(uid)
        index._all("DELETE FROM series WHERE uid NOT IN (SELECT series FROM instance)", ())
        index._all("DELETE FROM study WHERE uid NOT IN (SELECT study FROM series)", ())
        index._all("DELETE FROM patient WHERE key NOT IN (SELECT patient FROM study)", ())


def breaking(row: str, name: str, summary: str, parts: Parts) -> Fault:
    """Make a fault that breaks one row."""
    return Fault(name, summary, parts, breaks=rows(row))


FIELD_FAULTS: tuple[Fault, ...] = (
    breaking("ASSOC-07", "pdus-six-bytes-too-long", "P-DATA-TF of a move exceed the limit by six bytes", Parts(courier=SixBytesTooLong)),
    breaking("ASSOC-10", "left-padded-caller-refused", "a calling title with leading spaces is unknown", Parts(door=CallersPaddingCounts)),
    breaking(
        "VERIF-01",
        "echo-answers-message-one",
        "C-ECHO on an association of its own is answered as Message ID 1",
        Parts(services=EchoAnswersOne),
    ),
    breaking("STORE-04", "elements-after-pixels-dropped", "what follows Pixel Data is not kept", Parts(intake=EndsWithPixels)),
    breaking(
        "STORE-08",
        "resent-object-counted-again",
        "an identical object that comes again is counted again",
        Parts(index=CountsRepeats, intake=NotesRepeats),
    ),
    breaking("STORE-10", "refusal-holds-the-study", "after a refusal the rest of the study is refused", Parts(intake=HoldsStudy)),
    breaking(
        "INTEG-05",
        "second-header-first-pixels",
        "another header under a stored UID replaces the first, with 0000",
        Parts(intake=HeaderWithoutPixels),
    ),
    breaking(
        "INTEG-07",
        "study-descriptions-joined",
        "a study shows every description that its objects carry",
        Parts(index=RemembersDescriptions, finder=DescriptionsJoined),
    ),
    breaking("IDENT-11", "spaces-in-patient-ids-left-out", "matches lack the spaces inside a Patient ID", Parts(finder=SpacesLeftOut)),
    breaking(
        "CHAR-03", "match-declared-as-the-query", "a match in UTF-8 declares the query's character set", Parts(finder=DeclaresAsAsked)
    ),
    breaking(
        "XFER-05", "lossy-ratio-and-method-lost", "decompression drops ratio and method of the loss", Parts(retriever=ForgetsHowLossy)
    ),
    breaking(
        "XFER-12", "surplus-fragments-dropped", "without offset table each frame keeps one fragment", Parts(intake=FragmentForEachFrame)
    ),
    breaking(
        "QUERY-08", "uid-lists-at-study-level-only", "lists of series and of instances match nothing", Parts(finder=ListsOfStudiesOnly)
    ),
    breaking(
        "QUERY-13",
        "patient-level-in-study-root",
        "PATIENT level in Study Root is answered with studies",
        Parts(services=PatientsInStudyRoot),
    ),
    breaking("RETR-03", "failed-counted-as-completed", "failed sub-operations count as completed too", Parts(retriever=FailedAreCompleted)),
    breaking("COMMIT-06", "commitment-pages-overlap", "of many references every hundredth comes twice", Parts(committer=PagesOverlap)),
    breaking("REJECT-11", "unknown-sex-becomes-other", "an unknown Patient's Sex becomes O, with 0000", Parts(intake=ThreeSexes)),
    breaking(
        "REJECT-14", "short-image-refused-and-kept", "an image with short pixel data is refused and kept", Parts(intake=CountsPixelsLate)
    ),
    breaking("ROBUST-01", "cut-association-taken-back", "a cut inside an object removes those before it too", Parts(acceptor=TakesAllBack)),
    breaking("SEC-01", "unregistered-callers-may-query", "an unregistered calling title is let in to query", Parts(door=StrangersMayQuery)),
)
