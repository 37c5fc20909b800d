"""Nuclear medicine, multi-frame."""

from pydicom import Dataset
from pydicom.tag import Tag

from generators.elements import code, item, put
from generators.kinds.crosssection import lying, tracer
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common, grey_pixels, image, numbered, request_attributes
from generators.kinds.painting import grey


def nm(scene: Scene) -> Dataset:
    """Render a static acquisition with one detector, one energy window a frame, 16 bits."""
    frames = scene.instance.frames
    dataset = lying(image(common(scene), scene, kind="ORIGINAL\\PRIMARY\\STATIC\\EMISSION"))
    tracer(dataset, code("424118002", "SCT", "^99m^Technetium"), "Technetium Tc^99m^ medronate", "700")
    windows = [item(EnergyWindowRangeSequence=[item(EnergyWindowLowerLimit="126", EnergyWindowUpperLimit="154")]) for _ in range(frames)]
    put(
        dataset,
        RequestAttributesSequence=[request_attributes(scene.study.order)],
        BodyPartExamined="CHEST",
        FrameIncrementPointer=[Tag("EnergyWindowVector"), Tag("DetectorVector")],
        EnergyWindowVector=list(range(1, frames + 1)) if frames > 1 else 1,
        NumberOfEnergyWindows=frames,
        DetectorVector=[1] * frames if frames > 1 else 1,
        NumberOfDetectors=1,
        EnergyWindowInformationSequence=windows,
        DetectorInformationSequence=[item(CollimatorType="PARA", FocalDistance="", ImageOrientationPatient="", ImagePositionPatient="")],
        CountsAccumulated="100000",
        ActualFrameDuration="60000",
        PixelSpacing=["4", "4"],
    )
    return grey_pixels(dataset, scene, 16, multiframe=True)


KINDS = (Kind("NM", "NM", "Nuclear Medicine", "1.2.840.10008.5.1.4.1.1.20", nm, grey(15), True, varying=numbered),)
