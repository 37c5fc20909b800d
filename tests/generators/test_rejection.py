"""Rejection notes before validators that know nothing of us, and what an archive reads in them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from generators import Encoded, Rejection, Synthesizer, findings, rejection_note

from .conftest import Validators


@pytest.mark.parametrize("why", Rejection, ids=lambda why: str(why.value.code))
def test_a_note_is_valid_and_names_what_it_rejects(why: Rejection, save: Callable[[str, Encoded], Path], validators: Validators) -> None:
    synthesizer = Synthesizer(1, "N")
    study = synthesizer.study(modalities=["CT", "MR"])
    rejected = study.instances[1:]
    note = rejection_note(synthesizer, study, rejected, why)
    assert findings(note) == []
    assert validators.each("dciodvfy", [save("note", note)], "-new")[0].lines("Error") == []
    dataset = note.dataset()
    title = dataset.ConceptNameCodeSequence[0]
    assert (title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning) == (why.value.code, "DCM", why.value.meaning)
    assert dataset.StudyInstanceUID == study.uid
    assert dataset.PatientID == study.patient.id
    named = [
        sop.ReferencedSOPInstanceUID
        for evidence in dataset.CurrentRequestedProcedureEvidenceSequence
        for series in evidence.ReferencedSeriesSequence
        for sop in series.ReferencedSOPSequence
    ]
    assert sorted(named) == sorted(instance.uid for instance in rejected)
