"""The modules that all objects share (PS3.3 C.7 and C.12), written from the tree."""

from collections.abc import Mapping

from pydicom import Dataset

from generators.charsets import encodable, terms
from generators.elements import item, put
from generators.errors import GeneratorError
from generators.identity import Issuer, Order, Patient
from generators.kinds.kind import Scene
from generators.tree import Study

MANUFACTURER = "SYNTHETIC"
DEVICE = "ONTARIO CONFORMANCE GENERATOR"
TIMEZONE = "-0500"


def universal_entity(issuer: Issuer) -> dict[str, str]:
    """Name the issuer by its OID, where it has one (PS3.3 Table 10-17)."""
    return {"UniversalEntityID": issuer.oid, "UniversalEntityIDType": "ISO"} if issuer.oid else {}


def common(scene: Scene) -> Dataset:
    """Write patient, study, series, equipment and SOP common modules."""
    dataset = Dataset()
    _sop_common(dataset, scene)
    _patient(dataset, scene.study.patient)
    _study(dataset, scene.study)
    _series(dataset, scene)
    put(
        dataset,
        Manufacturer=MANUFACTURER,
        ManufacturerModelName=DEVICE,
        DeviceSerialNumber="1",
        SoftwareVersions="1",
        InstitutionName=scene.study.order.institution,
    )
    return dataset


def request_attributes(order: Order) -> Dataset:
    """Give the item of Request Attributes Sequence for the order (PS3.3 Table 10-9)."""
    return item(
        RequestedProcedureID=order.procedure_id,
        RequestedProcedureDescription=order.description,
        ScheduledProcedureStepID=order.procedure_id,
        ScheduledProcedureStepDescription=order.description,
    )


def numbered(scene: Scene) -> dict[str, str]:
    """Give what differs between instances of most kinds: the instance number."""
    return {"InstanceNumber": str(scene.instance.number)}


def image(dataset: Dataset, scene: Scene, *, kind: str = "ORIGINAL\\PRIMARY") -> Dataset:
    """Write the general image module."""
    study = scene.study
    return put(
        dataset,
        ImageType=kind.split("\\"),
        **numbered(scene),
        ContentDate=study.date,
        ContentTime=study.time,
        AcquisitionDate=study.date,
        AcquisitionTime=study.time,
        BurnedInAnnotation="NO",
        LossyImageCompression="00",
    )


def grey_pixels(dataset: Dataset, scene: Scene, bits: int, *, signed: bool = False, multiframe: bool = False) -> Dataset:
    """Describe MONOCHROME2 pixels of `bits` stored bits (image pixel module)."""
    put(
        dataset,
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=8 if bits <= 8 else 16,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=int(signed),
    )
    return _size(dataset, scene, multiframe=multiframe)


def colour_pixels(dataset: Dataset, scene: Scene, *, multiframe: bool = False) -> Dataset:
    """Describe RGB pixels of 8 bits (image pixel module)."""
    put(
        dataset,
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
    )
    return _size(dataset, scene, multiframe=multiframe)


def check_text(study: Study) -> None:
    """Raise GeneratorError where the character set of the study cannot carry its words."""
    patient, order = study.patient, study.order
    words = (patient.id, patient.name, study.description, study.id, order.accession, order.description, order.referring, order.institution)
    for text in words:
        if not encodable(text, study.character_set):
            raise GeneratorError(
                f"{text!r} has no encoding in character set {study.character_set!r}",
                where=f"study {study.uid}",
                remedy="choose ISO_IR 192 or a script that the character set carries",
            )


def _sop_common(dataset: Dataset, scene: Scene) -> None:
    study = scene.study
    if study.character_set:
        values = terms(study.character_set)
        put(dataset, SpecificCharacterSet=values if len(values) > 1 else values[0])
    put(
        dataset,
        InstanceCreationDate=study.date,
        InstanceCreationTime=study.time,
        SOPClassUID=scene.instance.sop_class_uid,
        SOPInstanceUID=scene.instance.uid,
        TimezoneOffsetFromUTC=TIMEZONE,
    )


def _patient(dataset: Dataset, patient: Patient) -> None:
    put(
        dataset,
        PatientName=patient.name,
        PatientID=patient.id,
        PatientBirthDate=patient.birth_date,
        PatientSex=patient.sex,
        QualityControlSubject="YES",
    )
    if patient.issuer:
        put(dataset, **_patient_issuer(patient.issuer))
    if patient.other_ids:
        others = [item(PatientID=id_, TypeOfPatientID="TEXT", **_patient_issuer(issuer)) for id_, issuer in patient.other_ids]
        put(dataset, OtherPatientIDsSequence=others)


def _patient_issuer(issuer: Issuer) -> Mapping[str, object]:
    written: dict[str, object] = {"IssuerOfPatientID": issuer.name} if issuer.name else {}
    if issuer.oid:
        written["IssuerOfPatientIDQualifiersSequence"] = [item(**universal_entity(issuer))]
    return written


def _study(dataset: Dataset, study: Study) -> None:
    order = study.order
    put(
        dataset,
        StudyInstanceUID=study.uid,
        StudyDate=study.date,
        StudyTime=study.time,
        StudyID=study.id,
        StudyDescription=study.description,
        AccessionNumber=order.accession,
        ReferringPhysicianName=order.referring,
    )
    if order.issuer:
        namespace = {"LocalNamespaceEntityID": order.issuer.name} if order.issuer.name else {}
        put(dataset, IssuerOfAccessionNumberSequence=[item(**namespace, **universal_entity(order.issuer))])


def _series(dataset: Dataset, scene: Scene) -> None:
    put(
        dataset,
        Modality=scene.series.modality,
        SeriesInstanceUID=scene.series.uid,
        SeriesNumber=str(scene.series.number),
        SeriesDescription=scene.series.description,
        SeriesDate=scene.study.date,
        SeriesTime=scene.study.time,
    )


def _size(dataset: Dataset, scene: Scene, *, multiframe: bool) -> Dataset:
    if multiframe:
        put(dataset, NumberOfFrames=str(scene.instance.frames))
    return put(dataset, Rows=scene.instance.rows, Columns=scene.instance.columns)
