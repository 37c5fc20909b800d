"""People: health card numbers, and the pool of registered test patients."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators import HEALTH_CARD, Issuer, Patient, PoolError, Synthesizer, health_card_number, is_health_card_number, load_pool

from .conftest import EXAMPLES

STEMS = st.text("0123456789", min_size=9, max_size=9)
ENTRY = '[[patient]]\nid = "TEST-{}"\nname = "TEST^Patient"\nbirth_date = "19700101"\nsex = "F"\n'


@EXAMPLES
@given(STEMS)
def test_a_health_card_number_has_ten_digits_and_one_right_check_digit(stem: str) -> None:
    number = health_card_number(stem)
    assert len(number) == 10
    assert [digit for digit in "0123456789" if is_health_card_number(stem + digit)] == [number[-1]]


@EXAMPLES
@given(STEMS)
def test_a_wrong_check_digit_is_wrong(stem: str) -> None:
    assert not is_health_card_number(health_card_number(stem, valid=False))


@pytest.mark.parametrize("text", ["", "123456789", "12345678901", "123456789A", "1234567890AB", "１２３４５６７８９７"])
def test_what_is_no_health_card_number(text: str) -> None:
    assert not is_health_card_number(text)


def test_the_published_example_of_the_check_digit() -> None:
    assert is_health_card_number("9876543217")


def test_every_patient_has_a_valid_number_marked_by_its_issuer() -> None:
    ((number, issuer),) = Synthesizer(1, "N").patient().other_ids
    assert is_health_card_number(number)
    assert issuer == HEALTH_CARD


def pool_file(folder: Path, text: str) -> Path:
    path = folder / "pool.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pool_gives_its_patients_in_turn(tmp_path: Path) -> None:
    pool = load_pool(pool_file(tmp_path, ENTRY.format(1) + ENTRY.format(2)))
    synthesizer = Synthesizer(1, "N", pool=pool)
    assert [synthesizer.patient().id for _ in range(3)] == ["TEST-1", "TEST-2", "TEST-1"]
    assert synthesizer.patient_id_prefix == "TEST-"
    assert synthesizer.study().patient.id == "TEST-2"


def test_a_pool_tells_issuers_and_other_ids(tmp_path: Path) -> None:
    text = ENTRY.format(1) + 'issuer = {name = "HOSP", oid = "1.2.3"}\nother_ids = [{id = "9876543217", name = "ON-HCN", oid = "1.2"}]\n'
    assert load_pool(pool_file(tmp_path, text)).patients == (
        Patient("TEST-1", "TEST^Patient", "19700101", "F", Issuer("HOSP", "1.2.3"), (("9876543217", Issuer("ON-HCN", "1.2")),)),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no [[patient]] entry"),
        ("patient = 1", "holds no [[patient]] entry"),
        ("[[patient", "cannot be read as TOML"),
        (ENTRY.format("*"), "patient 1: id is 'TEST-*'"),
        (ENTRY.format(1) + ENTRY.format(1), "two patients have the same id"),
        (ENTRY.format(1) + ENTRY.format(2).replace("TEST-2", "X2"), "share fewer than 3"),
        (ENTRY.format(1).replace('"F"', '"X"'), "patient 1: sex is 'X'"),
        (ENTRY.format(1).replace("19700101", "1970-01-01"), "patient 1: birth_date is '1970-01-01'"),
        (ENTRY.format(1) + 'colour = "red"\n', "patient 1: unknown key 'colour'"),
        (ENTRY.format(1) + "other_ids = [{id = 5}]\n", "patient 1: other_ids: id is 5"),
        (ENTRY.format(1) + 'issuer = {oid = "1.2"}\n', "patient 1: issuer: name is None"),
    ],
)
def test_a_pool_that_cannot_be_used_says_where(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(PoolError) as error:
        load_pool(pool_file(tmp_path, text))
    assert said in str(error.value)
    assert "pool.toml" in str(error.value)


def test_a_pool_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(PoolError, match=r"none\.toml: cannot be read"):
        load_pool(tmp_path / "none.toml")
