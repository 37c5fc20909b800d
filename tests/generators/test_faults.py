"""Each fault breaks what its record says and nothing else, and somebody notices."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from conformance.guide import load_register
from generators import FAULTS, Encoded, Fault, GeneratorError, encode, findings
from generators.faults.proof import strays
from generators.strategies import Broken, dataset_of, faulty, kinds_for, study_of

from .conftest import EXAMPLES, Validators

ALL = pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
TERMS = ("dciodvfy", "dcentvfy", "model")


def base_of(fault: Fault) -> tuple[Encoded, Encoded, Encoded]:
    """Give a sound object, its sound neighbour, and the object broken."""
    study = study_of(seed=4, kinds=(kinds_for(fault.name)[0],), instances=2, script="latin")
    first, second = study.instances[-2:]
    broken = fault.encode(study.dataset(first))
    syntax = broken.transfer_syntax_uid
    return encode(study.dataset(first), syntax), encode(study.dataset(second)), broken


def test_there_are_at_least_sixty_faults_of_every_family() -> None:
    assert len(FAULTS) >= 60
    assert {name for name, fault in FAULTS.items() if fault.name != name} == set()


@ALL
def test_the_record_says_what_the_suite_needs(fault: Fault) -> None:
    register = load_register()
    assert fault.summary
    assert [row for row in fault.requirements if row not in register] == []
    assert fault.requirements
    assert all(re.fullmatch(r"[0-9A-F]{4}|[AC][79x]xx|abort", answer) for answer in fault.answers)
    assert fault.answers
    assert re.fullmatch(r"(\([0-9A-F]{4},[0-9A-F]{4}\)(\[0\]\.)?)*", fault.path)
    assert (fault.change is None) != (fault.damage is None)
    assert fault.seen_by in TERMS


@ALL
def test_the_broken_object_differs_in_that_and_nothing_else(fault: Fault) -> None:
    @settings(EXAMPLES, max_examples=8)
    @given(faulty(fault))
    def check(broken: Broken) -> None:
        assert strays(fault, broken.base) == []

    check()


@ALL
def test_the_base_is_left_alone_and_sound(fault: Fault) -> None:
    base, _, broken = base_of(fault)
    dataset = base.dataset()
    before = encode(dataset).data if not fault.syntax else base.data
    if not fault.syntax:
        fault.encode(dataset)
        assert encode(dataset).data == before
    assert findings(base) == []
    assert broken.data != base.data


@ALL
def test_somebody_notices(fault: Fault, validators: Validators, save: Callable[[str, Encoded], Path]) -> None:
    base, neighbour, broken = (save(name, each) for name, each in zip(("base", "neighbour", "broken"), base_of(fault), strict=True))
    said = {path: set(run.lines("Error")) for path in (base, broken) for run in validators.each("dciodvfy", [path], "-new")}
    seen = ["dciodvfy"] if said[broken] - said[base] else []
    seen += ["dcentvfy"] if any(run.lines("Error") for run in validators.groups("dcentvfy", [[neighbour, broken]])) else []
    if fault.seen_by == "model":  # a broken encoding cannot be read by our rules
        seen += ["model"] if findings(base_of(fault)[2]) else []
    assert fault.seen_by in seen
    assert fault.only_if or min(seen, key=TERMS.index) == fault.seen_by  # what letters look like in another set depends on the letters


@ALL
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_it_is_there_in_the_other_native_syntaxes_too(fault: Fault, syntax: str) -> None:
    base = dataset_of(study_of(seed=4, kinds=(kinds_for(fault.name)[0],), script="latin"))
    broken = fault.encode(base, syntax)
    assert broken.transfer_syntax_uid == (fault.syntax or syntax)
    assert broken.data != encode(base, broken.transfer_syntax_uid).data


@ALL
def test_the_command_has_uids_even_where_the_data_set_has_none(fault: Fault) -> None:
    base, _, broken = base_of(fault)
    assert broken.sop_class_uid.strip()
    assert broken.sop_instance_uid.strip()
    if fault.keeps_command:
        assert (broken.sop_class_uid, broken.sop_instance_uid) == (base.sop_class_uid, base.sop_instance_uid)


def test_a_fault_that_does_not_apply_says_what_it_needs() -> None:
    with pytest.raises(GeneratorError, match="short-pixel-data does not apply: it needs PixelData, Rows"):
        FAULTS["short-pixel-data"].apply(dataset_of(study_of(kinds=("SR",))))
    with pytest.raises(GeneratorError, match="letters outside ASCII"):
        FAULTS["undeclared-character-set"].apply(dataset_of(study_of()))


@ALL
def test_making_one_raises_no_warning(fault: Fault) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        base_of(fault)
