"""`python -m generators`: write studies to a folder, list what can be made."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from generators.errors import GeneratorError
from generators.faults import FAULTS, Fault
from generators.kinds import KINDS
from generators.people import SCRIPTS
from generators.pool import load_pool
from generators.syntaxes import SYNTAXES, syntax_named
from generators.synthesizer import Synthesizer
from generators.writing import Advance, manifest, write_study


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0, or 2 where something cannot be made."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (GeneratorError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m generators", description="Write synthetic imaging studies, sound or with one fault.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_study(commands.add_parser("study", help="write the Part 10 files of one study, and manifest.json"))
    listing = commands.add_parser("list", help="list the modalities, faults, transfer syntaxes and scripts")
    listing.add_argument("what", nargs="?", choices=list(_LISTINGS), help="one list only; all by default")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(run=_list)
    return parser


def _add_study(study: argparse.ArgumentParser) -> None:
    study.add_argument("--modality", action="append", metavar="NAME", help="kind of object, repeatable: one series each; CT by default")
    study.add_argument("--series", type=_count, default=1, metavar="N", help="series of each kind (default 1)")
    study.add_argument("--instances", type=_count, default=2, metavar="N", help="instances of each series (default 2)")
    study.add_argument("--rows", type=_count, default=256, metavar="N", help="default 256")
    study.add_argument("--columns", type=_count, default=256, metavar="N", help="default 256")
    study.add_argument("--frames", type=_count, default=4, metavar="N", help="of multi-frame kinds (default 4)")
    study.add_argument("--syntax", default="explicit", metavar="NAME", help="transfer syntax by name or UID (default explicit)")
    study.add_argument("--fault", metavar="NAME", help="break every object that the fault applies to")
    study.add_argument("--seed", type=int, default=0, help="decides the content (default 0)")
    study.add_argument("--nonce", help="decides the identifiers; by default it follows from the seed")
    study.add_argument("--uid-root", metavar="ROOT", help="root of all UIDs (default 2.25)")
    study.add_argument("--pool", type=Path, metavar="FILE", help="TOML file of registered test patients to use instead")
    study.add_argument("--script", default="", choices=["", *SCRIPTS], metavar="NAME", help="script of the patient's name")
    study.add_argument("--character-set", default="ISO_IR 192", metavar="TERMS", help="(0008,0005), default ISO_IR 192")
    study.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder")
    study.set_defaults(run=_study)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _study(options: argparse.Namespace) -> None:
    pool = load_pool(options.pool) if options.pool else None
    nonce = options.nonce or f"SEED{options.seed}"
    synthesizer = Synthesizer(options.seed, nonce, uid_root=options.uid_root, pool=pool)
    study = synthesizer.study(
        modalities=(options.modality or ["CT"]) * options.series,
        instances=options.instances,
        patient=synthesizer.patient(script=options.script) if options.script else None,
        character_set=options.character_set,
        rows=options.rows,
        columns=options.columns,
        frames=options.frames,
    )
    fault = _fault(options.fault)
    with _progress(len(study.instances)) as advance:
        written = write_study(study, options.out, syntax_named(options.syntax), fault=fault, advance=advance)
    described = manifest(study, fault, written, {"seed": options.seed, "nonce": nonce})
    (options.out / "manifest.json").write_text(described, encoding="utf-8")
    print(f"{len(written)} files of study {study.uid} in {options.out}")


def _fault(name: str | None) -> Fault | None:
    if name is not None and name not in FAULTS:
        raise GeneratorError(f"{name!r} is no fault", remedy="see python -m generators list faults")
    return FAULTS[name] if name else None


@contextmanager
def _progress(total: int) -> Iterator[Advance]:
    """Show a bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("writing", total=total)
        yield lambda: progress.advance(task)


def _modalities() -> Iterator[tuple[str, str]]:
    return ((kind.name, f"{kind.title} ({kind.sop_class_uid})") for kind in KINDS.values())


def _faults() -> Iterator[tuple[str, str]]:
    return ((fault.name, f"{fault.path or 'data set'}: {fault.summary} [{', '.join(fault.requirements)}]") for fault in FAULTS.values())


def _syntaxes() -> Iterator[tuple[str, str]]:
    return ((syntax.name, f"{syntax.title} ({syntax.uid})") for syntax in SYNTAXES.values())


def _scripts() -> Iterator[tuple[str, str]]:
    return ((script.name, " or ".join(repr(terms) for terms in script.character_sets)) for script in SCRIPTS.values())


_LISTINGS = {"modalities": _modalities, "faults": _faults, "syntaxes": _syntaxes, "scripts": _scripts}


def _list(options: argparse.Namespace) -> None:
    wanted = [options.what] if options.what else list(_LISTINGS)
    if options.json:
        print(json.dumps({name: dict(_LISTINGS[name]()) for name in wanted}, indent=1, ensure_ascii=False))
        return
    for name in wanted:
        rows = list(_LISTINGS[name]())
        width = max(len(row[0]) for row in rows)
        print(f"{name} ({len(rows)})")
        print("\n".join(f"  {key:{width}}  {text}" for key, text in rows))
