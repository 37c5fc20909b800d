"""What a kind of object is, and the scene that one object of it is rendered from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from pydicom import Dataset

from generators.errors import GeneratorError
from generators.phantom import Frame, Grey, phantom
from generators.tree import Instance, Series, Study
from generators.uids import derived_uid

MOST_SOURCES = 100
"""An object that refers to images refers to no more than these: the first of the study."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One instance in its place in the tree."""

    study: Study
    series: Series
    instance: Instance

    def uid(self, *words: str) -> str:
        """Give a further UID of this instance, the same each time."""
        return derived_uid(self.instance.uid, *words)

    @property
    def frame_of_reference(self) -> str:
        """All series of a study share one."""
        return derived_uid(self.study.uid, "frame of reference")

    def sources(self, kind: str) -> list["Scene"]:
        """List the first images of another kind in the study, at most MOST_SOURCES; GeneratorError where there is none."""
        found = list(islice(self._of(kind), MOST_SOURCES))
        if not found:
            raise GeneratorError(f"a {self.instance.kind} needs a {kind} beside it", where=f"study {self.study.uid}")
        return found

    def grey(self, frame: int = 1) -> Grey:
        """Draw the phantom of this instance, or of one of its frames (from 1)."""
        instance = self.instance
        number = instance.number + frame - 1
        return phantom(instance.rows, instance.columns, instance.kind, number, instance.seed + frame - 1)

    def _of(self, kind: str) -> Iterator["Scene"]:
        for series in self.study.series:
            for instance in series.instances:
                if instance.kind == kind:
                    yield replace(self, series=series, instance=instance)


Painter = Callable[[Scene, int], Frame]
"""Paints one frame (from 1) as it is stored: (rows, columns) or (rows, columns, 3), little endian."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object that the generators can make.

    `build` renders all but the pixels that `paint` makes; a kind without `paint` is no image. `source` names the kind whose images it
    refers to; `many` is false where one object of it describes a whole study. `varying` gives the elements at the top of the data set in
    which instances of a series differ, beside SOP Instance UID and pixels: as encoded text, or as numbers where the VR is US. Large
    studies write those alone anew. It is None where instances differ deeper down.
    """

    name: str
    modality: str
    title: str
    sop_class_uid: str
    build: Callable[[Scene], Dataset]
    paint: Painter | None = None
    multiframe: bool = False
    source: str = ""
    many: bool = True
    varying: Callable[[Scene], Mapping[str, str | int]] | None = None

    @property
    def pixels(self) -> bool:
        return self.paint is not None
