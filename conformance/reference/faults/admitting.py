"""Faults of rights and of user identity."""

from conformance.reference.archive import Parts
from conformance.reference.door import Door
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.models import FIND, MOVE


class QueriesForAll(Door):
    def grants(self, calling: str, abstract_syntax: str) -> bool:
        return abstract_syntax in FIND or super().grants(calling, abstract_syntax)


class RetrievesForAll(Door):
    def grants(self, calling: str, abstract_syntax: str) -> bool:
        return abstract_syntax in MOVE or super().grants(calling, abstract_syntax)


class AnyPasscode(Door):
    def authenticates(self, name: bytes, _passcode: bytes) -> bool:
        return name.decode("utf-8", "replace") in self.users


class ConfirmsNobody(Door):
    response = None


ADMITTING_FAULTS: tuple[Fault, ...] = (
    Fault("queries-for-all-titles", "a title that may only send may query too", Parts(door=QueriesForAll), breaks=rows("SEC-02")),
    Fault("retrieves-for-all-titles", "a title that may only send may retrieve too", Parts(door=RetrievesForAll), breaks=rows("SEC-02")),
    Fault("any-passcode-accepted", "the passcode of a user is not looked at", Parts(door=AnyPasscode), breaks=rows("SEC-09")),
    Fault("user-not-confirmed", "no response comes for a user that is let in", Parts(door=ConfirmsNobody), breaks=rows("SEC-09")),
)
