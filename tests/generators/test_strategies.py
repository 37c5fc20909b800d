"""Strategies shrink to small studies, print the call that makes them again, and hold no chance of their own."""

import pytest
from hypothesis import find, given, seed, settings

from generators import FAULTS, SCRIPTS, Order, Patient, Study, encode_study
from generators.strategies import broken_of, dataset_of, kinds_for, order_of, orders, patient_of, patients, studies, study_of

from .conftest import EXAMPLES


def test_a_study_shrinks_to_the_smallest_that_still_fails() -> None:
    smallest = find(studies(), lambda study: len(study.series[0].instances) >= 3, settings=EXAMPLES)
    assert smallest == study_of(seed=0, kinds=("CT",), instances=3, rows=8, columns=8, frames=1)


def test_a_patient_shrinks_to_ascii() -> None:
    assert find(patients(), bool, settings=EXAMPLES) == patient_of(seed=0, script=next(iter(SCRIPTS)))


def test_a_failure_prints_the_call_that_makes_the_study_again() -> None:
    @settings(EXAMPLES, max_examples=50)
    @given(studies("CT"))
    def check(study: Study) -> None:
        assert len(study.instances) < 3

    with pytest.raises(AssertionError) as failure:
        check()
    printed = "".join(getattr(failure.value, "__notes__", []))
    assert "study_of(" in printed
    assert "instances=3" in printed


def test_the_same_call_gives_the_same_bytes() -> None:
    one, other = (encode_study(study_of(seed=9, kinds=("MR", "SR"), script="greek", character_set="ISO_IR 126")) for _ in range(2))
    assert one == other


def test_the_same_seed_draws_the_same_studies() -> None:
    def drawn() -> list[Study]:
        found: list[Study] = []

        @seed(11)
        @settings(EXAMPLES, derandomize=False, max_examples=30)
        @given(studies())
        def gather(study: Study) -> None:
            found.append(study)

        gather()
        return found

    assert drawn() == drawn()


@settings(EXAMPLES, max_examples=30)
@given(patients(), orders())
def test_people_and_orders_are_well_formed(patient: Patient, order: Order) -> None:
    assert patient.name.startswith("SYNTHETIC-")
    assert len(order.accession) <= 16
    assert order.issuer is not None


def test_an_order_follows_from_its_seed() -> None:
    assert order_of(3) == order_of(3) != order_of(4)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_objects_to_break(fault: str) -> None:
    kinds = kinds_for(fault)
    assert kinds
    assert broken_of(fault, study_of(kinds=kinds[-1:], script="latin")).fault.name == fault


def test_broken_objects_keep_their_base() -> None:
    study = study_of()
    broken = broken_of("empty-patient-id", study)
    assert broken.base == dataset_of(study)
    assert broken.encoded.dataset().PatientID == ""
