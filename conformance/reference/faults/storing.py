"""Faults of C-STORE: what is kept, what is changed on the way, and what becomes of repeats and broken transfers.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import threading
from typing import Any, cast

from pydicom.uid import generate_uid

from conformance.reference.archive import Parts, Settings
from conformance.reference.depot import digest
from conformance.reference.encoding import Element, readable
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.faults.losing import Loses
from conformance.reference.index import Entry, Located
from conformance.reference.intake import Intake
from conformance.reference.keys import tag_of
from conformance.reference.rules import (
    CANNOT_UNDERSTAND,
    NOT_SUPPORTED,
    OUT_OF_RESOURCES,
    RULES,
    Candidate,
    Refusal,
    Rule,
    demand_value,
    replacing,
    without,
)
from conformance.reference.services import Request, Services
from conformance.reference.syntax import syntax_of
from conformance.reference.text import in_utf8
from conformance.reference.wire import Acceptor

_REPORTS = "1.2.840.10008.5.1.4.1.1.88."  # the structured report classes
COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
_FATAL = 0xC001  # the status by which one fault knows its own refusal again
_UNDEFINED = 0x0300  # in no class of PS3.7 Annex C

SERIES_UID, ISSUER, OTHER_IDS = (tag_of(keyword) for keyword in ("SeriesInstanceUID", "IssuerOfPatientID", "OtherPatientIDsSequence"))

# Rows whose checks rest on objects that the archive took and keeps.
NEED_STORED_OBJECTS = rows(
    "ASSOC-07 STORE-04 STORE-08 STORE-11 STORE-12 STORE-13 STORE-14 STORE-18 INTEG-01 INTEG-02 INTEG-03 INTEG-04 INTEG-05 INTEG-07"
    " INTEG-12 INTEG-13 INTEG-16 IDENT-03 IDENT-06 IDENT-07 IDENT-08 IDENT-10 IDENT-11 IDENT-12 QUERY-01 QUERY-02 QUERY-03 QUERY-04"
    " QUERY-05 QUERY-06 QUERY-07 QUERY-08 QUERY-09 QUERY-10 QUERY-11 QUERY-12 QUERY-13 QUERY-14 QUERY-15 QUERY-18 RETR-01 RETR-02"
    " RETR-03 RETR-04 RETR-05 RETR-06 RETR-07 RETR-08 RETR-09 RETR-10 RETR-11 RETR-12 RETR-13 SEC-07"
    " REJECT-13 REJECT-15"
    " CHAR-02 CHAR-03 CHAR-04 CHAR-05 CHAR-06 CHAR-07"
    " XFER-01 XFER-02 XFER-03 XFER-04 XFER-05 XFER-06 XFER-07 XFER-08 XFER-09 XFER-10 XFER-11 XFER-12 XFER-13"
    " COMMIT-01 COMMIT-02 COMMIT-03 COMMIT-04 COMMIT-05 COMMIT-07 COMMIT-09"
    " WORK-07 IOCM-01 IOCM-02 IOCM-03 IOCM-04 IOCM-05 IOCM-06 IOCM-07"
    " SEC-02 WEB-01 WEB-02 WEB-03 WEB-07 WEB-08"
)
# Rows about broken objects, whose controls are sound ones.
NEED_SOUND_OBJECTS_TAKEN = rows(
    "ASSOC-11 STORE-01 STORE-02 STORE-03 STORE-06 STORE-07 STORE-10 INTEG-14 QUERY-16 REJECT-01 REJECT-02 REJECT-03 REJECT-04"
    " REJECT-05 REJECT-06 REJECT-07 REJECT-08 REJECT-10 REJECT-11 REJECT-12 REJECT-14 ROBUST-01 ROBUST-04"
)


class RefusesEverything(Intake):
    def judge(self, _candidate: Candidate) -> Refusal | None:
        return Refusal(OUT_OF_RESOURCES, "out of resources")


class RefusesBeyondOnePdu(Intake):
    """Has a buffer as long as the PDU that it announces."""

    def judge(self, candidate: Candidate) -> Refusal | None:
        longer = len(candidate.data) > Settings().max_pdu
        return Refusal(OUT_OF_RESOURCES, "out of resources") if longer else super().judge(candidate)


class RefusesAfterFirstStudy(Intake):
    first = ""

    def judge(self, candidate: Candidate) -> Refusal | None:
        study = candidate.text("StudyInstanceUID")
        refusal = super().judge(candidate)
        if refusal is None and self.first not in ("", study):
            return Refusal(OUT_OF_RESOURCES, "out of resources")
        if refusal is None:
            self.first = study
        return refusal


class KeepsNothing(Services):
    def take(self, _request: Request, _data: bytes) -> Refusal | None:
        return None


class LosesReports(Loses):
    def loses(self, candidate: Candidate) -> bool:
        return candidate.command_class.startswith(_REPORTS)


class UltrasoundUnmounted(Intake):
    """Chooses the volume of a study by its first object, and that for ultrasound is not mounted: the index never asks."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.ultrasound: set[str] = set()

    def keep(self, candidate: Candidate) -> None:
        study = candidate.text("StudyInstanceUID")
        if candidate.text("Modality") == "US" and self.index.owner(study) is None:
            self.ultrasound.add(study)
        super().keep(candidate)
        stored = self.index.instance(self.identity(candidate))
        if study in self.ultrasound and stored is not None:
            self.depot.drop(stored)


class DropsPrivate(Intake):
    def stored_bytes(self, candidate: Candidate) -> bytes:
        return self.rewritten(candidate, {tag: element for tag, element in candidate.dataset.items() if not tag >> 16 & 1})


def no_reports(candidate: Candidate) -> Refusal | None:
    """The licence covers images only."""
    report = candidate.command_class.startswith(_REPORTS)
    return Refusal(NOT_SUPPORTED, "structured reports are not licensed") if report else None


class RefusesReports(Intake):
    rules = (*RULES, Rule("licence", no_reports))


class DropsLateImages(Intake):
    """Takes the end of the first association for the end of the study."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type]
        self.origin: dict[str, threading.Thread] = {}

    def keep(self, candidate: Candidate) -> None:
        here = threading.current_thread()  # each association is served by a thread of its own
        if self.origin.setdefault(candidate.text("StudyInstanceUID"), here) is here:
            super().keep(candidate)


class ResendRemovesFile(Intake):
    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        if refusal is None:
            (self.depot.root / stored.path).unlink(missing_ok=True)
        return refusal


class UndefinedStatus(Services):
    def stored(self, request: Request, refusal: Refusal | None) -> None:
        conflict = refusal is not None and refusal.comment == "the instance is stored in another series"
        super().stored(request, Refusal(_UNDEFINED, "queued") if conflict else refusal)


class FatalRefusal(Intake):
    rules = replacing("instance-present", demand_value("SOPInstanceUID", _FATAL))


class AbortsAfterRefusal(Services):
    def stored(self, request: Request, refusal: Refusal | None) -> None:
        super().stored(request, refusal)
        if refusal is not None and refusal.status == _FATAL:
            request.assoc.abort()


class RerootsSeries(Intake):
    def stored_bytes(self, candidate: Candidate) -> bytes:
        if candidate.command_class != COMPUTED_RADIOGRAPHY:
            return candidate.data
        foreign = candidate.text("SeriesInstanceUID")
        own = in_utf8(generate_uid(entropy_srcs=[foreign]), "UI")
        return self.rewritten(candidate, candidate.dataset | {SERIES_UID: Element("UI", own)})


class OtherIdsWithoutIssuer(Intake):
    def stored_bytes(self, candidate: Candidate) -> bytes:
        others = candidate.dataset.get(OTHER_IDS)
        if others is None:
            return candidate.data
        items = [{tag: element for tag, element in item.items() if tag != ISSUER} for item in others.items or ()]
        return self.rewritten(candidate, candidate.dataset | {OTHER_IDS: Element("SQ", items=items)})


class OverwritesElsewhere(Intake):
    """Names files by SOP Instance UID alone: the second image takes the place of the first, wherever that was."""

    rules = without("one-series")

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        if stored.series == candidate.text("SeriesInstanceUID"):
            return super().again(candidate, stored)
        self.index.remove(stored.sop_instance_uid)
        self.keep(candidate)
        return None


class OverwritesAndRefuses(OverwritesElsewhere):
    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        replaced = stored.series != candidate.text("SeriesInstanceUID")
        return super().again(candidate, stored) or (Refusal(CANNOT_UNDERSTAND, "there is one already") if replaced else None)


class IndexesWhatItRefuses(Intake):
    """Tells the index of an object before it finds that another one has its UID."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        refusal = super().again(candidate, stored)
        if refusal is not None:
            self.index.remove(stored.sop_instance_uid)
            self.index.add(Entry(self.attributes(candidate), stored))
        return refusal


class ReplacesFileOnly(Intake):
    """Replaces the file of an object that comes again with other content, and leaves the index as it was."""

    def again(self, candidate: Candidate, stored: Located) -> Refusal | None:
        if stored.digest != digest(candidate.data):
            self.depot.put(stored.sop_class_uid, stored.sop_instance_uid, candidate.syntax.uid, candidate.data)
        return None


class KeepsHalves(Acceptor):
    """Keeps what had come of an object when the association broke."""

    def _has_ended(self) -> bool:
        half: Any = self.dimse.message
        if half is not None and (self.acse.is_aborted() or not self.dul.is_alive()):
            self.dimse.message = None
            self.keep(str(half.command_set.AffectedSOPInstanceUID), half.data_set.getvalue(), half.context_id)
        return super()._has_ended()

    def keep(self, uid: str, data: bytes, context_id: int) -> None:
        context, server = self._accepted_cx[context_id], cast(Any, self._server)
        intake: Intake = server.serve.__self__.desk.intake
        syntax = syntax_of(str(context.transfer_syntax[0]))
        sop_class = str(context.abstract_syntax)
        self.settle(intake, Candidate(sop_class, uid, sop_class, syntax, data, readable(data, syntax), intake.index))

    def settle(self, intake: Intake, half: Candidate) -> None:
        intake.keep(half)


class CutLeavesStudy(KeepsHalves):
    """Makes patient, study and series while an object comes in, and leaves them when the association breaks."""

    def settle(self, intake: Intake, half: Candidate) -> None:
        intake.index.grow(half.levels)


STORING_FAULTS: tuple[Fault, ...] = (
    Fault(
        "objects-beyond-one-pdu-refused",
        "an object that is longer than one PDU is answered A700",
        Parts(intake=RefusesBeyondOnePdu),
        breaks=rows("ASSOC-07"),
        blocks=rows("STORE-03 ROBUST-04 SEC-03"),
    ),
    Fault(
        "refuses-everything",
        "every C-STORE is refused for want of resources",
        Parts(intake=RefusesEverything),
        stops_preflight=True,
    ),
    Fault(
        "refuses-after-first-study",
        "once a study is stored, sound objects of any other are refused",
        Parts(intake=RefusesAfterFirstStudy),
        breaks=rows("STORE-05"),
        blocks=NEED_STORED_OBJECTS | NEED_SOUND_OBJECTS_TAKEN | rows("SEC-03 WEB-04 WEB-05 WEB-06"),
    ),
    Fault(
        "accepts-everything-stores-nothing",
        "every C-STORE is answered 0000 and nothing is kept",
        Parts(services=KeepsNothing),
        breaks=rows("STORE-01 INTEG-14 REJECT-01 REJECT-02 REJECT-03 REJECT-05 REJECT-06 REJECT-07"),
        warns=rows("REJECT-04 REJECT-10"),
        blocks=NEED_STORED_OBJECTS | rows("STORE-07 STORE-10 WEB-04 REJECT-08 REJECT-11 REJECT-12 REJECT-14 ROBUST-01"),
    ),
    Fault(
        "reports-vanish",
        "structured reports are acknowledged into a spool and lost",
        Parts(intake=LosesReports),
        breaks=rows("STORE-01 RETR-01"),
        warns=rows("STORE-18"),
        blocks=rows("RETR-07 XFER-10"),
    ),
    Fault(
        "ultrasound-found-and-not-delivered",
        "the objects of a study that begins with ultrasound are in the index, and their files nowhere",
        Parts(intake=UltrasoundUnmounted),
        breaks=rows("STORE-01"),
    ),
    Fault(
        "private-elements-dropped",
        "private elements are not kept",
        Parts(intake=DropsPrivate),
        breaks=rows("STORE-04 XFER-09"),
        blocks=rows("XFER-01"),
    ),
    Fault(
        "reports-refused",
        "structured reports are negotiated and then refused",
        Parts(intake=RefusesReports),
        breaks=rows("STORE-05 IOCM-01"),  # rejection notes are of the family
        warns=rows("STORE-06"),
        blocks=rows("STORE-01 STORE-13 QUERY-03 QUERY-08 QUERY-18 RETR-01 RETR-07 XFER-10 IOCM-02 IOCM-03 IOCM-04 IOCM-05 IOCM-06"),
    ),
    Fault(
        "late-images-dropped",
        "images of a study that come on a later association are acknowledged and dropped",
        Parts(intake=DropsLateImages),
        breaks=rows("STORE-07"),
        blocks=rows("INTEG-07 QUERY-15 CHAR-05 IOCM-05 IOCM-07"),
    ),
    Fault(
        "resend-removes-file",
        "an identical object that comes again removes the file of the first",
        Parts(intake=ResendRemovesFile),
        breaks=rows("STORE-08"),
    ),
    Fault(
        "undefined-status-for-conflict",
        "an image whose UID is stored in another series is answered 0300",
        Parts(services=UndefinedStatus),
        breaks=rows("STORE-09"),
    ),
    Fault(
        "refusal-ends-association",
        "after refusing an object without SOP Instance UID the association is aborted",
        Parts(intake=FatalRefusal, services=AbortsAfterRefusal),
        breaks=rows("STORE-10"),
        blocks=rows("REJECT-01 REJECT-14"),
    ),
    Fault(
        "series-uid-rerooted",
        "computed radiography is stored under a Series Instance UID of the archive's own root",
        Parts(intake=RerootsSeries),
        breaks=rows("STORE-13 RETR-01"),
    ),
    Fault(
        "other-ids-lose-their-issuer",
        "the items of Other Patient IDs Sequence are stored without their issuers, with 0000",
        Parts(intake=OtherIdsWithoutIssuer),
        breaks=rows("IDENT-07 WEB-06"),
    ),
    Fault(
        "same-uid-elsewhere-overwrites",
        "an image with a stored UID in another series replaces the first in silence",
        Parts(intake=OverwritesElsewhere),
        breaks=rows("INTEG-04"),
    ),
    Fault(
        "same-uid-elsewhere-overwrites-and-is-refused",
        "an image with the SOP Instance UID of another one, in another series, is refused when it has replaced it",
        Parts(intake=OverwritesAndRefuses),
        breaks=rows("INTEG-04"),
    ),
    Fault(
        "refused-object-indexed",
        "other content under a stored SOP Instance UID is refused, and the index tells of it",
        Parts(intake=IndexesWhatItRefuses),
        breaks=rows("INTEG-05"),
    ),
    Fault(
        "replaced-object-keeps-old-index",
        "another content under the same UID replaces the file and not the index",
        Parts(intake=ReplacesFileOnly),
        breaks=rows("INTEG-05"),
    ),
    Fault(
        "half-object-kept",
        "what had come of an object when the association broke is stored",
        Parts(acceptor=KeepsHalves),
        breaks=rows("ROBUST-01"),
    ),
    Fault(
        "cut-transfer-leaves-study",
        "patient, study and series of an object stay when the association broke before its end",
        Parts(acceptor=CutLeavesStudy),
        breaks=rows("INTEG-16"),
    ),
)
