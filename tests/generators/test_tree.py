"""The tree: what refers to images has them beside it, and what is not of a study is refused."""

from dataclasses import replace

import pytest

from generators import KINDS, GeneratorError, Synthesizer
from generators.kinds.kind import MOST_SOURCES

DEPENDENT = [kind.name for kind in KINDS.values() if kind.source]


def test_the_kinds_that_were_asked_for_are_there() -> None:
    assert set(KINDS) == {
        *(
            "CR",
            "DX",
            "MG",
            "CT",
            "MR",
            "CT-ENHANCED",
            "MR-ENHANCED",
            "US",
            "US-MULTIFRAME",
            "XA",
            "XRF",
            "NM",
            "PT",
            "SC",
            "SC-MULTIFRAME",
        ),
        *("BTO", "PR", "KO", "SR", "SR-ENHANCED", "SR-COMPREHENSIVE", "SR-DOSE", "PDF", "RTSTRUCT", "ECG", "VL", "SEG"),
    }


@pytest.mark.parametrize("kind", DEPENDENT)
def test_what_refers_to_images_gets_them(kind: str) -> None:
    study = Synthesizer(1, "N").study(kind, instances=3)
    assert [(series.modality, len(series.instances)) for series in study.series] == [("CT", 3), (KINDS[kind].modality, 1)]


def test_images_that_are_there_are_used() -> None:
    study = Synthesizer(1, "N").study(modalities=["CT", "SEG", "KO"])
    assert [series.modality for series in study.series] == ["CT", "SEG", "KO"]


@pytest.mark.parametrize("kind", DEPENDENT)
def test_references_resolve_within_the_study(kind: str) -> None:
    study = Synthesizer(1, "N").study(kind)
    dataset = study.dataset(study.instances[-1])
    named = {str(each.value) for each in dataset.iterall() if each.keyword == "ReferencedSOPInstanceUID"}
    assert named
    assert named <= {study.uid, *(instance.uid for instance in study.instances[:-1])}


def test_of_a_large_study_the_first_images_are_referred_to() -> None:
    study = Synthesizer(1, "N").study("KO", instances=MOST_SOURCES + 5, rows=8, columns=8)
    evidence = study.dataset(study.instances[-1]).CurrentRequestedProcedureEvidenceSequence[0]
    assert len(evidence.ReferencedSeriesSequence[0].ReferencedSOPSequence) == MOST_SOURCES


@pytest.mark.parametrize("kind", DEPENDENT)
def test_without_its_images_it_is_refused(kind: str) -> None:
    study = Synthesizer(1, "N").study(kind)
    alone = replace(study, series=study.series[1:])
    with pytest.raises(GeneratorError, match=f"a {kind} needs a CT beside it"):
        alone.dataset(alone.instances[0])


def test_a_foreign_instance_is_refused() -> None:
    synthesizer = Synthesizer(1, "N")
    with pytest.raises(GeneratorError, match="is not in study"):
        synthesizer.study().dataset(synthesizer.study().instances[0])


def test_one_more_instance_can_be_added_to_a_series() -> None:
    synthesizer = Synthesizer(1, "N")
    study = synthesizer.study("CT")
    more = synthesizer.instance("CT", 3)
    grown = replace(study, series=(replace(study.series[0], instances=(*study.series[0].instances, more)),))
    assert [int(dataset.InstanceNumber) for dataset in grown.datasets()] == [1, 2, 3]
    assert len({instance.uid for instance in grown.instances}) == 3


def test_several_series_of_one_kind() -> None:
    study = Synthesizer(1, "N").study("MR", series=3, instances=2)
    assert [(series.number, len(series.instances)) for series in study.series] == [(1, 2), (2, 2), (3, 2)]
    assert len({series.uid for series in study.series}) == 3
