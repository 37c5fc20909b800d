"""The same seed gives the same bytes, whoever runs it and wherever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRINT_DIGESTS = """
import hashlib
from generators import KINDS, SCRIPTS, SYNTAXES, Synthesizer, encode, encode_study
from generators.compression import syntaxes_for

synthesizer = Synthesizer(20260424, "NONCE")
for kind in KINDS:
    study = synthesizer.study(kind)
    objects = [each.part10() for each in encode_study(study)]
    dataset = study.dataset(study.instances[-1])
    objects += [encode(dataset, syntax.uid).data for syntax in syntaxes_for(dataset)]
    print(kind, hashlib.sha256(b"".join(objects)).hexdigest())
for script in SCRIPTS:
    print(script, synthesizer.patient(script=script))
"""

ENVIRONMENTS = [
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "C"},
]


def test_two_processes_make_the_same_bytes(tmp_path: Path) -> None:
    started = [start(environment, tmp_path) for environment in ENVIRONMENTS]
    printed = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert printed[0].count(b"\n") > 40
    assert printed[0] == printed[1]


def start(environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    settings = os.environ | environment | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen([sys.executable, "-c", PRINT_DIGESTS], env=settings, cwd=folder, stdout=subprocess.PIPE)


@pytest.mark.parametrize("command", [["list"], ["list", "faults", "--json"]])
def test_the_module_runs(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "generators", *command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "empty-patient-id" in done.stdout
