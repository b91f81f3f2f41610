"""One HTML file that tells all of a sweep and needs nothing else: no network, no program, no folder beside it.

facts.py     what is told, read once from the sweep's folder
curves.py    curves and series as few enough numbers
recipe.py    the command that makes a run again
page.py      the file: page.html.j2 filled in (Jinja2), page.css, page.js and plotly.js put into it
"""

from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.evaluation.metrics import SORT_BY
from rnngan_cli.results.report.facts import gather
from rnngan_cli.results.report.page import page
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.atomic import check_target, write_text

REPORT_NAME = "report.html"


@dataclass(frozen=True)
class WrittenReport:
    """What `write_report` made.

    Attributes:
        path: the file.
        notes: a line for everything that was left out, and why.
    """

    path: Path
    notes: tuple[str, ...]


def write_report(
    sweep: SweepFolder, score: str = SORT_BY, baseline: str | None = None, output: Path | None = None
) -> WrittenReport:
    """Writes the report of a sweep; the same results give the same bytes.

    Args:
        sweep: its folder.
        score: what losses are compared by.
        baseline: what they are compared with; None: a run's default if it is there, or else the first.
        output: the file; None: `report.html` in the sweep's folder.

    Raises:
        UserError: some run has scores, and the score or the baseline is unknown; or no such file can be written.
        EnvironmentFaultError: the disk refused.
    """
    path = output or sweep.path / REPORT_NAME
    check_target(path, (".html", ".htm"))
    facts = gather(sweep, score, baseline)
    write_text(path, page(facts))
    return WrittenReport(path, tuple(facts.notes))
