"""Functional groups of enhanced multi-frame objects (PS3.3 C.7.6.16) and their dimensions (C.7.6.17)."""

from collections.abc import Callable, Iterable

from pydicom import Dataset
from pydicom.tag import Tag

from generators.elements import decimals, item, put
from generators.kinds.crosssection import SLICE
from generators.kinds.kind import Scene


def dimensions(dataset: Dataset, scene: Scene) -> Dataset:
    """Write one organization with two dimensions, stack and place in the stack."""
    organization = scene.uid("dimension organization")
    pointers = [
        item(
            DimensionOrganizationUID=organization,
            DimensionIndexPointer=Tag(keyword),
            FunctionalGroupPointer=Tag("FrameContentSequence"),
            DimensionDescriptionLabel=label,
        )
        for keyword, label in (("StackID", "Stack ID"), ("InStackPositionNumber", "In-Stack Position Number"))
    ]
    return put(
        dataset,
        DimensionOrganizationType="3D",
        DimensionOrganizationSequence=[item(DimensionOrganizationUID=organization)],
        DimensionIndexSequence=pointers,
    )


def groups(dataset: Dataset, scene: Scene, shared: Iterable[Dataset], per_frame: Callable[[int], Iterable[Dataset]]) -> Dataset:
    """Write shared groups and those of each frame (from 1); every given data set holds one group's sequence."""
    return put(
        dataset,
        SharedFunctionalGroupsSequence=[_joined(shared)],
        PerFrameFunctionalGroupsSequence=[_joined(per_frame(frame)) for frame in range(1, scene.instance.frames + 1)],
    )


def frame_content(scene: Scene, frame: int) -> Dataset:
    """Say where a frame stands in its stack and when it was taken."""
    taken = f"{scene.study.date}{scene.study.time}"
    content = item(
        FrameAcquisitionNumber=1,
        FrameReferenceDateTime=taken,
        FrameAcquisitionDateTime=taken,
        FrameAcquisitionDuration=100.0,
        StackID="1",
        InStackPositionNumber=frame,
        DimensionIndexValues=[1, frame],
    )
    return item(FrameContentSequence=[content])


def plane_position(scene: Scene, frame: int) -> Dataset:
    """Place a frame: axial slices, upwards."""
    corner = (-scene.instance.columns / 2, -scene.instance.rows / 2, frame * SLICE)
    return item(PlanePositionSequence=[item(ImagePositionPatient=decimals(corner))])


def plane() -> list[Dataset]:
    """Give pixel measures and plane orientation: axial, 1 mm pixels."""
    measures = item(PixelSpacing=decimals((1, 1)), SliceThickness=decimals((SLICE,))[0], SpacingBetweenSlices=decimals((SLICE,))[0])
    orientation = item(ImageOrientationPatient=decimals((1, 0, 0, 0, 1, 0)))
    return [item(PixelMeasuresSequence=[measures]), item(PlaneOrientationSequence=[orientation])]


def window(centre: float, width: float) -> Dataset:
    """Give the VOI window of all frames."""
    return item(FrameVOILUTSequence=[item(WindowCenter=decimals((centre,))[0], WindowWidth=decimals((width,))[0])])


def rescale(intercept: str, kind: str) -> Dataset:
    """Give the identity pixel value transformation, shifted by `intercept`."""
    return item(PixelValueTransformationSequence=[item(RescaleIntercept=intercept, RescaleSlope="1", RescaleType=kind)])


def anatomy(region: Dataset, laterality: str = "U") -> Dataset:
    """Give the body part of all frames."""
    return item(FrameAnatomySequence=[item(AnatomicRegionSequence=[region], FrameLaterality=laterality)])


def frame_type(sequence: str, values: Iterable[str], **further: object) -> Dataset:
    """Give a modality's frame type group."""
    return item(**{sequence: [item(FrameType=list(values), **further)]})


def _joined(groups: Iterable[Dataset]) -> Dataset:
    joined = Dataset()
    for group in groups:
        joined.update(group)
    return joined
