"""A signed results file: every change is named, whoever made it."""

import base64
import shutil
import stat
from pathlib import Path

import msgspec
import pytest

from reports.html import write_report
from reports.reading import load_results
from reports.results import ResultsError
from reports.signing import make_key, sign, verify

from .building import SCOPE, full_run, write


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key, and a results file that it signed, with its report."""
    folder = tmp_path_factory.mktemp("signed")
    make_key(folder / "key.pem")
    path = write(full_run(SCOPE[::8]), folder / "results.jsonl")
    write_report(path, folder / "report.html")
    sign(path, folder / "key.pem")
    return folder


@pytest.fixture
def key(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "key.pem"


@pytest.fixture
def trusted(key: Path) -> Path:
    return key.with_name("key.pem.pub")


@pytest.fixture
def signed(key: Path) -> Path:
    return key.with_name("results.jsonl")


LINES = len(full_run(SCOPE[::8]).checks) + len(full_run(SCOPE[::8]).requirements) + 7


def test_an_untouched_file_is_vouched_for_and_still_read(signed: Path, trusted: Path) -> None:
    verification = verify(signed, trusted)
    assert verification.complaints == ()
    assert len(verification.key.split()) == 8
    results = load_results(signed)
    assert (results.unreadable, results.signature is None) == (0, False)


def test_lines_stay_as_the_run_wrote_them(signed: Path, key: Path) -> None:
    before = signed.read_bytes().splitlines()[:-1]
    sign(signed, key)
    assert signed.read_bytes().splitlines()[:-1] == before, "signing again replaces the signature alone"
    assert not list(signed.parent.glob("*.new"))


@pytest.mark.parametrize("number", range(LINES))
def test_one_changed_octet_in_any_line_is_named(signed: Path, trusted: Path, number: int) -> None:
    lines = signed.read_bytes().splitlines(keepends=True)
    record = msgspec.json.decode(lines[number])
    middle = len(lines[number]) // 2
    lines[number] = lines[number][:middle] + bytes([lines[number][middle] ^ 1]) + lines[number][middle + 1 :]
    signed.write_bytes(b"".join(lines))
    complaints = verify(signed, trusted).complaints
    assert [one.partition(":")[0] for one in complaints] == [f"line {number + 1} was changed"], record["kind"]


def test_each_record_kind_is_named_with_its_id(signed: Path, trusted: Path) -> None:
    lines = signed.read_bytes().splitlines(keepends=True)
    kinds = [msgspec.json.decode(line)["kind"] for line in lines]
    for kind in ("header", "preflight", "identity", "check", "requirement", "footer"):
        at = kinds.index(kind)
        changed = [line[:-2] + b" }\n" if number == at else line for number, line in enumerate(lines)]
        signed.write_bytes(b"".join(changed))
        (complaint,) = verify(signed, trusted).complaints
        assert complaint.startswith(f"line {at + 1} was changed: {kind}")


def test_a_line_taken_out_or_put_in_is_noticed(signed: Path, trusted: Path) -> None:
    lines = signed.read_bytes().splitlines(keepends=True)
    signed.write_bytes(b"".join(lines[:-3] + lines[-2:]))
    assert f"{len(lines) - 1} lines were signed and {len(lines) - 2} are there" in verify(signed, trusted).complaints
    signed.write_bytes(b"".join([*lines[:-1], lines[2], lines[-1]]))
    assert f"{len(lines) - 1} lines were signed and {len(lines)} are there" in verify(signed, trusted).complaints


OTHER_KEY = base64.b64encode(bytes(32)).decode()
FORGED: dict[str, object] = {
    "signed": "2020-01-01T00:00:00+00:00",
    "lines": ["0" * 64] * LINES,
    "report": "0" * 64,
    "public_key": OTHER_KEY,
    "signature": base64.b64encode(bytes(64)).decode(),
}


@pytest.mark.parametrize("field", FORGED)
def test_a_changed_signature_record_fits_no_more(signed: Path, trusted: Path, field: str) -> None:
    *lines, last = signed.read_bytes().splitlines(keepends=True)
    forged = msgspec.json.encode(msgspec.json.decode(last) | {field: FORGED[field]})
    signed.write_bytes(b"".join(lines) + forged + b"\n")
    assert any("signature record was changed" in complaint for complaint in verify(signed, trusted).complaints)


def test_another_key_is_not_trusted(signed: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "other.pem")
    sign(signed, tmp_path / "other.pem")
    (complaint,) = verify(signed, tmp_path / "key.pem.pub").complaints
    assert "not by the trusted one" in complaint
    assert verify(signed).complaints == ("no trusted key was given: anybody may have made this signature",)


def test_another_report_is_noticed(signed: Path, trusted: Path) -> None:
    (signed.parent / "report.html").write_text("all is well")
    assert verify(signed, trusted).complaints == ("report.html is not the one that was signed",)


def test_the_private_key_is_its_owners_alone_and_is_never_overwritten(key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(ResultsError, match="cannot be made: File exists"):
        make_key(key)


def test_what_is_no_key_or_not_signed_is_one_clear_line(signed: Path, trusted: Path, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no private key"):
        sign(signed, trusted)
    with pytest.raises(ResultsError, match="no public key"):
        verify(signed, tmp_path / "none.pub")
    unsigned = write(full_run(SCOPE[::8]), tmp_path / "unsigned.jsonl")
    with pytest.raises(ResultsError, match="has no signature in its last line"):
        verify(unsigned, trusted)
