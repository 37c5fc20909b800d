"""The tree: patient, study, series, instance, each with one parent (PS3.3 A.1.2, PS3.4 C.3.1)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pydicom import Dataset

from conformance.findings import expect, require
from conformance.suite.attempts import CUTS, Attempt, Attempts, encode_first
from conformance.suite.conftest import Stored
from conformance.suite.expectations import expect_delivered, expect_found, expect_one_tree
from conformance.suite.queries import Query, image_query, series_query, study_query
from conformance.suite.sop_classes import CT
from conformance.suite.system import TAKEN, System, content, storage_contexts
from conformance.target import Claims
from generators import Encoded, Study, Synthesizer, differences, encode, encode_study

PIXELS, INSTANCE_NUMBER = "(7FE0,0010)", "(0020,0013)"

ALMOST_ALL = 0.9


@pytest.mark.requirement("INTEG-01")
def test_shows_one_tree_of_patients_studies_series_and_instances(system: System, forest: list[Stored]) -> None:
    for patient_id in dict.fromkeys(stored.study.patient.id for stored in forest):
        studies = [stored.study for stored in forest if stored.study.patient.id == patient_id]
        expect_found(
            system.ask("STUDY", PatientID=patient_id, StudyInstanceUID=""),
            "StudyInstanceUID",
            {study.uid: f"study {study.id}" for study in studies},
            because="the studies of one patient",
        )
    for stored in forest:
        expect_one_tree(system, stored.study)


@pytest.fixture(scope="module")
def forest(keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> list[Stored]:
    """Two patients, each with two studies of two series."""
    return [
        keep(synthesizer.study("CT", series=2, instances=2, patient=patient))
        for patient in (synthesizer.patient(), synthesizer.patient())
        for _ in range(2)
    ]


@pytest.mark.requirement("INTEG-02")
def test_keeps_a_study_with_one_patient(
    system: System, attempts: Attempts, keep: Callable[[Study], Stored], synthesizer: Synthesizer
) -> None:
    first = keep(synthesizer.study("CT", instances=1)).study
    other = synthesizer.study("CT", instances=1, uid=first.uid, patient=synthesizer.patient(), order=first.order)
    attempt = attempts.send(encode_first(other), other)
    expect_flagged(attempt, "an object of another patient under a Study Instance UID that is taken")
    answer = system.find(study_query(first, PatientID=""))
    owners = {str(match.get("PatientID", "")) for match in answer.matches}
    known = {first.patient.id, other.patient.id} if attempt.warned else {first.patient.id}
    expect(
        len(owners) == 1 and owners <= known,
        expected="the study with one patient, and with the first one unless a warning told of the other",
        got=_owners(owners, first, other),
    )


def _owners(owners: set[str], first: Study, other: Study) -> str:
    names = {first.patient.id: "the first patient", other.patient.id: "the second patient"}
    return ", ".join(sorted(names.get(owner, "somebody else") for owner in owners)) or "no patient"


def expect_flagged(attempt: Attempt, what: str) -> None:
    """Blame the system if it answered plain success: the sender must learn that something is wrong."""
    expect(
        attempt.flagged,
        expected=f"a failure, a warning or an abort for {what}",
        got=str(attempt),
        hint="The system took it as if it fitted. Look for its policy on conflicting identifiers.",
    )


@pytest.mark.requirement("INTEG-03")
def test_keeps_a_series_in_one_study(system: System, attempts: Attempts, keep: Callable[[Study], Stored], synthesizer: Synthesizer) -> None:
    first = keep(synthesizer.study("CT", instances=2)).study
    other = synthesizer.study("CT", instances=1, patient=first.patient)
    other = replace(other, series=(replace(other.series[0], uid=first.series[0].uid),))
    attempt = attempts.send(encode_first(other), other)
    expect_flagged(attempt, "an object under a Series Instance UID that belongs to another study")
    expect_one_tree(system, first)


@pytest.fixture(scope="module")
def collision(
    system: System, attempts: Attempts, keep: Callable[[Study], Stored], synthesizer: Synthesizer
) -> tuple[Stored, Study, Encoded, Attempt]:
    """An object that is stored, and another image with its SOP Instance UID in another series of the same study."""
    first = keep(synthesizer.study("CT", instances=1))
    require(is_delivered(system, first.study, first.instances[0]), "the first image is not delivered before the other comes")
    taken = first.study.series[0].instances[0].uid
    other = synthesizer.study("CT", instances=1, uid=first.study.uid, patient=first.study.patient, order=first.study.order)
    series = other.series[0]
    other = replace(other, series=(replace(series, instances=(replace(series.instances[0], uid=taken),)),))
    second = repainted(encode_first(other))
    return first, other, second, attempts.send(second, other)


def repainted(instance: Encoded) -> Encoded:
    """The same object with other pixels."""
    dataset = instance.dataset()
    dataset.PixelData = bytes(255 - byte for byte in dataset.PixelData)
    return encode(dataset, instance.transfer_syntax_uid)


@pytest.mark.requirement("INTEG-04")
def test_never_replaces_an_image_by_another_with_its_uid(system: System, collision: tuple[Stored, Study, Encoded, Attempt]) -> None:
    first, other, second, attempt = collision
    first_kept = is_delivered(system, first.study, first.instances[0])
    if attempt.taken and not attempt.warned:
        both = first_kept and is_delivered(system, other, second)
        expect(both, expected="a refusal, a warning, or both images kept", got=f"{attempt}, and only one of the two can be retrieved")
    if not attempt.taken:
        expect(first_kept, expected="the first image still there as it was stored", got=f"{attempt}, and the first is gone or changed")


def is_delivered(system: System, study: Study, instance: Encoded) -> bool:
    """Whether a retrieve of a study's first object brings this image: its UID with its pixels."""
    series = study.series[0]
    delivery = system.retrieve(image_query(study, series, series.instances[0]), [instance])
    return any(says_the_same(instance.dataset(), content(received), PIXELS) for received in delivery.objects)


def says_the_same(sent: Dataset, received: Dataset, *paths: str) -> bool:
    """Whether these elements came back with the same content, whatever their encoding."""
    return not any(difference.path.startswith(paths) for difference in differences(sent, received))


@pytest.mark.requirement("INTEG-05")
def test_holds_one_content_under_one_uid(
    system: System, attempts: Attempts, keep: Callable[[Study], Stored], synthesizer: Synthesizer, claims: Claims
) -> None:
    stored = keep(synthesizer.study("CT", instances=1))
    original = stored.instances[0]
    changed = altered(original)
    series = stored.study.series[0]
    told = InstanceNumbers(system, image_query(stored.study, series, series.instances[0], InstanceNumber=""))
    told_before = told.now() == [str(original.dataset().InstanceNumber)]
    attempt = attempts.send(changed, stored.study)
    delivery = system.retrieve(image_query(stored.study, series, series.instances[0]), [original])
    require(len(delivery.objects) == 1, f"not one object delivered: {delivery.answer.final}")
    kept = policy_seen(content(delivery.objects[0]), original, changed)
    expect(kept, expected="the first content or the second, whole", got=f"{attempt}, and a mixture of both")
    expect_policy(kept, attempt, claims)
    version = {"keep": original, "replace": changed}[kept].dataset()
    require(told_before, "a query did not tell the object's Instance Number before either")
    expect(
        system.comes_true(lambda: told.now() == [str(version.InstanceNumber)], since=attempt.sent),
        expected=f"query and retrieve to tell of the same content (Instance Number {version.InstanceNumber})",
        got=f"{attempt}; retrieve gives the {_WHICH[kept]} content, query says Instance Number {', '.join(told.last) or 'nothing'}",
        hint="The index was not brought up to date when the object was replaced, or the other way round.",
    )


class InstanceNumbers:
    """What a query says of an object's Instance Number, now and when it was asked last."""

    def __init__(self, system: System, query: Query) -> None:
        self._system, self._query = system, query
        self.last: list[str] = []

    def now(self) -> list[str]:
        """Ask, and give every value that the matches show."""
        self.last = sorted({str(match.get("InstanceNumber", "")) for match in self._system.find(self._query).matches})
        return self.last


_WHICH = {"keep": "first", "replace": "second"}


def altered(instance: Encoded) -> Encoded:
    """Other pixels and another Instance Number under the same UIDs."""
    dataset = repainted(instance).dataset()
    dataset.InstanceNumber = int(dataset.InstanceNumber) + 70
    return encode(dataset, instance.transfer_syntax_uid)


def policy_seen(received: Dataset, original: Encoded, changed: Encoded) -> str:
    """Say which of the two contents came back: `keep`, `replace`, or nothing for a mixture."""
    versions = {"keep": original.dataset(), "replace": changed.dataset()}
    return next((policy for policy, version in versions.items() if says_the_same(version, received, PIXELS, INSTANCE_NUMBER)), "")


def expect_policy(kept: str, attempt: Attempt, claims: Claims) -> None:
    """Blame the system if it did otherwise than its profile says; `refuse` keeps the first content and does not take the second."""
    if not claims.duplicates:
        return
    seen = "refuse" if not attempt.taken and kept == "keep" else kept
    expect(seen == claims.duplicates, expected=f"the declared policy: {claims.duplicates}", got=f"{attempt}: {seen}")


@pytest.mark.requirement("INTEG-07")
def test_shows_one_study_whose_series_describe_it_differently(
    system: System, keep: Callable[[Study], Stored], synthesizer: Synthesizer
) -> None:
    whole = synthesizer.study("CT", series=2, instances=1, description="SYNTHETIC FIRST")
    first, second = (replace(whole, series=(series,)) for series in whole.series)
    keep(first)
    later = replace(second, description="SYNTHETIC SECOND", time="235959")  # a required key too, for not all return a description
    answer = system.store(encode_first(later))[0]
    if answer.status_class in TAKEN:
        series = later.series[0]
        require(system.await_found(image_query(later, series, series.instances[0])), "the second series was acknowledged and is not found")
    matches = system.find(study_query(whole, StudyDescription="", StudyTime="")).matches
    require(matches, "the study is not found")
    versions = {(str(match.get("StudyDescription", "no description")), str(match.get("StudyTime", "no time"))) for match in matches}
    expect(
        len(versions) == 1,
        expected="one study with one description and time, of two series that differ in both",
        got=f"{len(matches)} matches: {'; '.join(' at '.join(version) for version in sorted(versions))}",
        hint="A client that takes each match for a study opens half of the examination.",
    )
    values = max(len(values_of(match, "StudyDescription")) for match in matches)
    expect(values <= 1, expected="one description (LO, value multiplicity 1)", got=f"one of {values} values")


def values_of(dataset: Dataset, keyword: str) -> list[str]:
    """The values of a text attribute, however many it is allowed to have."""
    value = dataset.get(keyword) or ""
    return [value] if isinstance(value, str) else [str(one) for one in value]


EQUAL_UIDS = ("series as study", "object as series", "object as study")


def with_equal_uids(study: Study, which: str) -> Study:
    """Give the series or the object of a one-object study the UID of something above it."""
    series = study.series[0]
    uid = series.uid if which == "object as series" else study.uid
    if which == "series as study":
        return replace(study, series=(replace(series, uid=uid),))
    return replace(study, series=(replace(series, instances=(replace(series.instances[0], uid=uid),)),))


@pytest.mark.requirement("INTEG-12")
@pytest.mark.parametrize("which", EQUAL_UIDS)
def test_refuses_or_shows_an_object_with_two_equal_uids(
    system: System, attempts: Attempts, ct_study: Stored, synthesizer: Synthesizer, which: str
) -> None:
    study = with_equal_uids(synthesizer.study("CT", instances=1), which)
    attempt = attempts.send(encode_first(study), study)
    if not attempt.taken:
        return
    series = study.series[0]
    for query in (image_query(study, series, series.instances[0]), study_query(study)):
        expect(
            system.await_found(query, since=attempt.sent),
            expected=f"an object with the UID of its {which} refused, or found at each level",
            got=f"{attempt}, and nothing found at {query.level} level",
        )


@pytest.mark.requirement("INTEG-16")
@pytest.mark.parametrize("cut", CUTS)
def test_shows_nothing_of_a_transfer_that_broke_off(system: System, synthesizer: Synthesizer, cut: str) -> None:
    before, study, after = (synthesizer.study("CT", instances=1) for _ in range(3))
    instance = encode_first(study)
    with system.associate(storage_contexts([instance])) as association:
        require(system.send(association, encode_first(before)).status_class in TAKEN, "a sound object was refused when it came whole")
        system.ledger.note_sent(instance)
        association.half_store(instance, ALMOST_ALL)
        CUTS[cut](association)
    system.require_alive("after the cut")
    system.keep_study(after)  # once it is found, what the cut left shows as well
    shown = [query.level for query in levels_of(study) if system.find(query).matches]
    delivered = system.retrieve(study_query(study), [instance]).objects if shown else ()
    expect(
        not shown or delivered,
        expected=f"no study and no series of which the only object was cut off by {cut}",
        got=f"matches at {' and '.join(map(str, shown))} level, and no object to retrieve",
    )


def levels_of(study: Study) -> list[Query]:
    """Ask for everything that the one object of a study could have made: the study, by its UID and by its patient, and its series."""
    return [study_query(study), Query("STUDY", {"PatientID": study.patient.id, "StudyInstanceUID": ""}), series_query(study)]


@pytest.mark.requirement("INTEG-13")
def test_tells_uids_of_64_characters_apart_by_their_last_digit(
    system: System, keep: Callable[[Study], Stored], ct_study: Stored, synthesizer: Synthesizer
) -> None:
    require(system.retrieve(study_query(ct_study.study), ct_study.instances).objects, "a study with other UIDs is not delivered either")
    stem = f"{synthesizer.uid()}.".ljust(63, "7")
    studies = [keep(synthesizer.study("CT", instances=1, uid=stem + digit)) for digit in "12"]
    for stored in studies:
        expect_found(
            system.find(study_query(stored.study, PatientID="")),
            "StudyInstanceUID",
            {stored.study.uid: "the one study"},
            because="two UIDs of 64 characters differ in the last",
        )
        expect_delivered(system.retrieve(study_query(stored.study), stored.instances), stored.instances)


@pytest.mark.requirement("INTEG-14")
@pytest.mark.parametrize("which", ["class", "instance"])
def test_refuses_an_object_that_its_command_names_otherwise(attempts: Attempts, synthesizer: Synthesizer, which: str) -> None:
    study = synthesizer.study("MR" if which == "class" else "CT", instances=1)
    instance = encode_study(study)[0]
    if which == "class":
        attempt = attempts.send(replace(instance, sop_class_uid=CT), study)
    else:
        attempt = attempts.send(instance, study, sop_instance_uid=synthesizer.uid())
    expect(
        attempt.flagged,
        expected="a failure status, an abort, or a warning such as B007",
        got=f"{attempt} for an object whose command names another SOP {which.capitalize()} UID than its data set",
    )
