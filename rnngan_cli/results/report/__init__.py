"""A report of a sweep in one HTML file that needs no network, no program and no other file.

facts.py                 the content of the report, read once from the folder of the sweep
leaderboard_tables.py    the leaderboard as the page shows it
charts.py                loss curves and series, reduced to few numbers
shapes.py                the shapes of the JSON that the scripts read
recipe.py                the command that repeats a run
page.py                  the file: page.html.j2 filled in by Jinja2, with page.css, the scripts *.js and plotly.js
"""

from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.results.report.facts import gather
from rnngan_cli.results.report.page import Foreword, page
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.atomic import check_target, write_text

REPORT_NAME = "report.html"


@dataclass(frozen=True)
class WrittenReport:
    """A report that was written.

    Attributes:
        path: the file.
        notes: a line for everything that is left out, with the reason.
    """

    path: Path
    notes: tuple[str, ...]


def write_report(
    sweep: SweepFolder,
    score: str | None = None,
    baseline: str | None = None,
    output: Path | None = None,
    foreword: Foreword | None = None,
) -> WrittenReport:
    """Writes the report of a sweep; the same results give the same bytes.

    Args:
        sweep: the sweep.
        score: the score that losses are compared by; None for the one that orders leaderboards.
        baseline: the loss that the rest is compared with; None is the default of a run if the sweep has it, else the
            first by name.
        output: the file to write; None is `report.html` in the folder of the sweep.
        foreword: what comes before the answer of the sweep, if it is part of a larger whole.

    Raises:
        UserError: the score or the baseline is unknown (if any run has scores), or the file cannot be written there.
        EnvironmentFaultError: the disk refused a write.
    """
    path = output or sweep.path / REPORT_NAME
    check_target(path, (".html", ".htm"))
    facts = gather(sweep, score, baseline)
    write_text(path, page(facts, foreword))
    return WrittenReport(path, tuple(facts.notes))
