"""Faults of identity: which objects are let in, and where in the tree they end.

Each class is one part that is wrong in one way; the table at the end says what it stands for and which rows it breaks.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from pydicom.uid import generate_uid

from conformance.reference.archive import Parts
from conformance.reference.encoding import DataSet
from conformance.reference.faults.fault import Fault, rows
from conformance.reference.faults.losing import Loses
from conformance.reference.faults.querying import KeyIgnored
from conformance.reference.find import Finder, Query
from conformance.reference.index import Index, merged
from conformance.reference.intake import Intake
from conformance.reference.keys import BY_KEYWORD, Attributes, Key, Value, tag_of
from conformance.reference.matching import Matcher
from conformance.reference.rules import COERCED, Candidate, Refusal, instance_fits_the_command, replacing, uids_differ, without

DEMOGRAPHICS = ("PatientName", "PatientBirthDate", "PatientSex")
UID_COLUMN = 60  # characters of a UID that one fault looks at


class TwoPatients(Intake):
    rules = without("one-patient")


class SeriesInTwoStudies(Intake):
    rules = without("one-study")


class RemembersDescriptions(Index):
    """Keeps every description that came with a study."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.described: dict[str, list[str]] = {}

    def grow(self, levels: Mapping[str, Attributes]) -> None:
        known = self.described.setdefault(self.study_key(levels["STUDY"]), [])
        known += [text for text in [str(levels["STUDY"]["StudyDescription"])] if text not in known]
        super().grow(levels)


class RowForEachDescription(Finder):
    """Groups studies by all that they show, not by their UID."""

    def entities(self, query: Query) -> list[Attributes]:
        found, index = super().entities(query), cast(RemembersDescriptions, self.index)
        if query.level != "STUDY":
            return found
        return [study | {"StudyDescription": text} for study in found for text in index.described[index.study_key(study)]]


class LosesEqualUids(Loses):
    """Takes an object with two equal UIDs, and fails at its own table of UIDs without a word."""

    rules = without("three-uids")

    def loses(self, candidate: Candidate) -> bool:
        return uids_differ(candidate) is not None


class NoIssuerKey(Finder):
    def supported(self, tag: int, level: str) -> Key | None:
        return None if tag == tag_of("IssuerOfPatientID") else super().supported(tag, level)


class IssuerNotCompared(KeyIgnored):
    ignored = BY_KEYWORD["IssuerOfPatientID"]


class IssuerMatchesNothing(Finder):
    """Compares Issuer of Patient ID with a column that is empty."""

    def match(self, query: Query, entity: Attributes) -> bool:
        return not query.keys.get(BY_KEYWORD["IssuerOfPatientID"]) and super().match(query, entity)


class IssuerNotReturned(Finder):
    def put(self, found: DataSet, key: Key, wanted: Value, held: Value) -> None:
        super().put(found, key, wanted, "" if key.keyword == "IssuerOfPatientID" else held)


class OneStudyForAccession(Finder):
    """Lists studies by accession number: the first one stands for all."""

    def entities(self, query: Query) -> list[Attributes]:
        found = super().entities(query)
        if query.level != "STUDY":
            return found
        return list({str(study["AccessionNumber"]) or str(study["StudyInstanceUID"]): study for study in reversed(found)}.values())


class CommandNotCompared(Intake):
    rules = without("class-as-commanded", "instance-as-commanded")


class ShortUids(Index):
    def column(self, keyword: str) -> str:
        column = super().column(keyword)
        return f"substr({column}, 1, {UID_COLUMN})" if keyword == "StudyInstanceUID" else column

    def where(self, scope: Mapping[str, Sequence[str]]) -> tuple[str, list[str]]:
        uids = [uid[:UID_COLUMN] for uid in scope.get("StudyInstanceUID", ())]
        return super().where({**scope, "StudyInstanceUID": uids} if uids else scope)


class ShortUidMatcher(Matcher):
    def uid_list(self, wanted: str, held: str) -> bool:
        return super().uid_list("\\".join(uid[:UID_COLUMN] for uid in wanted.split("\\")), held[:UID_COLUMN])


class NoIssuers(Index):
    def issuer(self, _patient: Attributes) -> str:
        return ""


class DemographicsById(Index):
    """Shows each study with the demographics of the first patient of its Patient ID, whose issuer that look-up leaves out."""

    def grow(self, levels: Mapping[str, Attributes]) -> None:
        known = self._all("SELECT attributes FROM patient WHERE id = ? ORDER BY key", [str(levels["PATIENT"]["PatientID"])])
        first = merged(known[0]) if known else levels["PATIENT"]
        super().grow({**levels, "STUDY": levels["STUDY"] | {keyword: first[keyword] for keyword in DEMOGRAPHICS}})


class JoinsByAccession(Index):
    """Gives a new study the patient of a stored one with the same accession number."""

    def grow(self, levels: Mapping[str, Attributes]) -> None:
        accession = str(levels["STUDY"]["AccessionNumber"])
        known = self._all("SELECT attributes FROM study WHERE json_extract(attributes, '$.AccessionNumber') = ?", [accession])
        if known:
            first = merged(known[0])
            levels = {**levels, "PATIENT": {keyword: first[keyword] for keyword in levels["PATIENT"]}}
        super().grow(levels)


class Corrects(Intake):
    """Tells the index something else than the object says: `level`, `keyword` and the corrected value."""

    level, keyword = "STUDY", ""

    def corrected(self, value: str) -> str:
        return value

    def attributes(self, candidate: Candidate) -> Mapping[str, Attributes]:
        levels = super().attributes(candidate)
        changed = levels[self.level] | {self.keyword: self.corrected(str(levels[self.level][self.keyword]))}
        return {**levels, self.level: changed}


class NumericAccession(Corrects):
    keyword = "AccessionNumber"

    def corrected(self, value: str) -> str:
        return value.lstrip("0")


class ShortAccession(Corrects):
    rules = without("accession-length")
    keyword = "AccessionNumber"

    def corrected(self, value: str) -> str:
        return value[:16]


class InventsStudy(Corrects):
    rules = without("study-present")
    keyword = "StudyInstanceUID"

    def corrected(self, value: str) -> str:
        return value or str(generate_uid(prefix=None))


class SharedSeries(Corrects):
    rules = without("series-present")
    level, keyword = "SERIES", "SeriesInstanceUID"

    def corrected(self, value: str) -> str:
        return value or "null"


class InventsPatient(Corrects):
    rules = without("patient-present")
    level, keyword = "PATIENT", "PatientID"

    def corrected(self, value: str) -> str:
        return value or "UNKNOWN"


class FilesUnderUnknown(InventsPatient):
    """Warns of what it files under an invented patient, and shows it."""

    def settle(self, candidate: Candidate) -> Refusal | None:
        unknown = not candidate.text("PatientID")
        return super().settle(candidate) or (Refusal(COERCED, "filed under UNKNOWN") if unknown else None)


class InventsAccession(Corrects):
    rules = without("accession-present")
    keyword = "AccessionNumber"

    def corrected(self, value: str) -> str:
        return value or "NOT-ORDERED"


class NoAccessionDemanded(Intake):
    rules = without("accession-present")


class NoModalityDemanded(Intake):
    rules = without("modality-present")


def instance_fits_or_is_missing(candidate: Candidate) -> Refusal | None:
    """Compare with the command only what the data set says."""
    return instance_fits_the_command(candidate) if candidate.text("SOPInstanceUID") else None


class UidFromCommand(Intake):
    rules = replacing("instance-as-commanded", instance_fits_or_is_missing, without("instance-present"))

    def identity(self, candidate: Candidate) -> str:
        return super().identity(candidate) or candidate.command_instance


class LeavesTraces(Intake):
    """Makes patient, study and series before it validates the object."""

    def judge(self, candidate: Candidate) -> Refusal | None:
        refusal = super().judge(candidate)
        if refusal is not None and refusal.tag == tag_of("SOPInstanceUID") and not candidate.text("SOPInstanceUID"):
            self.index.grow(candidate.levels)
        return refusal


IDENTITY_FAULTS: tuple[Fault, ...] = (
    Fault(
        "study-of-two-patients-accepted",
        "an object of another patient under a stored Study Instance UID is taken with 0000",
        Parts(intake=TwoPatients),
        breaks=rows("INTEG-02"),
    ),
    Fault(
        "series-of-two-studies-accepted",
        "an object under a Series Instance UID of another study is taken with 0000",
        Parts(intake=SeriesInTwoStudies),
        breaks=rows("INTEG-03"),
    ),
    Fault(
        "study-row-for-each-description",
        "a study comes once for each description that its objects carry",
        Parts(index=RemembersDescriptions, finder=RowForEachDescription),
        breaks=rows("INTEG-07"),
    ),
    Fault(
        "equal-uids-lost",
        "an object of which two UIDs are equal is taken with 0000 and lost",
        Parts(intake=LosesEqualUids),
        breaks=rows("INTEG-12"),
    ),
    Fault(
        "issuer-key-not-supported",
        "Issuer of Patient ID is no key: it restricts nothing, and FF01 says so",
        Parts(finder=NoIssuerKey),
        warns=rows("IDENT-08"),
        blocks=rows("WEB-02"),
    ),
    Fault(
        "issuer-not-compared",
        "Issuer of Patient ID is returned, and restricts nothing",
        Parts(finder=IssuerNotCompared),
        warns=rows("IDENT-08"),
    ),
    Fault("issuer-matches-nothing", "no patient is found by an issuer", Parts(finder=IssuerMatchesNothing), warns=rows("IDENT-08")),
    Fault(
        "issuer-not-returned",
        "Issuer of Patient ID restricts, and comes back empty",
        Parts(finder=IssuerNotReturned),
        warns=rows("IDENT-08"),
        blocks=rows("WEB-02"),
    ),
    Fault(
        "command-not-compared",
        "the UIDs of the command are not compared with the data set's",
        Parts(intake=CommandNotCompared),
        breaks=rows("INTEG-14"),
    ),
    Fault(
        "uids-compared-to-60",
        "queries and retrieves compare 60 characters of a UID",
        Parts(index=ShortUids, matcher=ShortUidMatcher),
        breaks=rows("INTEG-13"),
    ),
    Fault("retrieves-compare-60", "retrieves compare 60 characters of a UID", Parts(index=ShortUids), breaks=rows("INTEG-13")),
    Fault(
        "patients-keyed-without-issuer",
        "patients are told apart by Patient ID alone",
        Parts(index=NoIssuers),
        breaks=rows("IDENT-06"),
    ),
    Fault(
        "demographics-by-patient-id-alone",
        "studies of one Patient ID of several issuers are shown with the demographics of the first",
        Parts(index=DemographicsById),
        breaks=rows("IDENT-06"),
    ),
    Fault(
        "studies-joined-by-accession",
        "a study with a stored accession number is given that study's patient",
        Parts(index=JoinsByAccession),
        breaks=rows("IDENT-10"),
    ),
    Fault(
        "one-study-for-an-accession",
        "of two studies with one accession number one is listed",
        Parts(finder=OneStudyForAccession),
        breaks=rows("IDENT-10"),
    ),
    Fault(
        "leading-zeros-dropped",
        "accession numbers lose their leading zeros in the index",
        Parts(intake=NumericAccession),
        breaks=rows("IDENT-11"),
    ),
    Fault(
        "overlong-accession-cut",
        "an accession number is cut to 16 characters in the index, with 0000",
        Parts(intake=ShortAccession),
        breaks=rows("IDENT-12"),
    ),
    Fault(
        "instance-uid-from-command",
        "a SOP Instance UID that the data set lacks is taken from the command",
        Parts(intake=UidFromCommand),
        breaks=rows("REJECT-01"),
    ),
    Fault("study-uid-invented", "a missing Study Instance UID is invented", Parts(intake=InventsStudy), breaks=rows("REJECT-02")),
    Fault(
        "missing-series-shared",
        "objects without Series Instance UID share one series",
        Parts(intake=SharedSeries),
        breaks=rows("REJECT-03"),
    ),
    Fault("missing-modality-accepted", "Modality is not demanded", Parts(intake=NoModalityDemanded), warns=rows("REJECT-04")),
    Fault(
        "patient-id-invented",
        "objects without Patient ID are filed, with 0000, under one invented patient",
        Parts(intake=InventsPatient),
        breaks=rows("REJECT-05"),
    ),
    Fault(
        "set-aside-and-shown",
        "objects without Patient ID are filed, with B000, under one invented patient",
        Parts(intake=FilesUnderUnknown),
        breaks=rows("REJECT-05"),
    ),
    Fault(
        "accession-invented",
        "objects without accession number are filed, with 0000, under an invented one",
        Parts(intake=InventsAccession),
        breaks=rows("REJECT-06"),
    ),
    Fault(
        "missing-accession-accepted",
        "objects without accession number are filed with 0000, so that they match every accession",
        Parts(intake=NoAccessionDemanded),
        breaks=rows("REJECT-06 QUERY-16"),
    ),
    Fault(
        "refused-object-leaves-study",
        "patient and study of an object without SOP Instance UID are made before it is refused",
        Parts(intake=LeavesTraces),
        breaks=rows("REJECT-14"),
    ),
)
