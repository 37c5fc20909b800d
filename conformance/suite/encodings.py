"""Objects in each transfer syntax that the system accepts, stored once, and retrieved by destinations that accept different ones."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydicom import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from conformance.dimse import Context, Negotiated, NotAccepted, ProtocolViolation, Received
from conformance.dimse.structure import Walk
from conformance.findings import NotApplicable, NotExercised, require
from conformance.suite.pixels import Frame, Undecodable, frames_of, is_encapsulated, same_frames
from conformance.suite.queries import study_query
from conformance.suite.system import Delivery, System, content
from generators import SYNTAXES, Encoded, GeneratorError, Study, Syntax, encode

EXPLICIT, IMPLICIT = str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian)

SAMPLES = ("CT", "PT", "CR", "DX", "NM", "XA", "US", "US-MULTIFRAME", "SC")
"""Kinds of image: 12 bits, signed, 8 bits in 16 (made of the 10 of CR), 14, 16, 8 in frames, RGB, RGB in frames, YBR (made of SC)."""

LOSSY_SAMPLES = ("XA", "US", "US-MULTIFRAME")
"""Those of 8 bits stored in 8, in grey and in colour: every lossy syntax takes them."""

DISPUTED = frozenset({("CR", "jpeg-ls")})
"""Decoders do not agree on what they are: with 8 bits stored, DCMTK takes a JPEG-LS frame for one of 8 bits allocated."""

LOSSLESS = ("rle", "jpeg-lossless-sv1", "jpeg-lossless", "jpeg-ls", "jpeg2000-lossless", "htj2k-lossless")
LOSSY = ("jpeg-baseline", "jpeg2000", "jpeg-ls-near")
NATIVE = ("explicit", "implicit")

MODES: Mapping[str, tuple[str, ...]] = {"as sent": (), "explicit": (EXPLICIT,), "implicit": (IMPLICIT,)}
"""What the destination accepts: the syntax of the objects before the native ones, or one of these alone."""


MAX_INFLATED = 64 << 20  # bytes; our objects are small


@dataclass(frozen=True, slots=True)
class Sample:
    """One image: as it was sent, and the frames that it then had."""

    kind: str
    sent: Encoded
    frames: Sequence[Frame]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The images of one transfer syntax that the system took, all of one study."""

    syntax: str
    study: Study
    samples: Sequence[Sample]

    @property
    def instances(self) -> list[Encoded]:
        return [sample.sent for sample in self.samples]

    def of(self, kind: str) -> Sample | None:
        """The image of a kind, if the system took it."""
        return next((sample for sample in self.samples if sample.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came for one image."""

    sample: Sample
    received: Received

    @property
    def is_native(self) -> bool:
        """Whether it came in a syntax that does not compress pixels."""
        return not UID(self.received.transfer_syntax_uid).is_compressed

    @property
    def was_recoded(self) -> bool:
        """Whether it came in another syntax than it was sent in."""
        return self.received.transfer_syntax_uid != self.sample.sent.transfer_syntax_uid

    def dataset(self) -> Dataset:
        """Decode what came."""
        return content(self.received)

    def misencoded(self) -> str:
        """Say how the bytes contradict the syntax of the context that brought them (PS3.5 10, A.4); empty where they do not."""
        syntax = UID(self.received.transfer_syntax_uid)
        try:
            data = inflated(self.received.data) if syntax.is_deflated else self.received.data
            Walk(data, syntax.is_implicit_VR, syntax.is_little_endian).check()
            fragments = is_encapsulated(self.dataset())
        except Exception as error:  # the walk and pydicom raise whatever the bytes lead them into
            return f"bytes that cannot be decoded ({error})"
        if fragments and not syntax.is_compressed:
            return "fragments of compressed pixel data"
        return "pixel data that are not in fragments" if syntax.is_compressed and not fragments else ""

    def __str__(self) -> str:
        sent, came = UID(self.sample.sent.transfer_syntax_uid), UID(self.received.transfer_syntax_uid)
        return f"{self.sample.kind} image sent in {sent.name} and returned in {came.name}"


class Shelves:
    """One shelf for each transfer syntax, filled when it is first asked for; each is retrieved once by each kind of destination."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._shelves: dict[str, Shelf] = {}
        self._deliveries: dict[tuple[str, str], Delivery] = {}

    def of(self, name: str) -> Shelf:
        """Give the shelf of a syntax, by its name in `generators.SYNTAXES`.

        Raises:
            NotApplicable: the system accepts no image in it.
            NotExercised: it took none of those that it accepts, or this installation has no codec for it.
        """
        if name not in self._shelves:
            self._shelves[name] = self._fill(name)
        shelf = self._shelves[name]
        if not shelf.samples:
            raise NotApplicable(f"no image is accepted in {SYNTAXES[name].title}")
        return shelf

    def delivery(self, shelf: Shelf, mode: str) -> Delivery:
        """Retrieve a shelf to a destination that accepts what the mode says."""
        if (shelf.syntax, mode) not in self._deliveries:
            accepted = MODES[mode] or tuple(dict.fromkeys((SYNTAXES[shelf.syntax].uid, EXPLICIT, IMPLICIT)))
            self._deliveries[shelf.syntax, mode] = fetch(self._system, shelf.study, shelf.instances, accepted)
        return self._deliveries[shelf.syntax, mode]

    def arrivals(self, name: str, modes: Iterable[str] = MODES) -> list[Arrival]:
        """Everything that came of a shelf, by each mode."""
        shelf = self.of(name)
        samples = {sample.sent.sop_instance_uid: sample for sample in shelf.samples}
        return [
            Arrival(samples[received.sop_instance_uid], received)
            for mode in modes
            for received in self.delivery(shelf, mode).objects
            if received.sop_instance_uid in samples
        ]

    def _fill(self, name: str) -> Shelf:
        syntax = SYNTAXES[name]
        study = self._system.synthesizer.study(modalities=SAMPLES, instances=1, frames=3)
        classes = {instance.kind: instance.sop_class_uid for instance in study.instances}
        accepted = accepted_classes(self._system, [(uid, syntax.uid) for uid in dict.fromkeys(classes.values())])
        kinds = [kind for kind in SAMPLES if (classes[kind], syntax.uid) in accepted]
        native = {instance.kind: prepared(instance.kind, study.dataset(instance), name) for instance in study.instances}
        samples = [sample for kind in kinds if (sample := sampled(kind, native[kind], syntax)) is not None]
        require(samples or not kinds, f"this installation cannot encode or decode {syntax.title}")
        if samples:
            self._system.keep(*(sample.sent for sample in samples))
            samples = self._shown(study, samples)
        return Shelf(name, study, samples)

    def _shown(self, study: Study, samples: list[Sample]) -> list[Sample]:
        """Leave out what is acknowledged and not listed in time, where anything is: other rows judge that."""
        try:
            self._system.settle(study, [sample.sent.sop_instance_uid for sample in samples])
            listed = self._system.listed(study)
        except NotAccepted:
            return samples
        return [sample for sample in samples if sample.sent.sop_instance_uid in listed] or samples


def fetch(system: System, study: Study, instances: Sequence[Encoded], accepted: tuple[str, ...]) -> Delivery:
    """Retrieve a study to a destination that accepts these transfer syntaxes only, by C-MOVE or else by C-GET."""
    try:
        return system.move(study_query(study), policy=system.policy(transfer_syntaxes=accepted))
    except NotAccepted:
        offered = [replace(instance, transfer_syntax_uid=syntax) for syntax in accepted for instance in instances]
        return system.get(study_query(study), offered)


def negotiated(system: System, pairs: Sequence[tuple[str, str]]) -> Sequence[Negotiated]:
    """Propose each (SOP class, transfer syntax) in a context of its own, and give the answers in that order.

    Raises:
        NotExercised: an answer names what was not proposed, which ASSOC-04 judges, or one is missing, which ASSOC-06 does.
    """
    try:
        with system.associate([Context(sop_class, (syntax,)) for sop_class, syntax in pairs]) as association:
            answers = sorted(association.acceptance.contexts, key=lambda context: context.id)  # ids ascend as the proposals do
    except ProtocolViolation as error:
        raise NotExercised(f"the negotiation contradicts the proposal: {error.got}") from error
    require(len(answers) == len(pairs), f"{len(answers)} of {len(pairs)} presentation contexts were answered")
    return answers


def accepted_classes(system: System, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Say which (SOP class, transfer syntax) are accepted. Each syntax has its own association: an acceptor may choose among several.

    What is refused so is proposed again with the default syntax beside it, which a requestor has to offer (PS3.5 10.1).
    """
    found: set[tuple[str, str]] = set()
    for syntax in dict.fromkeys(syntax for _, syntax in pairs):
        asked = [pair for pair in pairs if pair[1] == syntax]
        found |= accepted_of(system, asked)
        refused = [pair for pair in asked if pair not in found and syntax != IMPLICIT]
        found |= accepted_of(system, refused, [(sop_class, IMPLICIT) for sop_class, _ in refused])
    return found


def accepted_of(system: System, asked: Sequence[tuple[str, str]], beside: Sequence[tuple[str, str]] = ()) -> set[tuple[str, str]]:
    """Say which are accepted of those that are asked about, on one association."""
    answers = negotiated(system, [*asked, *beside]) if asked else ()
    return {pair for pair, answer in zip(asked, answers, strict=False) if answer.accepted}


def prepared(kind: str, dataset: Dataset, syntax: str) -> Dataset:
    """Make the images that no kind has by itself: 8 bits stored in 16, and YBR where pixels stay native."""
    if kind == "CR":
        dataset.PixelData = bytes(byte if place % 2 == 0 else 0 for place, byte in enumerate(dataset.PixelData))
        dataset.BitsStored, dataset.HighBit = 8, 7
    if kind == "SC" and syntax in NATIVE:
        dataset.PhotometricInterpretation = "YBR_FULL"
    return dataset


def sampled(kind: str, dataset: Dataset, syntax: Syntax) -> Sample | None:
    """Encode one image. None where its syntax cannot carry it, or where we cannot decode what we encoded, which is the control."""
    if (not syntax.lossless and kind not in LOSSY_SAMPLES) or (kind, syntax.name) in DISPUTED:
        return None
    try:
        sent = encode(dataset, syntax.uid)
        before, after = frames_of(dataset), frames_of(sent.dataset())
    except (GeneratorError, Undecodable, ImportError, RuntimeError):
        return None
    return None if syntax.lossless and not same_frames(before, after) else Sample(kind, sent, after)


def inflated(data: bytes) -> bytes:
    """Undo the deflate of PS3.5 A.5."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    return inflater.decompress(data, MAX_INFLATED)


def some(arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """Give what came. NotExercised where nothing did: whether it must is for other rows to say."""
    if not arrivals:
        raise NotExercised("no image came back")
    return arrivals
