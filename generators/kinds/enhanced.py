"""Enhanced CT, Enhanced MR and breast tomosynthesis: one object a volume."""

from collections.abc import Iterable

from pydicom import Dataset

from generators.elements import code, item, put
from generators.kinds import functional
from generators.kinds.crosssection import SLICE
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common, grey_pixels, image, request_attributes
from generators.kinds.painting import grey
from generators.kinds.radiography import BREAST, CHEST, laterality, view

HEAD = code("69536005", "SCT", "Head")
_CT_TYPE = ("ORIGINAL", "PRIMARY", "VOLUME", "NONE")
_MR_TYPE = ("ORIGINAL", "PRIMARY", "VOLUME", "NONE")
_TOMOSYNTHESIS_TYPE = ("ORIGINAL", "PRIMARY", "TOMOSYNTHESIS", "NONE")
_PIXELS = {"PixelPresentation": "MONOCHROME", "VolumetricProperties": "VOLUME", "VolumeBasedCalculationTechnique": "NONE"}


def enhanced_ct(scene: Scene) -> Dataset:
    """Render an enhanced CT volume of 12 bits."""
    dataset = _volume(scene, _CT_TYPE)
    put(dataset, **_PIXELS, ContentQualification="RESEARCH")
    functional.groups(dataset, scene, _ct_shared(scene), lambda frame: [*_placed(scene, frame), _ct_position(frame)])
    return grey_pixels(dataset, scene, 12, multiframe=True)


def enhanced_mr(scene: Scene) -> Dataset:
    """Render an enhanced MR volume of 12 bits."""
    dataset = _volume(scene, _MR_TYPE)
    put(
        dataset,
        **_PIXELS,
        ComplexImageComponent="MAGNITUDE",
        AcquisitionContrast="T1",
        ContentQualification="RESEARCH",
        ResonantNucleus="1H",
        KSpaceFiltering="NONE",
        MagneticFieldStrength="1.5",
        ApplicableSafetyStandardAgency="IEC",
        PulseSequenceName="SYNTHETIC",
        EchoPulseSequence="SPIN",
        MultipleSpinEcho="NO",
        MultiPlanarExcitation="NO",
        PhaseContrast="NO",
        TimeOfFlightContrast="NO",
        SteadyStatePulseSequence="NONE",
        EchoPlanarPulseSequence="NO",
        SaturationRecovery="NO",
        SpectrallySelectedSuppression="NONE",
        OversamplingPhase="NONE",
        GeometryOfKSpaceTraversal="RECTILINEAR",
        RectilinearPhaseEncodeReordering="LINEAR",
        SegmentedKSpaceTraversal="SINGLE",
        NumberOfKSpaceTrajectories=1,
        MRAcquisitionType="2D",
    )
    functional.groups(dataset, scene, _mr_shared(scene), lambda frame: _placed(scene, frame))
    return grey_pixels(dataset, scene, 12, multiframe=True)


def tomosynthesis(scene: Scene) -> Dataset:
    """Render a breast tomosynthesis volume of 12 bits; left and right by turns."""
    dataset = _volume(scene, _TOMOSYNTHESIS_TYPE)
    put(
        dataset, **_PIXELS, ContentQualification="RESEARCH", BodyPartExamined="BREAST", ViewCodeSequence=[view()], BreastImplantPresent="NO"
    )
    del dataset.AcquisitionNumber, dataset.AcquisitionDateTime, dataset.AcquisitionDuration
    kind = functional.frame_type("XRay3DFrameTypeSequence", _TOMOSYNTHESIS_TYPE, **_PIXELS)
    functional.groups(dataset, scene, _breast_shared(scene), lambda frame: [*_placed(scene, frame), kind])
    return grey_pixels(dataset, scene, 12, multiframe=True)


def _volume(scene: Scene, kind: Iterable[str]) -> Dataset:
    dataset = image(common(scene), scene, kind="\\".join(kind))
    put(
        dataset,
        RequestAttributesSequence=[request_attributes(scene.study.order)],
        PatientPosition="HFS",
        FrameOfReferenceUID=scene.frame_of_reference,
        PositionReferenceIndicator="",
        AcquisitionNumber="1",
        AcquisitionDateTime=f"{scene.study.date}{scene.study.time}",
        AcquisitionDuration=1.0,
        AcquisitionContextSequence=[],
        PresentationLUTShape="IDENTITY",
    )
    del dataset.AcquisitionDate, dataset.AcquisitionTime
    return functional.dimensions(dataset, scene)


def _placed(scene: Scene, frame: int) -> list[Dataset]:
    return [functional.frame_content(scene, frame), functional.plane_position(scene, frame)]


def _ct_shared(scene: Scene) -> list[Dataset]:
    return [
        *functional.plane(),
        functional.anatomy(CHEST),
        functional.rescale("-1024", "HU"),
        functional.window(40, 400),
        functional.frame_type("CTImageFrameTypeSequence", _CT_TYPE, **_PIXELS),
        item(IrradiationEventIdentificationSequence=[item(IrradiationEventUID=scene.uid("irradiation event"))]),
        item(CTAcquisitionTypeSequence=[item(AcquisitionType="SEQUENCED", ConstantVolumeFlag="NO", FluoroscopyFlag="NO")]),
        item(CTAcquisitionDetailsSequence=[_ct_details()]),
        item(CTTableDynamicsSequence=[item(TableSpeed=10.0, TableFeedPerRotation=5.0, SpiralPitchFactor=1.0)]),
        item(CTGeometrySequence=[item(DistanceSourceToDetector="1000", DistanceSourceToDataCollectionCenter=500.0)]),
        item(CTReconstructionSequence=[_ct_reconstruction()]),
        item(CTExposureSequence=[_ct_exposure()]),
        item(CTXRayDetailsSequence=[item(KVP="120", FocalSpots="1", FilterType="FLAT", FilterMaterial="ALUMINUM")]),
    ]


def _ct_position(frame: int) -> Dataset:
    centre = [0.0, 0.0, frame * SLICE]
    position = item(TablePosition=centre[2], ReconstructionTargetCenterPatient=centre, DataCollectionCenterPatient=centre)
    return item(CTPositionSequence=[position])


def _ct_details() -> Dataset:
    return item(
        RotationDirection="CW",
        RevolutionTime=0.5,
        SingleCollimationWidth=1.0,
        TotalCollimationWidth=10.0,
        TableHeight="0",
        GantryDetectorTilt="0",
        DataCollectionDiameter="500",
    )


def _ct_reconstruction() -> Dataset:
    return item(
        ReconstructionAlgorithm="FILTER_BACK_PROJ",
        ConvolutionKernel="STANDARD",
        ConvolutionKernelGroup="SOFT_TISSUE",
        ReconstructionDiameter="500",
        ReconstructionAngle=360.0,
        ReconstructionPixelSpacing=[1.0, 1.0],
        ImageFilter="NONE",
    )


def _ct_exposure() -> Dataset:
    return item(
        ExposureTimeInms=500.0,
        XRayTubeCurrentInmA=200.0,
        ExposureInmAs=100.0,
        ExposureModulationType="NONE",
        CTDIvol=5.0,
        CTDIPhantomTypeCodeSequence=[code("113691", "DCM", "IEC Body Dosimetry Phantom")],
    )


def _mr_shared(scene: Scene) -> list[Dataset]:
    frame_type = {**_PIXELS, "ComplexImageComponent": "MAGNITUDE", "AcquisitionContrast": "T1"}
    return [
        *functional.plane(),
        functional.anatomy(HEAD),
        functional.rescale("0", "US"),
        functional.window(2048, 4096),
        functional.frame_type("MRImageFrameTypeSequence", _MR_TYPE, **frame_type),
        item(MRTimingAndRelatedParametersSequence=[_mr_timing()]),
        item(MRFOVGeometrySequence=[_mr_field_of_view(scene)]),
        item(MREchoSequence=[item(EffectiveEchoTime=15.0)]),
        item(MRModifierSequence=[_mr_modifier()]),
        item(MRImagingModifierSequence=[_mr_imaging_modifier()]),
        item(MRReceiveCoilSequence=[_mr_receive_coil()]),
        item(MRTransmitCoilSequence=[item(TransmitCoilName="BODY", TransmitCoilManufacturerName="", TransmitCoilType="BODY")]),
        item(MRAveragesSequence=[item(NumberOfAverages="1")]),
    ]


def _mr_timing() -> Dataset:
    return item(
        RepetitionTime="500",
        FlipAngle="90",
        EchoTrainLength="1",
        RFEchoTrainLength=1,
        GradientEchoTrainLength=0,
        SpecificAbsorptionRateSequence=[item(SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=1.0)],
        GradientOutputType="DB_DT",
        GradientOutput=1.0,
        OperatingModeSequence=[item(OperatingModeType="GRADIENT", OperatingMode="IEC_NORMAL")],
    )


def _mr_field_of_view(scene: Scene) -> Dataset:
    return item(
        InPlanePhaseEncodingDirection="COLUMN",
        MRAcquisitionFrequencyEncodingSteps=scene.instance.columns,
        MRAcquisitionPhaseEncodingStepsInPlane=scene.instance.rows,
        PercentSampling="100",
        PercentPhaseFieldOfView="100",
    )


def _mr_modifier() -> Dataset:
    return item(
        InversionRecovery="NO",
        FlowCompensation="NONE",
        Spoiling="NONE",
        T2Preparation="NO",
        SpectrallySelectedExcitation="NONE",
        SpatialPresaturation="NONE",
        PartialFourier="NO",
        ParallelAcquisition="NO",
    )


def _mr_imaging_modifier() -> Dataset:
    return item(MagnetizationTransfer="NONE", BloodSignalNulling="NO", Tagging="NONE", TransmitterFrequency=63.87, PixelBandwidth="200")


def _mr_receive_coil() -> Dataset:
    return item(ReceiveCoilName="HEAD", ReceiveCoilManufacturerName="", ReceiveCoilType="VOLUME", QuadratureReceiveCoil="YES")


def _breast_shared(scene: Scene) -> list[Dataset]:
    return [
        *functional.plane(),
        functional.anatomy(BREAST, laterality(scene)),
        functional.rescale("0", "US"),
        functional.window(2048, 4096),
    ]


KINDS = (
    Kind("CT-ENHANCED", "CT", "Enhanced CT Image", "1.2.840.10008.5.1.4.1.1.2.1", enhanced_ct, grey(11), True),
    Kind("MR-ENHANCED", "MR", "Enhanced MR Image", "1.2.840.10008.5.1.4.1.1.4.1", enhanced_mr, grey(12), True),
    Kind("BTO", "MG", "Breast Tomosynthesis Image", "1.2.840.10008.5.1.4.1.1.13.1.3", tomosynthesis, grey(12), True),
)
