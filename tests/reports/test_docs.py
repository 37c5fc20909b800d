"""What docs/results.md says of the command line is what the command line does."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

from reports.cli import _parser

GUIDE = Path(__file__).parents[2] / "docs" / "results.md"
EXAMPLES = re.findall(r"^dicom-conformance (.+)$", GUIDE.read_text("utf-8"), re.MULTILINE)


def commands() -> set[str]:
    (subparsers,) = [action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return set(subparsers.choices)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_one_that_the_parser_takes(example: str) -> None:
    arguments = shlex.split(re.sub(r" >+ .*", "", example))
    assert callable(_parser().parse_args(arguments).work)


def test_every_command_has_its_example() -> None:
    assert {example.split()[0] for example in EXAMPLES} == commands()
