"""The report in a real browser: with its script and without, in both languages and themes, on a desk and in a hand."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, sync_playwright

from reports.comparing import compare
from reports.fleet import load_fleet
from reports.html import render, render_comparison, render_fleet

from .building import SCOPE, changed, full_run, write

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
DESK, HAND = (1280, 900), (360, 740)

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report in both languages, as shipped and with its script taken out."""
    folder = tmp_path_factory.mktemp("browser")
    for lang in ("en", "fr"):
        (folder / f"{lang}-shipped.html").write_text(render(full_run(), lang=lang), "utf-8")
        short = render(full_run(SCOPE[::20]), lang=lang)  # every kind of element in it, and axe takes as long as it has elements
        (folder / f"{lang}-short.html").write_text(short, "utf-8")
        later = changed(full_run(SCOPE[::20]), RETR_04=("conforms", "PASS"), ASSOC_01=("violates", "FAIL"))
        (folder / f"{lang}-compare.html").write_text(render_comparison(compare(full_run(SCOPE[::20]), later), lang), "utf-8")
        write(later, folder / "results.jsonl")
        (folder / f"{lang}-fleet.html").write_text(render_fleet(load_fleet(folder), lang), "utf-8")
        (folder / f"{lang}-bare.html").write_text(re.sub("<script>.*</script>", "", short, flags=re.DOTALL), "utf-8")
    return folder


def opened(browser: Browser, path: Path, size: tuple[int, int] = DESK, **options: Any) -> Page:
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options).new_page()
    page.set_default_timeout(20_000)
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["en-short", "en-bare", "fr-short", "fr-bare"])
def test_axe_finds_no_violation(browser: Browser, folder: Path, kind: str, theme: str, size: tuple[int, int]) -> None:
    assert_accessible(browser, folder / f"{kind}.html", size, theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["en-compare", "fr-compare", "en-fleet", "fr-fleet"])
def test_axe_finds_no_violation_in_pages_of_several_runs(browser: Browser, folder: Path, kind: str, theme: str) -> None:
    assert_accessible(browser, folder / f"{kind}.html", HAND, theme)


def test_axe_finds_no_violation_in_the_whole_report(browser: Browser, folder: Path) -> None:
    assert_accessible(browser, folder / "en-shipped.html", DESK, "light")


def assert_accessible(browser: Browser, path: Path, size: tuple[int, int], theme: str) -> None:
    page = opened(browser, path, size, color_scheme=theme, bypass_csp=True)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert len(found["passes"]) > 20
    page.context.close()


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_everything_is_shown_with_scripts_off_and_nothing_overflows(
    browser: Browser, folder: Path, size: tuple[int, int], tmp_path: Path
) -> None:
    page = opened(browser, folder / "en-shipped.html", size, java_script_enabled=False)
    rows = page.locator("table.rows tbody tr:not(.group)")
    assert rows.count() == len(SCOPE)
    assert all(row.is_visible() for row in rows.all())
    boxes = [page.locator(name).bounding_box() for name in ("main", "table.rows", "article >> nth=0")]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= size[0] for box in boxes)
    assert len(page.screenshot(full_page=True, path=tmp_path / "page.png")) > 100_000
    page.context.close()


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("width", [320, 360, 768, 1280, 1920])
def test_no_width_needs_scrolling_sideways(browser: Browser, folder: Path, lang: str, width: int) -> None:
    page = opened(browser, folder / f"{lang}-shipped.html", (width, 800))
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_hostile_strings_of_64_kib_run_nothing_and_break_no_layout(browser: Browser, tmp_path: Path) -> None:
    long = "<img src=x onerror=document.title='owned'>\u202e" + "W" * 65536
    whole = full_run()
    assert whole.identity
    target = dict.fromkeys(whole.header.target, long)
    results = msgspec.structs.replace(
        whole,
        header=msgspec.structs.replace(whole.header, target=target, command=long, nonce=long),
        identity=msgspec.structs.replace(whole.identity, implementation_version=long, implementation_class_uid=long),
        checks=[msgspec.structs.replace(one, name=long, repeat=long) for one in whole.checks],
    )
    (tmp_path / "hostile.html").write_text(render(results), "utf-8")
    page = opened(browser, tmp_path / "hostile.html", HAND)
    assert page.evaluate("document.documentElement.scrollWidth") <= HAND[0]
    assert page.title() != "owned"
    assert page.locator("img").count() == 0
    page.context.close()


def test_the_policy_lets_no_other_script_run_and_nothing_load(browser: Browser, folder: Path, tmp_path: Path) -> None:
    added = "<script>document.title='owned'</script><img src='https://127.0.0.1:9/x.png' onerror=\"document.title='owned'\">"
    text = (folder / "en-shipped.html").read_text("utf-8").replace("<main", f"{added}<main", 1)
    (tmp_path / "tampered.html").write_text(text, "utf-8")
    page = browser.new_page()
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.goto((tmp_path / "tampered.html").as_uri())
    assert page.title().startswith("NOT CERTIFIED")
    assert [url for url in asked if not url.startswith("file:")] == []
    page.close()


def test_the_keyboard_reaches_the_filter_and_the_findings(browser: Browser, folder: Path) -> None:
    page = opened(browser, folder / "en-shipped.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the verdict"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.locator(".first a").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#finding-ASSOC-02"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('article').id") == "finding-ASSOC-02"
    page.locator("#finding-ASSOC-02 summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("#finding-ASSOC-02 .steps").is_visible()
    page.context.close()


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "no-script"])
def test_a_verdict_is_hidden_and_shown_by_its_box_alone(browser: Browser, folder: Path, scripted: bool) -> None:
    page = opened(browser, folder / "en-shipped.html", java_script_enabled=scripted)
    row = page.locator("#STORE-01")
    assert row.is_visible()
    page.locator("#show-v-pass").focus()
    page.keyboard.press("Space")
    assert not row.is_visible()
    assert page.locator("#ASSOC-02").is_visible()
    page.keyboard.press("Space")
    assert row.is_visible()
    page.context.close()


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_the_script_finds_rows_by_their_words(browser: Browser, folder: Path, size: tuple[int, int]) -> None:
    page = opened(browser, folder / "en-shipped.html", size)
    page.get_by_role("searchbox", name="Find").fill("unknown called AE")
    assert [row.get_attribute("id") for row in page.locator("table.rows tbody tr:not(.group)").all() if row.is_visible()] == ["ASSOC-02"]
    assert page.locator(".filter output").text_content() == f"1 / {len(SCOPE)}"
    page.get_by_role("searchbox", name="Find").fill("")
    assert page.locator("#STORE-01").is_visible()
    page.context.close()


def test_the_script_sorts_by_verdict_level_and_time_and_back(browser: Browser, folder: Path) -> None:
    page = opened(browser, folder / "en-shipped.html")
    ids = "[...document.querySelectorAll('table.rows tbody tr:not(.group)')].map(row => row.id)"
    order = page.evaluate(ids)
    page.get_by_role("button", name="Verdict").click()
    assert page.evaluate(ids)[:5] == ["ASSOC-02", "IDENT-10", "QUERY-06", "RETR-04", "REJECT-09"]
    assert page.locator("th[aria-sort=ascending]").text_content() == "Verdict"
    page.get_by_role("button", name="Level").click()
    assert page.evaluate(f"{ids}.at(-1)") in {row.id for row in SCOPE if row.level == "MAY"}
    page.get_by_role("button", name="Id").click()
    assert page.evaluate(ids) == order
    page.context.close()


def test_a_printed_page_has_every_row_and_no_controls(browser: Browser, folder: Path) -> None:
    page = opened(browser, folder / "en-shipped.html")
    page.emulate_media(media="print")
    assert not page.locator(".filter").is_visible()
    assert page.locator("#STORE-01").is_visible()
    assert page.pdf(format="Letter").startswith(b"%PDF")
    page.context.close()
