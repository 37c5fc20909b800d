"""Seeded faults of the reference consumer: each is one way in which a viewer is wrong, and what the suite must say about it.

What they break was written before any run, from the register's rows and from how real viewers break.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom.dsutils import encode
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification
from pynetdicom.presentation import PresentationContext

from conformance.reference.archive import Parts
from conformance.reference.consumer.viewer import PATIENT_ROOT_MOVE, SUCCESS, UNICODE, Found, Keys, Viewer
from conformance.reference.door import STORAGE, Door
from conformance.reference.faults.fault import rows
from conformance.reference.rules import OUT_OF_RESOURCES
from conformance.reference.services import Request, Services
from conformance.reference.wire import Courier, UpperLayer

BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
ULTRASOUND = "1.2.840.10008.5.1.4.1.1.6.1"
NO_STATUS = 0x1234
QUERY, RETRIEVE, ENCODING = rows("QUERY-19"), rows("RETR-14"), rows("XFER-07")
ACCEPTANCE, ACCEPTANCE_AS_DECLARED = rows("RETR-16"), rows("RETR-16 DOC-02")


@dataclass(frozen=True, slots=True)
class ConsumerFault:
    """One way in which a consumer is wrong, and the rows that its user or the suite fails, or cannot decide, for it."""

    name: str
    summary: str
    viewer: type[Viewer]
    breaks: frozenset[str]
    blocks: frozenset[str] = frozenset()


def without(keys: Keys, *keywords: str) -> Keys:
    return {keyword: value for keyword, value in keys.items() if keyword not in keywords}


class NoLevel(Viewer):
    def series_keys(self, study: Dataset) -> Keys:
        return without(super().series_keys(study), "QueryRetrieveLevel")


class ModalityOfStudies(Viewer):
    """Asks for the modality of a study, which is one of its series."""

    def search_keys(self, name: str) -> Keys:
        return {**super().search_keys(name), "Modality": ""}


class NoStudyKey(Viewer):
    def series_keys(self, study: Dataset) -> Keys:
        return without(super().series_keys(study), "StudyInstanceUID")


class EmptyStudyKey(Viewer):
    def image_keys(self, series: Dataset) -> Keys:
        return {**super().image_keys(series), "StudyInstanceUID": ""}


class StudyList(Viewer):
    """Asks for the series of several studies at once."""

    def series_keys(self, study: Dataset) -> Keys:
        return {**super().series_keys(study), "StudyInstanceUID": [study.StudyInstanceUID, "1.2.3"]}


class NoOwnKey(Viewer):
    def image_keys(self, series: Dataset) -> Keys:
        return without(super().image_keys(series), "SOPInstanceUID")


class PatientOfSeries(Viewer):
    """Repeats the patient's name in the query for series."""

    def series_keys(self, study: Dataset) -> Keys:
        return {**super().series_keys(study), "PatientName": ""}


class WildDate(Viewer):
    def named_keys(self, name: str) -> Keys:
        return {**super().named_keys(name), "StudyDate": "20*"}


class WildUid(Viewer):
    def named_keys(self, name: str) -> Keys:
        return {**super().named_keys(name), "StudyInstanceUID": "*"}


class TwoItems(Viewer):
    def named_keys(self, name: str) -> Keys:
        return {**super().named_keys(name), "ProcedureCodeSequence": [Dataset(), Dataset()]}


class PatientLevel(Viewer):
    """Asks for patients in Study Root."""

    def named_keys(self, name: str) -> Keys:
        return {"SpecificCharacterSet": UNICODE, "QueryRetrieveLevel": "PATIENT", "PatientID": "", "PatientName": name}


class NoCharacterSet(Viewer):
    def named_keys(self, name: str) -> Keys:
        return without(super().named_keys(name), "SpecificCharacterSet")


class WrongCharacterSet(Viewer):
    """Sends Latin-1 and declares UTF-8."""

    def named_keys(self, name: str) -> Keys:
        return {**super().named_keys(name), "SpecificCharacterSet": "ISO_IR 100"}

    def identifier(self, keys: Keys) -> BytesIO:
        return BytesIO(super().identifier(keys).getvalue().replace(b"ISO_IR 100", b"ISO_IR 192"))


class OtherSyntax(Viewer):
    """Encodes the query for images in Explicit VR on a context for Implicit VR."""

    def identifier(self, keys: Keys) -> BytesIO:
        if keys["QueryRetrieveLevel"] != "IMAGE":
            return super().identifier(keys)
        identifier = Dataset()
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
        return BytesIO(encode(identifier, False, True) or b"")


class NamedTwice(UpperLayer):
    """Repeats the Implementation Class UID in the A-ASSOCIATE-RQ."""

    def send_pdu(self, primitive: Any) -> None:
        if isinstance(primitive, A_ASSOCIATE):
            primitive.user_information = [*primitive.user_information, *map(copy, self._names(primitive))]
        super().send_pdu(primitive)

    def _names(self, primitive: A_ASSOCIATE) -> list[ImplementationClassUIDNotification]:
        return [item for item in primitive.user_information if isinstance(item, ImplementationClassUIDNotification)]


class TwoNames(Courier):
    layer = NamedTwice


class ImplementationTwice(Viewer):
    courier = TwoNames


class ByAccession(Viewer):
    def retrieve_keys(self, study: Dataset) -> Keys:
        return {**super().retrieve_keys(study), "AccessionNumber": ""}


class WholePatient(Viewer):
    """Has everything of the patient sent, by a Patient ID that two patients have."""

    retrieve_model = PATIENT_ROOT_MOVE

    def retrieve_keys(self, study: Dataset) -> Keys:
        return {"QueryRetrieveLevel": "PATIENT", "PatientID": study.PatientID}


class NoStudyInRetrieve(Viewer):
    """Has one series sent without saying of which study."""

    def retrieve_keys(self, study: Dataset) -> Keys:
        series = self.find(self.series_keys(study)).matches[0]
        return {"QueryRetrieveLevel": "SERIES", "SeriesInstanceUID": series.SeriesInstanceUID}


class EmptyRetrieve(Viewer):
    def retrieve_keys(self, study: Dataset) -> Keys:
        return {**super().retrieve_keys(study), "StudyInstanceUID": ""}


class NoReports(Door):
    def contexts(self, proposed: Any) -> list[PresentationContext]:
        return [context for context in super().contexts(proposed) if context.abstract_syntax != BASIC_TEXT_SR]


class NoEnhanced(Door):
    def contexts(self, proposed: Any) -> list[PresentationContext]:
        return [context for context in super().contexts(proposed) if context.abstract_syntax != ENHANCED_CT]


class NoDefaultSyntax(Door):
    def syntaxes(self, abstract_syntax: str) -> tuple[str, ...]:
        found = super().syntaxes(abstract_syntax)
        return tuple(uid for uid in found if uid != ImplicitVRLittleEndian) if abstract_syntax in STORAGE else found


class FailsUltrasound(Services):
    """Accepts the class and refuses every object of it."""

    def store(self, request: Request) -> None:
        if request.abstract_syntax == ULTRASOUND:
            named = {"AffectedSOPInstanceUID": request.message.AffectedSOPInstanceUID}
            request.respond(Status=OUT_OF_RESOURCES, **named)
        else:
            super().store(request)


class InventsStatus(Services):
    """Answers reports with a number that is no status of C-STORE."""

    def store(self, request: Request) -> None:
        if request.abstract_syntax == BASIC_TEXT_SR:
            named = {"AffectedSOPInstanceUID": request.message.AffectedSOPInstanceUID}
            request.respond(Status=NO_STATUS, **named)
        else:
            super().store(request)


class RefusesReports(Viewer):
    parts = Parts(door=NoReports)


class RefusesEnhanced(Viewer):
    parts = Parts(door=NoEnhanced)


class KnowsNoDefault(Viewer):
    parts = Parts(door=NoDefaultSyntax)


class RefusesUltrasound(Viewer):
    parts = Parts(services=FailsUltrasound)


class AnswersNonsense(Viewer):
    parts = Parts(services=InventsStatus)


class AlwaysWell(Viewer):
    """Takes any answer to its echo for a good one."""

    def is_well(self, answer: Any) -> bool:
        return answer is not None


class HidesFailedQuery(Viewer):
    """Shows what came before the failure as if it were all."""

    def tell_found(self, found: Found) -> None:
        super().tell_found(replace(found, status=SUCCESS))


class ShowsUnfiltered(Viewer):
    def filtered(self, found: Found, _name: str) -> Found:
        return found


class TrustsStatus(Viewer):
    """Believes that a study is whole when the status says so."""

    def is_whole(self, _received: int, _expected: int, answer: Any) -> bool:
        return answer is not None and answer.Status == SUCCESS


class TrustsWarning(Viewer):
    """Takes B000 for a success, and does not count."""

    def is_whole(self, _received: int, _expected: int, answer: Any) -> bool:
        return answer is not None


FAULTS: Mapping[str, ConsumerFault] = {
    fault.name: fault
    for fault in (
        ConsumerFault("query-without-level", "a query for series has no Query/Retrieve Level", NoLevel, QUERY),
        ConsumerFault("modality-at-study-level", "a query for studies has the key Modality", ModalityOfStudies, QUERY),
        ConsumerFault("series-query-without-study", "a query for series has no Study Instance UID", NoStudyKey, QUERY),
        ConsumerFault("image-query-with-empty-study", "a query for images has an empty Study Instance UID", EmptyStudyKey, QUERY),
        ConsumerFault("series-query-of-two-studies", "a query for series lists two studies", StudyList, QUERY),
        ConsumerFault("image-query-without-own-key", "a query for images has no SOP Instance UID", NoOwnKey, QUERY),
        ConsumerFault("patient-at-series-level", "a query for series has the key Patient's Name", PatientOfSeries, QUERY),
        ConsumerFault("wild-card-in-date", "a query has a wild card in a date", WildDate, QUERY),
        ConsumerFault("wild-card-in-uid", "a query has a wild card in a UID", WildUid, QUERY),
        ConsumerFault("two-items-in-key", "a sequence key has two items", TwoItems, QUERY),
        ConsumerFault("patient-level-in-study-root", "a Study Root query asks at PATIENT level", PatientLevel, QUERY),
        ConsumerFault("name-without-character-set", "an accented name is sent without a character set", NoCharacterSet, QUERY),
        ConsumerFault("name-in-other-character-set", "Latin-1 text is declared as UTF-8", WrongCharacterSet, QUERY),
        ConsumerFault("identifier-in-other-syntax", "an identifier is in Explicit VR on a context for Implicit VR", OtherSyntax, ENCODING),
        ConsumerFault("implementation-named-twice", "it sends two Implementation Class UIDs", ImplementationTwice, rows("ASSOC-08")),
        ConsumerFault("retrieve-with-accession", "a retrieve has the accession number", ByAccession, RETRIEVE, ACCEPTANCE_AS_DECLARED),
        ConsumerFault("retrieve-whole-patient", "a retrieve at PATIENT level by a Patient ID of two patients", WholePatient, RETRIEVE),
        ConsumerFault(
            "retrieve-without-study", "a retrieve of a series does not name its study", NoStudyInRetrieve, RETRIEVE, ACCEPTANCE_AS_DECLARED
        ),
        ConsumerFault(
            "retrieve-with-empty-key", "a retrieve has an empty Study Instance UID", EmptyRetrieve, RETRIEVE, ACCEPTANCE_AS_DECLARED
        ),
        ConsumerFault("takes-no-reports", "it accepts no context for the reports of a study", RefusesReports, ACCEPTANCE_AS_DECLARED),
        ConsumerFault("takes-no-enhanced-images", "it accepts no context for enhanced CT", RefusesEnhanced, ACCEPTANCE_AS_DECLARED),
        ConsumerFault(
            "takes-no-default-syntax", "it accepts no storage context in Implicit VR Little Endian", KnowsNoDefault, ACCEPTANCE_AS_DECLARED
        ),
        ConsumerFault("fails-ultrasound", "it accepts ultrasound and answers each object A700", RefusesUltrasound, ACCEPTANCE),
        ConsumerFault("invents-a-status", "it answers reports with a status that C-STORE does not have", AnswersNonsense, ACCEPTANCE),
        ConsumerFault("echo-always-well", "its test of the connection takes 0122 for a good answer", AlwaysWell, rows("VERIF-03")),
        ConsumerFault("failed-query-hidden", "a query that failed is shown as one that found little", HidesFailedQuery, rows("QUERY-20")),
        ConsumerFault("unfiltered-shown", "it shows the matches of FF01 without a look of its own", ShowsUnfiltered, rows("QUERY-20")),
        ConsumerFault("believes-0000", "it does not count what it received when the status is 0000", TrustsStatus, rows("RETR-15")),
        ConsumerFault("believes-b000", "it shows a study as whole after B000", TrustsWarning, rows("RETR-15")),
    )
}
