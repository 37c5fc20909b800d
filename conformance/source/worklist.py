"""Modality Worklist as our repository provides it (PS3.4 K): a few orders of this run, for today and for the station under test."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from io import BytesIO
from itertools import groupby

from pydicom import Dataset

from conformance.dimse import Inquiry, Reply
from conformance.dimse.identifiers import encode_dataset
from conformance.reference.encoding import decode, encode
from conformance.reference.errors import UndecodableText
from conformance.reference.keys import Attributes, item_attributes
from conformance.reference.matching import Matcher, canonical_name
from conformance.reference.models import PENDING, UNABLE_TO_PROCESS, IdentifierRefused
from conformance.reference.syntax import EXPLICIT, syntax_of
from conformance.reference.worklist import Worklist
from conformance.source.heads import text
from generators import Study, Synthesizer, scheduled_step

SUCCESS = 0x0000
CARRIED: Mapping[str, Callable[[Study], str]] = {
    "PatientID": lambda order: order.patient.id,
    "IssuerOfPatientID": lambda order: order.patient.issuer.name if order.patient.issuer else "",
    "PatientName": lambda order: order.patient.name,
    "PatientBirthDate": lambda order: order.patient.birth_date,
    "PatientSex": lambda order: order.patient.sex,
    "AccessionNumber": lambda order: order.order.accession,
    "StudyInstanceUID": lambda order: order.uid,
}
"""What an image takes over from the entry that it is made for."""
TYING = ("PatientID", "AccessionNumber", "StudyInstanceUID")
MODALITIES = ("CT", "MR", "CR", "DX", "US", "MG", "XA", "NM")


class Schedule(Worklist):
    """Answers queries of the worklist from the orders of this run; `given` counts the entries that were handed out."""

    def __init__(self, orders: Sequence[Study], station: str) -> None:
        super().__init__(Matcher())
        self.orders = orders
        self.given = 0
        self._entries = [_attributes(order, station) for order in orders]

    def entries(self) -> list[Attributes]:
        """List what is scheduled."""
        return self._entries

    def provide(self, inquiry: Inquiry) -> Iterator[Reply]:
        """Answer one C-FIND."""
        syntax, data = syntax_of(inquiry.transfer_syntax), inquiry.message.data
        try:
            for found in self.answer(None if data is None else BytesIO(data), syntax):
                self.given += 1
                yield Reply(PENDING, data=encode(found, syntax))
            yield Reply(SUCCESS)
        except IdentifierRefused as refused:
            yield Reply(refused.status)
        except UndecodableText:
            yield Reply(UNABLE_TO_PROCESS)


def orders_of(synthesizer: Synthesizer) -> list[Study]:
    """Order a study of each of some modalities, for today: a console shows today's work. The names are plain ASCII."""
    today = f"{date.today():%Y%m%d}"
    return [
        synthesizer.study(modality, patient=synthesizer.patient(name=f"SYNTHETIC-Scheduled^{modality}"), date=today)
        for modality in MODALITIES
    ]


def _attributes(order: Study, station: str) -> Attributes:
    return item_attributes(decode(encode_dataset(scheduled_step(order, station), EXPLICIT.uid), EXPLICIT), ())


def made_for(orders: Sequence[Study], heads: Sequence[Dataset]) -> Iterator[tuple[Study, Dataset]]:
    """Give each object of a study with the order that it was made for: the one of which its study has most, if it has anything."""
    for _, study in groupby(sorted(heads, key=_study), _study):
        objects = list(study)
        order = max(orders, key=lambda order: _likeness(order, objects))
        if _likeness(order, objects):
            yield from ((order, head) for head in objects)


def differing(order: Study, head: Dataset) -> set[str]:
    """The keywords of what an object has otherwise than its order. An issuer that it does not have at all is for IDENT-04 to judge."""
    return {keyword for keyword in CARRIED if not _agrees(order, head, keyword)}


def _agrees(order: Study, head: Dataset, keyword: str) -> bool:
    got, ordered = text(head, keyword), CARRIED[keyword](order)
    if keyword == "PatientName":
        return canonical_name(got) == canonical_name(ordered)
    return got == ordered or (keyword == "IssuerOfPatientID" and not got)


def _study(head: Dataset) -> str:
    return text(head, "StudyInstanceUID")


def _likeness(order: Study, heads: Sequence[Dataset]) -> int:
    return sum(text(head, keyword) == CARRIED[keyword](order) for head in heads for keyword in TYING)
