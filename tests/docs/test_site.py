"""The site of the documentation: it builds, its links work, and it fetches nothing from the network."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from rnngan_cli.losses import VARIANTS
from tests.support.places import ROOT

FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
"""Attributes whose targets a browser fetches when a page is opened, by tag."""


class Html(HTMLParser):
    """The anchors, links and fetched files of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        self.places |= {facts[name] for name in ("id", "name") if name in facts}
        if tag == "a" and "href" in facts:
            self.links.append(facts["href"])
        if FETCHED.get(tag) in facts and facts.get("rel") not in ("canonical", "next", "prev", "edit"):
            self.fetched.append(facts[FETCHED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(ROOT / "mkdocs.yml")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run([*command, "-d", str(path)], capture_output=True, text=True, env=environment, check=False)
    assert built.returncode == 0 and "WARNING" not in built.stderr, built.stderr
    return path


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Html]:
    return {path: Html(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_docs_is_in_it(pages: dict[Path, Html], site: Path) -> None:
    names = {str(path.relative_to(site)) for path in pages}
    written = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in ROOT.glob("docs/**/*.md")}
    assert written <= names and {"changelog.html", "contributing.html", "study-design.html"} <= names
    assert {f"losses/{name}.html" for name in VARIANTS} <= names


def test_every_link_and_picture_is_there(pages: dict[Path, Html]) -> None:
    checked = 0
    for path, page in pages.items():
        for link in [*page.links, *page.fetched]:
            parts = urlsplit(link)
            if parts.scheme or path.name == "404.html":  # its links are absolute on a server
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{path.name}: {link}"
            if parts.fragment and target in pages and not parts.fragment.startswith("__"):
                assert unquote(parts.fragment) in pages[target].places, f"{path.name}: {link}"
            checked += 1
    assert checked > 1000  # the pages were visited


def test_no_page_asks_for_anything_from_the_network(pages: dict[Path, Html], site: Path) -> None:
    for path, page in pages.items():
        assert [link for link in page.fetched if urlsplit(link).scheme or link.startswith("//")] == [], path.name
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert styles
    for style in styles:
        assert not re.findall(r"(?:url\(|@import\s+)[\"']?(?:https?:)?//", style)


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    """Builds copies of the pages with a broken link to a page, to an anchor and to a picture."""
    for name in ("docs", "mkdocs.yml", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    for folder in ("experiments", "results"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    page = tmp_path / "docs" / "cite.md"
    text = page.read_text(encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(tmp_path / "mkdocs.yml")]
    for link in ("nowhere.md", "data.md#nowhere", "../results/nowhere.png"):
        page.write_text(f"{text}\n[a link]({link})\n", encoding="utf-8")
        built = subprocess.run([*command, "-d", str(tmp_path / "site")], capture_output=True, text=True, check=False)
        assert built.returncode == 1 and "nowhere" in built.stderr, link
