"""Where a control fails nothing is decided: what the archive then does may have another cause than the clause that is asked about."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from .outage import Outage
from .outages_refusing import REFUSAL_OUTAGES
from .outages_retrieving import RETRIEVE_OUTAGES
from .outages_serving import SERVICE_OUTAGES
from .outages_storing import STORAGE_OUTAGES
from .running import run_against

OUTAGES = {outage.name: outage for outage in (*STORAGE_OUTAGES, *RETRIEVE_OUTAGES, *REFUSAL_OUTAGES, *SERVICE_OUTAGES)}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # threads end where an answer is to be missing
@pytest.mark.parametrize("name", OUTAGES)
def test_a_check_whose_control_fails_decides_nothing(
    name: str, tmp_path: Path, run_suite: Callable[..., Any], free_port: Callable[[], int]
) -> None:
    outage = OUTAGES[name]
    options = [*outage.options, *own_profile(outage, tmp_path / "profile.toml")]
    seen = run_against(run_suite, tmp_path, free_port(), outage.parts, selection(outage), *options, **outage.settings)
    wrong = {check: reasons(seen, check) for check, words in outage.blocked.items() if not is_blocked(seen, check, words)}
    assert wrong == {}


def own_profile(outage: Outage, path: Path) -> list[str]:
    """Write the profile of an outage that has one, and name it."""
    if not outage.profile:
        return []
    path.write_text(outage.profile, encoding="utf-8")
    return [f"--target-profile={path}"]


def selection(outage: Outage) -> str:
    return " or ".join(sorted({check.partition("[")[0] for check in outage.blocked}))


def is_blocked(seen: Any, check: str, words: str) -> bool:
    """Say whether every case of the check was left unexercised for a reason in these words."""
    said = reasons(seen, check)
    return bool(said) and all(outcome == "not exercised" and words in reason for outcome, reason in said)


def reasons(seen: Any, check: str) -> list[tuple[str, str]]:
    """Give, for each case of a check, the outcome and the words of its findings, or its outcomes alone where it found nothing."""
    records = [record for record in seen.of_kind("check") if check in (record["name"], record["name"].partition("[")[0])]
    return [pair for record in records for pair in findings(record)]


def findings(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [(each["outcome"], each["got"]) for each in record.get("findings", [])]
    return found or [(outcome, "") for outcome in record["outcomes"].values()]
