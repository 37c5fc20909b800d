"""Editions that break the form: each is refused with one line that names file, row and key, and what is allowed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.guide import SERVICES, Level, Provenance, RegisterError, Requirement, Role, load_register

HEADER = 'edition = "test"\ntitle = "A test"\ndate = "2026-01-01"\nstatus = "draft"\n'
ROW = """
[[requirement]]
id = "STORE-01"
title = "Stored"
level = "SHALL"
role = ["archive"]
text = "It is stored."
rationale = "Else it is lost."
source = ["PS3.4 B.2.2"]
provenance = "standard"
verified = true
how = "Store and retrieve."
"""
KEYS = (
    "id, title, level, role, text, rationale, source, provenance, verified, how, "
    "unverified, evidence, applies_when, slow, hostile, attested, untested"
)


def write(folder: Path, text: str) -> Path:
    path = folder / "edition.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(RegisterError) as caught:
        load_register(path)
    return str(caught.value)


def refusal_if_any(path: Path) -> str | None:
    try:
        load_register(path)
    except RegisterError as refused:
        return str(refused)
    return None


def test_a_row_needs_only_its_required_keys(tmp_path: Path) -> None:
    register = load_register(write(tmp_path, HEADER + ROW))
    assert tuple(register) == (
        Requirement(
            id="STORE-01",
            title="Stored",
            level=Level.SHALL,
            roles=(Role.ARCHIVE,),
            text="It is stored.",
            rationale="Else it is lost.",
            sources=("PS3.4 B.2.2",),
            provenance=Provenance.STANDARD,
            verified=True,
            unverified=(),
            how="Store and retrieve.",
            evidence=(),
            applies_when="",
            slow=False,
            hostile=False,
            attested="",
            untested="",
        ),
    )


def test_reads_every_optional_key(tmp_path: Path) -> None:
    optional = (
        'unverified = ["B.2.2"]\nevidence = ["https://example.org"]\napplies_when = "tls"\n'
        'slow = true\nhostile = true\nattested = "The operator attests."\n'
    )
    row = load_register(write(tmp_path, HEADER + ROW.replace("verified = true", "verified = false") + optional))["STORE-01"]
    assert (row.verified, row.unverified, row.evidence) == (False, ("B.2.2",), ("https://example.org",))
    assert (row.applies_when, row.slow, row.hostile) == ("tls", True, True)
    assert row.attested == "The operator attests."


@pytest.mark.parametrize("level", Level)
def test_reads_every_level(tmp_path: Path, level: Level) -> None:
    assert load_register(write(tmp_path, HEADER + ROW.replace("SHALL", level)))["STORE-01"].level is level


@pytest.mark.parametrize("role", Role)
def test_reads_every_role(tmp_path: Path, role: Role) -> None:
    assert load_register(write(tmp_path, HEADER + ROW.replace("archive", role)))["STORE-01"].roles == (role,)


@pytest.mark.parametrize("provenance", Provenance)
def test_reads_every_provenance(tmp_path: Path, provenance: Provenance) -> None:
    assert load_register(write(tmp_path, HEADER + ROW.replace('"standard"', f'"{provenance}"')))["STORE-01"].provenance is provenance


@pytest.mark.parametrize("service", SERVICES)
def test_reads_every_service(tmp_path: Path, service: str) -> None:
    text = HEADER + ROW + f'applies_when = "{service}"\n'
    assert load_register(write(tmp_path, text))["STORE-01"].applies_when == service


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param('level = "SHALL"\n', "", "STORE-01, level: is missing; give one of SHALL, SHOULD, MAY", id="no level"),
        pytest.param('text = "It is stored."\n', "", "STORE-01, text: is missing; give a text", id="no text"),
        pytest.param('source = ["PS3.4 B.2.2"]\n', "", "STORE-01, source: is missing; give an array of texts", id="no source"),
        pytest.param("verified = true\n", "", "STORE-01, verified: is missing; give true or false", id="no verified"),
        pytest.param('id = "STORE-01"\n', "", "requirement 1, id: is missing; give a text", id="no id"),
        pytest.param(
            "verified = true\n",
            "verified = true\nnote = 1\n",
            f"STORE-01, note: is not a key of this table; the keys are {KEYS}",
            id="unknown key",
        ),
        pytest.param(
            "verified = true\n",
            'verified = true\n"a\\nb" = 1\n',
            f"STORE-01, 'a\\nb': is not a key of this table; the keys are {KEYS}",
            id="unknown key of two lines",
        ),
        pytest.param('"SHALL"', '"MUST"', "STORE-01, level: 'MUST' is unknown; give one of SHALL, SHOULD, MAY", id="bad level"),
        pytest.param('"SHALL"', "1", "STORE-01, level: 1 is unknown; give one of SHALL, SHOULD, MAY", id="level of wrong type"),
        pytest.param(
            '["archive"]',
            '["viewer"]',
            "STORE-01, role: 'viewer' is unknown; give one of archive, source, consumer",
            id="bad role",
        ),
        pytest.param(
            '["archive"]',
            '"archive"',
            "STORE-01, role: 'archive' is not an array of archive, source, consumer; give an array of archive, source, consumer",
            id="role that is no array",
        ),
        pytest.param(
            '["archive"]',
            '["source", "source"]',
            "STORE-01, role: ['source', 'source'] names one twice; name each once",
            id="role twice",
        ),
        pytest.param(
            '"standard"',
            '"rumour"',
            "STORE-01, provenance: 'rumour' is unknown; give one of guide, standard, derived, practice",
            id="bad provenance",
        ),
        pytest.param(
            "verified = true", 'verified = "yes"', "STORE-01, verified: 'yes' is not true or false; give true or false", id="no bool"
        ),
        pytest.param(
            'title = "Stored"',
            "title = 7",
            "STORE-01, title: 7 is not a text that is not empty; give a text that is not empty",
            id="title of wrong type",
        ),
        pytest.param(
            'title = "Stored"',
            'title = " "',
            "STORE-01, title: ' ' is not a text that is not empty; give a text that is not empty",
            id="blank title",
        ),
        pytest.param(
            '["PS3.4 B.2.2"]',
            '["PS3.4 B.2.2", 2]',
            "STORE-01, source: ['PS3.4 B.2.2', 2] is not an array of texts that are not empty; give an array of texts that are not empty",
            id="source of wrong type",
        ),
        pytest.param(
            'id = "STORE-01"',
            'id = "STORE-1"',
            "requirement 1, id: 'STORE-1' is not an id; write a group and two digits, such as STORE-01",
            id="bad id",
        ),
        pytest.param(
            "verified = true\n",
            'verified = true\napplies_when = "fax"\n',
            f"STORE-01, applies_when: 'fax' is unknown; give one of {', '.join(SERVICES)}",
            id="unknown service",
        ),
        pytest.param(
            "verified = true\n",
            'verified = true\nunverified = ["B.2.2"]\n',
            "STORE-01, unverified: stands beside verified = true; leave it out, or say verified = false",
            id="verified and not",
        ),
        pytest.param(
            "verified = true\n",
            "verified = false\n",
            "STORE-01, unverified: is missing beside verified = false; say what was not verified",
            id="unverified without a word",
        ),
        pytest.param(
            "verified = true\n",
            "verified = true\nattested = 'The operator.'\nuntested = 'Nobody looked.'\n",
            "STORE-01, untested: stands beside attested; leave it out: an attestation decides the row",
            id="attested and untested",
        ),
        pytest.param('edition = "test"\n', "", "edition: is missing; give a text", id="no edition"),
        pytest.param(
            'edition = "test"\n',
            'edition = "test"\nversion = 2\n',
            "version: is not a key of this table; the keys are edition, title, date, status, requirement",
            id="unknown key of the header",
        ),
        pytest.param(ROW, "", "requirement: is missing; write [[requirement]] tables", id="no row"),
        pytest.param(
            ROW,
            "requirement = 3",
            "requirement: 3 is not [[requirement]] tables; give [[requirement]] tables",
            id="rows that are no tables",
        ),
        pytest.param(
            ROW,
            ROW + ROW,
            "STORE-01, id: stands again as requirement 2; give each row an id of its own",
            id="id twice",
        ),
    ],
)
def test_refuses_a_malformed_edition_in_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    good = HEADER + ROW
    assert good.count(old) == 1, "the case must change one place"
    path = write(tmp_path, good.replace(old, new))
    assert refusal(path) == f"{path}, {message}"


def test_refuses_a_file_that_is_not_toml(tmp_path: Path) -> None:
    path = write(tmp_path, "edition: test\n")
    assert refusal(path) == (f"{path}: is not TOML: Expected '=' after a key in a key/value pair (at line 1, column 8); correct the line")


def test_refuses_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "edition.toml"
    path.write_bytes('edition = "Québec"\n'.encode("latin-1"))
    assert refusal(path) == f"{path}: byte 13 is not UTF-8; save the file as UTF-8"


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "edition.toml"
    assert refusal(path) == f"{path}: cannot be read: No such file or directory; name a readable file"


def test_refuses_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: cannot be read: Is a directory; name a readable file"


def test_shows_only_the_beginning_of_a_long_wrong_value(tmp_path: Path) -> None:
    path = write(tmp_path, (HEADER + ROW).replace('"SHALL"', f'"{"x" * 5000}"'))
    assert refusal(path) == f"{path}, STORE-01, level: '{'x' * 59}… is unknown; give one of SHALL, SHOULD, MAY"


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: (HEADER + ROW + text).encode("utf-8", "replace")))
def test_any_file_loads_or_is_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    refused = refusal_if_any(path)
    assert refused is None or (str(path) in refused and len(refused.splitlines()) == 1)
