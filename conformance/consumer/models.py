"""The Query/Retrieve information models as a judge of identifiers needs them: the levels of each SOP class, the level of each key.

Only the attributes that the tables of PS3.4 C.6.1.1 and C.6.2.1 name have a level here. Of any other the standard says no more than
"all other attributes at this level", so that nobody is blamed for one.
"""

from collections.abc import Mapping

from conformance.reference.keys import LEVELS, tag_of
from conformance.reference.models import FIND, GET, MOVE

MODELS: Mapping[str, tuple[str, ...]] = {**FIND, **MOVE, **GET}
"""SOP class of a query or retrieve -> the levels of its information model, top first."""

_KEYS: Mapping[str, str] = {  # PS3.4 Tables C.6-1 to C.6-4
    "PATIENT": "PatientName PatientID IssuerOfPatientID ReferencedPatientSequence PatientBirthDate PatientBirthTime PatientSex "
    "OtherPatientIDs OtherPatientNames EthnicGroup PatientComments NumberOfPatientRelatedStudies NumberOfPatientRelatedSeries "
    "NumberOfPatientRelatedInstances",
    "STUDY": "StudyDate StudyTime AccessionNumber StudyID StudyInstanceUID ModalitiesInStudy SOPClassesInStudy ReferringPhysicianName "
    "StudyDescription ProcedureCodeSequence NameOfPhysiciansReadingStudy AdmittingDiagnosesDescription ReferencedStudySequence "
    "PatientAge PatientSize PatientWeight Occupation AdditionalPatientHistory OtherStudyNumbers NumberOfStudyRelatedSeries "
    "NumberOfStudyRelatedInstances",
    "SERIES": "Modality SeriesNumber SeriesInstanceUID NumberOfSeriesRelatedInstances",
    "IMAGE": "InstanceNumber SOPInstanceUID SOPClassUID",
}
_LEVEL_OF: Mapping[int, str] = {tag_of(keyword): level for level, keywords in _KEYS.items() for keyword in keywords.split()}


def level_of(tag: int, levels: tuple[str, ...]) -> str:
    """The level of a key in a model with these levels; "" where the tables name none.

    In Study Root the attributes of the patient are keys of the study (PS3.4 C.6.2.1, Table C.6-5).
    """
    level = _LEVEL_OF.get(tag, "")
    return levels[0] if level in LEVELS and level not in levels else level
