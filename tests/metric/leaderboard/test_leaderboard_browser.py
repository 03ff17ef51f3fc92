"""The site in a real browser: sorted, switched, on a phone, dark, and without its script."""

import os
import shutil

import pytest

from gsi_bench_metric.leaderboard.content import build_board
from gsi_bench_metric.leaderboard.write import write_site

sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright")
CHROMIUM = os.environ.get("GSI_BENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium, or set GSI_BENCH_CHROMIUM"),
]
EDITORS = {"one": 0.05, "two": 0.3, "three": 0.55, "four": 0.75, "five": 0.9, "<img src=x onerror=alert(1)>": 0.99}


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, save, scores_of, tmp_path):
    """Opens a page of a site; fails afterwards on anything in its console and on requests to anywhere else."""
    runs = [save(f"run{i}", scores_of(name, share)) for i, (name, share) in enumerate(EDITORS.items())]
    write_site(build_board([*runs, tmp_path / "nothing"]), tmp_path / "site")
    complaints, contexts = [], []

    def open_page(name="index.html", width=1280, scheme="light", script=True):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: complaints.append(r.url) if not r.url.startswith(("file://", "data:")) else None)
        page.goto(f"file://{tmp_path}/site/{name}")
        contexts.append(context)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def column(page, number: int) -> list[str]:
    cells = page.locator(f".operation:not([hidden]) table.board tbody tr > :nth-child({number})")
    return [text.split("\n")[0].strip() for text in cells.all_inner_texts()]


def test_a_click_on_a_heading_sorts_the_table(visit):
    page = visit()
    assert [float(v) for v in column(page, 3)] == sorted(map(float, column(page, 3)), reverse=True)
    head = page.locator(".operation:not([hidden]) thead th").nth(2)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    head.get_by_role("button").click()
    assert [float(v) for v in column(page, 3)] == sorted(map(float, column(page, 3)))
    page.locator(".operation:not([hidden]) thead th").nth(1).get_by_role("button").click()
    assert column(page, 2)[-3:] == ["one", "three", "two"]
    page.locator(".operation:not([hidden]) thead th").nth(0).get_by_role("button").click()
    assert column(page, 2)[-1] == "one"


def test_one_operation_is_shown_at_a_time(visit):
    page = visit()
    assert page.locator(".operation:visible").count() == 1
    page.get_by_role("button", name="rotate").click()
    assert page.locator(".operation:visible").get_attribute("data-name") == "rotate"
    assert page.get_by_role("button", name="rotate").get_attribute("aria-pressed") == "true"


def test_without_its_script_every_table_is_there(visit):
    page = visit(script=False)
    assert page.locator(".operation:visible").count() == 4


@pytest.mark.parametrize("name", ["index.html", "pairs/table-1.html", "models/one.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_no_page_is_wider_than_the_window(visit, name, scheme):
    page = visit(name, width=390, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("name", ["index.html", "pairs/table-1.html", "models/one.html"])
def test_text_stands_out_in_light_and_dark(visit, name):
    def lightness(page, prop, selector="body"):
        colour = page.eval_on_selector(selector, f"e => getComputedStyle(e)['{prop}']")
        return sum(float(v) for v in colour.split("(")[1].split(")")[0].split(",")[:3]) / 3

    for scheme in ("light", "dark"):
        page = visit(name, scheme=scheme)
        assert (lightness(page, "backgroundColor") < 60) is (scheme == "dark")
        assert abs(lightness(page, "backgroundColor") - lightness(page, "color")) > 150
        assert abs(lightness(page, "backgroundColor") - lightness(page, "color", "tbody th")) > 80


def test_from_a_row_to_its_editor_and_back(visit):
    page = visit()
    page.get_by_role("link", name="<img src=x onerror=alert(1)>").first.click()
    assert page.locator("h1").inner_text() == "<img src=x onerror=alert(1)>"
    page.get_by_role("link", name="GSI-Bench leaderboard").click()
    page.get_by_role("link", name="pairwise differences").click()
    assert page.locator("td.better").count() > 5 and page.locator("td.better").count() == page.locator("td.worse").count()
