"""DICOMweb, reading: what a search matches and returns, what a retrieve delivers, and to whom (PS3.18 8.11, 10.4, 10.6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from pydicom import Dataset

from conformance.dimse import NotAccepted
from conformance.findings import Nonconformance, expect, require
from conformance.suite.conftest import Stored
from conformance.suite.dicomweb import NOT_FOUND, OK, Result, Web, expect_results, results, tag, value, values
from conformance.suite.expectations import only_match
from conformance.suite.queries import study_query
from conformance.suite.system import System
from conformance.web import Reply, WebUnanswered
from generators import Study, Synthesizer

DENIED = (401, 403, 404)
TOO_MANY_REQUESTS, SERVER_ERRORS = 429, 500
ISSUER = "IssuerOfPatientID"


@dataclass(frozen=True, slots=True)
class Matching:
    """A key of Table 10.6.1-5: its value in a study, and a value that no study has."""

    of: Callable[[Study], str]
    absent: str


KEYS: Mapping[str, Matching] = {
    "StudyDate": Matching(lambda study: study.date, "19010101"),
    "StudyTime": Matching(lambda study: study.time, "010101"),
    "AccessionNumber": Matching(lambda study: study.order.accession, "NONE"),
    "ModalitiesInStudy": Matching(lambda study: study.series[0].modality, "XC"),
    "ReferringPhysicianName": Matching(lambda study: study.order.referring, "NOBODY^SYNTHETIC"),
    "PatientName": Matching(lambda study: study.patient.name, "NOBODY^SYNTHETIC"),
    "PatientID": Matching(lambda study: study.patient.id, "NOBODY"),
    "StudyInstanceUID": Matching(lambda study: study.uid, "2.25.310458246739824793746534657936453219873"),
    "StudyID": Matching(lambda study: study.id, "NONE"),
}
# What every result has (PS3.18 Table 10.6.3-3), but for the counts and modalities, which no object holds.
HELD = (
    "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
    "StudyInstanceUID", "StudyID",
)  # fmt: skip
COUNTED = ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")


@pytest.fixture(scope="module")
def library(web: Web, keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> tuple[Study, ...]:
    """Three studies of one patient that differ in every key, stored by C-STORE."""
    patient = synthesizer.patient(name=f"SYNTHETIC-{synthesizer.nonce}^Web")  # nobody else of the run is called so
    shelf = [("CT", "20240110", "080000"), ("MR", "20240115", "093000"), ("CT", "20240229", "120000")]
    kept = []
    for number, (modality, date, time) in enumerate(shelf):
        order = synthesizer.order(referring=f"SYNTHETIC-REFERRER{number}^Web")
        study = synthesizer.study(modality, instances=1, patient=patient, order=order, date=date, time=time, id=f"W{number}")
        kept.append(keep(study).study)
        web.require_shown(study)
    return tuple(kept)


@pytest.mark.requirement("WEB-01")
@pytest.mark.parametrize("keyword", KEYS)
def test_a_search_matches_each_required_key(web: Web, library: tuple[Study, ...], keyword: str) -> None:
    key, bound = KEYS[keyword], {"PatientID": library[1].patient.id}
    wanted = key.of(library[1])
    expected = {study.uid: f"study {study.id}" for study in library if key.of(study) == wanted}
    expect_results(web, web.search(**bound | {keyword: wanted}), expected, because=f"{keyword} of study {library[1].id}")
    expect_results(web, web.search(**bound | {keyword: key.absent}), {}, because=f"no study has {keyword} {key.absent}")


@pytest.fixture(scope="module")
def accented(web: Web, keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> Stored:
    """A study of two modalities whose patient has a name outside ASCII."""
    patient = synthesizer.patient(name="SYNTHETIC-Lévesque^Zoë")
    stored = keep(synthesizer.study(modalities=["CT", "MR"], instances=2, patient=patient))
    web.require_shown(stored.study)
    return stored


@pytest.fixture(scope="module")
def listed(system: System, web: Web, accented: Stored) -> tuple[Result, Dataset]:
    """The one result of a search for that study, and the match of C-FIND for it."""
    found = [each for each in results(web.search(ISSUER, StudyInstanceUID=accented.study.uid)) if values(each, "StudyInstanceUID")]
    mine = [each for each in found if value(each, "StudyInstanceUID") == accented.study.uid]
    require(mine, "the study is not found by its UID")
    try:
        answer = system.find(study_query(accented.study, **dict.fromkeys([*HELD[:-2], "StudyID", ISSUER], "")))
    except NotAccepted:
        return mine[0], next(iter(accented.study.datasets()))
    return mine[0], only_match(answer, of="the study's UID")


@pytest.mark.requirement("WEB-02")
def test_a_result_has_every_required_attribute(listed: tuple[Result, Dataset]) -> None:
    result, _ = listed
    missing = [keyword for keyword in (*HELD, "ModalitiesInStudy", *COUNTED) if tag(keyword) not in result]
    expect(not missing, expected="every attribute of Table 10.6.3-3", got=f"{', '.join(missing)} absent")


@pytest.mark.requirement("WEB-02")
@pytest.mark.parametrize("keyword", HELD)
def test_a_result_says_what_c_find_says(listed: tuple[Result, Dataset], accented: Stored, keyword: str) -> None:
    result, match = listed
    wanted = str(match.get(keyword) or "")
    require(wanted, f"C-FIND returns no {keyword} to compare with")
    stored = str(next(accented.study.datasets()).get(keyword, ""))  # C-FIND may be the one that tells it wrongly
    shown = value(result, keyword)
    expect(plain(shown) in (plain(wanted), plain(stored)), expected=f"{keyword} {wanted!r} as C-FIND returns it", got=repr(shown))


def plain(text: str) -> str:
    """Take off what says nothing: empty components of a name, a fraction of zeros in a time (PS3.5 6.2)."""
    whole, dot, fraction = text.partition(".")
    return whole if dot and not fraction.strip("0") else text.rstrip("^= ")


@pytest.mark.requirement("WEB-02")
def test_a_result_counts_what_the_study_has(listed: tuple[Result, Dataset], accented: Stored) -> None:
    result, study = listed[0], accented.study
    expected = {"NumberOfStudyRelatedSeries": str(len(study.series)), "NumberOfStudyRelatedInstances": str(len(accented.instances))}
    for keyword, count in expected.items():
        expect(value(result, keyword) == count, expected=f"{keyword} {count}", got=repr(value(result, keyword)))
    modalities = sorted(map(str, values(result, "ModalitiesInStudy")))
    expect(modalities == ["CT", "MR"], expected="ModalitiesInStudy CT and MR", got=", ".join(modalities) or "none")


@pytest.mark.requirement("WEB-02")
def test_a_result_is_in_the_json_model(listed: tuple[Result, Dataset]) -> None:
    result, _ = listed
    unnamed = [name for name, held in result.items() if not isinstance(held, dict) or "vr" not in held]
    expect(not unnamed, expected="a vr in every attribute (PS3.18 F.2.2)", got=f"none in {', '.join(unnamed[:3])}")
    for keyword in ("PatientName", "ReferringPhysicianName"):
        named = all(isinstance(name, dict) and "Alphabetic" in name for name in values(result, keyword))
        expect(named, expected=f'{keyword} as an object with "Alphabetic" (PS3.18 F.2.2)', got="another form")


@pytest.mark.requirement("WEB-02")
def test_a_result_names_the_issuer_that_c_find_knows(listed: tuple[Result, Dataset]) -> None:
    result, match = listed
    issuer = str(match.get(ISSUER) or "")
    require(issuer, "C-FIND returns no issuer, so that it is no attribute which this system supports in queries")
    expect(value(result, ISSUER) == issuer, expected=f"{ISSUER} {issuer!r}, which was asked for", got=repr(value(result, ISSUER)))


@pytest.fixture(scope="module")
def shown(web: Web, ct_study: Stored) -> Stored:
    """Two CT series of three instances, stored by C-STORE and found on DICOMweb."""
    web.require_shown(ct_study.study)
    return ct_study


@pytest.mark.requirement("WEB-03")
@pytest.mark.parametrize("level", ["study", "series", "instance"])
def test_a_retrieve_delivers_every_instance(web: Web, shown: Stored, level: str) -> None:
    study, series = shown.study, shown.study.series[1]
    path, instances = {
        "study": ((study.uid,), study.instances),
        "series": ((study.uid, series.uid), series.instances),
        "instance": ((study.uid, series.uid, series.instances[1].uid), series.instances[1:2]),
    }[level]
    uids = sorted(str(each.get("SOPInstanceUID", "")) for each in web.objects(*path))
    wanted = sorted(instance.uid for instance in instances)
    expect(
        uids == wanted,
        expected=f"all {len(wanted)} instances of the {level}, each once, or 206 where one cannot be sent",
        got=f"200 and {len(uids)} instances, {len(set(wanted) - set(uids))} of them missing",
    )


@pytest.mark.requirement("WEB-03")
@pytest.mark.parametrize("level", ["study", "series", "instance"])
def test_a_retrieve_of_what_is_unknown_is_answered_404(web: Web, shown: Stored, synthesizer: Synthesizer, level: str) -> None:
    known = (shown.study.uid, shown.study.series[0].uid, shown.study.series[0].instances[0].uid)
    depth = ["study", "series", "instance"].index(level)
    require(web.retrieve(*known).status == OK, "a known instance is not delivered")
    reply = web.retrieve(*known[:depth], synthesizer.uid())
    expect(reply.status == NOT_FOUND, expected=f"404 for a {level} that was never stored", got=f"HTTP {reply.status}")


def questions(web: Web, study: Study) -> dict[str, Reply | None]:
    """Search, retrieve and ask for metadata of one study of ours; None where the connection was refused instead of a reply."""
    asked: dict[str, Callable[[], Reply]] = {
        "a search": lambda: web.door.search(web.system.recorder, {"StudyInstanceUID": study.uid}),
        "a retrieve": lambda: web.door.retrieve(web.system.recorder, study.uid),
        "its metadata": lambda: web.door.metadata(web.system.recorder, study.uid),
    }
    return {name: answered(ask) for name, ask in asked.items()}


def answered(ask: Callable[[], Reply]) -> Reply | None:
    """The reply, or None where there was none."""
    try:
        return ask()
    except WebUnanswered:
        return None


@pytest.mark.requirement("WEB-08")
@pytest.mark.parametrize("secret", ["", "expired.or.forged"], ids=["without-credentials", "with-wrong-credentials"])
def test_nobody_without_valid_credentials_is_served(web: Web, shown: Stored, secret: str) -> None:
    known = questions(web, shown.study)
    served = [name for name, reply in known.items() if reply is not None and reply.status == OK]
    require("a search" in served, "a search with the given credentials is not answered")
    stranger = Web(web.system, web.door.as_stranger(secret))
    replies = {name: reply.status for name, reply in questions(stranger, shown.study).items() if name in served and reply is not None}
    unsaid = [f"HTTP {status} for {name}" for name, status in replies.items() if is_unable(status)]
    wrong = [f"HTTP {status} for {name}" for name, status in replies.items() if status not in DENIED and not is_unable(status)]
    if wrong:
        raise Nonconformance(
            expected="401 or 403 (or 404) for whoever brings no valid credentials",
            got="; ".join(wrong),
            hint="Look for paths that the access control leaves out, and for clients that it trusts by their address.",
        )
    require(not unsaid, f"whether whoever brings no valid credentials is let in cannot be told: {'; '.join(unsaid)}")
    require(web.search(StudyInstanceUID=shown.study.uid).status == OK, "afterwards, the given credentials are no longer accepted")


def is_unable(status: int) -> bool:
    """Whether a request was turned away before anybody looked at its credentials (RFC 6585 4, RFC 9110 15.6)."""
    return status == TOO_MANY_REQUESTS or status >= SERVER_ERRORS


@pytest.mark.requirement("WEB-08")
def test_only_https_is_served(web: Web, shown: Stored) -> None:
    scheme, _, rest = web.door.service.url.partition("://")
    expect(scheme == "https", expected="a service at an https URL", got=f"a search answered at an {scheme} URL")
    plaintext = web.door.as_stranger().at(f"http://{rest}")
    reply = answered(lambda: plaintext.search(web.system.recorder, {"StudyInstanceUID": shown.study.uid}))
    require(web.search(StudyInstanceUID=shown.study.uid).status == OK, "afterwards, the service does not answer by https either")
    expect(
        reply is None or reply.status >= 300,
        expected="no answer, a refusal or a redirection to https for a request in plain HTTP",
        got=f"HTTP {reply.status if reply else ''}",
    )
