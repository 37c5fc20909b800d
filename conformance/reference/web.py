"""DICOMweb over the same index and depot: QIDO-RS, WADO-RS and STOW-RS for studies (PS3.18 10).

Each resource is one method that turns a request into a response; `webserver` carries them. Nothing is indexed or kept here: what
comes in by this door goes through the same intake as a C-STORE, and what goes out is the same file.
"""

import hmac
import json
import secrets
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID

from conformance.reference.depot import Depot
from conformance.reference.encoding import dictionary_vr, part10_header
from conformance.reference.find import Finder, Query
from conformance.reference.index import Index, Located
from conformance.reference.intake import Intake
from conformance.reference.keys import BY_KEYWORD, KEYS, UNIQUE, Attributes, Key, Value, tag_of
from conformance.reference.models import STUDY_ROOT
from conformance.reference.rules import CANNOT_UNDERSTAND, CONFLICT
from conformance.reference.transcoding import transcode

JSON, DICOM = "application/dicom+json", "application/dicom"
OK, ACCEPTED, NO_CONTENT, PARTIAL = 200, 202, 204, 206
BAD_REQUEST, UNAUTHORIZED, NOT_FOUND, NOT_ACCEPTABLE, CONFLICTED = 400, 401, 404, 406, 409

# PS3.18 Table 10.6.3-3: what every result of a search for studies has.
RETURNED: tuple[str, ...] = (
    "StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy", "ReferringPhysicianName", "PatientName", "PatientID",
    "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_META_START = 144  # preamble, "DICM", and the group length element (PS3.10 7.1)


@dataclass(frozen=True, slots=True)
class Request:
    """What a user agent asks: the path below the base URL in its segments, the query, the headers that count, the parts of a body.

    `encrypted`: it came by TLS, as every request does; for faults, since the port speaks nothing else.
    """

    method: str
    path: tuple[str, ...]
    query: Sequence[tuple[str, str]] = ()
    authorization: str = ""
    accept: str = ""
    parts: Sequence[bytes] = ()
    encrypted: bool = True


@dataclass(frozen=True, slots=True)
class Response:
    """What it gets."""

    status: int
    content_type: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one posted object. `reason` is its Failure Reason (PS3.18 Annex I); 0 stands for stored."""

    sop_class: str
    sop_instance: str
    reason: int


class WebServices:
    """Answers for the base URL `url`, to whoever brings the bearer token (PS3.18 8.11)."""

    def __init__(self, intake: Intake, finder: Finder, depot: Depot, *, url: str, token: str) -> None:
        self.intake, self.finder, self.depot, self.url, self.token = intake, finder, depot, url, token

    @property
    def index(self) -> Index:
        """The tree that all doors share."""
        return self.finder.index

    def answer(self, request: Request) -> Response:
        """Find the resource of a request, for those who may ask."""
        if not self.admits(request):
            return Response(UNAUTHORIZED)
        match request.method, request.path:
            case "GET", ("studies",):
                return self.search(request)
            case "GET", ("studies", study, "metadata"):
                return self.metadata({"StudyInstanceUID": [study]})
            case "GET", ("studies", *rest) if uids := scope_of(rest):
                return self.retrieve(uids, request.accept)
            case "POST", ("studies", *rest) if len(rest) <= 1:
                return self.store(request.parts, *rest)
        return Response(NOT_FOUND)

    def admits(self, request: Request) -> bool:
        """Whether the request carries the token."""
        return hmac.compare_digest(request.authorization.encode(), f"Bearer {self.token}".encode())

    def secured(self, connection: socket.socket, context: ssl.SSLContext) -> socket.socket:
        """Speak TLS on a connection. Its handshake is left to its own thread: a silent peer keeps nobody else waiting."""
        return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)

    # QIDO-RS

    def search(self, request: Request) -> Response:
        """Search for studies (PS3.18 10.6.1.2.3): keys by keyword or tag, everything else is ignored."""
        named = [(key, value) for name, value in request.query if (key := named_key(name)) is not None]
        fields = [key for name, value in request.query if name == "includefield" and (key := named_key(value)) is not None]
        keys = self.matched(dict(named))
        query = Query("STUDY", STUDY_ROOT, keys, complete=True, extras=frozenset())
        returned = dict.fromkeys([*(BY_KEYWORD[keyword] for keyword in RETURNED), *keys, *fields])
        found = [self.result(list(returned), entity) for entity in self.finder.entities(query) if self.finder.match(query, entity)]
        return Response(OK, JSON, packed(found)) if found else Response(NO_CONTENT)

    def matched(self, keys: Mapping[Key, Value]) -> Mapping[Key, Value]:
        """The keys by which studies are chosen."""
        return keys

    def result(self, keys: Sequence[Key], entity: Attributes) -> dict[str, Any]:
        """One study in the DICOM JSON model (PS3.18 F.2)."""
        return {f"{key.tag:08X}": attribute(key.vr, self.finder.held(key, entity)) for key in sorted(keys, key=lambda key: key.tag)}

    # WADO-RS

    def retrieve(self, scope: Mapping[str, Sequence[str]], accept: str) -> Response:
        """Every object within unique keys (PS3.18 10.4.1.1.1): 206 where one of them cannot be sent."""
        located = self.index.locate(scope)
        if not located:
            return Response(NOT_FOUND)
        files = [file for each in located if (file := self.file(each, accept)) is not None]
        if not files:
            return Response(NOT_ACCEPTABLE)
        return multipart(self.completeness(len(located), len(files)), files)

    def completeness(self, asked: int, sent: int) -> int:
        """The status that says whether all came (PS3.18 10.4.3.1)."""
        return OK if asked == sent else PARTIAL

    def file(self, located: Located, accept: str) -> bytes | None:
        """One object as a Part 10 file: as it is stored where that is asked for, else in Explicit VR Little Endian (PS3.18 8.7.3.3)."""
        stored = located.transfer_syntax_uid
        wanted = stored if "transfer-syntax=*" in accept.replace('"', "") else str(ExplicitVRLittleEndian)
        data = transcode(self.depot.get(located), stored, wanted)
        if data is None:
            return None
        return part10_header(located.sop_class_uid, located.sop_instance_uid, wanted, PYNETDICOM_IMPLEMENTATION_UID) + data

    def metadata(self, scope: Mapping[str, Sequence[str]]) -> Response:
        """Every attribute but the pixels (PS3.18 10.4.1.1.2)."""
        files = (self.file(each, "transfer-syntax=*") or b"" for each in self.index.locate(scope))
        found = [dcmread(BytesIO(file), stop_before_pixels=True).to_json_dict() for file in files]
        return Response(OK, JSON, packed(found)) if found else Response(NOT_FOUND)

    # STOW-RS

    def store(self, parts: Sequence[bytes], study: str = "") -> Response:
        """Take every part in, and say which were stored and which not (PS3.18 10.5.3)."""
        if not parts:
            return Response(BAD_REQUEST)
        outcomes = [self.take(part, study) for part in parts]
        return Response(self.verdict(outcomes), JSON, packed(self.report(outcomes)))

    def verdict(self, outcomes: Sequence[Outcome]) -> int:
        """200 where all were stored, 202 where some were, 409 where none was."""
        failed = sum(1 for each in outcomes if each.reason)
        return CONFLICTED if failed == len(outcomes) else ACCEPTED if failed else OK

    def take(self, part: bytes, study: str) -> Outcome:
        """Keep one Part 10 file; one of another study than the resource names is refused (PS3.18 10.5.1.1.1)."""
        try:
            read = dcmread(BytesIO(part), stop_before_pixels=True)
            meta = read.file_meta
            start = _META_START + int(meta.FileMetaInformationGroupLength)
            sop_class, sop_instance = str(meta.MediaStorageSOPClassUID), str(meta.MediaStorageSOPInstanceUID)
            syntax = str(meta.TransferSyntaxUID)
        except (InvalidDicomError, AttributeError, EOFError):
            return Outcome("", "", CANNOT_UNDERSTAND)
        if study and self.contradicts(str(read.get("StudyInstanceUID", "")), study):
            return Outcome(sop_class, sop_instance, CONFLICT)
        refusal = self.intake.take(sop_class, sop_instance, sop_class, syntax, self.received(part[start:]))
        return Outcome(sop_class, sop_instance, refusal.status if refusal else 0)

    def contradicts(self, own: str, named: str) -> bool:
        """Whether an object's own study is another than that of the resource."""
        return own != named

    def received(self, data: bytes) -> bytes:
        """The data set that goes to the intake: as it came; for faults, since nothing else changes an object."""
        return data

    def report(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """The Store Instances Response (PS3.18 Annex I.2)."""
        sequences = {
            "ReferencedSOPSequence": [reference(each) for each in outcomes if not each.reason],
            "FailedSOPSequence": [reference(each) for each in outcomes if each.reason and each.sop_instance],
            "OtherFailuresSequence": [reference(each) for each in outcomes if not each.sop_instance],
        }
        items = {f"{tag_of(keyword):08X}": {"vr": "SQ", "Value": found} for keyword, found in sequences.items() if found}
        return {"00081190": {"vr": "UR", "Value": [f"{self.url}/studies"]}, **items}


def scope_of(rest: Sequence[str]) -> Mapping[str, Sequence[str]] | None:
    """Read STUDY[/series/SERIES[/instances/INSTANCE]] as unique keys; None for any other path."""
    names = ("series", "instances")
    if len(rest) not in (1, 3, 5) or tuple(rest[1::2]) != names[: len(rest) // 2]:
        return None
    return {UNIQUE[level]: [uid] for level, uid in zip(("STUDY", "SERIES", "IMAGE"), rest[::2], strict=False)}


def named_key(name: str) -> Key | None:
    """Find the key that a query names by keyword or by tag (PS3.18 8.3.4.1), where it is one of studies."""
    key = KEYS.get(int(name, 16)) if len(name) == 8 and all(char in "0123456789abcdefABCDEF" for char in name) else BY_KEYWORD.get(name)
    return key if key is not None and key.level in ("PATIENT", "STUDY") else None


def attribute(vr: str, value: Value) -> dict[str, Any]:
    """Write one attribute in the DICOM JSON model; without value it has none (PS3.18 F.2.5)."""
    if isinstance(value, list):
        values: list[Any] = [{tag: attribute(dictionary_vr(int(tag, 16)), inner) for tag, inner in item.items()} for item in value]
    else:
        values = [_json_value(vr, each) for each in value.split("\\")] if value else []
    return {"vr": vr, "Value": values} if values else {"vr": vr}


def _json_value(vr: str, text: str) -> Any:
    if vr == "PN":
        return {group: part for group, part in zip(_GROUPS, text.split("="), strict=False) if part}
    return int(text) if vr == "IS" else text


def reference(outcome: Outcome) -> dict[str, Any]:
    """One item of a Store Instances Response."""
    named = {"ReferencedSOPClassUID": ("UI", outcome.sop_class), "ReferencedSOPInstanceUID": ("UI", outcome.sop_instance)}
    item = {f"{tag_of(keyword):08X}": {"vr": vr, "Value": [value]} for keyword, (vr, value) in named.items() if value}
    return item | ({f"{tag_of('FailureReason'):08X}": {"vr": "US", "Value": [outcome.reason]}} if outcome.reason else {})


def packed(document: object) -> bytes:
    """Write JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False).encode()


def multipart(status: int, files: Sequence[bytes]) -> Response:
    """Put Part 10 files into one payload (PS3.18 8.6.1.2.1)."""
    boundary = secrets.token_hex(16)
    body = b"".join(b"\r\n--%b\r\nContent-Type: %b\r\n\r\n%b" % (boundary.encode(), DICOM.encode(), file) for file in files)
    return Response(status, f'multipart/related; type="{DICOM}"; boundary={boundary}', body + f"\r\n--{boundary}--\r\n".encode())
