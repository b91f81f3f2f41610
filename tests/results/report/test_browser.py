"""The report in a real browser: nothing asked of a network, every control does what it says, everybody can use it."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.synthetic import write_sweep
from rnngan_cli.results.report import write_report
from rnngan_cli.store import RunFolder, SweepFolder
from tests.support.pages import HOSTILE, write_strangers_sweep
from tests.support.places import ROOT
from tests.support.sweeps import copy_published

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE, NARROW = (1280, 900), (390, 844)
SIDES = ("real", "made")
SECTIONS = ("curves", "series", "spread")
TRACES = "Object.values(document.getElementById('curve-chart').data)"

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; skipped where there is none, unless the environment says that there has to be one."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        if os.environ.get("RNNGAN_NEEDS_BROWSER"):
            pytest.fail(f"none of {', '.join(NAMES)} is installed")
        pytest.skip(f"none of {', '.join(NAMES)} is installed")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of published sweeps, of both together, and of one never trained, with diverged runs and both cells."""
    folder = tmp_path_factory.mktemp("reports")
    found = {}
    for name in ("before-recipe", "digits-codes"):
        found[name] = write_report(copy_published(name, folder / name)).path
    shutil.copytree(folder / "before-recipe", folder / "mixed")
    for part in ("runs", "reference"):
        shutil.copytree(folder / "digits-codes" / part, folder / "mixed" / part, dirs_exist_ok=True)
    found["mixed"] = write_report(SweepFolder(folder / "mixed")).path
    found["cells"] = write_report(write_sweep(folder / "cells", 100)).path
    return found


@pytest.fixture
def opened(browser: Browser, reports: dict[str, Path]) -> Iterator[Open]:
    """From a report's name to its page, loaded; whatever it complains of or asks for is an error at the end."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []

    def load(name: str | Path, size: tuple[int, int] = WIDE, **settings: Any) -> Page:
        path = reports[name] if isinstance(name, str) else name
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(f"console {message.type}: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", lambda request: faults.append(request.url) if not is_own(request.url, path) else None)
        page.goto(path.as_uri())
        return page

    yield load
    for context in contexts:
        context.close()
    assert faults == []


def is_own(url: str, path: Path) -> bool:
    return url == path.as_uri() or url.startswith(("data:", "blob:"))


def published(name: str, start: str) -> list[RunFolder]:
    """Runs of a published sweep whose names begin so."""
    return [one for one in SweepFolder(ROOT / "results" / name).runs() if one.path.name.startswith(start)]


def draw_all(page: Page) -> None:
    """Scrolls to every chart, as charts are drawn when they come into sight."""
    for section in SECTIONS:
        page.locator(f"#{section}").scroll_into_view_if_needed()
        page.locator(f"#{section} .main-svg, #{section} canvas").first.wait_for()


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("name", ["before-recipe", "digits-codes", "cells"])
def test_it_opens_from_disk_and_fits(name: str, size: tuple[int, int], opened: Open) -> None:
    """No message, no request (see `opened`), nothing wider than the screen but tables that scroll by themselves."""
    page = opened(name, size)
    draw_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.locator("h1").inner_text() == name


def test_charts_out_of_sight_cost_nothing(opened: Open) -> None:
    page = opened("cells")
    page.wait_for_timeout(300)
    assert page.locator(".main-svg").count() == 0
    assert page.evaluate("window.Plotly") is None
    assert page.evaluate("document.querySelectorAll('*').length") < 6000
    draw_all(page)
    assert page.locator("#series .main-svg").count() > 0


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("name", ["before-recipe", "digits-codes", "mixed", "cells"])
def test_nothing_moves_when_a_chart_is_drawn(name: str, size: tuple[int, int], opened: Open) -> None:
    """Or whoever is about to click something below a chart clicks beside it."""
    page = opened(name, size)
    heights = "[...document.querySelectorAll('section')].map((one) => [one.id, one.getBoundingClientRect().height])"
    before = page.evaluate(heights)
    assert page.evaluate("window.Plotly") is None
    draw_all(page)
    page.locator("#spread .main-svg").first.wait_for()
    assert page.evaluate(heights) == before


def column(page: Page, leaderboard: int, heading: str) -> list[str]:
    """What a column of a leaderboard is sorted by, from top to bottom."""
    table = page.locator(".leaderboard table").nth(leaderboard)
    heads = table.locator("thead th").all_inner_texts()
    place = next(number for number, text in enumerate(heads) if text.startswith(heading))
    script = "(rows, place) => rows.map((row) => row.cells[place].dataset.sort ?? row.cells[place].textContent.trim())"
    return list(table.locator("tbody tr").evaluate_all(script, place))


def test_a_leaderboard_is_sorted_by_any_column(opened: Open) -> None:
    page = opened("before-recipe")
    head = page.locator(".leaderboard table").first.get_by_role("columnheader", name="Predictive score")
    for way in ("ascending", "descending"):
        head.get_by_role("button").click()
        values = [float(word) for word in column(page, 0, "Predictive")]
        assert values == sorted(values, reverse=way == "descending")
        assert head.get_attribute("aria-sort") == way
    page.locator(".leaderboard table").first.get_by_role("button", name="seeds").click()
    assert head.get_attribute("aria-sort") is None
    assert column(page, 0, "seeds")[-1] == ""  # of series of known quality, which have none
    page.locator(".leaderboard table").first.get_by_role("button", name="loss").click()
    names = column(page, 0, "loss")
    assert names == sorted(names)


def test_tables_are_filtered_by_data_cell_and_score(opened: Open) -> None:
    page = opened("cells")
    leaderboards = page.locator(".leaderboard:visible")
    assert leaderboards.count() == 2
    page.locator("#filter-cell").select_option("lstm")
    assert leaderboards.locator("caption").all_inner_texts() == ["sines, lstm"]
    assert page.locator(".verdicts tbody tr:visible").count() == 9
    assert page.locator(".run:visible").count() == 50
    assert page.locator("#filtered").inner_text() == "50 of 100 runs hidden"
    page.locator("#filter-cell").select_option("")
    assert page.locator(".run:visible").count() == 100
    main = leaderboards.first.locator("thead th:visible").count()
    page.locator("#filter-score").select_option("all")
    assert leaderboards.first.locator("thead th:visible").count() > main
    page.locator("#filter-score").select_option("coverage")
    assert leaderboards.first.locator("thead th:visible").all_inner_texts() == ["loss", "seeds", "diverged", "Coverage"]


def test_curves_are_chosen_smoothed_and_put_on_a_logarithmic_scale(opened: Open) -> None:
    page = opened("before-recipe")
    draw_all(page)
    assert page.evaluate(f"{TRACES}.length") == 20  # a band and a mean for each of ten losses
    page.locator("#curve-losses").get_by_label("wgan").uncheck()
    assert page.evaluate(f"{TRACES}.length") == 18
    page.get_by_label("every seed").check()
    assert page.evaluate(f"{TRACES}.length") == 27
    page.get_by_label("every seed").uncheck()
    page.get_by_label("What").select_option("g_loss")
    assert page.evaluate("document.getElementById('curve-chart').layout.yaxis.title.text") == "g_loss"
    rough = spread_of_means(page)
    page.get_by_label("Smoothed over").fill("20")
    assert page.locator("#curve-smooth-rows").inner_text() == "21 rows"
    assert spread_of_means(page) < rough / 2
    page.get_by_label("logarithmic").check()
    assert page.evaluate("document.getElementById('curve-chart').layout.yaxis.type") == "log"
    page.locator("#curve-place").select_option("stocks, gru")
    assert page.evaluate(f"{TRACES}.length") == 18  # what was unticked stays so
    page.get_by_text("The last values as a table").click()
    assert page.locator("#curve-table tbody tr").count() == 9


def test_an_axis_leaves_far_values_out_and_says_so(opened: Open) -> None:
    """In the first rows `kld` lies far above all later ones, of which nothing could be seen beside it."""
    page = opened("before-recipe")
    draw_all(page)
    limits = "document.getElementById('curve-chart').layout.yaxis.range"
    most = page.evaluate(f"Math.max(...{TRACES}.flatMap((trace) => trace.y))")
    assert page.evaluate(limits)[1] < most / 2
    assert "tick “far values too”" in page.locator("#curve-note").inner_text()
    page.get_by_label("far values too").check()
    assert page.evaluate(limits)[1] >= most
    assert "far values" not in page.locator("#curve-note").inner_text()


def spread_of_means(page: Page) -> float:
    """How far the first loss's mean moves from row to row."""
    values = page.evaluate(f"{TRACES}.filter((trace) => trace.hovertemplate)[0].y")
    return float(np.abs(np.diff(values)).mean())


def test_a_mean_is_the_mean_of_its_seeds(opened: Open) -> None:
    """Against the histories themselves, with numpy."""
    page = opened("before-recipe")
    draw_all(page)
    shown = page.evaluate(f"{TRACES}.find((trace) => trace.name === 'igan' && trace.hovertemplate)")
    folders = published("before-recipe", "igan-gru-sines")
    values = np.array([[row["d_loss"] for _, row in folder.history()] for folder in folders])
    assert len(folders) == 3
    np.testing.assert_allclose(shown["y"], values.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(np.array(shown["customdata"]).T, [values.min(axis=0), values.max(axis=0)], rtol=1e-4)


def test_hovering_over_a_curve_shows_its_values(opened: Open) -> None:
    page = opened("before-recipe")
    draw_all(page)
    for box in page.locator("#curve-losses input").all()[1:]:
        box.uncheck()
    page.locator("#curve-chart").scroll_into_view_if_needed()
    trace = page.evaluate(f"{TRACES}[1]")
    place = page.evaluate(
        """([x, y]) => {
          const chart = document.getElementById("curve-chart"), box = chart.getBoundingClientRect();
          const { xaxis, yaxis } = chart._fullLayout;
          return [box.x + xaxis._offset + xaxis.l2p(x), box.y + yaxis._offset + yaxis.l2p(y)];
        }""",
        [trace["x"][9], trace["y"][9]],
    )
    page.mouse.move(place[0] - 5, place[1])
    page.mouse.move(*place)
    hover = page.locator("#curve-chart .hovertext").text_content()
    assert hover is not None
    assert re.search(r"bce.*step 200: .*, from .* to ", hover)


def test_series_are_picked_by_loss_and_seed(opened: Open, reports: dict[str, Path]) -> None:
    page = opened("cells")
    draw_all(page)
    first = page.evaluate("document.getElementById('series-made').data[0].y")
    page.locator("#series-loss").select_option("wgan")
    seed = page.locator("#series-seed option").all_inner_texts()[-1]
    assert seed != "0"
    page.locator("#series-seed").select_option(seed)
    assert page.locator("#series-caption").inner_text() == f"wgan, seed {seed}"
    second = page.evaluate("document.getElementById('series-made').data[0].y")
    dataset, cell = page.locator("#series-place").input_value().split(", ")
    start = f"wgan-{cell}-{dataset}-s{seed}-"
    (folder,) = (run for run in SweepFolder(reports["cells"].parent).runs() if run.path.name.startswith(start))
    np.testing.assert_allclose(second, folder.samples().series[0, :, 0], rtol=1e-3, atol=1e-6)
    assert first != second


def test_series_are_picked_by_place_and_feature(opened: Open) -> None:
    """Of a published copy, which has series of the first seed alone."""
    page = opened("before-recipe")
    draw_all(page)
    assert page.locator("#series-seed option").all_inner_texts() == ["0"]
    page.locator("#series-loss").select_option("wgan")
    page.locator("#series-place").select_option("stocks, gru")
    page.locator("#series-feature").select_option(index=1)
    assert page.locator("#series-caption").inner_text() == "wgan, seed 0"
    real, made = (page.evaluate(f"document.getElementById('series-{side}').layout.yaxis.range") for side in SIDES)
    assert real == made  # or they could not be compared


def test_pictures_are_picked_by_label_and_code(opened: Open) -> None:
    page = opened("digits-codes")
    draw_all(page)
    assert page.locator("#series-real canvas").count() == 8
    page.locator("#series-loss").select_option("cgan")
    name = page.locator("#series-grid option").all_inner_texts()[1]
    page.locator("#series-grid").select_option(name)
    page.locator("#series-value").select_option(index=3)
    value = page.locator("#series-value").input_value()
    assert page.locator("#series-caption").inner_text() == f"cgan, seed 0, {name} = {value}"
    (folder,) = published("digits-codes", "cgan")
    drawn = page.locator("#series-made canvas")
    grid = folder.samples().grids[name].series
    assert drawn.count() == min(3, grid.shape[1])
    pixels = drawn.first.evaluate(
        """(canvas) => {
          const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return [...all].filter((_, place) => place % 4 === 0);
        }"""
    )
    expected = grid[3, 0]
    correlation = np.corrcoef(np.array(pixels), expected.ravel())[0, 1]
    assert correlation > 0.999  # the same picture, upright


def test_pictures_give_way_to_lines_and_come_back(opened: Open) -> None:
    page = opened("mixed")
    draw_all(page)
    for place, shown, gone in (("sines, gru", ".main-svg", "canvas"), ("digits, gru", "canvas", ".main-svg")) * 2:
        page.locator("#series-place").select_option(place)
        for side in SIDES:
            page.locator(f"#series-{side} {shown}").first.wait_for()
            assert page.locator(f"#series-{side} {gone}").count() == 0


def test_scores_are_picked(opened: Open) -> None:
    page = opened("cells")
    draw_all(page)
    page.locator("#spread-score").select_option("recall")
    assert "higher is better" in page.locator("#spread-caption").inner_text()
    drawn = page.evaluate("document.getElementById('spread-chart').data.map((trace) => trace.y.length)")
    runs = json.loads(page.locator("#facts").text_content() or "")["runs"]
    assert sum(drawn) == sum((run["place"], run["state"]) == ("sines, gru", "done") for run in runs)


def test_colours_follow_the_system_and_the_reader(opened: Open) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light, dark = (opened("before-recipe", color_scheme=scheme) for scheme in ("light", "dark"))
    assert light.evaluate(background) == "rgb(255, 255, 255)"
    assert dark.evaluate(background) == "rgb(22, 22, 22)"
    draw_all(light)
    ink = light.evaluate("document.getElementById('curve-chart').layout.font.color")
    light.locator("#theme").select_option("dark")
    assert light.evaluate(background) == "rgb(22, 22, 22)"
    assert light.evaluate("document.getElementById('curve-chart').layout.font.color") != ink


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("name", ["before-recipe", "digits-codes"])
def test_axe_finds_nothing(name: str, size: tuple[int, int], scheme: str, opened: Open) -> None:
    page = opened(name, size, color_scheme=scheme)
    draw_all(page)
    page.locator(".run summary").first.click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_keys_are_enough(opened: Open) -> None:
    page = opened("before-recipe")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_url("**#answer")  # the browser reports a jump within a page after the key is done
    button = page.locator(".leaderboard table").first.get_by_role("button", name="Predictive score")
    button.focus()
    page.keyboard.press("Enter")
    assert column(page, 0, "Predictive") == sorted(column(page, 0, "Predictive"), key=float)
    page.locator(".run summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".run").first.get_attribute("open") is not None


def test_a_command_is_copied(opened: Open) -> None:
    page = opened("before-recipe", permissions=["clipboard-read", "clipboard-write"])
    page.locator(".run summary").first.click()
    page.locator(".run").first.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("rnngan sweep --losses bce")


def test_print_shows_tables_and_no_controls(opened: Open) -> None:
    page = opened("before-recipe", color_scheme="dark")
    draw_all(page)
    page.emulate_media(media="print")
    assert page.locator("nav:visible, select:visible, .copier:visible").count() == 0
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.locator(".leaderboard table").first.is_visible()
    assert len(page.pdf(format="A4")) > 50_000


def test_paper_has_every_chart_and_its_legend(opened: Open) -> None:
    """Also of a dark page that nobody scrolled through; afterwards it is what it was."""
    page = opened("before-recipe", color_scheme="dark")
    ink = "document.getElementById('curve-chart').layout?.font.color"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})  # of A4, less the margins
    assert page.evaluate(ink) == "#1a1a1a"
    assert page.locator("#curve-losses label:visible").count() == 10
    for chart in ("curve-chart", "series-real", "series-made", "spread-chart"):
        drawn, place = (page.locator(f"#{chart}{part}").first.bounding_box() for part in (" .main-svg", ""))
        assert drawn is not None and place is not None
        assert drawn["x"] + drawn["width"] <= 718
        assert drawn["height"] <= place["height"]  # nothing is printed over what follows
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(ink) == "#ececec"
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_what_strangers_wrote_does_nothing(tmp_path: Path, opened: Open) -> None:
    page = opened(write_report(write_strangers_sweep(tmp_path / "sweep", HOSTILE)).path)
    draw_all(page)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert HOSTILE in page.locator("#unwell").inner_text()
    assert page.locator("#series-real .ytitle").text_content() == HOSTILE
