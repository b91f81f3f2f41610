"""How long a report takes to open in a browser: `python -m benchmarks.opening` (needs chromium).

Times run from opening the file to the load event and to the first chart, which is drawn when scrolled into view; each
measurement uses a new browser context.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.synthetic import write_sweep
from rnngan_cli.results.report import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def opening(browser: "Browser", report: Path) -> tuple[float, float]:
    """Returns the seconds to the load event and to the first chart."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    started = time.perf_counter()
    page.goto(report.as_uri())
    loaded = time.perf_counter() - started
    page.locator("#curves").scroll_into_view_if_needed()
    page.locator("#curve-chart .main-svg").first.wait_for()
    drawn = time.perf_counter() - started
    context.close()
    return loaded, drawn


def main() -> None:
    """Prints a line for each number of runs."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m benchmarks.opening", description="How long a report opens.")
    parser.add_argument("--runs", type=int, nargs="+", default=[60, 600], help="multiples of 20")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, NAMES)))
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        for num_runs in asked.runs:
            report = write_report(write_sweep(Path(folder) / f"{num_runs}", num_runs)).path
            loaded, drawn = zip(*(opening(browser, report) for _ in range(asked.rounds)), strict=True)
            print(  # noqa: T201
                f"{num_runs} runs, {report.stat().st_size / 2**20:.1f} MiB: loaded after {median(loaded):.2f} s "
                f"({min(loaded):.2f} to {max(loaded):.2f}), first chart after {median(drawn):.2f} s "
                f"({min(drawn):.2f} to {max(drawn):.2f})"
            )
        browser.close()


if __name__ == "__main__":
    main()
