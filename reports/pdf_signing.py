"""A signed PDF: what a reader of the paper can check without us, in any PDF viewer that knows signatures.

PDF viewers want an X.509 certificate, and few know Ed25519, so a key for PDF is a P-256 one with a certificate that it signs itself;
an organisation that has a key and certificate of its own gives those. The signature is appended to the file (PAdES, ETSI EN 319 142):
the pages stay as they are, and a second signer may sign after the first. Its time is the signer's own clock: nothing is asked of a
time-stamp authority, since the harness speaks to no other host.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from cryptography.x509.oid import NameOID
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.validation import PdfSignatureStatus, validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from reports.results import ResultsError
from reports.signing import Verification, fingerprint
from reports.writing import create, read, replace

VALID = timedelta(days=3 * 365)
_MAKE = "make a pair with: dicom-conformance keygen --pdf=NAME"
_USAGE = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)  # either will do
_DAMAGED = (PdfError, SignatureValidationError, ValueError, LookupError, TypeError, AttributeError)  # all that a broken PDF raises


def make_certificate(path: Path, name: str) -> str:
    """Make a P-256 key at `path`, readable by its owner alone, and its certificate in that name beside it. Gives its fingerprint.

    Raises `ResultsError` where a file is already there, cannot be written, or the name is no name.
    """
    key = generate_private_key(SECP256R1())
    try:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    except ValueError as error:
        raise ResultsError("a certificate's name has 1 to 64 characters", where=f"--pdf={name:.80}") from error
    now = datetime.now(UTC)
    usage = dict.fromkeys(("key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only", "decipher_only"), False)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), now, now + VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, key_cert_sign=False, **usage), critical=True)
        .sign(key, SHA256())
    )
    create(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    create(certificate_of(path), made.public_bytes(Encoding.PEM), 0o644)
    return fingerprint(made.public_bytes(Encoding.DER))


def certificate_of(key: Path) -> Path:
    """Where the certificate of a key lies, if it was made here."""
    return key.with_name(key.name + ".crt")


def sign(pdf: Path, key: Path, certificate: Path | None = None) -> str:
    """Append a signature to a PDF, beside those that it has. Gives the fingerprint of the certificate.

    `certificate` may hold a chain, the signer's own first. Raises `ResultsError` where one of the files is not what it should be.
    """
    own, *chain = _certificates(certificate or certificate_of(key))
    content = read(pdf)
    try:
        name = f"Conformance{len(PdfFileReader(BytesIO(content)).embedded_signatures) + 1}"
        meta = PdfSignatureMetadata(field_name=name, reason="Conformance report", subfilter=SigSeedSubFilter.PADES)
        writer = IncrementalPdfFileWriter(BytesIO(content))
        made = sign_pdf(writer, meta, _signer(key, own, chain))
    except (*_DAMAGED, SigningError) as error:
        raise ResultsError(f"is no PDF that can be signed: {error}", where=str(pdf)) from error
    replace(pdf, made.getvalue())
    return fingerprint(own.dump())


def verify(pdf: Path, trusted: Path | None = None) -> Verification:
    """Check every signature of a PDF. Without a trusted certificate only its own consistency is checked, and that is a complaint.

    Raises `ResultsError` where there is nothing to check: no PDF, no signature, no readable certificate.
    """
    roots = _certificates(trusted) if trusted else []
    content = read(pdf)
    try:
        signatures = PdfFileReader(BytesIO(content)).embedded_signatures
        found = [validate_pdf_signature(one, ValidationContext(trust_roots=roots), key_usage_settings=_USAGE) for one in signatures]
    except _DAMAGED as error:
        raise ResultsError(f"holds no signature that can be checked: {error}", where=str(pdf)) from error
    if not found:
        raise ResultsError("is not signed", where=str(pdf), remedy="sign it with: dicom-conformance sign-pdf")
    last = found[-1]
    signed = last.signer_reported_dt.isoformat(timespec="seconds") if last.signer_reported_dt else "a day not said"
    return Verification(fingerprint(last.signing_cert.dump()), signed, tuple(_complaints(found, rooted=bool(roots))))


def _complaints(found: Sequence[PdfSignatureStatus], *, rooted: bool) -> Iterator[str]:
    if not rooted:
        yield "no trusted certificate was given: anybody may have made this signature"
    for number, status in enumerate(found, 1):
        yield from _about(number, status, rooted=rooted)


def _about(number: int, status: PdfSignatureStatus, *, rooted: bool) -> Iterator[str]:
    if not (status.intact and status.valid):
        yield f"signature {number} does not fit the pages: the PDF was changed"
    elif not status.docmdp_ok:
        yield f"signature {number} covers only part of the PDF: something was added since"
    if rooted and not status.trusted:
        yield f"signature {number} is by {fingerprint(status.signing_cert.dump())}, which is not the trusted certificate, or has expired"


def _signer(key: Path, own: Certificate, chain: list[Certificate]) -> SimpleSigner:
    try:
        private = load_private_key_from_pemder_data(read(key), passphrase=None)
    except (ValueError, TypeError) as error:
        raise ResultsError("is no private key that can be read", where=str(key), remedy=_MAKE) from error
    if load_der_private_key(private.dump(), None).public_key() != x509.load_der_x509_certificate(own.dump()).public_key():
        raise ResultsError("is not the key of the certificate", where=str(key), remedy=_MAKE)
    others = SimpleCertificateStore()
    others.register_multiple(chain)
    return SimpleSigner(own, private, others)


def _certificates(path: Path) -> list[Certificate]:
    content = read(path)
    try:
        found = list(load_certs_from_pemder_data(content))
        names = [one.subject.human_friendly for one in found]  # what is no certificate shows here
    except (ValueError, TypeError) as error:
        raise ResultsError("is no certificate that can be read", where=str(path), remedy=_MAKE) from error
    if not names:
        raise ResultsError("holds no certificate", where=str(path), remedy=_MAKE)
    return found
