"""The head of a Part 10 file, for objects that are written while they arrive (PS3.10 7.1)."""

import struct
from typing import BinaryIO

from conformance.dimse.negotiation import IMPLEMENTATION_CLASS_UID


def write_head(file: BinaryIO, sop_class: str, instance: str, transfer_syntax: str) -> None:
    """Write preamble, prefix and file meta information; the data set follows."""
    body = b"".join(
        (
            _element(0x0001, b"OB\0\0", b"\0\1", "<I"),
            *(
                _element(number, b"UI", uid.encode() + b"\0" * (len(uid.encode()) % 2), "<H")
                for number, uid in ((0x0002, sop_class), (0x0003, instance), (0x0010, transfer_syntax), (0x0012, IMPLEMENTATION_CLASS_UID))
            ),
        )
    )
    file.write(bytes(128) + b"DICM" + _element(0x0000, b"UL", struct.pack("<I", len(body)), "<H") + body)


def _element(number: int, vr: bytes, value: bytes, length: str) -> bytes:
    return struct.pack("<HH", 2, number) + vr + struct.pack(length, len(value)) + value
