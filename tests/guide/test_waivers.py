"""Waivers: a good one is read whole, any other stops the run with one line that names file, entry and key."""

import datetime
from pathlib import Path

import pytest

from conformance.guide import Register, Waiver, WaiverError, load_register, load_waivers

TODAY = datetime.date(2026, 5, 1)
GOOD = """
[[waiver]]
requirement = "STORE-01"
owner = "A. Officer, OCINet onboarding"
reason = "Fixed in release 4.2."
expires = 2026-12-31
reference = "ONB-118"
"""


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


def write(folder: Path, text: str) -> Path:
    path = folder / "waivers.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_a_waiver_whole(tmp_path: Path, register: Register) -> None:
    (waiver,) = load_waivers(write(tmp_path, GOOD), register, TODAY)
    assert waiver == Waiver(
        requirement="STORE-01",
        owner="A. Officer, OCINet onboarding",
        reason="Fixed in release 4.2.",
        expires=datetime.date(2026, 12, 31),
        reference="ONB-118",
    )


def test_keeps_the_order_of_the_file(tmp_path: Path, register: Register) -> None:
    path = write(tmp_path, GOOD + GOOD.replace("STORE-01", "ASSOC-02"))
    assert [waiver.requirement for waiver in load_waivers(path, register, TODAY)] == ["STORE-01", "ASSOC-02"]


def test_a_waiver_counts_on_its_last_day_and_not_after(tmp_path: Path, register: Register) -> None:
    path = write(tmp_path, GOOD)
    last = datetime.date(2026, 12, 31)
    assert len(load_waivers(path, register, last)) == 1
    with pytest.raises(WaiverError) as caught:
        load_waivers(path, register, last + datetime.timedelta(days=1))
    assert str(caught.value) == f"{path}, waiver 1, expires: 2026-12-31 is past; renew the waiver or take it out"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "STORE-01",
            "STORE-99",
            "waiver 1, requirement: 'STORE-99' is not in edition ontario-1.0.0-ballot; name an id of the register",
            id="unknown requirement",
        ),
        *(
            pytest.param(line, "", f"waiver 1, {key}: is missing; give {wanted}", id=f"no {key}")
            for key, line, wanted in [
                ("requirement", 'requirement = "STORE-01"\n', "a text"),
                ("owner", 'owner = "A. Officer, OCINet onboarding"\n', "a text"),
                ("reason", 'reason = "Fixed in release 4.2."\n', "a text"),
                ("expires", "expires = 2026-12-31\n", "a date such as 2027-03-31"),
                ("reference", 'reference = "ONB-118"\n', "a text"),
            ]
        ),
        pytest.param(
            "2026-12-31",
            '"2026-12-31"',
            "waiver 1, expires: '2026-12-31' is not a date without quotes, such as 2027-03-31; "
            "give a date without quotes, such as 2027-03-31",
            id="date in quotes",
        ),
        pytest.param(
            "2026-12-31",
            "2026-12-31T00:00:00",
            "waiver 1, expires: datetime.datetime(2026, 12, 31, 0, 0) is not a date without quotes, such as 2027-03-31; "
            "give a date without quotes, such as 2027-03-31",
            id="date with a time",
        ),
        pytest.param(
            'reference = "ONB-118"\n',
            'reference = "ONB-118"\nlevel = "SHALL"\n',
            "waiver 1, level: is not a key of this table; the keys are requirement, owner, reason, expires, reference",
            id="unknown key",
        ),
        pytest.param(GOOD, GOOD + GOOD, "waiver 2, requirement: STORE-01 is waived twice; keep one of the two", id="twice"),
        pytest.param(GOOD, "", "waiver: is missing; write [[waiver]] tables", id="empty file"),
        pytest.param(
            GOOD, GOOD.replace("[[waiver]]", "[[waivers]]"), "waivers: is not a key of this table; the keys are waiver", id="misspelt"
        ),
    ],
)
def test_refuses_a_waiver_that_must_not_count(tmp_path: Path, register: Register, old: str, new: str, message: str) -> None:
    assert GOOD.count(old) == 1, "the case must change one place"
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(WaiverError) as caught:
        load_waivers(path, register, TODAY)
    assert str(caught.value) == f"{path}, {message}"


def test_refuses_an_impossible_date_as_toml(tmp_path: Path, register: Register) -> None:
    path = write(tmp_path, GOOD.replace("2026-12-31", "2026-02-30"))
    with pytest.raises(WaiverError) as caught:
        load_waivers(path, register, TODAY)
    assert str(caught.value).startswith(f"{path}: is not TOML: Invalid date or datetime (at line 6, ")


def test_refuses_a_missing_file(tmp_path: Path, register: Register) -> None:
    path = tmp_path / "waivers.toml"
    with pytest.raises(WaiverError) as caught:
        load_waivers(path, register, TODAY)
    assert str(caught.value) == f"{path}: cannot be read: No such file or directory; name a readable file"
