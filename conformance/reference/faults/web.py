"""Faults of DICOMweb: what a search leaves out, what an answer to a POST hides, who is let in.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from select import select
from typing import Any

from conformance.reference.archive import Parts
from conformance.reference.encoding import DataSet, Element, decode, encode
from conformance.reference.errors import UndecodableDataSet
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.faults.memory import Memory, memory
from conformance.reference.find import Finder, Query
from conformance.reference.index import Located
from conformance.reference.keys import BY_KEYWORD, UNIQUE, Attributes, Key, Value, tag_of
from conformance.reference.models import STUDY_ROOT, Identifier
from conformance.reference.rules import CONFLICT
from conformance.reference.syntax import EXPLICIT
from conformance.reference.web import (
    ACCEPTED,
    DICOM,
    NO_CONTENT,
    OK,
    RETURNED,
    Outcome,
    Request,
    Response,
    WebServices,
    multipart,
    reference,
)

CREATED, TOO_MANY_REQUESTS = 201, 429
TLS_HANDSHAKE = b"\x16"  # the first byte of a record that holds one (RFC 8446 5.1)
FIRST_BYTE_SECONDS = 0.2
DESCRIPTION, INSTITUTION, STUDY_UID = tag_of("SeriesDescription"), tag_of("InstitutionName"), tag_of("StudyInstanceUID")


class AccessionIgnored(WebServices):
    """Knows no accession number on the web, and takes it for a field to return."""

    def matched(self, keys: Mapping[Key, Value]) -> Mapping[Key, Value]:
        return {key: value for key, value in keys.items() if key.keyword != "AccessionNumber"}


class ModalityIgnored(WebServices):
    """Compares Modalities in Study with nothing."""

    def matched(self, keys: Mapping[Key, Value]) -> Mapping[Key, Value]:
        return {key: value for key, value in keys.items() if key.keyword != "ModalitiesInStudy"}


class WebAllForNone(WebServices):
    """Drops the keys of a search that finds nothing, but for unique ones."""

    def matched(self, keys: Mapping[Key, Value]) -> Mapping[Key, Value]:
        query = Query("STUDY", STUDY_ROOT, keys, complete=True, extras=frozenset())
        found = any(self.finder.match(query, entity) for entity in self.finder.entities(query))
        return keys if found else {key: value for key, value in keys.items() if key.unique}


class NotCounted(WebServices):
    """Leaves the counts out of a result."""

    def result(self, keys: Sequence[Key], entity: Attributes) -> dict[str, Any]:
        return super().result([key for key in keys if not key.keyword.startswith("NumberOf")], entity)


class PlainNames(WebServices):
    """Writes a person name as a string."""

    def result(self, keys: Sequence[Key], entity: Attributes) -> dict[str, Any]:
        name = BY_KEYWORD["PatientName"]
        return super().result(keys, entity) | {f"{name.tag:08X}": {"vr": "PN", "Value": [str(entity["PatientName"])]}}


class FirstModality(WebServices):
    """Takes Modalities in Study for an attribute of one value."""

    def result(self, keys: Sequence[Key], entity: Attributes) -> dict[str, Any]:
        modalities = BY_KEYWORD["ModalitiesInStudy"]
        first = str(self.finder.held(modalities, entity)).split("\\")[0]
        return super().result(keys, entity) | {f"{modalities.tag:08X}": {"vr": "CS", "Value": [first]}}


class NoRepresentation(WebServices):
    """Leaves out of the Study ID what it is."""

    def result(self, keys: Sequence[Key], entity: Attributes) -> dict[str, Any]:
        return super().result(keys, entity) | {f"{tag_of('StudyID'):08X}": {"Value": [str(entity["StudyID"])]}}


class DatesInIso(WebServices):
    """Writes dates into JSON as other JSON has them."""

    def result(self, keys: Sequence[Key], entity: Attributes) -> dict[str, Any]:
        found, day = super().result(keys, entity), str(entity["StudyDate"])
        return found | {f"{tag_of('StudyDate'):08X}": {"vr": "DA", "Value": [f"{day[:4]}-{day[4:6]}-{day[6:]}"]}}


class FieldsFixed(WebServices):
    """Returns the attributes that every result has, and no others that are asked for."""

    def result(self, keys: Sequence[Key], entity: Attributes) -> dict[str, Any]:
        return super().result([key for key in keys if key.keyword in RETURNED], entity)


class PartMissing(WebServices):
    """Loses the last object of a series on the way, and says 200."""

    def retrieve(self, scope: Mapping[str, Sequence[str]], accept: str) -> Response:
        files = [file for each in self.index.locate(scope) if (file := self.file(each, accept)) is not None]
        return multipart(OK, files[:-1]) if len(files) > 1 else super().retrieve(scope, accept)


class PartsOfNoType(WebServices):
    """Calls the parts of what it delivers mere bytes."""

    def retrieve(self, scope: Mapping[str, Sequence[str]], accept: str) -> Response:
        response = super().retrieve(scope, accept)
        return replace(response, content_type=response.content_type.replace(DICOM, "application/octet-stream"))


class NothingForUnknown(WebServices):
    """Answers a resource that it does not know as one that is empty."""

    def retrieve(self, scope: Mapping[str, Sequence[str]], accept: str) -> Response:
        return super().retrieve(scope, accept) if self.index.locate(scope) else Response(NO_CONTENT)


class AlwaysStored(WebServices):
    """Says 200 whatever became of the objects: the failures stand in the body only."""

    def verdict(self, _outcomes: Sequence[Outcome]) -> int:
        return OK


class Created(WebServices):
    """Answers as many other services on the web do."""

    def verdict(self, outcomes: Sequence[Outcome]) -> int:
        status = super().verdict(outcomes)
        return CREATED if status == OK else status


class FirstStoredOnly(WebServices):
    """Lists the first of the objects that it stored."""

    def report(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        stored = [each for each in outcomes if not each.reason]
        return super().report([*stored[:1], *(each for each in outcomes if each.reason)])


class CountsOfYesterday(WebServices):
    """Counts one object less than there are."""

    def result(self, keys: Sequence[Key], entity: Attributes) -> dict[str, Any]:
        counted = BY_KEYWORD["NumberOfStudyRelatedInstances"]
        less = int(str(self.finder.held(counted, entity))) - 1
        return super().result(keys, entity) | {f"{counted.tag:08X}": {"vr": "IS", "Value": [less]}}


class FirstFailureOnly(WebServices):
    """Lists the first of the objects that it did not store."""

    def report(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        failed = [each for each in outcomes if each.reason]
        report = super().report(outcomes)
        return report | ({f"{tag_of('FailedSOPSequence'):08X}": {"vr": "SQ", "Value": [reference(failed[0])]}} if failed else {})


class ResourceIgnored(WebServices):
    """Stores an object under its own study, whatever study the resource names."""

    def contradicts(self, _own: str, _named: str) -> bool:
        return False


class RefusedAndKept(WebServices):
    """Stores an object under its own study, and says that it refused it."""

    def take(self, part: bytes, study: str) -> Outcome:
        outcome = super().take(part, study)
        if study and outcome.reason == CONFLICT:
            super().take(part, "")
        return outcome


class SilentlyCoerced(WebServices):
    """Puts its own institution into whatever comes in by the web, and leaves no trace of the other."""

    def received(self, data: bytes) -> bytes:
        return with_element(data, INSTITUTION, Element("LO", b"SYNTHETIC-REGION"))


class MadeToFit(WebServices):
    """Gives an object the study that the resource names."""

    study = ""

    def take(self, part: bytes, study: str) -> Outcome:
        self.study = study
        return super().take(part, study)

    def contradicts(self, _own: str, _named: str) -> bool:
        return False

    def received(self, data: bytes) -> bytes:
        uid = self.study.encode()
        return with_element(data, STUDY_UID, Element("UI", uid + b"\0" * (len(uid) % 2))) if uid else data


class NightlyIndex(WebServices):
    """Shows on the web what came by the web; the rest is carried over at night."""

    def __init__(self, *parts: Any, **settings: Any) -> None:
        super().__init__(*parts, **settings)
        self.posted: set[str] = set()

    def take(self, part: bytes, study: str) -> Outcome:
        taken = super().take(part, study)
        self.posted.add(taken.sop_instance)
        return taken

    def search(self, request: Request) -> Response:
        asked = dict(request.query).get("StudyInstanceUID", "")
        uids = {each.sop_instance_uid for each in self.index.locate({"StudyInstanceUID": [asked]})}
        return super().search(request) if uids & self.posted else Response(NO_CONTENT)


class MarksPosted(WebServices):
    """Notes which studies came by the web."""

    def take(self, part: bytes, study: str) -> Outcome:
        outcome = super().take(part, study)
        located = self.index.instance(outcome.sop_instance)
        if located is not None:
            memory(self.finder).marked.add(self.index.study_of(located.series) or located.series)
        return outcome


class LeavesPostedOut(Finder):
    """Finds no study that came by the web; they are carried over at night."""

    level = "STUDY"

    def answer(self, identifier: Identifier, levels: tuple[str, ...]) -> Iterator[tuple[int, DataSet]]:
        hidden = identifier.level == self.level and identifier.text(UNIQUE["STUDY"]) in memory(self).marked
        return iter(()) if hidden else super().answer(identifier, levels)


class LeavesSeriesOut(LeavesPostedOut):
    level = "SERIES"


class OldText(WebServices):
    """Sends files on the web in which a description is not the one of the archive."""

    def file(self, located: Located, accept: str) -> bytes | None:
        file = super().file(located, accept)
        if file is None:
            return None
        data = self.depot.get(located)
        return file[: len(file) - len(data)] + with_element(data, DESCRIPTION, Element("LO", b"AS OF YESTERDAY "))


class MetadataOpen(WebServices):
    """Leaves the metadata to everybody."""

    def admits(self, request: Request) -> bool:
        return super().admits(request) or request.path[-1] == "metadata"


class AnyToken(WebServices):
    """Asks for a token and does not look at it."""

    def admits(self, request: Request) -> bool:
        return request.authorization.startswith("Bearer ")


class TrustsPlainHttp(WebServices):
    """Answers plain HTTP at the port of TLS: whoever comes so is taken for the proxy of the house, which lets nobody else in."""

    def secured(self, connection: socket.socket, context: ssl.SSLContext) -> socket.socket:
        spoke, _, _ = select([connection], [], [], FIRST_BYTE_SECONDS)  # nobody else is accepted meanwhile
        plain = bool(spoke) and connection.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE
        return connection if plain else super().secured(connection, context)

    def admits(self, request: Request) -> bool:
        return not request.encrypted or super().admits(request)


class Overrun(WebServices):
    """Has no time for whoever brings no token that it knows."""

    def answer(self, request: Request) -> Response:
        return super().answer(request) if self.admits(request) else Response(TOO_MANY_REQUESTS)


class Refused202(WebServices):
    """Says 202 where nothing at all was stored."""

    def verdict(self, outcomes: Sequence[Outcome]) -> int:
        return OK if not any(each.reason for each in outcomes) else ACCEPTED


class StudyOnly(WebServices):
    """Delivers the whole study for any resource within it."""

    def answer(self, request: Request) -> Response:
        of_a_series = len(request.path) == 4 and request.method == "GET"
        return super().answer(replace(request, path=request.path[:2]) if of_a_series else request)


def with_element(data: bytes, tag: int, element: Element) -> bytes:
    """Put an element into a data set in Explicit VR Little Endian; bytes that are none stay, for the intake to judge."""
    try:
        return encode(decode(data, EXPLICIT) | {tag: element}, EXPLICIT)
    except UndecodableDataSet:
        return data


WEB_FAULTS: tuple[Fault, ...] = (
    Fault("web-accession-ignored", "QIDO-RS ignores the accession number", Parts(web=AccessionIgnored), breaks=rows("WEB-01")),
    Fault("web-modality-ignored", "QIDO-RS ignores Modalities in Study", Parts(web=ModalityIgnored), breaks=rows("WEB-01")),
    Fault("web-everything-for-no-match", "a search that finds nothing ignores its keys", Parts(web=WebAllForNone), breaks=rows("WEB-01")),
    Fault("web-counts-missing", "results of QIDO-RS have no counts", Parts(web=NotCounted), breaks=rows("WEB-02")),
    Fault("web-names-as-text", "results of QIDO-RS have person names as plain strings", Parts(web=PlainNames), breaks=rows("WEB-02")),
    Fault("web-first-modality", "results of QIDO-RS name one modality of a study", Parts(web=FirstModality), breaks=rows("WEB-02")),
    Fault("web-without-vr", "an attribute of a result has no vr", Parts(web=NoRepresentation), breaks=rows("WEB-02")),
    Fault("web-stored-is-201", "STOW-RS answers 201 where all was stored", Parts(web=Created), breaks=rows("WEB-04")),
    Fault("web-dates-in-iso", "results of QIDO-RS have dates with hyphens", Parts(web=DatesInIso), breaks=rows("WEB-02")),
    Fault("web-fields-fixed", "QIDO-RS returns no attribute that includefield names", Parts(web=FieldsFixed), breaks=rows("WEB-02")),
    Fault(
        "web-part-missing",
        "WADO-RS answers 200 and leaves an object out",
        Parts(web=PartMissing),
        breaks=rows("WEB-03"),
        blocks=rows("WEB-07"),
    ),
    Fault(
        "web-parts-of-no-type",
        "WADO-RS calls the objects application/octet-stream",
        Parts(web=PartsOfNoType),
        breaks=rows("WEB-03"),
        blocks=rows("WEB-06 WEB-07"),
    ),
    Fault("web-unknown-is-empty", "WADO-RS answers 204 for what it does not know", Parts(web=NothingForUnknown), breaks=rows("WEB-03")),
    Fault("web-study-for-series", "WADO-RS delivers the study for one of its series", Parts(web=StudyOnly), breaks=rows("WEB-03")),
    Fault("web-always-200", "STOW-RS answers 200 whatever was stored", Parts(web=AlwaysStored), breaks=rows("WEB-04 WEB-05")),
    Fault("web-nothing-is-202", "STOW-RS answers 202 where nothing was stored", Parts(web=Refused202), breaks=rows("WEB-04 WEB-05")),
    Fault(
        "web-first-stored-only",
        "STOW-RS lists one stored object for all",
        Parts(web=FirstStoredOnly),
        breaks=rows("WEB-04"),
        blocks=rows("WEB-07"),
    ),
    Fault(
        "web-counts-of-yesterday",
        "results of QIDO-RS count other objects than C-FIND",
        Parts(web=CountsOfYesterday),
        breaks=rows("WEB-02 WEB-07"),
    ),
    Fault("web-first-failure-only", "STOW-RS lists one failed object for all", Parts(web=FirstFailureOnly), breaks=rows("WEB-04")),
    Fault("web-resource-ignored", "STOW-RS stores an object of another study", Parts(web=ResourceIgnored), breaks=rows("WEB-05")),
    Fault("web-refused-and-kept", "STOW-RS refuses an object and stores it", Parts(web=RefusedAndKept), breaks=rows("WEB-05")),
    Fault("web-made-to-fit", "STOW-RS rewrites the study to that of the resource", Parts(web=MadeToFit), breaks=rows("WEB-05")),
    Fault("web-silent-coercion", "STOW-RS changes an object without a trace", Parts(web=SilentlyCoerced), breaks=rows("WEB-06")),
    Fault("web-old-text", "WADO-RS sends another description than C-MOVE", Parts(web=OldText), breaks=rows("WEB-06 WEB-07")),
    Fault(
        "web-nightly-index",
        "what came by C-STORE is not found on DICOMweb",
        Parts(web=NightlyIndex),
        breaks=rows("WEB-07"),
        blocks=rows("WEB-01 WEB-02 WEB-03 WEB-08"),
    ),
    Fault(
        "web-studies-not-in-c-find",
        "what came by STOW-RS is not found by C-FIND",
        Parts(web=MarksPosted, finder=LeavesPostedOut, index=Memory),
        breaks=rows("WEB-07"),
    ),
    Fault(
        "web-series-not-in-c-find",
        "C-FIND lists a study that came by STOW-RS, and not its series",
        Parts(web=MarksPosted, finder=LeavesSeriesOut, index=Memory),
        breaks=rows("WEB-07"),
    ),
    Fault("web-metadata-open", "the metadata are given to everybody", Parts(web=MetadataOpen), breaks=rows("WEB-08")),
    Fault("web-overrun", "whoever brings no valid token is answered 429", Parts(web=Overrun), blocks=rows("WEB-08")),
    Fault("web-plain-http-trusted", "plain HTTP is answered, and asked for no token", Parts(web=TrustsPlainHttp), breaks=rows("WEB-08")),
    Fault("web-any-token", "any bearer token opens the door", Parts(web=AnyToken), breaks=rows("WEB-08")),
)
