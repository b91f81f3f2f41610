"""Takes the pictures of README.md and docs/: the report of results/benchmark in a browser, and a command in a terminal.

Run it as `python docs/screenshots.py` (`make screenshots`); it needs chromium. A picture that looks like the existing
one is not replaced, so another version of the browser changes no file.
"""

import html
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from rnngan_cli.results.report import write_report
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.atomic import write_bytes

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE = {"width": 1200, "height": 800}
DIFFERENT, SHARE = 40, 0.002
"""A picture counts as changed if more than `SHARE` of its pixels differ by more than `DIFFERENT` of 255 grey levels."""
TERMINAL = """<style>
body { margin: 0 }
pre { margin: 0; padding: 20px; width: max-content; background: #1e1e1e; color: #e6e6e6;
  font: 15px/1.4 "DejaVu Sans Mono" }
</style>
<pre>$ COMMAND
TEXT</pre>"""


def pictures(page: Page, report: Path) -> Iterator[tuple[str, bytes]]:
    """Yields every picture with its name."""
    page.set_viewport_size(WIDE)
    page.goto(report.as_uri())
    yield "report", page.screenshot()
    page.locator("#leaderboard").scroll_into_view_if_needed()
    yield "leaderboard", page.locator(".leaderboard").first.screenshot()
    command = "rnngan compare results/benchmark"
    said = subprocess.run(
        [sys.executable, "-m", *_module(command)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    first = said.stdout.split("\nsines, gru ")[0]  # the table of the second data set
    page.set_content(TERMINAL.replace("COMMAND", command).replace("TEXT", html.escape(first)))
    yield "compare", page.locator("pre").screenshot()


def _module(command: str) -> list[str]:
    return command.replace("rnngan", "rnngan_cli", 1).split()


def main() -> None:
    """Writes the pictures that differ visibly from the existing ones."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        copy = Path(folder) / "benchmark"  # a report rewrites the derived tables of its sweep
        shutil.copytree(ROOT / "results" / "benchmark", copy, ignore=shutil.ignore_patterns("figures"))
        report = write_report(SweepFolder(copy)).path
        path = next(filter(None, map(shutil.which, NAMES)))
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        for name, taken in pictures(browser.new_page(), report):
            target = IMAGES / f"{name}.png"
            if not target.exists() or differ(target.read_bytes(), taken):
                write_bytes(target, small(taken))
                print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1024:.0f} KiB")  # noqa: T201
        browser.close()


def small(picture: bytes) -> bytes:
    """The picture with 256 colours, rare ones kept: the dots of losses are small."""
    buffer = BytesIO()
    Image.open(BytesIO(picture)).convert("RGB").quantize(
        256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    ).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def differ(old: bytes, new: bytes) -> bool:
    """Whether two pictures, given as the bytes of their files, differ visibly."""
    first, second = (np.asarray(Image.open(BytesIO(each)).convert("L"), np.int16) for each in (old, new))
    return first.shape != second.shape or bool((abs(first - second) > DIFFERENT).mean() > SHARE)


if __name__ == "__main__":
    main()
