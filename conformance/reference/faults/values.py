"""Faults of values: what is made of those that are wrong, doubled or odd, and what the sender is told.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import html
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.reference.archive import Parts
from conformance.reference.encoding import DataSet, Element, decode, readable
from conformance.reference.errors import UndecodableDataSet
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.faults.identities import Corrects
from conformance.reference.faults.losing import Loses
from conformance.reference.intake import Intake
from conformance.reference.keys import BY_KEYWORD, LEVELS, Attributes, attributes_at, tag_of
from conformance.reference.matching import Matcher, canonical_date, pattern
from conformance.reference.rules import CANNOT_UNDERSTAND, COMMAND_RULES, INVALID_INSTANCE, OUT_OF_RESOURCES, Candidate, Refusal, without
from conformance.reference.services import Request, Services
from conformance.reference.syntax import Syntax, syntax_of
from conformance.reference.text import in_utf8

STUDY_DATE, CLASS_UID, INSTANCE_UID = (tag_of(k) for k in ("StudyDate", "SOPClassUID", "SOPInstanceUID"))
_WORKING_SECONDS = 0.003
ACCESSION_COLUMN = 16  # characters


class ContextNotCompared(Intake):
    command_rules = without("context-class", rules=COMMAND_RULES)


def plain(uid: str) -> str:
    """A UID without leading zeros in its components."""
    return ".".join((part.lstrip("0") or "0") if part.isdigit() else part for part in uid.split("."))


class RewritesValue(Intake):
    """Writes another value into an object where it wants one: `keyword`, and what is written for what came."""

    keyword = ""

    def written(self, value: str) -> str:
        return value

    def stored_bytes(self, candidate: Candidate) -> bytes:
        value, key = candidate.text(self.keyword), BY_KEYWORD[self.keyword]
        written = self.written(value)
        if written == value:
            return candidate.data
        return self.rewritten(candidate, candidate.dataset | {key.tag: Element(key.vr, in_utf8(written, key.vr))})


class DropsZeros(RewritesValue):
    """Takes any SOP Instance UID, and corrects leading zeros in it."""

    command_rules = without("command-uid", rules=COMMAND_RULES)
    keyword = "SOPInstanceUID"

    def written(self, value: str) -> str:
        return plain(value)

    def identity(self, candidate: Candidate) -> str:
        return plain(super().identity(candidate))

    def attributes(self, candidate: Candidate) -> Mapping[str, Attributes]:
        levels = super().attributes(candidate)
        return {**levels, "IMAGE": levels["IMAGE"] | {"SOPInstanceUID": self.identity(candidate)}}


class KeepsReadable(Intake):
    def read(self, data: bytes, syntax: Syntax) -> DataSet:
        try:
            return super().read(data, syntax)
        except UndecodableDataSet:
            return readable(data, syntax)


class OutOfReading(Intake):
    """Answers A700 for what it cannot read."""

    def take(self, *request: Any) -> Refusal | None:
        refusal = super().take(*request)
        unread = refusal is not None and refusal.status == CANNOT_UNDERSTAND
        return Refusal(OUT_OF_RESOURCES, "no space left") if unread else refusal


class RefusesAndKeepsReadable(KeepsReadable):
    """Keeps the readable part for whoever is to look into it, and shows it to everybody."""

    def take(self, command_class: str, command_instance: str, context_class: str, syntax_uid: str, data: bytes) -> Refusal | None:
        refusal = super().take(command_class, command_instance, context_class, syntax_uid, data)
        try:
            decode(data, syntax_of(syntax_uid))
        except UndecodableDataSet as broken:
            return Refusal(CANNOT_UNDERSTAND, broken.what)
        return refusal


class PixelsNotCounted(Intake):
    rules = without("pixels")


class RepairsDates(RewritesValue):
    keyword = "StudyDate"

    def written(self, value: str) -> str:
        return value.replace("-", "")


class RewritesAccession(RewritesValue):
    """Keeps another accession number in the object than in the index."""

    keyword = "AccessionNumber"

    def written(self, value: str) -> str:
        return value.lstrip("0")


class CutsAccession(RewritesAccession):
    rules = without("accession-length")

    def written(self, value: str) -> str:
        return value[:ACCESSION_COLUMN]


class AbortsOverDates(Services):
    """Dies of a date that is none, with the association it was on."""

    def store(self, request: Request) -> None:
        stream = request.message.DataSet
        if b"-" in decode(stream.getvalue(), syntax_of(request.transfer_syntax)).get(STUDY_DATE, Element("DA")).value:
            request.assoc.abort()
        else:
            super().store(request)


class CalendarDates(Matcher):
    """Compares ranges as dates of the calendar, and cannot go on over a value that is none."""

    def date_range(self, wanted: str, held: str) -> bool:
        time.strptime(canonical_date(held), "%Y%m%d")
        return super().date_range(wanted, held)


class FirstAccession(Corrects):
    rules = without("accession-single")
    keyword = "AccessionNumber"

    def corrected(self, value: str) -> str:
        return value.split("\\")[0]


class FirstPatientId(RewritesValue):
    """Indexes both values of a Patient ID, and writes the first into the object."""

    rules = without("patient-single")
    keyword = "PatientID"

    def written(self, value: str) -> str:
        return value.split("\\")[0]


class NoReason(Services):
    def stored(self, request: Request, refusal: Refusal | None) -> None:
        if refusal is None:
            super().stored(request, refusal)
        else:
            request.respond(Status=refusal.status, AffectedSOPInstanceUID=request.message.AffectedSOPInstanceUID)


class BlamesResources(Services):
    """Answers A700 where a SOP Class or Instance UID cannot be used."""

    def stored(self, request: Request, refusal: Refusal | None) -> None:
        of_uids = refusal is not None and (refusal.status == INVALID_INSTANCE or refusal.tag in (CLASS_UID, INSTANCE_UID))
        super().stored(request, replace(refusal, status=OUT_OF_RESOURCES) if refusal and of_uids else refusal)


class NamesPatient(Intake):
    def judge(self, candidate: Candidate) -> Refusal | None:
        refusal = super().judge(candidate)
        return refusal and replace(refusal, comment=f"{candidate.text('PatientID')}: {refusal.comment}")


class PercentIsWild(Matcher):
    """Asks its database with LIKE."""

    def single(self, wanted: str, held: str) -> bool:
        return pattern(wanted.replace("%", "*").replace("_", "?")).fullmatch(held) is not None if "%" in wanted else wanted == held


class EscapesMarkup(Corrects):
    level, keyword = "PATIENT", "PatientID"

    def corrected(self, value: str) -> str:
        return html.escape(value, quote=False)


class EscapesMarkupInObjects(RewritesValue):
    keyword = "PatientID"

    def written(self, value: str) -> str:
        return html.escape(value, quote=False)


class QuotesRefused(Intake):
    """Turns away what looks like an attack."""

    def judge(self, candidate: Candidate) -> Refusal | None:
        quoted = "'" in candidate.text("PatientID")
        return Refusal(CANNOT_UNDERSTAND, "PatientID has a character that is not allowed") if quoted else super().judge(candidate)


class QuotesLost(Loses):
    """Writes its statements by hand: a quote ends one before its time, and nobody looks."""

    def loses(self, candidate: Candidate) -> bool:
        return "'" in candidate.text("PatientID")


class LosesOverlong(Loses):
    """Acknowledges an accession number that does not fit into its column, and fails at the insert."""

    rules = without("accession-length")

    def loses(self, candidate: Candidate) -> bool:
        return len(candidate.text("AccessionNumber")) > ACCESSION_COLUMN


class SharedDesk(Intake):
    """Works on one object after the other, but what it looks at meanwhile is the object that came last."""

    latest: DataSet

    def read(self, data: bytes, syntax: Syntax) -> DataSet:
        dataset = self.latest = super().read(data, syntax)
        time.sleep(_WORKING_SECONDS)
        return dataset

    def attributes(self, candidate: Candidate) -> Mapping[str, Attributes]:
        latest = self.latest
        return {**super().attributes(candidate), **{level: attributes_at(latest, level) for level in LEVELS[:-1]}}


VALUE_FAULTS: tuple[Fault, ...] = (
    Fault(
        "class-not-compared-with-context",
        "an object is taken in a presentation context for another class",
        Parts(intake=ContextNotCompared),
        breaks=rows("REJECT-07"),
    ),
    Fault(
        "leading-zeros-of-uids-dropped",
        "a SOP Instance UID with a leading zero is corrected, with 0000",
        Parts(intake=DropsZeros),
        breaks=rows("REJECT-08"),
    ),
    Fault(
        "readable-part-kept",
        "of a data set that cannot be read the elements before the first broken one are indexed, with 0000",
        Parts(intake=KeepsReadable),
        breaks=rows("REJECT-09"),
    ),
    Fault(
        "unreadable-called-out-of-resources",
        "a data set that cannot be read is answered A700, for which senders try again",
        Parts(intake=OutOfReading),
        breaks=rows("REJECT-09"),
    ),
    Fault(
        "unreadable-refused-and-kept",
        "a data set that cannot be read is refused, and its readable part is shown",
        Parts(intake=RefusesAndKeepsReadable),
        breaks=rows("REJECT-09"),
    ),
    Fault("short-pixel-data-taken", "the length of Pixel Data is not checked", Parts(intake=PixelsNotCounted), warns=rows("REJECT-10")),
    Fault(
        "dashed-dates-repaired",
        "dashes are taken out of a Study Date, with 0000",
        Parts(intake=RepairsDates),
        breaks=rows("REJECT-11"),
    ),
    Fault(
        "leading-zeros-dropped-from-objects",
        "accession numbers lose their leading zeros in the objects",
        Parts(intake=RewritesAccession),
        breaks=rows("IDENT-11"),
    ),
    Fault(
        "overlong-accession-cut-in-object",
        "an accession number is cut to 16 characters in the object, with 0000",
        Parts(intake=CutsAccession),
        breaks=rows("IDENT-12"),
    ),
    Fault(
        "dashed-date-aborts", "a Study Date with dashes aborts the association", Parts(services=AbortsOverDates), breaks=rows("REJECT-11")
    ),
    Fault(
        "odd-date-ends-date-queries",
        "once a date that is none is stored, queries for a range of dates fail",
        Parts(matcher=CalendarDates),
        breaks=rows("REJECT-11"),
    ),
    Fault(
        "first-of-two-accessions",
        "of two accession numbers in one object the first is indexed, with 0000",
        Parts(intake=FirstAccession),
        breaks=rows("REJECT-12"),
    ),
    Fault(
        "first-of-two-patient-ids",
        "of two Patient IDs in one object the first is kept in the object, with 0000",
        Parts(intake=FirstPatientId),
        breaks=rows("REJECT-12"),
    ),
    Fault(
        "refusals-without-reason",
        "a failure response carries neither Offending Element nor Error Comment",
        Parts(services=NoReason),
        warns=rows("REJECT-13"),
    ),
    Fault(
        "bad-uids-blamed-on-resources",
        "an object whose own UIDs are missing or malformed is refused with A700",
        Parts(services=BlamesResources),
        breaks=rows("REJECT-01 REJECT-08"),
    ),
    Fault(
        "refusals-name-the-patient",
        "the Error Comment begins with the Patient ID",
        Parts(intake=NamesPatient),
        warns=rows("REJECT-13"),
    ),
    Fault(
        "percent-in-key-is-wild",
        "percent and underscore in a Patient ID stand for any characters",
        Parts(matcher=PercentIsWild),
        breaks=rows("REJECT-15"),
    ),
    Fault(
        "markup-escaped-in-index",
        "Patient IDs are escaped for a web page before they are indexed",
        Parts(intake=EscapesMarkup),
        breaks=rows("REJECT-15"),
    ),
    Fault(
        "markup-escaped-in-objects",
        "Patient IDs are escaped for a web page in the objects",
        Parts(intake=EscapesMarkupInObjects),
        breaks=rows("REJECT-15"),
    ),
    Fault(
        "overlong-accession-lost",
        "an object whose accession number is longer than 16 characters is answered 0000 and lost",
        Parts(intake=LosesOverlong),
        breaks=rows("STORE-01"),
        blocks=rows("IDENT-12"),
    ),
    Fault(
        "quotes-lost",
        "an object with a quote in its Patient ID is answered 0000 and lost",
        Parts(intake=QuotesLost),
        breaks=rows("REJECT-15"),
    ),
    Fault("quotes-refused", "a Patient ID with a quote is refused", Parts(intake=QuotesRefused), breaks=rows("REJECT-15")),
    Fault(
        "parallel-objects-mixed",
        "objects that come at once are indexed in the series of whichever came last",
        Parts(intake=SharedDesk),
        breaks=rows("ROBUST-08"),
    ),
)
