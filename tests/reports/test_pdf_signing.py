"""A signed PDF, held against pyHanko's own reader. Left out where pyHanko, an extra, is not installed; CI has it."""

import os
import stat
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest

from reports.cli import main

MISSING = find_spec("pyhanko") is None or find_spec("weasyprint") is None
pytestmark = pytest.mark.skipif(MISSING and not os.environ.get("CI"), reason="needs the extras `pdf` and `sign`")

PAGE = "<title>Report</title><p>NOT CERTIFIED</p>"


@pytest.fixture(scope="module")
def unsigned() -> bytes:
    from weasyprint import HTML

    content = HTML(string=PAGE).write_pdf()
    assert content
    return content


@pytest.fixture
def key(tmp_path: Path) -> Path:
    assert main(["keygen", "--pdf=Onboarding desk", str(tmp_path / "desk.pem")]) == 0
    return tmp_path / "desk.pem"


@pytest.fixture
def trusted(key: Path) -> Path:
    return key.with_name("desk.pem.crt")


@pytest.fixture
def signed(unsigned: bytes, key: Path, tmp_path: Path) -> Path:
    pdf = tmp_path / "report.pdf"
    pdf.write_bytes(unsigned)
    assert main(["sign-pdf", str(pdf), f"--key={key}"]) == 0
    return pdf


def test_pyhanko_itself_finds_the_signature_whole_and_trusted(signed: Path, unsigned: bytes, trusted: Path) -> None:
    from pyhanko.keys import load_cert_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    certificate = load_cert_from_pemder(str(trusted))
    (signature,) = PdfFileReader(BytesIO(signed.read_bytes())).embedded_signatures
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[certificate]))
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.signing_cert.dump() == certificate.dump()
    assert certificate.subject.native == {"common_name": "Onboarding desk"}
    assert signed.read_bytes().startswith(unsigned), "the pages stay as they are"


def test_the_command_agrees_and_two_may_sign(signed: Path, trusted: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify-pdf", str(signed), f"--trusted={trusted}"]) == 0
    assert "every page is as " in capsys.readouterr().out
    assert main(["sign-pdf", str(signed), f"--key={key}"]) == 0
    assert main(["verify-pdf", str(signed), f"--trusted={trusted}"]) == 0


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_changed_octet_of_the_pages_is_noticed(
    signed: Path, unsigned: bytes, trusted: Path, part: float, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(signed.read_bytes())
    content[int(len(unsigned) * part)] ^= 1
    signed.write_bytes(content)
    code = main(["verify-pdf", str(signed), f"--trusted={trusted}"])
    printed = capsys.readouterr()
    assert (code, "the PDF was changed" in printed.out) == (1, True) or (code, "holds no signature that can be" in printed.err) == (2, True)


def test_pages_added_since_are_noticed(signed: Path, trusted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pyhanko.pdf_utils.generic import NameObject, pdf_string
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(signed.read_bytes()))
    writer.root[NameObject("/Added")] = pdf_string("CERTIFIED")
    writer.update_root()
    writer.write_in_place()
    signed.write_bytes(writer.prev.stream.getvalue())
    assert main(["verify-pdf", str(signed), f"--trusted={trusted}"]) == 1
    assert "something was added since" in capsys.readouterr().out


def test_another_certificate_is_not_trusted(signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keygen", "--pdf=Somebody else", str(tmp_path / "other.pem")]) == 0
    assert main(["verify-pdf", str(signed), f"--trusted={tmp_path / 'other.pem.crt'}"]) == 1
    assert "not the trusted certificate" in capsys.readouterr().out
    assert main(["verify-pdf", str(signed)]) == 1
    assert "anybody may have made this signature" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["rsa", "p384", "ed25519"])
def test_an_organisations_own_key_and_chain_are_taken(unsigned: bytes, tmp_path: Path, kind: str) -> None:
    root, key, chain = organisation(tmp_path, kind)
    pdf = tmp_path / "report.pdf"
    pdf.write_bytes(unsigned)
    assert main(["sign-pdf", str(pdf), f"--key={key}", f"--certificate={chain}"]) == 0
    assert main(["verify-pdf", str(pdf), f"--trusted={root}"]) == 0


def organisation(folder: Path, kind: str) -> tuple[Path, Path, Path]:
    """Make a root certificate and a signer's key with its chain, as an organisation has them. Gives the three files."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    make = {
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }[kind]
    authority, signer = ec.generate_private_key(ec.SECP256R1()), make()
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("Root", "Signer")]
    now = datetime.now(UTC)
    made = []
    for name, public in zip(names, (authority.public_key(), signer.public_key()), strict=True):
        builder = x509.CertificateBuilder(names[0], name, public, x509.random_serial_number(), now, now + timedelta(days=1))
        root = name is names[0]
        usage = x509.KeyUsage(not root, False, False, False, False, root, root, False, False)
        builder = builder.add_extension(usage, critical=True).add_extension(x509.BasicConstraints(root, None), critical=True)
        made.append(builder.sign(authority, SHA256()).public_bytes(Encoding.PEM))
    files = folder / "root.crt", folder / "signer.pem", folder / "chain.crt"
    contents = made[0], signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), made[1] + made[0]
    for path, content in zip(files, contents, strict=True):
        path.write_bytes(content)
    return files


def test_nothing_secret_goes_into_the_pdf(signed: Path, key: Path) -> None:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private = load_pem_private_key(key.read_bytes(), None).private_numbers().private_value  # type: ignore[union-attr]
    assert private.to_bytes(32, "big").hex() not in signed.read_bytes().hex()
    assert str(key.parent).encode() not in signed.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_what_cannot_be_signed_or_checked_is_one_clear_line(
    unsigned: bytes, key: Path, trusted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pdf, text = tmp_path / "x.pdf", tmp_path / "x.txt"
    pdf.write_bytes(unsigned)
    text.write_text("no PDF")
    assert main(["keygen", "--pdf=Other", str(tmp_path / "other.pem")]) == 0
    assert main(["keygen", str(tmp_path / "lines.pem")]) == 0
    capsys.readouterr()
    for command, words in (
        (["sign-pdf", str(text), f"--key={key}"], "is no PDF that can be signed"),
        (["sign-pdf", str(tmp_path / "none.pdf"), f"--key={key}"], "cannot be read"),
        (["sign-pdf", str(pdf), f"--key={tmp_path / 'other.pem'}", f"--certificate={trusted}"], "is not the key of the certificate"),
        (["sign-pdf", str(pdf), f"--key={trusted}", f"--certificate={trusted}"], "is no private key"),
        (["sign-pdf", str(pdf), f"--key={tmp_path / 'lines.pem'}"], "lines.pem.crt: cannot be read"),
        (["sign-pdf", str(pdf), f"--key={key}", f"--certificate={text}"], "is no certificate"),
        (["verify-pdf", str(pdf), f"--trusted={trusted}"], "is not signed"),
        (["verify-pdf", str(text), f"--trusted={trusted}"], "holds no signature that can be checked"),
        (["keygen", "--pdf=", str(tmp_path / "nameless.pem")], "1 to 64 characters"),
        (["keygen", "--pdf=Desk", str(key)], "File exists"),
    ):
        assert main(command) == 2, command
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1
    assert pdf.read_bytes() == unsigned
