"""The tree that a study is: patient, study, series, instance as frozen facts, which render to pydicom data sets one at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom import Dataset

from generators.errors import GeneratorError
from generators.identity import Order, Patient


@dataclass(frozen=True, slots=True)
class Instance:
    """One object. `kind` names its entry in KINDS; rows, columns and frames are 0 where it has no pixels; `seed` grains the pixels."""

    uid: str
    sop_class_uid: str
    number: int
    kind: str
    rows: int = 16
    columns: int = 16
    frames: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """Instances of one modality, one kind and one piece of equipment."""

    uid: str
    modality: str
    number: int
    description: str
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """A whole study. `date` and `time` are DA and TM, `character_set` is (0008,0005) with `\\` between its values.

    Nothing is rendered before it is asked for, so a study of 10,000 instances is small.
    """

    uid: str
    id: str
    date: str
    time: str
    description: str
    patient: Patient
    order: Order
    series: tuple[Series, ...]
    character_set: str = "ISO_IR 192"

    @property
    def instances(self) -> tuple[Instance, ...]:
        return tuple(instance for series in self.series for instance in series.instances)

    def series_of(self, instance: Instance) -> Series:
        """Give the series that holds this instance; GeneratorError where none does."""
        for series in self.series:
            if instance in series.instances:
                return series
        raise GeneratorError(f"instance {instance.uid} is not in study {self.uid}", remedy="take the instance from study.instances")

    def dataset(self, instance: Instance) -> Dataset:
        """Render one instance to a data set with native pixels. Its file meta information names Explicit VR Little Endian."""
        return self._render(self.series_of(instance), instance)

    def datasets(self) -> Iterator[Dataset]:
        """Render every instance, one at a time, in the order of the tree."""
        return (self._render(series, instance) for series in self.series for instance in series.instances)

    def _render(self, series: Series, instance: Instance) -> Dataset:
        from generators.kinds import Scene, render  # the kinds build on this module

        return render(Scene(self, series, instance))
