"""Transfer syntaxes: what is accepted, kept and passed on, byte by byte (PS3.5 7, 10, Annex A)."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from pydicom import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from conformance.dimse import Received
from conformance.findings import NotApplicable, NotExercised, expect, require
from conformance.suite.contents import deep, secretive
from conformance.suite.encodings import (
    EXPLICIT,
    IMPLICIT,
    LOSSLESS,
    LOSSY,
    MODES,
    NATIVE,
    Arrival,
    Shelves,
    accepted_classes,
    fetch,
    negotiated,
    some,
)
from conformance.suite.expectations import SHOWN
from conformance.suite.queries import study_query
from conformance.suite.sop_classes import CORE_STORAGE, CT
from conformance.suite.system import TAKEN, System, content
from generators import KINDS, SYNTAXES, Encoded, Study, Synthesizer, differences, encode, encode_study

UNSUPPORTED_SYNTAXES = 4  # PS3.8 Table 9-18
PRIVATE_SYNTAX = "2.25.310458246739824793746534657936453219821"
DEPTH = 10
RARELY_ENCODED = ("CT", "US")
ADVISED = ("jpeg-lossless-sv1", "jpeg-ls", "jpeg2000-lossless", "rle")


# XFER-01: both uncompressed syntaxes


@pytest.mark.requirement("XFER-01")
def test_negotiates_each_class_in_explicit_vr(system: System) -> None:
    """Whether the default syntax is accepted is judged by ASSOC-03."""
    accepted = both_syntaxes(system)
    supported = [uid for uid in CORE_STORAGE if (uid, EXPLICIT) in accepted or (uid, IMPLICIT) in accepted]
    require(supported, "no core storage class is accepted")
    refused = [UID(uid).name for uid in supported if (uid, EXPLICIT) not in accepted]
    expect(
        not refused,
        expected="each supported class accepted in Explicit VR Little Endian",
        got=f"refused for {', '.join(refused)}",
    )


def both_syntaxes(system: System) -> set[tuple[str, str]]:
    """Propose each core class in each of the two uncompressed little endian syntaxes."""
    return accepted_classes(system, [(uid, syntax) for uid in CORE_STORAGE for syntax in (EXPLICIT, IMPLICIT)])


@pytest.mark.requirement("XFER-01")
def test_keeps_as_much_in_explicit_as_in_implicit(system: System, synthesizer: Synthesizer) -> None:
    """What is lost in both syntaxes has another cause than the syntax, and is judged elsewhere."""
    accepted = both_syntaxes(system)
    classes = {kind: str(about.sop_class_uid) for kind, about in KINDS.items()}
    kinds = [kind for kind, uid in classes.items() if (uid, EXPLICIT) in accepted and (uid, IMPLICIT) in accepted]
    require(kinds, "no core storage class is accepted in both syntaxes")
    tried = frozenset(classes[kind] for kind in kinds)
    kept = {syntax: losses(system, synthesizer.study(modalities=kinds, instances=1), syntax, tried) for syntax in (EXPLICIT, IMPLICIT)}
    for place, (explicit, implicit) in enumerate(zip(kept[EXPLICIT], kept[IMPLICIT], strict=True)):
        only = explicit - implicit
        expect(
            not only,
            expected="an object in Explicit VR Little Endian kept as well as the same in Implicit VR Little Endian",
            got=f"object {place + 1}: {', '.join(sorted(only)[:SHOWN])}",
        )


def losses(system: System, study: Study, syntax: str, classes: frozenset[str]) -> list[frozenset[str]]:
    """Store the objects of these classes, and say for each what is lost: paths of elements, or the object as a whole."""
    instances = [instance for instance in encode_study(study, syntax) if instance.sop_class_uid in classes]
    answers = dict(zip((instance.sop_instance_uid for instance in instances), system.store(*instances), strict=True))
    came = {received.sop_instance_uid: received for received in fetch(system, study, instances, (syntax,)).objects}
    require(came, "nothing came back")
    return [lost(instance, answers[instance.sop_instance_uid].status_class in TAKEN, came) for instance in instances]


def lost(sent: Encoded, taken: bool, came: Mapping[str, Received]) -> frozenset[str]:
    if not taken:
        return frozenset({"refused"})
    received = came.get(sent.sop_instance_uid)
    if received is None:
        return frozenset({"not delivered"})
    return paths_changed(sent, received)


@pytest.mark.requirement("XFER-01")
def test_keeps_the_representation_of_private_values(system: System, synthesizer: Synthesizer) -> None:
    study = synthesizer.study("CT", instances=1)
    sent = encode(secretive(next(iter(study.datasets()))), EXPLICIT)
    system.keep(sent)
    objects = fetch(system, study, [sent], (EXPLICIT,)).objects
    require(len(objects) == 1, "the object was not delivered in Explicit VR Little Endian")
    before, after = private_representations(sent.dataset()), private_representations(content(objects[0]))
    common = before.keys() & after.keys()
    require(common, "no private element came back")
    changed = [f"{tag} {before[tag]} as {after[tag]}" for tag in sorted(common) if before[tag] != after[tag]]
    expect(not changed, expected="private elements with the value representation that they were sent with", got="; ".join(changed[:SHOWN]))


def private_representations(dataset: Dataset) -> dict[BaseTag, str]:
    return {element.tag: str(element.VR) for element in dataset if element.tag.is_private}


# XFER-02, XFER-06, XFER-13: what is accepted and what becomes of it


@pytest.mark.requirement("XFER-02")
@pytest.mark.parametrize("syntax", ADVISED)
def test_accepts_images_in_lossless_compression(system: System, shelves: Shelves, syntax: str) -> None:
    images = [str(kind.sop_class_uid) for kind in KINDS.values() if kind.pixels and str(kind.sop_class_uid) in CORE_STORAGE]
    accepted = accepted_classes(system, [(uid, wanted) for uid in images for wanted in (EXPLICIT, SYNTAXES[syntax].uid)])
    supported = [uid for uid in images if (uid, EXPLICIT) in accepted]
    require(supported, "no image class is accepted")
    refused = [UID(uid).name for uid in supported if (uid, SYNTAXES[syntax].uid) not in accepted]
    expect(
        not refused,
        expected=f"{SYNTAXES[syntax].title} accepted for each image class that is accepted uncompressed",
        got=f"refused for {len(refused)} of {len(supported)}: {', '.join(refused[:SHOWN])}",
    )
    some(shelves.arrivals("explicit", ["as sent"]))
    shelf = shelves.of(syntax)
    came = len(shelves.arrivals(syntax, ["as sent"]))
    expect(
        came == len(shelf.samples),
        expected=f"each of {len(shelf.samples)} images that were taken retrieved",
        got=f"{shelves.delivery(shelf, 'as sent').answer.final}, and {came} came",
    )


@pytest.mark.requirement("XFER-06")
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_decompresses_for_a_destination_that_accepts_the_default_only(shelves: Shelves, syntax: str) -> None:
    delivered = {arrival.sample.kind for arrival in some(shelves.arrivals(syntax, ["as sent"]))}
    shelf = shelves.of(syntax)
    came = {arrival.sample.kind: arrival for arrival in shelves.arrivals(syntax, ["implicit"])}
    missing = delivered - came.keys()
    expect(
        not missing,
        expected=f"each image of {SYNTAXES[syntax].title} delivered in Implicit VR Little Endian",
        got=f"{shelves.delivery(shelf, 'implicit').answer.final}, and {len(missing)} of {len(delivered)} not delivered",
        hint="A destination that knows the default syntax only is a conformant one (PS3.5 10.1).",
    )
    for arrival in came.values():
        compressed = arrival.misencoded()
        expect("fragments" not in compressed, expected="native pixel data in a native syntax", got=f"{arrival}: {compressed}")


@pytest.fixture(scope="module")
def lost_anyway(system: System, synthesizer: Synthesizer) -> Mapping[str, frozenset[str]]:
    """What the system loses of an object in Explicit VR Little Endian, by SOP class: that has another cause than a rare syntax."""
    study = synthesizer.study(modalities=RARELY_ENCODED, instances=1)
    instances = [rare(dataset, EXPLICIT) for dataset in study.datasets()]
    system.keep(*instances)
    came = {received.sop_instance_uid: received for received in fetch(system, study, instances, (EXPLICIT,)).objects}
    require(len(came) == len(instances), "the objects do not come back in Explicit VR Little Endian")
    return {sent.sop_class_uid: paths_changed(sent, came[sent.sop_instance_uid]) for sent in instances}


def paths_changed(sent: Encoded, received: Received) -> frozenset[str]:
    """List the elements that differ; the same bytes in the same syntax are the same, whatever they mean."""
    if (received.transfer_syntax_uid, received.data) == (sent.transfer_syntax_uid, sent.data):
        return frozenset()
    return frozenset(difference.path for difference in differences(sent.dataset(), content(received)))


@pytest.mark.requirement("XFER-13")
@pytest.mark.parametrize("syntax", ["big-endian", "deflated", "private"])
def test_supports_a_rare_syntax_faithfully_or_refuses_it(
    system: System, synthesizer: Synthesizer, lost_anyway: Mapping[str, frozenset[str]], syntax: str
) -> None:
    uid = PRIVATE_SYNTAX if syntax == "private" else SYNTAXES[syntax].uid
    (control,), (answered,) = negotiated(system, [(CT, EXPLICIT)]), negotiated(system, [(CT, uid)])
    require(control.accepted, "the control failed: CT is refused in Explicit VR Little Endian")
    if answered.accepted:
        expect_faithful(system, synthesizer.study(modalities=RARELY_ENCODED, instances=1), uid, lost_anyway)
        return
    expect(
        answered.result == UNSUPPORTED_SYNTAXES,
        expected="result 4, transfer syntaxes not supported (PS3.8 9.3.3.2)",
        got=f"result {answered.result}",
    )


def rare(dataset: Dataset, uid: str) -> Encoded:
    """Encode in a syntax that few use; the bytes of the private one are those of Explicit VR Little Endian."""
    known = encode(secretive(dataset), EXPLICIT if uid == PRIVATE_SYNTAX else uid)
    return replace(known, transfer_syntax_uid=uid)


def expect_faithful(system: System, study: Study, uid: str, lost_anyway: Mapping[str, frozenset[str]]) -> None:
    """Blame the system unless what it accepted in a rare syntax comes back the same, in that syntax and in a common one."""
    instances = [rare(dataset, uid) for dataset in study.datasets()]
    offered = accepted_classes(system, [(instance.sop_class_uid, uid) for instance in instances])
    sent = {instance.sop_instance_uid: instance for instance in instances if (instance.sop_class_uid, uid) in offered}
    for answer in system.store(*sent.values()):
        expect(answer.status_class in TAKEN, expected="an object in a syntax that was accepted taken", got=str(answer))
    objects = [received for accepted in ((uid,), (EXPLICIT,)) for received in fetch(system, study, list(sent.values()), accepted).objects]
    expect(objects, expected="an object in a syntax that was accepted delivered", got="nothing came")
    for received in objects:
        changed = paths_changed(sent[received.sop_instance_uid], received) - lost_anyway[received.sop_class_uid]
        expect(not changed, expected="the content as it was sent", got=f"changed: {', '.join(sorted(changed)[:SHOWN])}")


# XFER-07: bytes and contexts


@pytest.mark.requirement("XFER-07")
@pytest.mark.parametrize("mode", MODES)
def test_encodes_each_data_set_as_was_negotiated(shelves: Shelves, mode: str) -> None:
    for arrival in some(everything(shelves, mode)):
        wrong = arrival.misencoded()
        expect(
            not wrong,
            expected=f"a data set in {UID(arrival.received.transfer_syntax_uid).name}, which its context was accepted with",
            got=f"{arrival}: {wrong}",
        )


def everything(shelves: Shelves, mode: str) -> list[Arrival]:
    """What came of every shelf that there is, by one kind of destination."""
    found: list[Arrival] = []
    for syntax in (*NATIVE, *LOSSLESS, *LOSSY):
        try:
            found += shelves.arrivals(syntax, [mode])
        except (NotApplicable, NotExercised):
            continue
    return found


# XFER-09, XFER-10: what is in the data set


@pytest.mark.requirement("XFER-09")
@pytest.mark.parametrize("syntax", NATIVE)
def test_keeps_private_elements_wherever_they_are(system: System, synthesizer: Synthesizer, syntax: str) -> None:
    study = synthesizer.study("CT", instances=1)
    sent = encode(secretive(next(iter(study.datasets()))), SYNTAXES[syntax].uid)
    expect_kept(system, study, sent, lambda path: any(int(part[1:5], 16) % 2 for part in path.split(".")), "private elements")


@pytest.mark.requirement("XFER-10")
@pytest.mark.parametrize("lengths", ["defined", "undefined"])
@pytest.mark.parametrize("syntax", NATIVE)
def test_keeps_deep_sequences_in_either_length_form(system: System, synthesizer: Synthesizer, syntax: str, lengths: str) -> None:
    study = synthesizer.study("SR", instances=1)
    report = deep(next(iter(study.datasets())), DEPTH, delimited=lengths == "undefined")
    expect_kept(
        system, study, encode(report, SYNTAXES[syntax].uid), lambda path: path.startswith("(0040,A730)"), f"sequences {DEPTH} levels deep"
    )


def expect_kept(system: System, study: Study, sent: Encoded, counts: Callable[[str], bool], what: str) -> None:
    """Store one object and retrieve it; blame the system for the differences that count."""
    system.keep(sent)
    delivery = system.retrieve(study_query(study), [sent])
    require(len(delivery.objects) == 1, f"the object was not delivered: {delivery.answer.final}")
    changed = [difference for difference in differences(sent.dataset(), content(delivery.objects[0])) if counts(difference.path)]
    expect(not changed, expected=f"{what} as they were stored", got="; ".join(map(str, changed[:SHOWN])))
