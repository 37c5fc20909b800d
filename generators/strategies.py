"""Hypothesis strategies over everything that is generated.

Each draws small numbers and names, and hands them to one of the functions here: so examples shrink to a small study, print as the call
that makes them again, and hold no chance of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st
from pydicom import Dataset

from generators.encoding import Encoded
from generators.faults import FAULTS, Fault
from generators.identity import Order, Patient
from generators.kinds import KINDS
from generators.people import SCRIPTS
from generators.queries import KEYS, LEVELS, UNIQUE_KEYS, Matching, Query, entity, query
from generators.synthesizer import Synthesizer
from generators.tree import Study

_SEEDS = st.integers(0, 2**16)
_SIZES = st.integers(8, 24)


@dataclass(frozen=True)
class Broken:
    """An object with one fault: its sound base and what is sent."""

    fault: Fault
    base: Dataset
    encoded: Encoded


def patient_of(seed: int = 0, script: str = "ascii") -> Patient:
    """Make the patient of a seed, in a script of SCRIPTS."""
    return _synthesizer(seed).patient(script=script)


def order_of(seed: int = 0) -> Order:
    """Make the order of a seed."""
    return _synthesizer(seed).order()


def study_of(
    seed: int = 0,
    kinds: Sequence[str] = ("CT",),
    instances: int = 1,
    rows: int = 8,
    columns: int = 8,
    frames: int = 1,
    script: str = "ascii",
    character_set: str = "ISO_IR 192",
) -> Study:
    """Make the study of a seed: one series for each of `kinds`, and what they refer to."""
    synthesizer = _synthesizer(seed)
    patient = synthesizer.patient(script=script)
    return synthesizer.study(
        modalities=kinds,
        instances=instances,
        patient=patient,
        rows=rows,
        columns=columns,
        frames=frames,
        character_set=character_set,
    )


def dataset_of(study: Study, place: int = -1) -> Dataset:
    """Render the instance at a place of a study; the last is the one that the study was made for."""
    return study.dataset(study.instances[place])


def broken_of(fault: str, study: Study) -> Broken:
    """Break the last instance of a study."""
    base = dataset_of(study)
    return Broken(FAULTS[fault], base, FAULTS[fault].encode(base))


def patients(script: str | None = None) -> st.SearchStrategy[Patient]:
    """Patients in one script, or in any."""
    return st.builds(patient_of, seed=_SEEDS, script=st.just(script) if script else st.sampled_from(list(SCRIPTS)))


def orders() -> st.SearchStrategy[Order]:
    """Imaging orders."""
    return st.builds(order_of, seed=_SEEDS)


def studies(*kinds: str, most_instances: int = 3, script: str | None = None) -> st.SearchStrategy[Study]:
    """Whole studies of these kinds, or of any one or two; small images, names and character sets that go together."""
    return st.sampled_from(_spellings(script)).flatmap(
        lambda spelling: st.builds(
            study_of,
            seed=_SEEDS,
            kinds=st.just(kinds) if kinds else st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=2).map(tuple),
            instances=st.integers(1, most_instances),
            rows=_SIZES,
            columns=_SIZES,
            frames=st.integers(1, 3),
            script=st.just(spelling[0]),
            character_set=st.just(spelling[1]),
        )
    )


def datasets(kind: str, script: str | None = None) -> st.SearchStrategy[Dataset]:
    """Data sets of one kind of object."""
    return st.builds(dataset_of, studies(kind, most_instances=1, script=script))


def faulty(fault: str | Fault) -> st.SearchStrategy[Broken]:
    """Objects of every kind that has what the fault breaks, broken."""
    name = fault if isinstance(fault, str) else fault.name
    return st.sampled_from(kinds_for(name)).flatmap(
        lambda kind: st.builds(broken_of, fault=st.just(name), study=studies(kind, most_instances=2, script=_script_for(name)))
    )


def queries_over(study: Study) -> st.SearchStrategy[Query]:
    """C-FIND queries bounded to the patient or the study, at every level, with their matches."""
    return st.sampled_from(LEVELS).flatmap(lambda level: _queries_at(study, level))


@cache
def kinds_for(fault: str) -> tuple[str, ...]:
    """List the kinds of object that a fault applies to."""
    script = _script_for(fault) or "ascii"
    return tuple(kind for kind in KINDS if FAULTS[fault].applies_to(dataset_of(study_of(kinds=(kind,), script=script))))


def _script_for(fault: str) -> str | None:
    return "latin" if FAULTS[fault].only_if else None


def _synthesizer(seed: int) -> Synthesizer:
    return Synthesizer(seed, f"property-{seed}")


def _spellings(script: str | None) -> list[tuple[str, str]]:
    """Pair scripts with the character sets that carry them, the simplest first; a chosen script is in UTF-8."""
    if script:
        return [(script, "ISO_IR 192")]
    return [("ascii", "ISO_IR 192"), *((each.name, terms) for each in SCRIPTS.values() for terms in each.character_sets)]


def _queries_at(study: Study, level: str) -> st.SearchStrategy[Query]:
    values = entity(study)
    bounds = st.sampled_from(["StudyInstanceUID", "PatientID"] if level == "STUDY" else ["StudyInstanceUID"])
    offered: dict[str, st.SearchStrategy[str]] = {
        keyword: _wanted(how, _present(study, level, keyword))
        for keyword, how in KEYS[level].items()
        if keyword not in ("PatientID", "StudyInstanceUID")
    }
    optional = st.lists(st.sampled_from(sorted(offered)), max_size=3, unique=True)
    return st.tuples(bounds, optional.flatmap(lambda chosen: st.fixed_dictionaries({name: offered[name] for name in chosen}))).map(
        lambda drawn: query([study], level, {drawn[0]: values[drawn[0]], **_above(study, level), **drawn[1]})
    )


def _above(study: Study, level: str) -> dict[str, str]:
    """Give the unique keys that a hierarchical query must name above its level (PS3.4 C.4.1.2.1)."""
    return {"SeriesInstanceUID": study.series[0].uid} if level == "IMAGE" else {}


def _present(study: Study, level: str, keyword: str) -> list[str]:
    if level == "STUDY":
        return [entity(study)[keyword]]
    if level == "SERIES":
        attribute = {"SeriesInstanceUID": "uid", "Modality": "modality", "SeriesNumber": "number"}[keyword]
        return [str(getattr(series, attribute)) for series in study.series]
    attribute = {UNIQUE_KEYS["IMAGE"]: "uid", "InstanceNumber": "number"}[keyword]
    return [str(getattr(instance, attribute)) for instance in study.series[0].instances]


def _wanted(how: Matching, present: Sequence[str]) -> st.SearchStrategy[str]:
    value = st.sampled_from(sorted(set(present)))
    if how is Matching.UID_LIST:
        return st.lists(value, min_size=1, max_size=3, unique=True).map("\\".join) | st.just("")
    if how is Matching.RANGE:
        return value | value.map(lambda v: f"{v}-") | value.map(lambda v: f"-{v}") | value.map(lambda v: f"{v}-{v}") | st.just("")
    if how is Matching.NUMBER:
        return value | st.just("99999") | st.just("")
    return value | value.map(_begun) | value.map(_blanked) | st.just("NOTHING") | st.just("") | st.just("*")


def _begun(value: str) -> str:
    """Keep the first half and let anything follow."""
    return value[: len(value) // 2] + "*"


def _blanked(value: str) -> str:
    """Let one character be any; a text of one character is given whole, since a name in several groups is matched by group."""
    return value[:-1] + "?" if len(value) > 1 and "=" not in value else value
