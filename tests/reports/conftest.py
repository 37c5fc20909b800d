"""The browser's tests need Chromium and its driver. Where they are missing they are left out and that is said; in CI they fail."""

import os
import shutil
from importlib.util import find_spec

MISSING = [name for name in ("playwright", "axe_playwright_python") if find_spec(name) is None]
MISSING += [] if shutil.which("chromium") else ["chromium"]
LEFT_OUT = bool(MISSING) and not os.environ.get("CI")

collect_ignore = ["test_browser.py"] if LEFT_OUT else []


def pytest_report_header() -> str:
    state = f"left out, for want of {', '.join(MISSING)}" if LEFT_OUT else "in Chromium"
    return f"report in a browser: {state}"
