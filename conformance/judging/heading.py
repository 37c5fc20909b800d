"""Where an object belongs, read from the beginning of its file alone: for whoever wants to know while others are still coming."""

import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydicom.filereader import data_element_generator
from pydicom.uid import DeflatedExplicitVRLittleEndian

from conformance.judging.gathering import digest
from conformance.judging.reading import syntax_and_start

HEAD = 256 << 10  # octets of a file that are read, and of a deflated one that are inflated
MODALITY, PATIENT_ID, ISSUER, STUDY, SERIES = ASKED = (0x00080060, 0x00100020, 0x00100021, 0x0020000D, 0x0020000E)


@dataclass(frozen=True, slots=True)
class Heading:
    """The patient, study and series of an object, as numbers that tell no value, and its modality as it stands there."""

    patient: int
    study: int
    series: int
    modality: str


def heading(path: Path) -> Heading | None:
    """Read where an object belongs; None where its beginning does not say so, whatever is wrong with it."""
    try:
        with path.open("rb") as file:
            head = BytesIO(file.read(HEAD))
        syntax, start = syntax_and_start(head)
        if syntax == DeflatedExplicitVRLittleEndian:
            head, start = BytesIO(zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(head.getvalue()[start:], HEAD)), 0
        head.seek(start)
        said = _said(head, syntax.is_implicit_VR, syntax.is_little_endian)
    except Exception:  # the bytes are a stranger's; it is for the judging to say what is wrong
        return None
    if not said[STUDY] or not said[SERIES]:
        return None
    return Heading(digest(said[PATIENT_ID], said[ISSUER]), digest(said[STUDY]), digest(said[SERIES]), said[MODALITY])


def _said(head: BytesIO, is_implicit: bool, is_little_endian: bool) -> dict[int, str]:
    """The values of what is asked for, "" for what is absent: undecoded, so that nothing depends on a character set or is validated."""
    elements = data_element_generator(
        head,
        is_implicit,
        is_little_endian,
        stop_when=lambda tag, _vr, _length: tag > SERIES,
        specific_tags=list(ASKED),
    )
    return dict.fromkeys(ASKED, "") | {int(element.tag): bytes(element.value or b"").decode("latin-1").strip(" \0") for element in elements}
