"""Documents that stand alone: a Basic Text report, a dose report and a PDF."""

from pydicom import Dataset

from generators.elements import code, item, put
from generators.kinds import content
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common, numbered

FINDING = "SYNTHETIC finding: the phantom shows two lungs and one wandering lesion."
REPORT = code("18748-4", "LN", "Diagnostic Imaging Report")


def requested(scene: Scene) -> Dataset:
    """Give the item of Referenced Request Sequence (PS3.3 Table C.17-2)."""
    order = scene.study.order
    return item(
        StudyInstanceUID=scene.study.uid,
        ReferencedStudySequence=[],
        AccessionNumber=order.accession,
        PlacerOrderNumberImagingServiceRequest="",
        FillerOrderNumberImagingServiceRequest="",
        RequestedProcedureID=order.procedure_id,
        RequestedProcedureDescription=order.description,
        RequestedProcedureCodeSequence=[],
    )


def document(scene: Scene) -> Dataset:
    """Write the SR document series and general modules (PS3.3 C.17.1 and C.17.2)."""
    study = scene.study
    return put(
        common(scene),
        **numbered(scene),
        ContentDate=study.date,
        ContentTime=study.time,
        ReferencedPerformedProcedureStepSequence=[],
        PerformedProcedureCodeSequence=[],
        ReferencedRequestSequence=[requested(scene)],
        CompletionFlag="COMPLETE",
        VerificationFlag="UNVERIFIED",
    )


def basic_text(scene: Scene) -> Dataset:
    """Render a Basic Text SR: a report with one finding."""
    return put(document(scene), **content.root(REPORT, content.text(code("121071", "DCM", "Finding"), FINDING)))


def dose(scene: Scene) -> Dataset:
    """Render the dose report of one CT acquisition (PS3.16 TID 10011)."""
    study = scene.study
    study_uid = content.uid_reference(code("110180", "DCM", "Study Instance UID"), study.uid, relationship="HAS PROPERTIES")
    began = f"{study.date}{study.time}"
    items = (
        _modifier(code("121058", "DCM", "Procedure reported"), code("77477000", "SCT", "Computed Tomography X-Ray"), _INTENT),
        _observed(code("121005", "DCM", "Observer Type"), code("121007", "DCM", "Device")),
        content.uid_reference(code("121012", "DCM", "Device Observer UID"), scene.uid("device"), relationship="HAS OBS CONTEXT"),
        content.moment(code("113809", "DCM", "Start of X-Ray Irradiation"), began),
        content.moment(code("113810", "DCM", "End of X-Ray Irradiation"), began),
        _observed(code("113705", "DCM", "Scope of Accumulation"), code("113014", "DCM", "Study"), study_uid),
        _accumulated(),
        _acquisition(scene.uid("irradiation event")),
        content.coded(code("113854", "DCM", "Source of Dose Information"), code("113856", "DCM", "Automated Data Collection")),
    )
    template = item(MappingResource="DCMR", TemplateIdentifier="10011")
    written = put(document(scene), **content.root(code("113701", "DCM", "X-Ray Radiation Dose Report"), *items))
    return put(written, ContentTemplateSequence=[template])


def pdf(scene: Scene) -> Dataset:
    """Render an encapsulated PDF of one page that says what it is."""
    study = scene.study
    page = _page(f"SYNTHETIC {scene.instance.kind} {scene.instance.number}")
    return put(
        common(scene),
        **numbered(scene),
        ContentDate=study.date,
        ContentTime=study.time,
        AcquisitionDateTime=f"{study.date}{study.time}",
        ConversionType="WSD",
        BurnedInAnnotation="NO",
        DocumentTitle="SYNTHETIC REPORT",
        ConceptNameCodeSequence=[REPORT],
        MIMETypeOfEncapsulatedDocument="application/pdf",
        EncapsulatedDocumentLength=len(page),
        EncapsulatedDocument=page + b"\0" * (len(page) % 2),
    )


_INTENT = content.coded(
    code("363703001", "SCT", "Has Intent"), code("261004008", "SCT", "Diagnostic Intent"), relationship="HAS CONCEPT MOD"
)


def _modifier(concept: Dataset, value: Dataset, *children: Dataset) -> Dataset:
    return content.coded(concept, value, *children, relationship="HAS CONCEPT MOD")


def _observed(concept: Dataset, value: Dataset, *children: Dataset) -> Dataset:
    return content.coded(concept, value, *children, relationship="HAS OBS CONTEXT")


def _accumulated() -> Dataset:
    return content.container(
        code("113811", "DCM", "CT Accumulated Dose Data"),
        content.number(code("113812", "DCM", "Total Number of Irradiation Events"), 1, "{events}", "events"),
        content.number(code("113813", "DCM", "CT Dose Length Product Total"), 250, "mGy.cm", "mGy.cm"),
    )


def _acquisition(event: str) -> Dataset:
    return content.container(
        code("113819", "DCM", "CT Acquisition"),
        content.text(code("125203", "DCM", "Acquisition Protocol"), "SYNTHETIC CHEST"),
        content.coded(code("123014", "DCM", "Target Region"), code("816094009", "SCT", "Chest")),
        content.coded(code("113820", "DCM", "CT Acquisition Type"), code("113804", "DCM", "Sequenced Acquisition")),
        content.uid_reference(code("113769", "DCM", "Irradiation Event UID"), event),
        content.container(
            code("113822", "DCM", "CT Acquisition Parameters"),
            content.number(code("113824", "DCM", "Exposure Time"), 0.5, "s", "s"),
            content.number(code("113825", "DCM", "Scanning Length"), 300, "mm", "mm"),
            content.number(code("113826", "DCM", "Nominal Single Collimation Width"), 1, "mm", "mm"),
            content.number(code("113827", "DCM", "Nominal Total Collimation Width"), 10, "mm", "mm"),
            content.number(code("113823", "DCM", "Number of X-Ray Sources"), 1, "{X-Ray sources}", "X-Ray sources"),
            _source(),
        ),
        content.container(
            code("113829", "DCM", "CT Dose"),
            content.number(code("113830", "DCM", "Mean CTDIvol"), 5, "mGy", "mGy"),
            content.coded(code("113835", "DCM", "CTDIw Phantom Type"), code("113691", "DCM", "IEC Body Dosimetry Phantom")),
            content.number(code("113838", "DCM", "DLP"), 250, "mGy.cm", "mGy.cm"),
        ),
    )


def _source() -> Dataset:
    return content.container(
        code("113831", "DCM", "CT X-Ray Source Parameters"),
        content.text(code("113832", "DCM", "Identification of the X-Ray Source"), "1"),
        content.number(code("113733", "DCM", "KVP"), 120, "kV", "kV"),
        content.number(code("113833", "DCM", "Maximum X-Ray Tube Current"), 200, "mA", "mA"),
        content.number(code("113734", "DCM", "X-Ray Tube Current"), 200, "mA", "mA"),
    )


def _page(words: str) -> bytes:
    drawing = f"BT /F1 24 Tf 72 720 Td ({words}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    written, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(written))
        written += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


KINDS = (
    Kind("SR", "SR", "Basic Text SR", "1.2.840.10008.5.1.4.1.1.88.11", basic_text, varying=numbered),
    Kind("SR-DOSE", "SR", "X-Ray Radiation Dose SR", "1.2.840.10008.5.1.4.1.1.88.67", dose),
    Kind("PDF", "DOC", "Encapsulated PDF", "1.2.840.10008.5.1.4.1.1.104.1", pdf),
)
