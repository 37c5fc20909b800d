"""Objects that refer to the images of their study, as highdicom builds them.

highdicom is imported when the first of them is rendered: it takes most of a second.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from pydicom import Dataset

from generators.elements import code, put
from generators.kinds.documents import FINDING, REPORT, requested
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import DEVICE, MANUFACTURER, common
from generators.phantom import lesion

_OBSERVER = "SYNTHETIC-Observer^Conformance"


def enhanced_sr(scene: Scene) -> Dataset:
    """Render an Enhanced SR: a finding, a measurement and the image that both come from."""
    sr, codes = _highdicom().sr, _codes()
    source = scene.sources("CT")[0].instance
    root = sr.ContainerContentItem(_concept(REPORT), template_id="2000")
    root.ContentSequence = sr.ContentSequence(
        [
            sr.TextContentItem(codes.DCM.Finding, FINDING, sr.RelationshipTypeValues.CONTAINS),
            sr.NumContentItem(codes.SCT.Diameter, 4.5, codes.UCUM.Millimeter, relationship_type=sr.RelationshipTypeValues.CONTAINS),
            sr.ImageContentItem(
                _concept(code("121112", "DCM", "Source of Measurement")), source.sop_class_uid, source.uid, relationship_type="CONTAINS"
            ),
        ]
    )
    return _document(scene, sr.EnhancedSR, root)


def comprehensive_sr(scene: Scene) -> Dataset:
    """Render a Comprehensive SR: a measurement report (PS3.16 TID 1500) on one image."""
    sr, codes = _highdicom().sr, _codes()
    image = _rendered(scene.sources("CT")[:1])[0]
    observer = sr.ObserverContext(codes.DCM.Person, sr.PersonObserverIdentifyingAttributes(name=_OBSERVER))
    tracking = sr.TrackingIdentifier(uid=_uid(scene.uid("tracking")), identifier="SYNTHETIC lesion")
    measured = sr.Measurement(
        name=codes.SCT.Diameter,
        value=4.5,
        unit=codes.UCUM.Millimeter,
        referenced_images=[sr.SourceImageForMeasurement.from_source_image(image)],
    )
    group = sr.MeasurementsAndQualitativeEvaluations(tracking_identifier=tracking, measurements=[measured])
    report = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_person_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[group],
    )
    return _document(scene, sr.ComprehensiveSR, report[0])


def key_objects(scene: Scene) -> Dataset:
    """Render a Key Object Selection of the CT images."""
    return key_object_selection(scene, scene.sources("CT"), code("113000", "DCM", "Of Interest"), FINDING)


def key_object_selection(scene: Scene, selected: list[Scene], title: Dataset, description: str) -> Dataset:
    """Render a Key Object Selection of some objects of the study, under a document title (PS3.16 TID 2010, CID 7010)."""
    ko = _highdicom().ko
    objects = _rendered(selected)
    content = ko.KeyObjectSelection(_concept(title), objects, description=description)
    built = ko.KeyObjectSelectionDocument(objects, content, **_identity(scene), manufacturer=MANUFACTURER)
    return put(_adopted(scene, built), ReferencedRequestSequence=[requested(scene)])


def presentation_state(scene: Scene) -> Dataset:
    """Render a greyscale presentation state that writes SYNTHETIC over the CT images."""
    pr = _highdicom().pr
    images = _rendered(scene.sources("CT"))
    layer = pr.GraphicLayer("LAYER1", 1)
    words = pr.TextObject("SYNTHETIC", units="DISPLAY", anchor_point=(0.1, 0.1), anchor_point_visible=False)
    built = pr.GrayscaleSoftcopyPresentationState(
        images,
        **_identity(scene),
        **_DEVICE,
        content_label="SYNTHETIC",
        content_description="SYNTHETIC presentation",
        graphic_layers=[layer],
        graphic_annotations=[pr.GraphicAnnotation(images, layer, text_objects=[words])],
    )
    adopted = put(_adopted(scene, built), BodyPartExamined="CHEST")
    del adopted.ContentDate, adopted.ContentTime
    return put(adopted, PresentationCreationDate=scene.study.date, PresentationCreationTime=scene.study.time)


def segmentation(scene: Scene) -> Dataset:
    """Render a binary segmentation of the lesion, a frame for each CT image."""
    highdicom, codes = _highdicom(), _codes()
    images = scene.sources("CT")
    mask = np.stack([lesion(image.instance.rows, image.instance.columns, image.instance.number) for image in images])
    method = highdicom.AlgorithmIdentificationSequence("SYNTHETIC", codes.DCM.ArtificialIntelligence, "1")
    segment = highdicom.seg.SegmentDescription(
        1,
        "Lesion",
        codes.SCT.MorphologicallyAbnormalStructure,
        codes.SCT.Lesion,
        "AUTOMATIC",
        algorithm_identification=method,
        tracking_uid=_uid(scene.uid("segment")),
        tracking_id="SYNTHETIC lesion",
    )
    built = highdicom.seg.Segmentation(
        _rendered(images), mask, "BINARY", [segment], **_identity(scene), **_DEVICE, omit_empty_frames=False, content_label="SYNTHETIC"
    )
    adopted = _with_dimensions(scene, _adopted(scene, built))
    adopted["PixelData"].VR = "OB"  # said once, so that it does not hang on the description of the pixels
    return adopted


_DEVICE = {
    "manufacturer": MANUFACTURER,
    "manufacturer_model_name": DEVICE,
    "software_versions": "1",
    "device_serial_number": "1",
}


def _document(scene: Scene, kind: Any, root: Dataset) -> Dataset:
    evidence = _rendered(scene.sources("CT")[:1])
    built = kind(evidence, root, **_identity(scene), manufacturer=MANUFACTURER, is_complete=True)
    return put(_adopted(scene, built), ReferencedRequestSequence=[requested(scene)])


def _identity(scene: Scene) -> dict[str, Any]:
    return {
        "series_instance_uid": scene.series.uid,
        "series_number": scene.series.number,
        "sop_instance_uid": scene.instance.uid,
        "instance_number": scene.instance.number,
    }


def _rendered(images: list[Scene]) -> list[Dataset]:
    """Render the images for the library, which knows no character set with an empty first value; ours is put over its own."""
    study = replace(images[0].study, character_set="ISO_IR 192")
    return [study.dataset(image.instance) for image in images]


def _adopted(scene: Scene, built: Dataset) -> Dataset:
    """Put our own patient, study and equipment over what the library copied, and our own time over its clock.

    Contributing Equipment, which names the library, its version and the hour, would make every run another.
    """
    adopted = Dataset()
    adopted.update({element.tag: element for element in built})
    adopted.update({element.tag: element for element in common(scene)})
    adopted.pop("ContributingEquipmentSequence", None)
    return put(adopted, ContentDate=scene.study.date, ContentTime=scene.study.time)


def _with_dimensions(scene: Scene, dataset: Dataset) -> Dataset:
    """Name the dimension organization, which the library draws by lot."""
    organization = scene.uid("dimension organization")
    for named in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        put(named, DimensionOrganizationUID=organization)
    return dataset


def _concept(coded: Dataset) -> Any:
    return _highdicom().sr.CodedConcept(coded.CodeValue, coded.CodingSchemeDesignator, coded.CodeMeaning)


def _uid(text: str) -> Any:
    return _highdicom().UID(text)


@cache
def _highdicom() -> Any:
    import highdicom
    import highdicom.ko
    import highdicom.pr
    import highdicom.seg
    import highdicom.sr

    return highdicom


@cache
def _codes() -> Any:
    from pydicom.sr.codedict import codes

    return codes


def _from_images(name: str, modality: str, title: str, sop_class_uid: str, build: Any) -> Kind:
    return Kind(name, modality, title, sop_class_uid, build, source="CT", many=False)


KINDS = (
    _from_images("SR-ENHANCED", "SR", "Enhanced SR", "1.2.840.10008.5.1.4.1.1.88.22", enhanced_sr),
    _from_images("SR-COMPREHENSIVE", "SR", "Comprehensive SR", "1.2.840.10008.5.1.4.1.1.88.33", comprehensive_sr),
    _from_images("KO", "KO", "Key Object Selection", "1.2.840.10008.5.1.4.1.1.88.59", key_objects),
    _from_images("PR", "PR", "Grayscale Softcopy Presentation State", "1.2.840.10008.5.1.4.1.1.11.1", presentation_state),
    _from_images("SEG", "SEG", "Segmentation", "1.2.840.10008.5.1.4.1.1.66.4", segmentation),
)
