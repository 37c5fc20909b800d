"""Names in every script survive encoding, DCMTK's reading of them, and decoding."""

from collections.abc import Callable
from pathlib import Path

import pytest

from generators import MARKER, SCRIPTS, Encoded, Synthesizer, encode_study, findings
from generators.charsets import encodable

from .conftest import Validators

SPELLINGS = [(script.name, terms) for script in SCRIPTS.values() for terms in script.character_sets]
ASKED_FOR = "english french latin inuktitut chinese japanese korean arabic hebrew cyrillic greek thai devanagari"


def test_every_script_that_was_asked_for_is_there() -> None:
    assert set(ASKED_FOR.split()) <= set(SCRIPTS)


@pytest.mark.parametrize(("script", "terms"), SPELLINGS)
def test_names_survive_encode_dcmdump_and_decode(
    script: str, terms: str, validators: Validators, save: Callable[[str, Encoded], Path]
) -> None:
    synthesizer = Synthesizer(5, "SCRIPTS")
    studies = [synthesizer.study("SR", patient=synthesizer.patient(script=script), instances=1, character_set=terms) for _ in range(4)]
    encoded = [encode_study(study)[0] for study in studies]
    assert [findings(each) for each in encoded] == [[]] * 4
    assert [str(each.dataset().PatientName) for each in encoded] == [study.patient.name for study in studies]
    paths = [save(str(number), each) for number, each in enumerate(encoded)]
    assert names_by_dcmdump(paths, terms, validators) == [study.patient.name for study in studies]


def names_by_dcmdump(paths: list[Path], terms: str, validators: Validators) -> list[str]:
    """Let DCMTK convert to UTF-8. Built upon glibc it knows no JIS X 0208: there it prints the bytes, which Python's codec reads."""
    jis = "ISO 2022 IR 87" in terms
    read = validators.together("dcmdump", paths, *([] if jis else ["+U8"]), "+L", "+P", "0010,0010")
    texts = [line.partition("[")[2].rpartition("]")[0] for line in read.lines("(0010,0010)")]
    return [text.encode().decode("iso2022_jp") for text in texts] if jis else texts


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_name_has_the_component_groups_of_its_script(script: str) -> None:
    people = SCRIPTS[script].people
    groups = people[0][0].count("=") + 1 if people else 1
    name = Synthesizer(1, "N").patient(script=script).name
    assert name.count("=") + 1 == groups
    assert name.startswith(MARKER)


def test_japanese_names_have_three_component_groups() -> None:
    assert Synthesizer(1, "N").patient(script="japanese").name.count("=") == 2


@pytest.mark.parametrize(
    ("text", "terms", "carried"),
    [
        ("é", "", False),
        ("é", "ISO_IR 6", False),
        ("é", "ISO_IR 100", True),
        ("ᐃ", "ISO_IR 100", False),
        ("ᐃ", "ISO_IR 192", True),
        ("ᐃ", "GB18030", True),
        ("山", "\\ISO 2022 IR 87", True),
        ("山", "ISO_IR 13", False),
    ],
)
def test_a_character_set_carries_what_it_has(text: str, terms: str, carried: bool) -> None:
    assert encodable(text, terms) is carried
