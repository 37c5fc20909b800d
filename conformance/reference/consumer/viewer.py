"""A viewer without a screen: it finds studies, opens one, and tells its user what it made of the answers.

Each step of its user is one method, and each identifier that it sends another, so that a fault is one method that is wrong.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from io import BytesIO
from typing import Any

from pydicom import Dataset
from pydicom.config import disable_value_validation
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.dimse_primitives import C_ECHO, C_FIND, C_MOVE
from pynetdicom.dsutils import decode, encode
from pynetdicom.sop_class import (  # type: ignore[attr-defined] # made at import from pynetdicom's tables
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from conformance.reference.archive import Archive, Parts
from conformance.reference.services import Address
from conformance.reference.wire import Courier

SUCCESS, PENDING, PENDING_WARNING = 0x0000, 0xFF00, 0xFF01
ANSWER_SECONDS = 30.0
UNICODE = "ISO_IR 192"
SEARCHED = "SYNTHETIC*"  # the beginning of every family name of a synthetic patient
STUDY_ROOT_FIND, STUDY_ROOT_MOVE = str(StudyRootQueryRetrieveInformationModelFind), str(StudyRootQueryRetrieveInformationModelMove)
PATIENT_ROOT_MOVE = str(PatientRootQueryRetrieveInformationModelMove)

Keys = Mapping[str, Any]


@dataclass(slots=True)
class Found:
    """The end of a query: its matches, the status that ended it (None: no answer), whether there may be some that do not match."""

    matches: list[Dataset] = field(default_factory=list)
    status: int | None = None
    unfiltered: bool = False


class Viewer:
    """One viewer. What it is sent by C-MOVE comes to its `inbox`, an archive under the viewer's own AE title."""

    parts = Parts()
    courier = Courier
    retrieve_model = STUDY_ROOT_MOVE

    def __init__(self, archive: Address, called: str, inbox: Archive) -> None:
        self.archive, self.called, self.inbox = archive, called, inbox

    # What its user does

    def verify(self) -> None:
        """Press the button that tests the connection."""
        answer = next(self.ask(C_ECHO(), str(Verification)), None)
        self.tell("the archive answers" if self.is_well(answer) else "the archive does not answer as it should")

    def search(self) -> None:
        """Search for synthetic patients, then for one of them by the whole name."""
        found = self.filtered(self.find(self.search_keys(SEARCHED)), SEARCHED)
        self.tell_found(found)
        accented = [str(one.PatientName) for one in found.matches if not str(one.PatientName).isascii()]
        for name in accented[:1]:
            self.tell_found(self.filtered(self.find(self.named_keys(name)), name))

    def open(self) -> None:
        """Search, open the study with most modalities: list its series and images, have all of them sent, and count them."""
        studies = self.find(self.search_keys(SEARCHED)).matches
        if not studies:
            self.tell("there is nothing to open")
            return
        study = max(studies, key=lambda one: len(one.get("ModalitiesInStudy") or ""))
        listed = [one for series in self.find(self.series_keys(study)).matches for one in self.find(self.image_keys(series)).matches]
        answer = self.retrieve(study)
        self.tell_received(len(listed), answer)

    # What it asks

    def search_keys(self, name: str) -> Keys:
        """A search by name."""
        return {
            "SpecificCharacterSet": UNICODE,
            "QueryRetrieveLevel": "STUDY",
            "PatientName": name,
            "PatientID": "",
            "StudyInstanceUID": "",
            "StudyDate": "19000101-",
            "ModalitiesInStudy": "",
        }

    def named_keys(self, name: str) -> Keys:
        """A search by a whole name, which may need more than ASCII."""
        return self.search_keys(name)

    def series_keys(self, study: Dataset) -> Keys:
        """The series of a study."""
        return {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": study.StudyInstanceUID, "SeriesInstanceUID": "", "Modality": ""}

    def image_keys(self, series: Dataset) -> Keys:
        """The images of a series."""
        above = {"StudyInstanceUID": series.StudyInstanceUID, "SeriesInstanceUID": series.SeriesInstanceUID}
        return {"QueryRetrieveLevel": "IMAGE", **above, "SOPInstanceUID": "", "InstanceNumber": ""}

    def retrieve_keys(self, study: Dataset) -> Keys:
        """A whole study."""
        return {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": study.StudyInstanceUID}

    # How it asks

    def find(self, keys: Keys) -> Found:
        """Run one query to its end."""
        request, found = C_FIND(), Found()
        request.Identifier = self.identifier(keys)
        for answer in self.ask(request, STUDY_ROOT_FIND):
            if answer.Status not in (PENDING, PENDING_WARNING):
                found.status = int(answer.Status)
                break
            found.unfiltered |= answer.Status == PENDING_WARNING
            found.matches.append(decode(answer.Identifier, True, True))
        return found

    def retrieve(self, study: Dataset) -> Any:
        """Have a study sent to the inbox. Returns the final response, None where none came."""
        request = C_MOVE()
        request.Identifier, request.MoveDestination = self.identifier(self.retrieve_keys(study)), self.inbox.settings.ae_title
        return next((answer for answer in self.ask(request, self.retrieve_model) if answer.Status != PENDING), None)

    def identifier(self, keys: Keys) -> BytesIO:
        """Encode an identifier in the one transfer syntax that is proposed."""
        identifier = Dataset()
        with disable_value_validation():  # a key may be no legal value, as a wild card
            for keyword, value in keys.items():
                setattr(identifier, keyword, value)
        return BytesIO(encode(identifier, True, True) or b"")

    def ask(self, request: Any, model: str) -> Iterator[Any]:
        """Send a request on an association of its own, and give the responses until the final one."""
        courier = self.courier(self.inbox.ae, "requestor")
        try:
            if not courier.open(self.archive, self.called, [build_context(model, ImplicitVRLittleEndian)], []):
                return
            request.MessageID, request.AffectedSOPClassUID = 1, model
            if not isinstance(request, C_ECHO):
                request.Priority = 0
            answer = courier.ask(request, 1, ANSWER_SECONDS)
            while answer is not None:
                yield answer
                answer = courier.hear(request, ANSWER_SECONDS)
        finally:
            courier.close()

    def filtered(self, found: Found, name: str) -> Found:
        """Take out of the matches what does not match, where the archive says that it did not look (FF01, PS3.4 C.4.1.2.1)."""
        if found.unfiltered:
            found.matches = [one for one in found.matches if fnmatchcase(str(one.get("PatientName", "")), name)]
        return found

    # What it makes of the answers, and tells

    def is_well(self, answer: Any) -> bool:
        """Whether the test of the connection went well."""
        return answer is not None and answer.Status == SUCCESS

    def is_whole(self, received: int, expected: int, answer: Any) -> bool:
        """Whether everything of a study has come."""
        return answer is not None and answer.Status == SUCCESS and received == expected

    def tell_found(self, found: Found) -> None:
        """Say what a query brought."""
        if found.status != SUCCESS:
            self.tell(f"the query failed; {len(found.matches)} studies came before")
        else:
            self.tell(f"{len(found.matches)} studies")

    def tell_received(self, expected: int, answer: Any) -> None:
        """Say what a retrieve brought, by count and by status."""
        received = len(self.inbox.index.locate({}))
        if self.is_whole(received, expected, answer):
            self.tell(f"{received} images")
        else:
            self.tell(f"{received} of {expected} images: THIS STUDY IS NOT COMPLETE")

    def tell(self, text: str) -> None:
        """Show a line to the user."""
        print(text, flush=True)
