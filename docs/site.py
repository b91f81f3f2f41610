"""Hooks of `mkdocs build` that add files outside docs/ to which the pages link.

The pages are written to be read in the repository, with links such as `../results/...svg`. The hooks copy each such
file into the site, under repository/, and redirect the link. A broken link stays as it is, so that the strict build
reports it.
"""

import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "license.md": "LICENSE",
    "study-design.md": "experiments/study/README.md",
}
"""Pages of the site whose sources lie outside docs/, by the name of the page."""
OTHER_NAMES = {"README.md": "docs/index.md", **{source: f"docs/{page}" for page, source in OUTSIDE.items()}}
LINK = re.compile(r"(\]\()((?!\w+:|#|/)[^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that lie outside docs/, and every file of the repository to which a page links."""
    for page, source in OUTSIDE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    for file in list(files.documentation_pages()):
        for _, link in LINK.findall(file.content_string):
            target = _target(file.src_uri, link)
            uri = f"repository/{target}"
            if not target.startswith("docs/") and (ROOT / target).is_file() and uri not in files.src_uris:
                files.append(File.generated(config, uri, abs_src_path=str(ROOT / target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Redirects links to the places of these files in the site."""
    del config, files
    here = os.path.dirname(page.file.src_uri)  # noqa: PTH120 - an address, not a path

    def lead(match: re.Match[str]) -> str:
        target = _target(page.file.src_uri, match[2])
        if not target.startswith("docs/"):
            target = f"docs/repository/{target}" if (ROOT / target).is_file() else target
        return match[1] + os.path.relpath(target, f"docs/{here}")

    return LINK.sub(lead, markdown)


def _target(page: str, link: str) -> str:
    """The target of a link on a page, as a path relative to the root of the repository."""
    base = os.path.dirname(OUTSIDE.get(page, f"docs/{page}"))  # noqa: PTH120 - as above
    target = os.path.normpath(f"{base}/{link}" if base else link)
    return OTHER_NAMES.get(target, target)
