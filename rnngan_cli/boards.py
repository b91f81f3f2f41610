"""Leaderboards as text: Markdown, and tables for a terminal, with how to read them."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rnngan_cli.evaluation.metrics import METRICS

if TYPE_CHECKING:
    import pandas as pd

SORT_BY = "sliced_wasserstein"
"""Orders the leaderboard: it does not saturate, as a judge does that tells every generator from the data."""
TELLING_SHARE = 0.1
"""A score tells real series from noise if the ceiling is worse than the floor by this share of the larger one."""


def places(board: "pd.DataFrame") -> list[tuple[str, str]]:
    """Every data set and cell of a board."""
    return list(board[["dataset", "cell"]].drop_duplicates().itertuples(index=False, name=None))


def tells_apart(floor: float, ceiling: float) -> bool:
    """Whether noise is worse than real series by more than `TELLING_SHARE` of the larger of the two.

    >>> tells_apart(0.1, 0.5), tells_apart(0.5, 0.52)
    (True, False)
    """
    return ceiling - floor > TELLING_SHARE * max(abs(floor), abs(ceiling))


def blind_scores(board: "pd.DataFrame") -> dict[str, list[str]]:
    """For every group of a board, the shown scores that do not tell real series from noise there."""
    found: dict[str, list[str]] = {}
    for dataset, cell in places(board):
        rows = board[(board["dataset"] == dataset) & (board["cell"] == cell) & (board["kind"] == "calibration")]
        edges = [rows[rows["loss"] == name] for name in ("floor", "ceiling")]
        if not all(len(edge) for edge in edges):
            continue
        for name in shown_scores(board):
            floor, ceiling = (float(METRICS[name].badness(edge[f"{name}_mean"].to_numpy())[0]) for edge in edges)
            if not tells_apart(floor, ceiling):
                found.setdefault(f"{dataset}, {cell}", []).append(METRICS[name].title)
    return found


def shown_scores(board: "pd.DataFrame") -> list[str]:
    """The scores a leaderboard shows to a reader: the primary ones it has."""
    return [name for name, metric in METRICS.items() if metric.primary and f"{name}_mean" in board.columns]


def text_rows(board: "pd.DataFrame") -> "Iterator[tuple[str, list[str]]]":
    """For every row of a leaderboard, `data set, cell` and its words: loss, seeds, diverged, then mean ± half-width."""
    for _, row in board.iterrows():
        calibration = row.get("kind") == "calibration"
        counts = ["-", "-"] if calibration else [str(int(row["num_seeds"])), str(int(row["num_diverged"]))]
        words = [f"({row['loss']})" if calibration else str(row["loss"]), *counts]
        yield (
            f"{row['dataset']}, {row['cell']}",
            [*words, *(_mean_and_interval(row, name) for name in shown_scores(board))],
        )


def headings(board: "pd.DataFrame") -> list[str]:
    """Column titles of `text_rows`."""
    return ["loss", "seeds", "diverged", *(METRICS[name].title for name in shown_scores(board))]


EXPLANATION = (
    f"Means over seeds ± half the width of the 95 % interval (Student t over seeds). Lower is better in every column. "
    f"Sorted by {METRICS[SORT_BY].title.lower()}; an order is no proof: see `rnngan compare`."
)


CALIBRATION = (
    "series of known quality: floor, real training series; ceiling, noise; between them noisy copies (bootstrap), a "
    "fitted normal distribution, real series with their steps shuffled, an untrained generator."
)


def markdown(board: "pd.DataFrame") -> str:
    """The leaderboard as Markdown, a table for each data set and cell."""
    lines: list[str] = []
    group = None
    for name, words in text_rows(board):
        if name != group:
            group = name
            titles = headings(board)
            lines += ["", f"**{name}**", "", f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}"]
        lines.append(f"| {' | '.join(words)} |")
    return "\n".join([*lines[1:], "", explanation(board), ""]) if lines else "No run has ended.\n"


def explanation(board: "pd.DataFrame", where: str = "In brackets") -> str:
    """How to read a leaderboard; `where` says how series of known quality are set apart."""
    if "kind" not in board.columns or not (board["kind"] == "calibration").any():
        return EXPLANATION
    blind = [f"{', '.join(names)} on {group}" for group, names in blind_scores(board).items()]
    warning = f" Does not tell real series from noise: {'; '.join(blind)}." if blind else ""
    return f"{EXPLANATION} {where}, {CALIBRATION}{warning}"


def render(board: "pd.DataFrame") -> None:
    """Prints the leaderboard, a table for each data set and cell, narrow enough for 80 columns."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    tables: dict[str, Table] = {}
    for name, words in text_rows(board):
        if name not in tables:
            tables[name] = Table(
                title=name,
                title_justify="left",
                box=box.SIMPLE_HEAD,
                padding=(0, 1, 0, 0),
                show_edge=False,
                pad_edge=False,
            )
            for number, title in enumerate(["loss", "di-verged", *(_narrow(one) for one in shown_scores(board))]):
                tables[name].add_column(title.replace("-", "-\n"), justify="right" if number else "left", no_wrap=True)
        loss, seeds, diverged, *scores = words
        share = "" if seeds == "-" else f"{diverged} of {int(seeds) + int(diverged)}"
        if not share and not any(row.end_section for row in tables[name].rows):
            tables[name].add_section()
        tables[name].add_row(loss.strip("()").replace(" ", "\n"), share, *(_short(score) for score in scores))
    for table in tables.values():
        console.print(table)
    console.print(explanation(board, "Below the gap"), markup=False, highlight=False)


def _short(score: str) -> str:
    """A mean and its half-width in few letters, so that five scores fit into 80 columns.

    >>> _short("0.422 ± 0.175"), _short("2.000 ± 2.484")
    ('0.422±.175', '2.000±2.484')
    """
    return score.replace(" ± 0.", "±.").replace(" ± ", "±")


def _narrow(score: str) -> str:
    """A score's title for a column of a terminal: its first words, broken after eleven letters."""
    title = METRICS[score].title.replace(" score", "").replace(" distance", "").replace(" difference", "")
    return "\n".join(f"{word[:9]}-{word[9:]}" if len(word) > 11 else word for word in title.split())


def _mean_and_interval(row: "pd.Series[Any]", name: str) -> str:
    mean, high = float(row[f"{name}_mean"]), float(row[f"{name}_high"])
    if math.isnan(mean):
        return "-"
    return f"{mean:.3f}" if math.isnan(high) else f"{mean:.3f} ± {high - mean:.3f}"
