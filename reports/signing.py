"""Who vouches for a results file: one Ed25519 signature over the digest of every line and of the report.

The signature is a line of its own at the end of the file, so that the lines before it stay as the run wrote them. Since it holds
the digest of each line, `verify` can name the line that was changed, whoever changed it; a list that was changed too no longer
fits its signature.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from reports.reading import results_file
from reports.results import ResultsError, Signature
from reports.writing import create, read, replace

REPORT = "report.html"
_MAKE = "make one with: dicom-conformance keygen"
_CONTEXT = b"ontario-dicom-conformance results signature 1\n"  # no signature over anything else can pass for one of ours


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a signature found. No complaint means that every line is as it was signed."""

    key: str
    signed: str
    complaints: tuple[str, ...]


def make_key(path: Path) -> str:
    """Make a key pair: the private key at `path`, readable by its owner alone, the public one beside it. Gives its fingerprint.

    Raises `ResultsError` where a file is already there, or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    public = path.with_name(path.name + ".pub")
    create(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    create(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    return fingerprint(_raw(key.public_key()))


def sign(results: Path, key_path: Path) -> str:
    """Append a signature to a results file, in the place of an earlier one. Gives the fingerprint of the key."""
    path = results_file(results)
    lines = [line for line in _lines(path) if _kind(line) != "signature"]
    key = _private_key(key_path)
    unsigned = Signature(
        signed=datetime.now(UTC).isoformat(timespec="seconds"),
        lines=[_digest(line) for line in lines],
        report=_report_digest(path),
        public_key=base64.b64encode(_raw(key.public_key())).decode(),
        signature="",
    )
    made = msgspec.structs.replace(unsigned, signature=base64.b64encode(key.sign(_message(unsigned))).decode())
    replace(path, b"".join(line + b"\n" for line in (*lines, msgspec.json.encode(made))))
    return fingerprint(_raw(key.public_key()))


def verify(results: Path, trusted: Path | None = None) -> Verification:
    """Check a signed results file. Without a trusted key only its own consistency is checked, and that is a complaint.

    Raises `ResultsError` where there is nothing to check: no file, no signature, no readable key.
    """
    path = results_file(results)
    *lines, last = _lines(path)
    try:
        signature = msgspec.json.decode(last, type=Signature)
        public = base64.b64decode(signature.public_key, validate=True)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise ResultsError("has no signature in its last line", where=str(path), remedy="sign it first") from error
    complaints = (*_distrust(public, trusted), *_broken(signature, public), *_changed(lines, signature), *_report_changed(path, signature))
    return Verification(fingerprint(public), signature.signed, complaints)


def fingerprint(public: bytes) -> str:
    """Name a key or a certificate: the SHA-256 of its octets, its first half in hex, in groups that can be read aloud."""
    text = hashlib.sha256(public).hexdigest()[:32]
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _distrust(public: bytes, trusted: Path | None) -> Iterator[str]:
    if trusted is None:
        yield "no trusted key was given: anybody may have made this signature"
    elif _raw(_public_key(trusted)) != public:
        yield f"it was signed by the key {fingerprint(public)}, not by the trusted one"


def _broken(signature: Signature, public: bytes) -> Iterator[str]:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature.signature), _message(signature))
    except (InvalidSignature, ValueError):
        yield "the signature does not fit its own list of lines: the signature record was changed"


def _changed(lines: list[bytes], signature: Signature) -> Iterator[str]:
    for number, (line, digest) in enumerate(zip(lines, signature.lines, strict=False), 1):
        if _digest(line) != digest:
            yield f"line {number} was changed: {_named(line)}"
    if len(lines) != len(signature.lines):
        yield f"{len(signature.lines)} lines were signed and {len(lines)} are there"


def _report_changed(path: Path, signature: Signature) -> Iterator[str]:
    if signature.report and _report_digest(path) != signature.report:
        yield f"{REPORT} is not the one that was signed"


def _message(signature: Signature) -> bytes:
    return _CONTEXT + msgspec.json.encode(msgspec.structs.replace(signature, signature=""))


def _named(line: bytes) -> str:
    """Say which record a line is, as far as it can still be read."""
    try:
        record = msgspec.json.decode(line, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "no longer a record"
    name = next((str(record[key]) for key in ("id", "nodeid", "name", "certification") if key in record), "")
    return f"{record.get('kind', 'record')} {name}".rstrip()


def _kind(line: bytes) -> str:
    return _named(line).partition(" ")[0]


def _lines(path: Path) -> list[bytes]:
    lines = read(path).splitlines()
    if not lines:
        raise ResultsError("is empty", where=str(path))
    return lines


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _report_digest(path: Path) -> str:
    report = path.with_name(REPORT)
    return _digest(report.read_bytes()) if report.is_file() else ""


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ResultsError("is no private key that can be read", where=str(path), remedy=_MAKE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ResultsError("is not an Ed25519 key", where=str(path), remedy=_MAKE)
    return key


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise ResultsError("is no public key that can be read", where=str(path), remedy="give the .pub file of the key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ResultsError("is not an Ed25519 key", where=str(path), remedy="give the .pub file of the key")
    return key
