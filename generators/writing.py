"""Studies to folders of Part 10 files, with a manifest that says what is in them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from generators.encoding import Encoded
from generators.errors import GeneratorError
from generators.faults import Fault
from generators.kinds import KINDS, Scene, render
from generators.splicing import SPLICED
from generators.streaming import write_instance
from generators.studies import StudyEncoder
from generators.syntaxes import SYNTAXES, Syntax
from generators.tree import Instance, Series, Study

STREAMED = 2**28
"""Images with more samples than this are written frame by frame, where the syntax leaves them native."""

Advance = Callable[[], object]
"""Called when a file is there."""


@dataclass(frozen=True, slots=True)
class Written:
    """One file: where, what it holds, in which syntax, and whether the fault was put into it."""

    path: Path
    series: Series
    instance: Instance
    transfer_syntax_uid: str
    broken: bool


def write_study(study: Study, folder: Path, syntax: Syntax, *, fault: Fault | None = None, advance: Advance) -> list[Written]:
    """Write every instance into an empty folder, with the fault in each to which it applies.

    Objects without pixels are written in Explicit VR Little Endian where `syntax` compresses. GeneratorError where the folder is not
    empty, an image does not go into the syntax, or the fault applies to nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise GeneratorError("the folder is not empty", where=str(folder), remedy="give a new one")
    writer = _Writer(study, folder, syntax, fault)
    written = [writer.write(series, instance, advance) for series in study.series for instance in series.instances]
    if fault and not any(file.broken for file in written):
        raise GeneratorError(f"fault {fault.name} applies to none of the objects: {fault.wants()}", where=str(folder))
    return written


def manifest(study: Study, fault: Fault | None, written: list[Written], made_from: Mapping[str, object]) -> str:
    """Give the manifest as JSON: what the study was made from, who is in it, the fault, and each file with its digest."""
    described = asdict(study)
    del described["series"]
    facts = ("name", "summary", "path", "requirements", "answers")
    return json.dumps(
        {
            **made_from,
            "study": described,
            "fault": {fact: getattr(fault, fact) for fact in facts} if fault else None,
            "files": [_entry(file) for file in written],
        },
        indent=1,
        ensure_ascii=False,
    )


class _Writer:
    def __init__(self, study: Study, folder: Path, syntax: Syntax, fault: Fault | None) -> None:
        self._study, self._folder, self._syntax, self._fault = study, folder, syntax, fault
        self._encoders = {uid: StudyEncoder(study, uid) for uid in (syntax.uid, SYNTAXES["explicit"].uid)}

    def write(self, series: Series, instance: Instance, advance: Advance) -> Written:
        path = self._folder / f"{series.number:03}" / f"{instance.number:05}.dcm"
        path.parent.mkdir(exist_ok=True)
        uid = self._syntax.uid if KINDS[instance.kind].pixels or not self._syntax.encode else SYNTAXES["explicit"].uid
        if self._fault is None and self._is_large(instance):
            with path.open("wb") as stream:
                write_instance(self._study, instance, stream, uid)
            advance()
            return Written(path, series, instance, uid, False)
        encoded, broken = self._encode(series, instance, uid)
        path.write_bytes(encoded.part10())
        advance()
        return Written(path, series, instance, encoded.transfer_syntax_uid, broken)

    def _is_large(self, instance: Instance) -> bool:
        return self._syntax.uid in SPLICED and instance.rows * instance.columns * instance.frames > STREAMED

    def _encode(self, series: Series, instance: Instance, uid: str) -> tuple[Encoded, bool]:
        if self._fault:
            dataset = render(Scene(self._study, series, instance))
            if self._fault.applies_to(dataset):
                return self._fault.encode(dataset, uid), True
        return self._encoders[uid].encode(series, instance), False


def _entry(file: Written) -> dict[str, Any]:
    with file.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "file": "/".join(file.path.parts[-2:]),
        "bytes": file.path.stat().st_size,
        "sha256": digest,
        "kind": file.instance.kind,
        "sop_class_uid": file.instance.sop_class_uid,
        "sop_instance_uid": file.instance.uid,
        "series_instance_uid": file.series.uid,
        "transfer_syntax_uid": file.transfer_syntax_uid,
        "broken": file.broken,
    }
