"""The results file: one JSON object a line, and the only thing that a report is made from.

A file opens with a `header`; then come `preflight` steps, one `identity`, the `check` records in the order in which they ended,
a second `identity` where more was learnt, what was `received` of a source, one `requirement` record for each row in scope, a
`footer`, and, if it was signed, a `signature`. Lines are flushed as they are made: a file without its footer is a run that was
killed, and is shown as such.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from conformance.errors import ConformanceError
from conformance.guide import Requirement as Registered

SCHEMA_VERSION = 1


class ResultsError(ConformanceError):
    """A results file that cannot be read or written."""


class RegisterRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a report shows of a requirement, copied from the register so that the file explains itself."""

    id: str
    title: str
    level: str
    roles: list[str]
    provenance: str
    text: str
    rationale: str
    sources: list[str]
    verified: bool = True
    unverified: list[str] = []
    evidence: list[str] = []
    applies_when: str = ""
    attested: str = ""
    untested: str = ""

    @classmethod
    def of(cls, requirement: Registered) -> Self:
        """Copy a requirement of the register."""
        return msgspec.convert(requirement, cls, from_attributes=True)


class Header(msgspec.Struct, frozen=True, tag_field="kind", tag="header"):
    """Who was tested, with what, and what was asked of the run.

    `partial` holds the reasons why not everything in scope was selected, `register` the rows in scope (a row of another role
    is left out or ignored), `profile` the profile as read, `environment` what may matter to a repetition: versions, system, tester.
    """

    schema: int
    harness: str
    edition: str
    register_digest: str
    seed: int
    nonce: str
    started: str
    roles: list[str]
    target: dict[str, str]
    profile: dict[str, object]
    certify: bool
    partial: list[str]
    command: str
    environment: dict[str, str]
    register: list[RegisterRow]
    guide_title: str = ""


class Preflight(msgspec.Struct, frozen=True, tag_field="kind", tag="preflight"):
    """One step of the preflight: `passed`, `failed`, `noted` or `not reached`."""

    name: str
    state: str
    detail: str
    remedy: str = ""
    seconds: float = 0.0


class NegotiatedContext(msgspec.Struct, frozen=True):
    """One presentation context as the system answered it. `result` 0 is acceptance (PS3.8 9.3.3.2)."""

    abstract_syntax: str
    transfer_syntax: str
    result: int


class Offer(msgspec.Struct, frozen=True):
    """SOP classes that the system accepts in the same transfer syntaxes."""

    abstract_syntaxes: list[str]
    transfer_syntaxes: list[str]


class Identity(msgspec.Struct, frozen=True, tag_field="kind", tag="identity"):
    """What the system said of itself on the wire.

    `contexts` are those of the preflight; `offers` come from asking for every class in every syntax, where that was done, with the
    classes `refused` and the `options` of negotiation (roles, extended negotiation).
    """

    implementation_class_uid: str
    implementation_version: str
    max_pdu: int
    contexts: list[NegotiatedContext] = []
    offers: list[Offer] = []
    refused: list[str] = []
    options: dict[str, bool] = {}


class WireStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message or PDU of a check's conversation. `at` is seconds since the check began, `size` bytes."""

    at: float
    direction: str
    message: str
    context: int = 0
    size: int = 0
    fields: dict[str, str] = {}


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a requirement was not simply met: the words that a vendor will read."""

    requirement: str
    outcome: str
    expected: str = ""
    got: str = ""
    hint: str = ""


class Check(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="check"):
    """What one check saw. `outcomes` maps each requirement that it decides to an outcome.

    `files` are paths relative to the report folder. `began` is seconds since the run began; `waiting` the part of `seconds` spent
    waiting for the system. `latencies` maps a DIMSE service ("C-STORE") to the seconds from each request to its final response,
    in order, and `octets` counts what was sent and received, whether the transcript was kept or not.
    """

    nodeid: str
    name: str
    outcomes: dict[str, str]
    seconds: float
    waiting: float = 0.0
    findings: list[Finding] = []
    transcript: list[WireStep] = []
    dropped: int = 0
    files: list[str] = []
    repeat: str = ""
    repeat_dcmtk: str = ""
    replay: str = ""
    began: float = 0.0
    octets: int = 0
    latencies: dict[str, list[float]] = {}


class Waiver(msgspec.Struct, frozen=True):
    """A failure that somebody answers for until a day (ISO 8601)."""

    requirement: str
    owner: str
    reason: str
    expires: str
    reference: str = ""


class Attestation(msgspec.Struct, frozen=True):
    """What somebody stated of a requirement that no message shows, and on which day (ISO 8601)."""

    by: str
    on: str
    statement: str
    holds: bool


class Requirement(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="requirement"):
    """The verdict on one row of the register. `reason` says why it was not decided, where it was not."""

    id: str
    level: str
    outcome: str
    verdict: str
    checks: list[str] = []
    reason: str = ""
    seconds: float = 0.0
    waiver: Waiver | None = None
    attestation: Attestation | None = None


class ReceivedSeries(msgspec.Struct, frozen=True, omit_defaults=True):
    """One series that came from a source; patient, study and series are serial numbers, so that nobody is named.

    `thumbnail` is a PNG of at most 96 pixels a side in base64, empty where none could be made. `began` is when its first octet came, in
    seconds after the step in which it came began, `seconds` from then to its last one; 0 where nobody measured it.
    """

    patient: int
    study: int
    series: int
    modality: str
    instances: int
    octets: int
    transfer_syntaxes: list[str] = []
    sop_classes: list[str] = []
    thumbnail: str = ""
    began: float = 0.0
    seconds: float = 0.0


class Unreadable(msgspec.Struct, frozen=True):
    """A file that could not be judged: its path in the folder that it was found in, and why."""

    name: str
    reason: str


class Received(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="received"):
    """What a source brought. `remarks` are findings that no requirement decides, `unread` counts all files that could not be judged.

    `more` counts the series that `series` leaves out.
    """

    instances: int
    series: list[ReceivedSeries]
    unread: int = 0
    unreadable: list[Unreadable] = []
    remarks: list[str] = []
    more: int = 0


class StoredObject(msgspec.Struct, frozen=True):
    """One synthetic object that the run left on the system, for the clean-up."""

    patient_id: str
    study_uid: str
    series_uid: str
    sop_uid: str


class Footer(msgspec.Struct, frozen=True, tag_field="kind", tag="footer"):
    """The run ended by itself: what it means, and what it left behind."""

    certification: str
    reasons: list[str]
    finished: str
    seconds: float
    waiting: float
    verdicts: dict[str, int]
    foreign: int
    left: list[StoredObject]


class Signature(msgspec.Struct, frozen=True, tag_field="kind", tag="signature"):
    """Who vouches for the lines before this one: SHA-256 digests in hex, an Ed25519 key and signature in base64.

    `lines` holds the digest of each line in order, without its line feed; `report` that of the report beside it, if there was one.
    """

    signed: str
    lines: list[str]
    report: str
    public_key: str
    signature: str


Record = Header | Preflight | Identity | Check | Received | Requirement | Footer | Signature


class Results(msgspec.Struct, frozen=True):
    """A results file, read whole. `footer` is None for a run that was cut short.

    `written_in` is the schema version of the file; the records are of the present one, whatever it was.
    """

    header: Header
    preflight: list[Preflight]
    identity: Identity | None
    checks: list[Check]
    requirements: list[Requirement]
    footer: Footer | None
    unreadable: int
    signature: Signature | None = None
    received: Received | None = None
    written_in: int = SCHEMA_VERSION


class ResultsWriter:
    """Append records to a results file; each line is on its way to the disk before the next check starts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: IO[bytes] = path.open("wb")
        self._encoder = msgspec.json.Encoder()

    def write(self, record: Record) -> None:
        self._stream.write(self._encoder.encode(record) + b"\n")
        self._stream.flush()

    def close(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def write_results(results: Results, path: Path) -> None:
    """Write results as a run would have. Raises `ResultsError` where the file cannot be written."""
    try:
        with ResultsWriter(path) as writer:
            for record in records(results):
                writer.write(record)
    except OSError as error:
        raise ResultsError(f"cannot be written: {error.strerror}", where=str(path)) from error


def records(results: Results) -> Iterator[Record]:
    """Give the records of a results file in the order in which a run writes them."""
    yield results.header
    yield from results.preflight
    yield from (record for record in (results.identity,) if record)
    yield from results.checks
    yield from (record for record in (results.received,) if record)
    yield from results.requirements
    yield from (record for record in (results.footer, results.signature) if record)
