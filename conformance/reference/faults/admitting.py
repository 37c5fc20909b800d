"""Faults of rights and of user identity."""

from conformance.reference.archive import Parts
from conformance.reference.door import Door
from conformance.reference.faults.fault import Fault, rows


class OneListForAll(Door):
    def grants(self, _calling: str, _abstract_syntax: str) -> bool:
        return True


class AnyPasscode(Door):
    def authenticates(self, name: bytes, _passcode: bytes) -> bool:
        return name.decode("utf-8", "replace") in self.users


class ConfirmsNobody(Door):
    response = None


ADMITTING_FAULTS: tuple[Fault, ...] = (
    Fault("one-list-for-all-services", "a title that may send may query too", Parts(door=OneListForAll), breaks=rows("SEC-02")),
    Fault("any-passcode-accepted", "the passcode of a user is not looked at", Parts(door=AnyPasscode), breaks=rows("SEC-09")),
    Fault("user-not-confirmed", "no response comes for a user that is let in", Parts(door=ConfirmsNobody), breaks=rows("SEC-09")),
)
