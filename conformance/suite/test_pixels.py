"""Pixels in every transfer syntax: the same picture, however it is packed (PS3.5 8.2, A.4, PS3.3 C.7.6.1.1.5)."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.multival import MultiValue

from conformance.dimse import StatusClass
from conformance.findings import NotApplicable, NotExercised, expect, require
from conformance.suite.encodings import LOSSLESS, LOSSY, MODES, NATIVE, Arrival, Sample, Shelves, accepted_classes, fetch, some
from conformance.suite.pixels import (
    LOST_AT_MOST,
    Frame,
    Undecodable,
    bitstream,
    distance,
    frames_of,
    is_encapsulated,
    native_length,
    same_frames,
)
from conformance.suite.system import System
from generators import SYNTAXES, Encoded, Study, Synthesizer, encode

LOSS = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
OF_COMPRESSION = frozenset({"YBR_RCT", "YBR_ICT", "YBR_PARTIAL_420", "YBR_PARTIAL_422"})
SAME_COLOUR = 0.1  # of the range, for two decoders of one lossy image
FRAMES = 3


def seen(arrival: Arrival) -> list[Frame] | None:
    """The frames of what came; None where its bytes contradict its syntax, which is judged elsewhere (XFER-06, XFER-07)."""
    return None if arrival.misencoded() else decoded(arrival)


def decoded(arrival: Arrival) -> list[Frame]:
    """The frames of what came, or none where they cannot be decoded."""
    try:
        return frames_of(arrival.dataset())
    except Undecodable:
        return []


@pytest.mark.requirement("XFER-03")
@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS])
def test_returns_the_pixels_that_it_was_given(shelves: Shelves, syntax: str) -> None:
    for arrival in some(shelves.arrivals(syntax)):
        frames = seen(arrival)
        if frames is None:
            continue
        expect(
            same_frames(arrival.sample.frames, frames),
            expected="each sample of each frame as it was sent",
            got=f"{arrival}: {told(arrival.sample.frames, frames)}",
        )


def told(frames: Sequence[Frame], came: Sequence[Frame]) -> str:
    """Say in what two lists of frames differ."""
    if not came:
        return "it cannot be decoded"
    if [frame.shape for frame in frames] != [frame.shape for frame in came]:
        return f"{len(came)} frames of {came[0].shape}, sent {len(frames)} of {frames[0].shape}"
    changed = sum(int((a != b).sum()) for a, b in zip(frames, came, strict=True))
    return f"{changed} of {sum(frame.size for frame in frames)} samples differ"


@pytest.mark.requirement("XFER-04")
@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS])
def test_loses_no_quality_under_the_same_uid(shelves: Shelves, syntax: str) -> None:
    for arrival in some(shelves.arrivals(syntax)):
        lost = distance(arrival.sample.frames, seen(arrival) or [])
        expect(
            lost == 0 or lost > LOST_AT_MOST,
            expected="an image of the quality that was sent, or another SOP Instance UID for one that has lost some",
            got=f"{arrival}: samples differ by {lost:.2%} of their range, under the same UID",
            hint="Look for lossy compression of the archive's own, such as a tier for older studies.",
        )


@pytest.mark.requirement("XFER-05")
@pytest.mark.parametrize("syntax", LOSSY)
def test_keeps_the_account_of_what_was_lost(shelves: Shelves, syntax: str) -> None:
    recoded = [arrival for arrival in some(shelves.arrivals(syntax)) if arrival.was_recoded and not arrival.misencoded()]
    if not recoded:
        raise NotApplicable(f"the system does not decompress {SYNTAXES[syntax].title}")
    for arrival in recoded:
        sent, came = account(arrival.sample.sent.dataset()), account(arrival.dataset())
        kept = all(came[keyword][: len(values)] == values for keyword, values in sent.items())  # a later loss adds values of its own
        expect(kept, expected=f"{', '.join(LOSS)} as sent: {list(sent.values())}", got=f"{arrival}: {list(came.values())}")


def account(dataset: Dataset) -> dict[str, list[str]]:
    """What an object says of its losses, a value for each; numbers by value, however many digits they have."""
    return {
        keyword: [str(float(value)) if keyword.endswith("Ratio") else str(value) for value in _several(dataset.get(keyword, []))]
        for keyword in LOSS
    }


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, MultiValue | list) else [value]


@pytest.mark.requirement("XFER-08")
def test_passes_a_lossy_image_on_as_it_is(shelves: Shelves) -> None:
    arrivals = some(shelves.arrivals("jpeg-baseline", ["as sent"]))
    for arrival in arrivals:
        expect(
            not arrival.was_recoded,
            expected=f"the {arrival.sample.kind} image in JPEG Baseline, which the destination accepts",
            got=str(arrival),
        )
        if arrival.misencoded():  # which XFER-07 judges
            continue
        same = bitstream(arrival.dataset()) == bitstream(arrival.sample.sent.dataset())
        expect(same, expected="the compressed data byte for byte", got=f"{arrival}, with other bytes")
    missing = not_delivered(shelves)
    require(not missing, f"not delivered, which RETR-01 judges: {', '.join(missing)}")


def not_delivered(shelves: Shelves) -> list[str]:
    """The kinds of the lossy images that do not come where they may come as they are."""
    came = {arrival.sample.kind for arrival in shelves.arrivals("jpeg-baseline", ["as sent"])}
    return sorted({sample.kind for sample in shelves.of("jpeg-baseline").samples} - came)


@pytest.mark.requirement("RETR-01")
def test_delivers_each_lossy_image_or_says_that_it_did_not(shelves: Shelves) -> None:
    some(shelves.arrivals("jpeg-baseline", ["as sent"]))  # where none comes, it may be that none was kept
    missing, final = not_delivered(shelves), shelves.delivery(shelves.of("jpeg-baseline"), "as sent").answer.final
    expect(
        not missing or final.status_class is not StatusClass.SUCCESS,
        expected="each image that was taken delivered, or its sub-operation failed",
        got=f"{final}, and not delivered: {', '.join(missing)}",
    )


@pytest.mark.requirement("XFER-08")
def test_fails_openly_where_it_cannot_pass_a_lossy_image_on(shelves: Shelves) -> None:
    passed_on = some(shelves.arrivals("jpeg-baseline", ["as sent"]))  # the control: what does not come at all is for RETR-01
    delivery = shelves.delivery(shelves.of("jpeg-baseline"), "implicit")
    missing = len({arrival.received.sop_instance_uid for arrival in passed_on}.difference(delivery.uids))
    expect(
        not missing or delivery.answer.final.status_class is not StatusClass.SUCCESS,
        expected="each image decompressed for a destination that accepts the default syntax only, or its sub-operation failed",
        got=f"{delivery.answer.final}, and {missing} of {len(passed_on)} images not delivered",
    )


@pytest.mark.requirement("XFER-11")
@pytest.mark.parametrize("syntax", ["explicit", "jpeg-baseline", "jpeg2000-lossless"])
def test_describes_colour_as_it_delivers_it(shelves: Shelves, syntax: str) -> None:
    coloured = [arrival for arrival in some(shelves.arrivals(syntax)) if arrival.sample.frames[0].ndim == 3]
    native = [arrival for arrival in coloured if arrival.is_native and not arrival.misencoded()]
    if not native:
        raise NotApplicable(f"the system delivers no colour image of {SYNTAXES[syntax].title} in a native syntax")
    for arrival in native:
        expect_true_description(arrival, arrival.dataset())


def expect_true_description(arrival: Arrival, came: Dataset) -> None:
    """Blame the system for a description that the native pixels do not have; samples that were changed are judged elsewhere."""
    interpretation = str(came.get("PhotometricInterpretation", ""))
    expect(
        interpretation not in OF_COMPRESSION,
        expected="a photometric interpretation that native pixels may have",
        got=f"{arrival}: {interpretation}",
    )
    size, described = len(came.get("PixelData", b"")), native_length(came)
    expect(
        size == described,
        expected=f"the {described} bytes of {came.SamplesPerPixel} samples per pixel, {interpretation}",
        got=f"{arrival}: {size} bytes of pixel data",
    )
    away = distance(rgb_of(arrival.sample.sent.dataset()), rgb_of(came))
    kept_samples = same_frames(arrival.sample.frames, decoded(arrival))
    wrong = away > SAME_COLOUR if not is_lossless(arrival) else kept_samples and away > 0
    expect(not wrong, expected=f"the colours that were sent, read as {interpretation}", got=f"{arrival}: off by {away:.0%} of the range")


def rgb_of(dataset: Dataset) -> list[Frame]:
    try:
        return frames_of(dataset, raw=False)
    except Undecodable as error:
        raise NotExercised(f"the colours cannot be read: {error}") from error


def is_lossless(arrival: Arrival) -> bool:
    return next(syntax.lossless for syntax in SYNTAXES.values() if syntax.uid == arrival.sample.sent.transfer_syntax_uid)


@pytest.mark.requirement("XFER-12")
@pytest.mark.parametrize("table", [True, False], ids=["offset-table", "no-offset-table"])
@pytest.mark.parametrize("fragments", [1, 3])
def test_keeps_frames_that_span_fragments(system: System, synthesizer: Synthesizer, fragments: int, table: bool) -> None:
    study = synthesizer.study("XA", instances=1, frames=FRAMES)
    sample = fragmented(system, study, fragments, table)
    system.keep(sample.sent)
    arrivals = []
    for mode in ("as sent", "explicit"):
        accepted = MODES[mode] or (sample.sent.transfer_syntax_uid,)
        delivery = fetch(system, study, [sample.sent], accepted)
        arrivals += [Arrival(sample, received) for received in delivery.objects]
    for arrival in some(arrivals):
        frames = seen(arrival)
        if frames is None:
            continue
        expect(
            int(arrival.dataset().get("NumberOfFrames", 1)) == FRAMES and same_frames(sample.frames, frames),
            expected=f"{FRAMES} frames, each as it was sent in {fragments} fragments",
            got=f"{arrival}: Number of Frames {arrival.dataset().get('NumberOfFrames', 'absent')}; {told(sample.frames, frames)}",
        )


def fragmented(system: System, study: Study, fragments: int, table: bool) -> Sample:
    """Encode a study's cine in the first syntax that the system accepts for it and that lets a frame span fragments.

    Raises:
        NotApplicable: it accepts none.
    """
    dataset = next(iter(study.datasets()))
    names = ("jpeg2000-lossless", "jpeg-ls", "jpeg-lossless-sv1", "jpeg-lossless")
    accepted = accepted_classes(system, [(str(dataset.SOPClassUID), SYNTAXES[name].uid) for name in names])
    usable = [name for name in names if (str(dataset.SOPClassUID), SYNTAXES[name].uid) in accepted]
    if not usable:
        raise NotApplicable("no cine is accepted in a lossless compressed syntax")
    sent = encoded(dataset, usable[0], fragments, table)
    frames = frames_of(dataset)
    require(is_encapsulated(sent.dataset()) and same_frames(frames, frames_of(sent.dataset())), "our own decoder loses frames of it")
    return Sample("XA", sent, frames)


def encoded(dataset: Dataset, name: str, fragments: int, table: bool) -> Encoded:
    try:
        return encode(dataset, SYNTAXES[name].uid, fragments_per_frame=fragments, offset_table=table)
    except ImportError as error:
        raise NotExercised(f"this installation cannot encode {SYNTAXES[name].title}") from error
