"""Faults of the encoding itself: bytes that are not what the transfer syntax promises."""

from collections.abc import Callable
from dataclasses import replace

from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from generators.encoding import Encoded, encode
from generators.faults.changes import header_of, path, splice, tag_of, vr_of
from generators.faults.fault import ABORTED, REFUSED, STORED, WARNED, Damage, Fault, Scope
from generators.faults.layout import UNDEFINED, Place, locate, places

_UNREADABLE = (*REFUSED, *ABORTED)
_ANY = (*REFUSED, *ABORTED, *WARNED, *STORED)


def _other_syntax(uid: str) -> Damage:
    def damage(encoded: Encoded) -> bytes:
        return encode(encoded.dataset(), uid).data

    return damage


def _at(keyword: str, how: Callable[[Encoded, Place], bytes]) -> Damage:
    def damage(encoded: Encoded) -> bytes:
        return how(encoded, locate(encoded, tag_of(keyword)))

    return damage


def _cut_inside(encoded: Encoded, place: Place) -> bytes:
    return encoded.data[: place.value + (place.end - place.value) // 2]


def _past_the_end(encoded: Encoded, place: Place) -> bytes:
    value = encoded.data[place.value : place.end]
    return splice(encoded, place, value, length=0xFFF0)


def _odd(encoded: Encoded, place: Place) -> bytes:
    return splice(encoded, place, b"SYNTHETIC")


def _unknown_vr(encoded: Encoded, place: Place) -> bytes:
    return splice(encoded, replace(place, vr=b"QQ"), encoded.data[place.value : place.end])


def _twice(encoded: Encoded, place: Place) -> bytes:
    return encoded.data[: place.end] + encoded.data[place.start :]


def _last_first(encoded: Encoded, place: Place) -> bytes:
    return encoded.data[place.start : place.end] + encoded.data[: place.start] + encoded.data[place.end :]


def _unterminated(encoded: Encoded, place: Place) -> bytes:
    return splice(encoded, place, encoded.data[place.value : place.end], length=UNDEFINED)


def _overlong_item(encoded: Encoded, place: Place) -> bytes:
    value = bytearray(encoded.data[place.value : place.end])
    value[4:8] = (len(value) + 100).to_bytes(4, "little")
    return splice(encoded, place, bytes(value))


def _not_an_item(encoded: Encoded, place: Place) -> bytes:
    value = bytearray(encoded.data[place.value : place.end])
    value[0:4] = b"\x10\x00\x20\x00"
    return splice(encoded, place, bytes(value))


def _headed(encoded: Encoded) -> bytes:
    return encoded.part10()


def _commanded(encoded: Encoded) -> bytes:
    element = header_of(encoded, Tag(0x0000, 0x0002), vr_of("AffectedSOPClassUID"), 4) + b"1.2\0"
    return element + encoded.data


def _grouped(encoded: Encoded) -> bytes:
    first = next(places(encoded.data, ExplicitVRLittleEndian))
    element = header_of(encoded, Tag(first.tag.group, 0), b"UL", 4) + b"\x01\0\0\0"
    return element + encoded.data


def _trailed(encoded: Encoded) -> bytes:
    return encoded.data + bytes(range(1, 8)) + b"SYNTHETIC GARBAGE"


_EXPLICIT = ExplicitVRLittleEndian
_CUTTABLE = "StudyInstanceUID"


def _fault(
    name: str,
    summary: str,
    damage: Damage,
    scope: Scope,
    *,
    where: str = "",
    answers: tuple[str, ...] = _UNREADABLE,
    needs: tuple[str, ...] = (),
) -> Fault:
    return Fault(
        name,
        summary,
        where,
        ("REJECT-09", "ROBUST-04"),
        answers,
        damage=damage,
        scope=scope,
        needs=needs,
        syntax=_EXPLICIT,
    )


_ISSUERS = "OtherPatientIDsSequence"

FAULTS = (
    Fault(
        "implicit-in-explicit",
        "the bytes are Implicit VR Little Endian, the syntax says Explicit",
        "",
        ("REJECT-09", "XFER-07"),
        _UNREADABLE,
        damage=_other_syntax(ImplicitVRLittleEndian),
        scope=Scope.SYNTAX,
        syntax=_EXPLICIT,
    ),
    Fault(
        "big-endian-in-little",
        "the bytes are big endian, the syntax says little",
        "",
        ("REJECT-09", "XFER-07"),
        _UNREADABLE,
        damage=_other_syntax(ExplicitVRBigEndian),
        scope=Scope.SYNTAX,
        syntax=_EXPLICIT,
    ),
    _fault("cut-inside-an-element", "the data set ends in the middle of a value", _at(_CUTTABLE, _cut_inside), Scope.CUT),
    _fault(
        "length-past-the-end",
        "an element is said to be longer than the data set",
        _at(_CUTTABLE, _past_the_end),
        Scope.ELEMENT,
        where=path(_CUTTABLE),
    ),
    _fault(
        "odd-length",
        "a value has an odd length",
        _at("StudyDescription", _odd),
        Scope.ELEMENT,
        where=path("StudyDescription"),
        answers=_ANY,
    ),
    _fault(
        "unknown-vr",
        "an element has VR QQ",
        _at("StudyDescription", _unknown_vr),
        Scope.ELEMENT,
        where=path("StudyDescription"),
        answers=_ANY,
    ),
    _fault("element-twice", "an element is there twice", _at("PatientID", _twice), Scope.INSERTED, where=path("PatientID"), answers=_ANY),
    _fault(
        "tags-out-of-order",
        "Patient ID stands before all other elements",
        _at("PatientID", _last_first),
        Scope.MOVED,
        where=path("PatientID"),
        answers=_ANY,
    ),
    _fault(
        "unterminated-sequence",
        "a sequence of undefined length has no delimiter",
        _at(_ISSUERS, _unterminated),
        Scope.ELEMENT,
        where=path(_ISSUERS),
        needs=(_ISSUERS,),
    ),
    _fault(
        "overlong-item",
        "an item is said to be longer than its sequence",
        _at(_ISSUERS, _overlong_item),
        Scope.ELEMENT,
        where=path(_ISSUERS),
        needs=(_ISSUERS,),
    ),
    _fault(
        "no-item-in-sequence",
        "a sequence holds an element where an item should begin",
        _at(_ISSUERS, _not_an_item),
        Scope.ELEMENT,
        where=path(_ISSUERS),
        needs=(_ISSUERS,),
    ),
    _fault("file-header-in-data-set", "the data set begins with a Part 10 header", _headed, Scope.INSERTED),
    _fault("command-element-in-data-set", "the data set begins with an element of group 0000", _commanded, Scope.INSERTED, answers=_ANY),
    _fault("wrong-group-length", "a group length is there and wrong", _grouped, Scope.INSERTED, answers=_ANY),
    _fault("garbage-at-the-end", "bytes that are no element follow the data set", _trailed, Scope.INSERTED),
)
