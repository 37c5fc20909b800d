"""The DICOMweb door of the system under test as a check sees it: search, retrieve, store, and what comes back (PS3.18 10)."""

import json
import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.errors import InvalidDicomError

from conformance.acts import Act
from conformance.findings import Nonconformance, NotApplicable, NotExercised, expect, require
from conformance.suite.peer import polls
from conformance.suite.system import System
from conformance.web import DICOM, MULTIPART, Reply, WebDoor, WebPayloadError, WebUnanswered, WebUnavailable
from generators import Encoded, Study

OK, NO_CONTENT, NOT_FOUND = 200, 204, 404
Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stowed:
    """What a Store Instances Response says (PS3.18 Annex I.2): the status, and the instances of its two sequences, in order."""

    status: int
    referenced: tuple[str, ...]
    failed: tuple[str, ...]

    def __str__(self) -> str:
        return f"HTTP {self.status}, {len(self.referenced)} referenced and {len(self.failed)} failed"


class Web:
    """One door, opened once for a run. Whatever is left without a reply leaves its check unexercised."""

    def __init__(self, system: System, door: WebDoor) -> None:
        self.system, self.door = system, door

    @classmethod
    def open(cls, system: System) -> "Web":
        """Open the door that the profile names, and see that it answers.

        Raises:
            NotApplicable: nothing says that there is one.
            NotExercised: it is claimed and not named, cannot be asked from here, or does not answer with the given credentials.
        """
        service, claimed = system.target.web, system.target.claims.services
        if service is None:
            require("web" not in (claimed or ()), "the profile claims web and does not say where: give --web-url")
            raise NotApplicable("nothing says where DICOMweb is served (--web-url)")
        try:
            web = cls(system, WebDoor(service, system.target.timeouts, lambda command: system.acts.append(Act(command))))
        except WebUnavailable as error:
            raise NotExercised(str(error)) from error
        reply = web.search(StudyInstanceUID=system.synthesizer.uid())
        require(reply.status in (OK, NO_CONTENT), f"a search with the given credentials was answered HTTP {reply.status}")
        return web

    def ask(self, request: Callable[..., Reply], *what: Any) -> Reply:
        """Send one request of the driver's, noted for the report.

        Raises:
            NotExercised: it was left without a reply.
        """
        try:
            return request(self.system.recorder, *what)
        except WebUnanswered as error:
            raise NotExercised(str(error)) from error

    def search(self, *fields: str, **keys: str) -> Reply:
        """Search for studies by keywords; `fields` are to be returned besides."""
        return self.ask(self.door.search, keys, fields)

    def retrieve(self, *uids: str) -> Reply:
        """Retrieve a study, a series or an instance."""
        return self.ask(self.door.retrieve, *uids)

    def store(self, *instances: Encoded, study: str = "") -> Stowed:
        """Post objects, and remember what is said to be stored."""
        for instance in instances:
            self.system.ledger.note_sent(instance)
        self.system.acts.append(Act(f"dicomweb_client --url {shlex.quote(self.door.service.url)} store instances {{files}}", instances))
        reply = self.ask(self.door.store, [instance.part10() for instance in instances], study)
        stowed = Stowed(reply.status, *(self._listed(reply, name) for name in ("ReferencedSOPSequence", "FailedSOPSequence")))
        for instance in instances:
            if instance.sop_instance_uid in stowed.referenced:
                self.system.ledger.note_left(instance)
        return stowed

    def keep(self, study: Study, instances: Sequence[Encoded]) -> None:
        """Post a sound study that a check builds on.

        Raises:
            NotExercised: it was not taken whole, or does not show.
        """
        stowed = self.store(*instances)
        require(len(stowed.referenced) == len(instances), f"a sound study was answered {stowed}")
        self.require_shown(study)

    def shows(self, study: Study) -> bool:
        """Whether a search by Study Instance UID finds the study, in whatever form: that is for others to judge."""
        reply = self.search(StudyInstanceUID=study.uid)
        return reply.status == OK and study.uid.encode() in reply.body

    def require_shown(self, study: Study) -> None:
        """Hold the control of the checks of this door: a sound study shows on it in the declared time.

        Raises:
            NotExercised: it does not.
        """
        shown = any(self.shows(study) for _ in polls(self.system.target.claims.visible_seconds))
        require(shown, "a sound study does not show by its Study Instance UID on DICOMweb")

    def holds(self, study: Study, instance: Encoded) -> bool:
        """Whether an object can be retrieved, within the declared time to become visible."""
        series = next(series.uid for series in study.series if any(one.uid == instance.sop_instance_uid for one in series.instances))
        path = (study.uid, series, instance.sop_instance_uid)
        return self.system.comes_true(lambda: self.retrieve(*path).status == OK)

    def objects(self, *uids: str) -> list[Dataset]:
        """The objects of a study, a series or an instance, which are blamed where they are none.

        Raises:
            Nonconformance: the reply is no 200 with Part 10 files; objects that are not ours are counted and blamed.
        """
        reply = self.retrieve(*uids)
        expect(reply.status == OK, expected="200 and the objects", got=f"HTTP {reply.status}")
        as_dicom = reply.media_type == MULTIPART and reply.parameter("type").lower() == DICOM
        expect(as_dicom, expected=f'{MULTIPART}; type="{DICOM}"', got=reply.content_type or "no Content-Type")
        read = [dataset_of(part) for part in readable(reply.parts)]
        foreign = sum(1 for dataset in read if not self.system.ledger.is_ours(str(dataset.get("SOPInstanceUID", ""))))
        self.system.ledger.foreign += foreign
        expect(not foreign, expected="the objects of the resource only", got=f"{foreign} that are not ours")
        return read

    def delivered(self, *uids: str) -> list[Dataset]:
        """The objects of a resource, for a check about what is in them.

        Raises:
            NotExercised: they are not delivered as they should be, which WEB-03 decides.
        """
        try:
            return self.objects(*uids)
        except Nonconformance as error:
            raise NotExercised(f"the objects are not delivered by DICOMweb: {error.got}") from error

    def _listed(self, reply: Reply, keyword: str) -> tuple[str, ...]:
        """The SOP Instance UIDs of a sequence of the response. What cannot be read, under whatever media type, names none."""
        try:
            document = json.loads(reply.body)
        except ValueError:
            return ()
        first = document[0] if isinstance(document, list) and document else document
        items = first.get(tag(keyword), {}).get("Value", []) if isinstance(first, dict) else []
        return tuple(value(item, "ReferencedSOPInstanceUID") for item in items if isinstance(item, dict))


def readable(read: Callable[[], Any]) -> Any:
    """Read a payload, and blame the system where it is not what its media type says."""
    try:
        return read()
    except WebPayloadError as error:
        raise Nonconformance(expected="a payload that its media type describes", got=error.what) from error


def dataset_of(part: bytes) -> Dataset:
    """Read a Part 10 file, and blame the system where it is none."""
    try:
        return dcmread(BytesIO(part))
    except (InvalidDicomError, EOFError) as error:
        raise Nonconformance(expected="DICOM Part 10 files", got=f"a part that is none, of {len(part)} bytes") from error


def results(reply: Reply) -> list[Result]:
    """The results of a search; none, in an empty list or with 204, is also an answer."""
    expect(reply.status in (OK, NO_CONTENT), expected="200 with the matches, or 204", got=f"HTTP {reply.status}")
    found: list[Result] = readable(reply.datasets)
    return found


def tag(keyword: str) -> str:
    """The name of an attribute in the DICOM JSON model (PS3.18 F.2.2)."""
    return f"{tag_for_keyword(keyword):08X}"


def values(result: Result, keyword: str) -> list[Any]:
    """The values of an attribute in the DICOM JSON model, as they came; an absent or empty one has none."""
    found = result.get(tag(keyword), {})
    listed = found.get("Value", []) if isinstance(found, dict) else []
    return listed if isinstance(listed, list) else []


def value(result: Result, keyword: str) -> str:
    """The values as DICOM writes them: a name with its groups, values between backslashes."""
    return "\\".join(map(_text, values(result, keyword)))


def _text(one: Any) -> str:
    if isinstance(one, float) and one.is_integer():
        return str(int(one))  # JSON knows one kind of number: 2.0 is 2
    if isinstance(one, dict):
        return "=".join(str(one.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")
    return str(one)


def expect_results(web: Web, reply: Reply, expected: Mapping[str, str], *, because: str) -> None:
    """Blame the system unless the results are exactly the studies expected, by UID; any other is only counted."""
    listed = results(reply)
    prefix = web.system.synthesizer.patient_id_prefix
    web.system.ledger.foreign += sum(1 for result in listed if not value(result, "PatientID").startswith(prefix))
    found = Counter(value(result, "StudyInstanceUID") for result in listed)
    missing = [name for uid, name in expected.items() if not found[uid]]
    others = sum(count for uid, count in found.items() if uid not in expected)
    wrong = [f"{', '.join(missing)} not found"] * bool(missing) + [f"{others} that should not match"] * bool(others)
    expect(
        not wrong,
        expected=f"exactly {', '.join(expected.values()) or 'no result'}: {because}",
        got="; ".join(wrong),
        hint="A value comes percent-encoded (a circumflex as %5E), which is to be undone before it is compared (RFC 3986 2.4).",
    )
