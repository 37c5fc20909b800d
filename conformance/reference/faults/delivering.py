"""Faults of delivery: whether a retrieve is offered, whether it finds what it is to send, and under which UIDs it sends that.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

from collections.abc import Sequence
from dataclasses import replace

from pydicom.uid import generate_uid

from conformance.reference.archive import Parts
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.faults.storing import COMPUTED_RADIOGRAPHY
from conformance.reference.index import Located
from conformance.reference.models import Identifier
from conformance.reference.retrieve import SUCCESS, Retriever
from conformance.reference.services import Address, Request, Services

_REPORTS = "1.2.840.10008.5.1.4.1.1.88."  # the structured report classes


class NothingIsOne(Services):
    """Counts one sub-operation where there was nothing to send."""

    def move_to(self, request: Request, destination: str, address: Address, targets: Sequence[Located]) -> None:
        if targets:
            super().move_to(request, destination, address, targets)
        else:
            request.respond(Status=SUCCESS, NumberOfCompletedSuboperations=1)


class OneFolderForAll(Retriever):
    """Keeps the series of a study in folders by class, and finds nothing where two would have the same one."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        series, classes = {each.series for each in found}, {each.sop_class_uid for each in found}
        return [] if identifier.level == "STUDY" and len(series) > len(classes) else found


class ReissuesReported(Retriever):
    """Sends radiographs that were reported under the UIDs of the report's system."""

    def select(self, identifier: Identifier, levels: tuple[str, ...]) -> list[Located]:
        found = super().select(identifier, levels)
        reported = any(each.sop_class_uid.startswith(_REPORTS) for each in found)
        return [reissued(each) if reported and each.sop_class_uid == COMPUTED_RADIOGRAPHY else each for each in found]


def reissued(located: Located) -> Located:
    return replace(located, sop_instance_uid=str(generate_uid(entropy_srcs=[located.sop_instance_uid])))


DELIVERY_FAULTS: tuple[Fault, ...] = (
    Fault(
        "nothing-found-counted",
        "a move that finds nothing ends 0000 with one completed sub-operation",
        Parts(services=NothingIsOne),
        warns=rows("RETR-08"),
    ),
    Fault(
        "series-of-one-class-not-delivered",
        "a retrieve of a study that has two series of one class ends 0000 and sends nothing",
        Parts(retriever=OneFolderForAll),
        breaks=rows("RETR-01 RETR-13 QUERY-18"),
        blocks=rows("INTEG-13 RETR-03 RETR-04 RETR-05 RETR-06 RETR-08 RETR-10 RETR-12 SEC-07 WEB-07"),
    ),
    Fault(
        "reported-images-reissued",
        "radiographs of a study with a report are delivered under other SOP Instance UIDs",
        Parts(retriever=ReissuesReported),
        breaks=rows("STORE-13 RETR-01 QUERY-18"),
        blocks=rows("STORE-18 RETR-07"),  # the transfer ends at the first object that is not ours
    ),
)
