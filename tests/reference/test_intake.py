"""What the archive takes in: every rule by an object that breaks only it, and the policy on repeats."""

import struct
from collections.abc import Callable

import pytest
from pydicom import Dataset, dcmread

from conformance.reference.intake import Intake
from conformance.reference.rules import RULES, Refusal, same_issuer, valid_uid, without

from . import objects
from .objects import BIG, CT, DEFLATED, EXPLICIT, IMPLICIT, MR, Change, Instance, encoded, image, sibling


def take(intake: Intake, instance: Instance, **said: str) -> Refusal | None:
    """Offer an object as a C-STORE would; `said` replaces what the command says."""
    command = {
        "command_class": instance.sop_class_uid,
        "command_instance": instance.sop_instance_uid,
        "context_class": instance.sop_class_uid,
        "syntax_uid": instance.transfer_syntax_uid,
    } | said
    return intake.take(**command, data=instance.data)


def setting(**values: object) -> Change:
    def change(dataset: Dataset) -> None:
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return change


def equal_uids(dataset: Dataset) -> None:
    dataset.SeriesInstanceUID = dataset.StudyInstanceUID


REFUSED: dict[str, tuple[Change, int, str]] = {
    "no class": (objects.without("SOPClassUID"), 0xA900, "SOPClassUID"),
    "no instance": (objects.without("SOPInstanceUID"), 0xA900, "SOPInstanceUID"),
    "empty instance": (setting(SOPInstanceUID=""), 0xA900, "SOPInstanceUID"),
    "no study": (objects.without("StudyInstanceUID"), 0xA900, "StudyInstanceUID"),
    "empty study": (setting(StudyInstanceUID=""), 0xA900, "StudyInstanceUID"),
    "no series": (objects.without("SeriesInstanceUID"), 0xA900, "SeriesInstanceUID"),
    "letters in the study": (setting(StudyInstanceUID="1.2.x"), 0xA900, "StudyInstanceUID"),
    "leading zero in the series": (setting(SeriesInstanceUID="1.02.3"), 0xA900, "SeriesInstanceUID"),
    "long study": (setting(StudyInstanceUID="1." + "2" * 64), 0xA900, "StudyInstanceUID"),
    "two studies": (setting(StudyInstanceUID=["1.2.3", "1.2.4"]), 0xA900, "StudyInstanceUID"),
    "series like study": (equal_uids, 0xA900, "three different"),
    "no patient": (objects.without("PatientID"), 0xA900, "PatientID"),
    "empty patient": (setting(PatientID=""), 0xA900, "PatientID"),
    "blank patient": (setting(PatientID="   "), 0xA900, "PatientID"),
    "long patient": (setting(PatientID="P" * 65), 0xA900, "64"),
    "two patients": (setting(PatientID="A\\B"), 0xA900, "more than one"),
    "no accession": (objects.without("AccessionNumber"), 0xA900, "AccessionNumber"),
    "empty accession": (setting(AccessionNumber=""), 0xA900, "AccessionNumber"),
    "blank accession": (setting(AccessionNumber="  "), 0xA900, "AccessionNumber"),
    "long accession": (setting(AccessionNumber="A" * 17), 0xA900, "16"),
    "two accessions": (setting(AccessionNumber=["A1", "A2"]), 0xA900, "more than one"),
    "no modality": (objects.without("Modality"), 0xA900, "Modality"),
    "empty modality": (setting(Modality=""), 0xA900, "Modality"),
    "half the pixels": (setting(PixelData=bytes(64)), 0xA900, "shorter"),
    "frames without pixels": (setting(NumberOfFrames="2"), 0xA900, "shorter"),
}


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_refuses(intake: Intake, case: str, syntax: str) -> None:
    change, status, words = REFUSED[case]
    dataset = image(PatientName="SECRET^NAME")
    change(dataset)
    refusal = take(intake, encoded(dataset, syntax))
    assert refusal is not None
    assert (refusal.status, words in refusal.comment) == (status, True)
    assert len(refusal.comment) <= 64
    assert "SECRET" not in refusal.comment
    assert intake.index.count("IMAGE", {}) == 0
    assert list(intake.depot.root.iterdir()) == []


def test_refuses_text_that_is_not_in_its_character_set(intake: Intake) -> None:
    instance = encoded(image(PatientName="GAGN\u00c9^A"))
    broken = Instance(CT, instance.sop_instance_uid, EXPLICIT, instance.data.replace("\u00c9".encode(), b"\xc9 "))
    refusal = take(intake, broken)
    assert refusal is not None
    assert refusal.status >> 12 == 0xC


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"command_instance": "1.2.3"}, 0xA900),
        ({"command_class": MR, "context_class": MR}, 0xA900),
        ({"context_class": MR}, 0xA900),
        ({"command_instance": "1.2.x"}, 0x0117),
        ({"command_instance": "1." + "2" * 64}, 0x0117),
        ({"command_instance": "1.02"}, 0x0117),
        ({"command_instance": "1.2."}, 0x0117),
        ({"syntax_uid": IMPLICIT}, 0xC000),
    ],
)
def test_refuses_a_command_that_contradicts_its_object(intake: Intake, said: dict[str, str], status: int) -> None:
    refusal = take(intake, encoded(image()), **said)
    assert refusal is not None
    assert refusal.status == status


def test_refuses_a_data_set_that_is_cut_off(intake: Intake) -> None:
    whole = encoded(image())
    refusal = take(intake, Instance(CT, whole.sop_instance_uid, EXPLICIT, whole.data[:-10]))
    assert refusal is not None
    assert refusal.status == 0xC000


CONFLICTS: dict[str, Callable[[Dataset], Dataset]] = {
    "a study of another patient": lambda first: sibling(first, PatientID="SOMEBODY ELSE"),
    "a study of another issuer": lambda first: sibling(first, IssuerOfPatientID="OTHER"),
    "a series of another study": lambda first: image(PatientID=first.PatientID, SeriesInstanceUID=first.SeriesInstanceUID),
    "an instance of another series": lambda first: sibling(first, SOPInstanceUID=first.SOPInstanceUID, SeriesInstanceUID=objects.uid()),
    "another image under the same UID": lambda first: sibling(first, SOPInstanceUID=first.SOPInstanceUID, PixelData=bytes(128)),
}


@pytest.mark.parametrize("what", CONFLICTS)
def test_refuses_what_does_not_fit_the_tree_and_keeps_the_first(intake: Intake, what: str) -> None:
    first = image(IssuerOfPatientID="ISSUER")
    sent = encoded(first)
    assert take(intake, sent) is None
    refusal = take(intake, encoded(CONFLICTS[what](first)))
    assert refusal is not None
    assert refusal.status >> 8 == 0xA9
    stored = intake.index.instance(sent.sop_instance_uid)
    assert stored is not None
    assert intake.depot.get(stored) == sent.data
    assert [intake.index.count(level, {}) for level in ("STUDY", "SERIES", "IMAGE")] == [1, 1, 1]


def test_takes_more_images_of_a_study_whose_issuer_is_left_out(intake: Intake) -> None:
    first = image(IssuerOfPatientID="ISSUER")
    assert take(intake, encoded(first)) is None
    assert take(intake, encoded(sibling(first))) is None
    assert len(intake.index.select("PATIENT", {})) == 1


@pytest.mark.parametrize("again", [EXPLICIT, IMPLICIT, BIG, DEFLATED])
def test_takes_the_same_object_again_in_any_native_syntax(intake: Intake, again: str) -> None:
    values = {"SOPInstanceUID": objects.uid(), "StudyInstanceUID": objects.uid(), "SeriesInstanceUID": objects.uid()}
    fixed = {"PatientID": "SAME", "AccessionNumber": "SAME", "StudyID": "SAME"}
    sent = encoded(image(**values, **fixed))
    assert take(intake, sent) is None
    assert take(intake, encoded(image(**values, **fixed), again)) is None
    stored = intake.index.instance(sent.sop_instance_uid)
    assert stored is not None
    assert intake.depot.get(stored) == sent.data
    assert intake.index.count("IMAGE", {}) == 1


def test_stores_a_part_10_file_around_the_bytes_that_came(intake: Intake) -> None:
    sent = encoded(image(PatientName="GAGNÉ^AMÉLIE"))
    assert take(intake, sent) is None
    (path,) = intake.depot.root.iterdir()
    assert path.read_bytes().endswith(sent.data)
    assert sent.sop_instance_uid not in path.name
    file = dcmread(path)
    assert (str(file.PatientName), file.file_meta.TransferSyntaxUID) == ("GAGNÉ^AMÉLIE", EXPLICIT)


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_keeps_invalid_values_of_other_attributes_as_they_are(intake: Intake) -> None:
    sent = encoded(image(PatientName="X" * 300))
    data = sent.data.replace(b"20260424", b"20261399").replace(b"CS\x02\x00O ", b"CS\x02\x00X ")
    assert take(intake, Instance(CT, sent.sop_instance_uid, EXPLICIT, data)) is None
    (study,) = intake.index.select("STUDY", {})
    assert study["StudyDate"] == "20261399"


@pytest.mark.parametrize(
    ("uid", "valid"),
    [
        ("1.2.840.10008", True),
        ("2.25." + "9" * 39, True),
        ("0.0", True),
        ("1." + "2" * 62, True),
        ("1." + "2" * 63, False),
        ("", False),
        (".1", False),
        ("1.", False),
        ("1..2", False),
        ("1.02", False),
        ("1.2a", False),
        ("1.\u0662", False),
    ],
)
def test_knows_a_valid_uid(uid: str, valid: bool) -> None:
    assert valid_uid(uid) is valid


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("", "A||", True),
        ("A||", "A||", True),
        ("A||", "A|1.2|ISO", True),
        ("A|1.2|ISO", "A|1.3|ISO", False),
        ("A||", "B||", False),
        ("A||", "|1.2|ISO", False),
    ],
)
def test_compares_issuers_by_what_both_state(one: str, two: str, same: bool) -> None:
    assert same_issuer(one, two) is same
    assert same_issuer(two, one) is same


def test_a_fault_cannot_name_a_rule_that_does_not_exist() -> None:
    assert len(without("accession-present")) == len(RULES) - 1
    with pytest.raises(KeyError, match="acession"):
        without("acession-present")


def test_reads_the_size_of_an_image_in_the_byte_order_of_its_syntax(intake: Intake) -> None:
    assert take(intake, encoded(image(), BIG)) is None
    short = encoded(image(PixelData=bytes(126)), BIG)
    assert struct.pack(">H", 8) in short.data
    refusal = take(intake, short)
    assert refusal is not None
    assert "shorter" in refusal.comment
