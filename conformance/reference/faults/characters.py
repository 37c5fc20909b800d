"""Faults of text: what becomes of letters that ASCII does not have, and of the parts of a name.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from conformance.reference.archive import Parts
from conformance.reference.encoding import DataSet, Element
from conformance.reference.errors import UndecodableText
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.find import Finder, Query
from conformance.reference.index import Index
from conformance.reference.intake import Intake
from conformance.reference.keys import BY_KEYWORD, Attributes, Value, tag_of
from conformance.reference.models import Identifier
from conformance.reference.rules import CONFLICT, Candidate, Refusal
from conformance.reference.syntax import Syntax
from conformance.reference.text import REPERTOIRE, SPECIFIC_CHARACTER_SET, UTF8, character_set, characters, in_utf8

NAME = tag_of("PatientName")
LATIN_1 = ("ISO_IR 100",)
SEVERAL = 2  # character sets: code extensions are in use


class LatinBecomesUtf8(Intake):
    """Keeps every text in UTF-8, and the Specific Character Set as it came."""

    def stored_bytes(self, candidate: Candidate) -> bytes:
        if candidate.character_set != LATIN_1:
            return candidate.data
        return self.rewritten(candidate, {tag: self.converted(element) for tag, element in candidate.dataset.items()})

    def converted(self, element: Element) -> Element:
        if element.items is not None:
            return replace(element, items=[{tag: self.converted(inner) for tag, inner in item.items()} for item in element.items])
        if element.vr not in REPERTOIRE or element.value.isascii():
            return element
        return replace(element, value=in_utf8(element.value.decode("latin-1").strip(" "), element.vr))


class DeclaresOnRequest(Finder):
    """Declares the character set of a match only if the query had one; the names of other text are left to fend for themselves."""

    asked = False

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        self.asked = bool(identifier.terms)
        return super().query(identifier, levels)

    def response(self, query: Query, entity: Attributes) -> DataSet:
        found = super().response(query, entity)
        return found if self.asked else {tag: element for tag, element in found.items() if tag != SPECIFIC_CHARACTER_SET}


class DeclaresNothing(Finder):
    """Has a column for the character set, and nothing to put into it."""

    def response(self, query: Query, entity: Attributes) -> DataSet:
        found = super().response(query, entity)
        return found | ({SPECIFIC_CHARACTER_SET: Element("CS")} if SPECIFIC_CHARACTER_SET in found else {})


class NamesComparedAsBytes(Intake):
    """Takes the same name in another encoding for another patient in the same study."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type] # passed on as they came
        self.names: dict[str, bytes] = {}

    def judge(self, candidate: Candidate) -> Refusal | None:
        name = candidate.dataset.get(NAME, Element("PN")).value
        first = self.names.setdefault(candidate.text("StudyInstanceUID"), name)
        return super().judge(candidate) or (None if name == first else Refusal(CONFLICT, "the study is stored under another name", NAME))


class KeysAreUtf8(Finder):
    """Takes the bytes of every key for UTF-8."""

    def query(self, identifier: Identifier, levels: tuple[str, ...]) -> Query:
        query, name = super().query(identifier, levels), BY_KEYWORD["PatientName"]
        if identifier.terms != LATIN_1 or name not in query.keys:
            return query
        misread = str(query.keys[name]).encode("latin-1").decode("utf-8", "replace")
        return replace(query, keys={**query.keys, name: misread})


class NotesEncoding(Intake):
    def attributes(self, candidate: Candidate) -> Mapping[str, Attributes]:
        levels, noted = super().attributes(candidate), {"Encoding": "\\".join(candidate.character_set)}
        return {**levels, "PATIENT": levels["PATIENT"] | noted, "SERIES": levels["SERIES"] | noted}


class PatientsByEncoding(Index):
    """Keeps another patient for names that are not in UTF-8."""

    def grow(self, levels: Mapping[str, Attributes]) -> None:
        super().grow(levels)
        patient = levels["PATIENT"]
        if patient["Encoding"] != UTF8:
            self._insert("patient", None, patient["PatientID"], patient["Encoding"], json.dumps(patient))


class SeriesByEncoding(Finder):
    """Joins the list of a study's series with its patient by the bytes of the name; a series that is named needs no join."""

    def entities(self, query: Query) -> list[Attributes]:
        found, joined = super().entities(query), dict[str, Value]()
        if query.level != "SERIES" or query.keys.get(BY_KEYWORD["SeriesInstanceUID"]):
            return found
        return [one for one in found if one["Encoding"] == joined.setdefault(str(one["StudyInstanceUID"]), one["Encoding"])]


class QuestionMarks(Intake):
    """Replaces what it cannot read in a name by question marks."""

    repaired = False

    def read(self, data: bytes, syntax: Syntax) -> DataSet:
        dataset = super().read(data, syntax)
        self.repaired = not self.is_readable(dataset)
        if not self.repaired:
            return dataset
        value = bytes(byte if 0x20 <= byte < 0x7F else 0x3F for byte in dataset[NAME].value)
        return dataset | {NAME: Element("PN", value)}

    def is_readable(self, dataset: DataSet) -> bool:
        try:
            characters(dataset[NAME].value, "PN", character_set(dataset))
        except UndecodableText:
            return False
        return True

    def stored_bytes(self, candidate: Candidate) -> bytes:
        return self.rewritten(candidate, candidate.dataset) if self.repaired else candidate.data


class EmptyPartsDropped(Intake):
    """Writes names anew, without the components that are empty."""

    def stored_bytes(self, candidate: Candidate) -> bytes:
        name = candidate.text("PatientName")
        if "^^" not in name:
            return candidate.data
        groups = ["^".join(part for part in group.split("^") if part) for group in name.split("=")]
        return self.rewritten(candidate, candidate.dataset | {NAME: Element("PN", in_utf8("=".join(groups), "PN"))})


class CutsAtBackslash(Intake):
    """Takes the second byte of a Japanese character for the delimiter of values."""

    def stored_bytes(self, candidate: Candidate) -> bytes:
        if len(candidate.character_set) < SEVERAL:
            return candidate.data
        first = candidate.dataset[NAME].value.split(b"\\")[0]
        return self.rewritten(candidate, candidate.dataset | {NAME: Element("PN", first)})


CHARACTER_FAULTS: tuple[Fault, ...] = (
    Fault(
        "latin-1-kept-as-utf-8",
        "text in ISO_IR 100 is converted to UTF-8 and its declaration is left in place",
        Parts(intake=LatinBecomesUtf8),
        breaks=rows("CHAR-02"),
    ),
    Fault(
        "matches-undeclared",
        "a match has no Specific Character Set unless the query had one",
        Parts(finder=DeclaresOnRequest),
        breaks=rows("CHAR-03"),
    ),
    Fault("latin-1-keys-misread", "keys in ISO_IR 100 are read as UTF-8", Parts(finder=KeysAreUtf8), warns=rows("CHAR-04")),
    Fault(
        "patients-by-encoding",
        "a patient is filed once for each encoding of the name",
        Parts(intake=NotesEncoding, index=PatientsByEncoding),
        breaks=rows("CHAR-05"),
    ),
    Fault(
        "series-joined-by-encoding",
        "the list of a study's series lacks those in which the patient's name is encoded differently",
        Parts(intake=NotesEncoding, finder=SeriesByEncoding),
        breaks=rows("CHAR-05"),
    ),
    Fault(
        "question-marks-for-bad-bytes",
        "bytes of a name that cannot be read become question marks, with 0000",
        Parts(intake=QuestionMarks),
        breaks=rows("CHAR-06"),
    ),
    Fault("empty-components-dropped", "names lose their empty components", Parts(intake=EmptyPartsDropped), breaks=rows("CHAR-07")),
    Fault(
        "names-cut-at-a-backslash",
        "a name in ISO 2022 IR 87 ends where the second byte of a character is a backslash",
        Parts(intake=CutsAtBackslash),
        informs=rows("CHAR-08"),
    ),
    Fault(
        "character-set-without-value",
        "matches that need a character set have Specific Character Set without a value",
        Parts(finder=DeclaresNothing),
        breaks=rows("CHAR-03"),
    ),
    Fault(
        "names-compared-as-bytes",
        "an object is refused whose patient's name is encoded otherwise than in the first object of its study",
        Parts(intake=NamesComparedAsBytes),
        breaks=rows("CHAR-05"),
    ),
)
