"""The README says what the code does: one default, one place."""

from pathlib import Path

from conformance.options import OPTIONS, Option
from conformance.session import ExitCode

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BEGIN, END = "<!-- options -->\n", "<!-- end of options -->"


def row(option: Option) -> str:
    default = "" if option.default in (None, False) else f"`{option.default}`"
    return f"| `{option.flag}{'=' + option.metavar if option.metavar else ''}` | {default} | {option.help} |"


def test_the_table_of_options_is_that_of_the_code() -> None:
    assert README.split(BEGIN)[1].split(END)[0] == "".join(f"{row(option)}\n" for option in OPTIONS)


def test_every_exit_code_is_explained() -> None:
    for code in ExitCode:
        assert f"| {int(code)} | {code.name.replace('_', ' ')}" in README
