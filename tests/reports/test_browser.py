"""The report in a real browser: with its script and without, in both languages and themes, on a desk and in a hand."""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, sync_playwright

from reports.comparing import compare
from reports.fleet import load_fleet
from reports.html import render, render_comparison, render_fleet, render_unusable
from reports.reading import Plight, UnusableResults

from .building import SCOPE, SERIES, brought, changed, full_run, short_run, write

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
OF_COLOUR = ["color-contrast", "link-in-text-block"]  # the rules whose answer another theme can change
INK = "getComputedStyle(document.body).color"
Theme = Literal["light", "dark"]
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
    few = short_run()
    later = changed(few, RETR_04=("conforms", "PASS"), ASSOC_01=("violates", "FAIL"))
    write(later, folder / "results.jsonl")
    for lang in ("en", "fr"):
        (folder / f"{lang}-shipped.html").write_text(render(full_run(), lang=lang), "utf-8")
        short = render(few, lang=lang, baseline=later)
        (folder / f"{lang}-short.html").write_text(short, "utf-8")
        (folder / f"{lang}-compare.html").write_text(render_comparison(compare(few, later), lang), "utf-8")
        trouble = UnusableResults("is empty", where="r.jsonl", remedy="", plight=Plight.EMPTY)
        (folder / f"{lang}-unusable.html").write_text(render_unusable(trouble, lang), "utf-8")
        (folder / f"{lang}-fleet.html").write_text(render_fleet(load_fleet(folder), lang), "utf-8")
        (folder / f"{lang}-received.html").write_text(render(full_run([], received=brought(SERIES, more=1)), lang=lang), "utf-8")
        (folder / f"{lang}-bare.html").write_text(re.sub("<script>.*</script>", "", short, flags=re.DOTALL), "utf-8")
    return folder


def opened(browser: Browser, path: Path, size: tuple[int, int] = DESK, **options: Any) -> Page:
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options).new_page()
    page.set_default_timeout(20_000)
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
@pytest.mark.parametrize("kind", ["en-short", "en-bare", "fr-short", "fr-bare"])
def test_axe_finds_no_violation_in_either_theme(browser: Browser, folder: Path, kind: str, size: tuple[int, int]) -> None:
    assert_accessible(browser, folder / f"{kind}.html", size, ("light", "dark"))


@pytest.mark.parametrize("kind", ["en-compare", "fr-compare", "en-fleet", "fr-fleet", "en-unusable", "fr-unusable", "fr-received"])
def test_axe_finds_no_violation_in_the_other_pages(browser: Browser, folder: Path, kind: str) -> None:
    assert_accessible(browser, folder / f"{kind}.html", HAND, ("light", "dark"))


def test_axe_finds_no_violation_in_the_whole_report(browser: Browser, folder: Path) -> None:
    """Its colours are asked of the short one, which has every kind of element: they take most of the time."""
    page = opened(browser, folder / "en-shipped.html", DESK, bypass_csp=True)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.evaluate(AXE_SCRIPT)
    assert len(asked(page, RULES, "color-contrast")) > 15
    page.context.close()


def test_the_short_report_has_every_kind_of_element_of_the_whole_one(browser: Browser, folder: Path) -> None:
    kinds = "[...new Set([...document.querySelectorAll('body *')].map(node => `${node.tagName}.${node.getAttribute('class')}`))]"
    found = []
    for kind in ("en-shipped", "en-short"):
        page = opened(browser, folder / f"{kind}.html")
        found.append(set(page.evaluate(kinds)))
        page.context.close()
    assert found[0] - found[1] == set()


def assert_accessible(browser: Browser, path: Path, size: tuple[int, int], themes: Sequence[Theme]) -> None:
    """Ask axe everything in the first theme, and in the others what colours can change: the elements are the same."""
    page = opened(browser, path, size, color_scheme=themes[0], bypass_csp=True)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.evaluate(AXE_SCRIPT)
    assert len(asked(page, RULES)) > 15
    for theme in themes[1:]:
        ink = page.evaluate(INK)
        page.emulate_media(color_scheme=theme)
        assert page.evaluate(INK) != ink
        assert "color-contrast" in asked(page, OF_COLOUR)
    page.context.close()


def asked(page: Page, rules: Sequence[str], *but: str) -> list[str]:
    """Give the rules that axe found kept somewhere on the page, and fail on one that is broken."""
    options = {"runOnly": rules, "resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in but}}
    found = page.evaluate("options => axe.run(document, options).then(({violations, passes}) => ({violations, passes}))", options)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    return [one["id"] for one in found["passes"]]


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_everything_is_shown_with_scripts_off_and_nothing_overflows(
    browser: Browser, folder: Path, size: tuple[int, int], tmp_path: Path
) -> None:
    page = opened(browser, folder / "en-shipped.html", size, java_script_enabled=False)
    assert len(shown_rows(page)) == len(SCOPE)
    boxes = [page.locator(name).bounding_box() for name in ("main", "table.rows", "article >> nth=0")]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= size[0] for box in boxes)
    assert len(page.screenshot(full_page=True, path=tmp_path / "page.png")) > 100_000
    page.context.close()


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_no_width_needs_scrolling_sideways(browser: Browser, folder: Path, lang: str) -> None:
    page = opened(browser, folder / f"{lang}-shipped.html")
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    for width in (320, 360, 768, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def shown_rows(page: Page) -> list[str]:
    """The ids of the rows of the register that can be seen."""
    seen = "row => row.checkVisibility({visibilityProperty: true}) && row.getBoundingClientRect().height"
    ids: list[str] = page.locator("table.rows tbody tr:not(.group)").evaluate_all(f"rows => rows.filter({seen}).map(row => row.id)")
    return ids


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
    assert page.evaluate("location.hash") == "#finding-REJECT-09"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('article').id") == "finding-REJECT-09"
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
    assert shown_rows(page) == ["ASSOC-02"]
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
