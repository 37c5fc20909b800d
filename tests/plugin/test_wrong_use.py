"""Wrong use gets one clear line and the documented exit code, before anything is sent."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.guide import BUNDLED

USAGE, INCOMPLETE = 4, 6


def lines_of(seen: Any, start: str) -> list[str]:
    return [line for line in seen.output.splitlines() if line.startswith(start)]


WRONG: dict[str, tuple[list[str], str]] = {
    "no host": (["--target-ae=X"], "--host: is missing"),
    "unknown host": (["--target-ae=X", "--host=no-such-host.invalid"], "--host: 'no-such-host.invalid' cannot be resolved"),
    "over-long AE title": (["--target-ae=" + "X" * 17, "--host=127.0.0.1"], "--target-ae: is 'XXXXXXXXXXXXXXXXX'"),
    "object too large": (
        ["--target-ae=X", "--host=127.0.0.1", "--object-megabytes=1001"],
        "--object-megabytes: is 1001; give a number from 1 to 1000",
    ),
    "port out of range": (["--target-ae=X", "--host=127.0.0.1", "--port=70000"], "--port: is 70000; give a port from 1 to 65535"),
    "negative time-out": (["--target-ae=X", "--host=127.0.0.1", "--response-timeout=-1"], "--response-timeout: is -1.0"),
    "unknown role": (["--target-ae=X", "--host=127.0.0.1", "--role=viewer"], "--role: is 'viewer'"),
    "no such profile": (["--target-ae=X", "--host=127.0.0.1", "--target-profile=absent.toml"], "absent.toml: cannot be read"),
    "no such register": (["--target-ae=X", "--host=127.0.0.1", "--guide=absent.toml"], "absent.toml: "),
    "a path": (["--target-ae=X", "--host=127.0.0.1", "."], ".: --target-ae brings its own suite"),
    "parallel": (["--target-ae=X", "--host=127.0.0.1", "-p", "xdist", "-n", "2"], "-n: a run asks one system one question at a time"),
    "unknown language": (["--target-ae=X", "--host=127.0.0.1", "--lang=de"], "--lang: is 'de'; use one of "),
    "no such certificate": (
        ["--target-ae=X", "--host=127.0.0.1", "--tls-port=2762", "--tls-cert=absent.pem"],
        "--tls-cert: 'absent.pem' is no file",
    ),
    "no certificate at all": (["--target-ae=X", "--host=127.0.0.1", "--tls-port=2762", "--tls-ca=."], "--tls-ca: '.' is no file"),
    "no such baseline": (["--target-ae=X", "--host=127.0.0.1", "--baseline=absent.jsonl"], "absent.jsonl: "),
    "a certification without profile": (
        ["--target-ae=X", "--host=127.0.0.1", "--certify"],
        "--certify: the profile does not say product.vendor",
    ),
    "a selected certification": (["--target-ae=X", "--host=embedded", "--certify", "-k", "STORE"], "--certify: runs the whole suite"),
    "a certification without the hostile checks": (
        ["--target-ae=X", "--host=embedded", "--certify", "--no-hostile"],
        "--certify: runs the whole suite; leave out --no-hostile",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_options_are_refused_in_one_line(tmp_path: Path, run_suite: Callable[..., Any], case: str) -> None:
    arguments, start = WRONG[case]
    seen = run_suite(tmp_path, *arguments)
    assert seen.code == USAGE, seen.output
    assert len(lines_of(seen, f"ERROR: {start}")) == 1, seen.output
    assert "Traceback" not in seen.output
    assert not (seen.folder / "results.jsonl").exists()


PROFILES = {
    "not TOML": ("[network", "is not TOML"),
    "unknown section": ("[nonsense]\n", "unknown field `nonsense`"),
    "unknown key": ("[network]\nprot = 104\n", "[network] has the unknown key 'prot'"),
    "wrong type": ('[network]\nport = "104"\n', "network.port: is '104'; give a whole number"),
    "unknown service": ('[claims]\nservices = ["fax"]\n', "claims.services names 'fax'"),
    "unknown policy": ('[claims]\nduplicates = "perhaps"\n', "claims.duplicates is 'perhaps'"),
}


@pytest.mark.parametrize("case", PROFILES)
def test_a_malformed_profile_is_refused_with_file_and_key(tmp_path: Path, run_suite: Callable[..., Any], case: str) -> None:
    text, words = PROFILES[case]
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    seen = run_suite(tmp_path, "--target-ae=X", "--host=127.0.0.1", "--target-profile=site.toml")
    assert seen.code == USAGE, seen.output
    [line] = lines_of(seen, "ERROR: site.toml")
    assert words in line


ATTESTATIONS = {
    "unknown requirement": ({"requirement": '"DOC-99"'}, "attestations, DOC-99, requirement: 'DOC-99' is not in edition"),
    "what the wire decides": ({"requirement": '"STORE-01"'}, "STORE-01 is decided by what is seen, not by a statement"),
    "nobody": ({"by": '" "'}, "attestations, DOC-01, by: is empty"),
    "the future": ({"on": "2999-01-01"}, "attestations, DOC-01, on: 2999-01-01 is in the future"),
}


def attestation(**changes: str) -> str:
    keys = {"requirement": '"DOC-01"', "by": '"A. Tester"', "on": "2026-10-02", "statement": '"It exists."'} | changes
    return "[[attestations]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


@pytest.mark.parametrize("case", ATTESTATIONS)
def test_an_attestation_that_is_none_is_refused(tmp_path: Path, run_suite: Callable[..., Any], case: str) -> None:
    changes, words = ATTESTATIONS[case]
    (tmp_path / "site.toml").write_text(attestation(**changes), encoding="utf-8")
    seen = run_suite(tmp_path, "--target-ae=X", "--host=127.0.0.1", "--target-profile=site.toml")
    assert seen.code == USAGE, seen.output
    [line] = lines_of(seen, "ERROR: attestations")
    assert words in line


def test_a_requirement_attested_twice_is_refused(tmp_path: Path, run_suite: Callable[..., Any]) -> None:
    (tmp_path / "site.toml").write_text(2 * attestation(), encoding="utf-8")
    seen = run_suite(tmp_path, "--target-ae=X", "--host=127.0.0.1", "--target-profile=site.toml")
    assert seen.code == USAGE, seen.output
    assert len(lines_of(seen, "ERROR: attestations, DOC-01, requirement: DOC-01 is attested twice")) == 1


def test_an_unknown_requirement_in_a_waiver_is_refused(tmp_path: Path, run_suite: Callable[..., Any]) -> None:
    (tmp_path / "w.toml").write_text(
        '[[waiver]]\nrequirement = "STORE-99"\nowner = "A"\nreason = "B"\nexpires = 2999-01-01\nreference = "none"\n', encoding="utf-8"
    )
    seen = run_suite(tmp_path, "--target-ae=X", "--host=127.0.0.1", "--waivers=w.toml")
    assert seen.code == USAGE, seen.output
    [line] = lines_of(seen, "ERROR: w.toml")
    assert "STORE-99" in line


def test_a_report_folder_that_cannot_be_written_is_refused(tmp_path: Path, run_suite: Callable[..., Any], archive: Any) -> None:
    (tmp_path / "taken").write_text("a file stands where the folder would be", encoding="utf-8")
    seen = run_suite(tmp_path, *archive.options(), f"--report-dir=taken{os.sep}report")
    assert seen.code == USAGE, seen.output
    [line] = lines_of(seen, "ERROR: --report-dir=")
    assert "cannot be written" in line


def stopped_at(seen: Any) -> str:
    [reason] = seen.footer["reasons"]
    assert seen.code == INCOMPLETE, seen.output
    assert set(seen.verdicts.values()) <= {"BLOCKED", "N/A"}
    assert (seen.folder / "report.html").exists()
    return str(reason)


def test_a_closed_port_stops_the_preflight(tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]) -> None:
    port = free_port()
    reason = stopped_at(run_suite(tmp_path, "--target-ae=X", "--host=127.0.0.1", f"--port={port}", "--listen-port=0"))
    assert reason.startswith("preflight stopped at association")
    assert f"nothing listens on 127.0.0.1:{port}" in reason


def test_a_wrong_called_ae_stops_the_preflight(tmp_path: Path, run_suite: Callable[..., Any], archive: Any) -> None:
    options = ["--target-ae=WRONG", *archive.options()[1:]]
    assert "--target-ae=WRONG is not an AE title of this system" in stopped_at(run_suite(tmp_path, *options))


def test_an_unregistered_destination_stops_the_preflight(tmp_path: Path, run_suite: Callable[..., Any], archive: Any) -> None:
    options = [*archive.options(), "--calling-ae=STRANGER"]
    reason = stopped_at(run_suite(tmp_path, *options))
    assert reason.startswith("preflight stopped at retrieve: C-MOVE answered A801")
    assert f"register AE STRANGER at 127.0.0.1:{archive.listen_port} as a destination on EMBEDDED" in reason


def test_a_check_for_a_row_that_the_edition_does_not_hold_stops_collection(tmp_path: Path, run_suite: Callable[..., Any]) -> None:
    text = BUNDLED.read_text(encoding="utf-8")
    begin = text.index('[[requirement]]\nid = "STORE-01"')
    end = text.index("[[requirement]]", begin + 1)
    (tmp_path / "other.toml").write_text(text[:begin] + text[end:], encoding="utf-8")
    seen = run_suite(tmp_path, "--target-ae=X", "--host=127.0.0.1", "--guide=other.toml")
    assert seen.code == USAGE, seen.output
    [line] = lines_of(seen, "ERROR: requirements that the register does not hold")
    assert "names 'STORE-01'" in line
