"""Measures what each score sees: `make reliability`.

Real series of the built-in data sets are damaged by degrees, as by `rnngan evaluate --self-check`. Written are the
table that the package reads (rnngan_cli/evaluation/reliability.csv), and a page and a picture in results/reliability.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rnngan_cli import data
from rnngan_cli.config import DataConfig
from rnngan_cli.evaluation import reliability
from rnngan_cli.evaluation.damages import DAMAGES
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.evaluation.reliability import CHECKED, PUBLISHED_FILE, SEEN, Reliability, by_score, reliabilities
from rnngan_cli.results.figures import style
from rnngan_cli.system.atomic import write_bytes, write_text
from rnngan_cli.system.text import markdown_table

HERE = Path("results/reliability")


def csv_text(rows: Sequence[Reliability]) -> str:
    """The table that the package reads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["dataset", "damage", "score", "share"])
    writer.writerows([row.dataset, row.damage, row.score, f"{row.share:.4f}"] for row in rows)
    return text.getvalue()


def page(rows: Sequence[Reliability]) -> str:
    """The tables of all data sets, and of each."""
    parts = ["# What each score sees", "", *_table(by_score(rows))]
    for name in CHECKED:
        parts += ["", f"## {name}", "", *_table(by_score([row for row in rows if row.dataset == name]))]
    return "\n".join([*parts, ""])


def _table(scores: Mapping[str, Mapping[str, float]]) -> list[str]:
    damages = [damage.name for damage in DAMAGES if any(damage.name in shares for shares in scores.values())]
    lines = [
        [f"`{score}`", *(f"{shares[name]:.2f}" if name in shares else "-" for name in damages)]
        for score, shares in scores.items()
    ]
    return markdown_table(["score", *damages], lines)


def picture(rows: Sequence[Reliability]) -> bytes:
    """Draws scores by damages, over all data sets, as cells whose shade is the reliability; returns an SVG."""
    scores = by_score(rows)
    damages = [damage.name for damage in DAMAGES]
    table = np.array([[shares.get(name, np.nan) for name in damages] for shares in scores.values()])
    figure = style.new_figure(
        0.27 * len(scores) + 1.2,
        "What each score sees: the share of grades of damage in the right order",
        f"Real series of {', '.join(CHECKED)}, damaged by degrees; mean over data sets",
        f"1: every grade is told from the next; 0.5: blind. White below {SEEN:g}. Bold: scores of the first table.",
        legend=False,
    )
    axes = figure.subplots()
    axes.imshow(np.where(table < SEEN, np.nan, table), cmap="Blues", vmin=0.5, vmax=1.15, aspect="auto")
    for place, row in enumerate(table):
        for column, value in enumerate(row):
            if not np.isnan(value):
                axes.text(column, place, f"{value:.2f}", ha="center", va="center", fontsize=7, color=style.INK)
    axes.set_xticks(range(len(damages)), damages, rotation=40, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(range(len(scores)), [METRICS[name].title for name in scores], fontsize=8)
    for label, name in zip(axes.get_yticklabels(), scores, strict=True):
        label.set_fontweight("bold" if METRICS[name].primary else "normal")
    axes.grid(False)
    axes.tick_params(length=0)
    return style.rendered(figure, ("svg",))["svg"]


def main() -> None:
    """Measures on all data sets and writes."""
    rows: list[Reliability] = []
    for name in CHECKED:
        rows += reliabilities(data.load(DataConfig(name=name)), print)
    HERE.mkdir(parents=True, exist_ok=True)
    write_text(Path(reliability.__file__).with_name(PUBLISHED_FILE), csv_text(rows))
    write_text(HERE / "reliability.md", page(rows))
    with style.look():
        write_bytes(HERE / "reliability.svg", picture(rows))


if __name__ == "__main__":
    main()
