"""What a report shows of a sweep, read once, as plain values that both the page and its charts are made from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.config import ENDED, RunState
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.evaluation.metrics import JUDGE_SD, METRICS, SORT_BY
from rnngan_cli.results.cautions import board_places, cautions
from rnngan_cli.results.comparison import Compared, compared_tables
from rnngan_cli.results.derived import refresh
from rnngan_cli.results.figures.style import COLOURS, loss_style
from rnngan_cli.results.groups import Reference, ordered, read_reference, read_samples
from rnngan_cli.results.leaderboard_text import explanation, second_scores, shown_scores
from rnngan_cli.results.report.charts import MOST_SERIES, Room, finite, history_facts, reference_facts, sample_facts
from rnngan_cli.results.report.recipe import recipe
from rnngan_cli.results.runs_table import score_names
from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.store.schemas import plain
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system.text import command_line

if TYPE_CHECKING:
    import pandas as pd


_DASHES = ("solid", "dash", "dot")


@dataclass
class Facts:
    """Of one sweep.

    Attributes:
        name: of its folder.
        compared: verdicts and aggregates; None while no run has scores.
        board: the leaderboard.
        runs: a row a run.
        details: of every run, by its folder's name: config, provenance, command.
        charts: what is drawn, ready for JSON.
        sweep: the resolved sweep, ready for JSON; empty if it cannot be read.
        notes: a line for everything that was left out, and why.
    """

    name: str
    compared: Compared | None
    board: "pd.DataFrame"
    runs: "pd.DataFrame"
    details: dict[str, dict[str, Any]]
    charts: dict[str, Any]
    sweep: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def gather(sweep: SweepFolder, score: str = SORT_BY, baseline: str | None = None) -> Facts:
    """Reads a sweep; its derived tables are made anew.

    Args:
        sweep: its folder.
        score: what losses are compared by.
        baseline: what they are compared with; None: a run's default if it is there, or else the first.

    Raises:
        UserError: some run has scores, and the score or the baseline is unknown.
    """
    runs, board, damage = refresh(sweep)
    found = None if board.empty else compared_tables(sweep, (runs, board, damage), score, baseline)
    notes = list(damage)
    details, charts = _of_runs(sweep, runs, notes)
    charts |= {"score": score, "scores": _score_facts(runs), "losses": _loss_facts(list(runs["loss"]))}
    try:
        config = sweep.config()
        plan(config)
        resolved = config.model_dump(mode="json")
    except (DamagedFileError, UserError) as error:
        notes.append(f"how to make the whole sweep again: left out, {error}")
        resolved = {}
    return Facts(sweep.path.resolve().name, found, board, runs, details, charts, resolved, notes)


def _title(dataset: object, cell: object) -> str:
    return f"{dataset}, {cell}"


def _of_runs(
    sweep: SweepFolder, runs: "pd.DataFrame", notes: list[str]
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Details of every run, and what is drawn of them: first seeds first, should there not be room for all."""
    room, details = Room(), {}
    references: dict[str, Reference | None] = {}
    charts: dict[str, Any] = {"runs": [], "references": {}}
    for (dataset, cell), rows in runs.groupby(["dataset", "cell"], sort=False):
        title = _title(dataset, cell)
        references[title] = reference = read_reference(sweep, rows, notes)
        if reference is not None:
            charts["references"][title] = reference_facts(reference, room)
    num_series = _series_a_run(references, len(runs))
    left_out = 0
    for _, row in runs.sort_values("seed", kind="stable").iterrows():
        folder, title = RunFolder(sweep.path / "runs" / str(row["folder"])), _title(row["dataset"], row["cell"])
        details[str(row["folder"])] = _details(folder, row, notes)
        one: dict[str, Any] = {name: row[name] for name in ("loss", "folder", "reason")}
        one |= {"place": title, "state": row["status"], "seed": int(row["seed"]), "step": int(row["step"])}
        one["scores"] = {name: finite(row[name]) for name in score_names(runs) if name in METRICS}
        one["history"] = _history(folder, row, len(runs), notes)
        drawn = read_samples(sweep, row, references[title], notes) if row["status"] == RunState.DONE else None
        one["samples"] = sample_facts(drawn, room, num_series) if drawn else None
        left_out += bool(drawn and not one["samples"]["series"])
        charts["runs"].append(one)
    if left_out:
        notes.append(f"generated series of {left_out} runs are left out, for a page that still opens at once")
    return details, charts


def _series_a_run(references: dict[str, Reference | None], num_runs: int) -> int:
    """How many generated series of each run there is room for, one at least."""
    sizes = [one.series[0].size for one in references.values() if one is not None]
    most = Room().left // max(1, num_runs * max(sizes, default=1))
    return max(1, min(MOST_SERIES, most))


def _history(folder: RunFolder, row: "pd.Series[Any]", num_runs: int, notes: list[str]) -> dict[str, Any] | None:
    if row["status"] not in ENDED:
        return None
    try:
        return history_facts(folder.history(), num_runs)
    except DamagedFileError as error:
        notes.append(f"loss curve of {row['folder']}: left out, {error}")
        return None


def _details(folder: RunFolder, row: "pd.Series[Any]", notes: list[str]) -> dict[str, Any]:
    config = folder.config()  # it was read before, for the table
    try:
        provenance = plain(folder.provenance())
    except DamagedFileError as error:
        notes.append(f"{row['folder']}: {error}")
        provenance = {}
    return {
        "config": config.model_dump(mode="json"),
        "provenance": provenance,
        "command": command_line(recipe(config, str(row["protocol"]))),
    }


def _score_facts(runs: "pd.DataFrame") -> dict[str, dict[str, str]]:
    """What the charts say of every score there is."""
    return {
        name: {"title": METRICS[name].title, "better": METRICS[name].better, "definition": METRICS[name].definition}
        for name in METRICS
        if name in runs.columns and runs[name].notna().any()
    }


def _loss_facts(losses: Sequence[str]) -> dict[str, dict[str, str]]:
    """Losses in the order of the registry, each in the colour it has in every picture.

    Settings of one loss would share it, and are drawn in one panel here: then colours go by place, and after the last
    one again with other lines.
    """
    names = ordered(losses)
    own = [loss_style(name)[0] for name in names]
    if len(set(own)) == len(own):
        return {name: {"colour": colour, "dash": "solid"} for name, colour in zip(names, own, strict=True)}
    rounds = [divmod(place, len(COLOURS)) for place in range(len(names))]
    looks = [{"colour": COLOURS[place], "dash": _DASHES[min(turn, len(_DASHES) - 1)]} for turn, place in rounds]
    return dict(zip(names, looks, strict=True))


def board_facts(board: "pd.DataFrame") -> list[dict[str, Any]]:
    """The leaderboard a table for each data set and cell: its columns, and rows of means with intervals.

    The scale of a column, for drawing, spans the means of its losses and the floor's, and what of their intervals lies
    within as much again on either side.
    """
    names = [*shown_scores(board), *second_scores(board)]
    tables = []
    for dataset, cell in board_places(board):
        rows = board[(board["dataset"] == dataset) & (board["cell"] == cell)]
        tables.append(
            {
                "dataset": dataset,
                "cell": cell,
                "title": _title(dataset, cell),
                "scales": {name: _scale(rows, name) for name in names},
                "rows": [_board_row(row, names) for _, row in rows.iterrows()],
            }
        )
    return tables


def board_columns(board: "pd.DataFrame") -> list[dict[str, Any]]:
    """The scores of a leaderboard: the main ones first."""
    main = shown_scores(board)
    return [
        {"name": name, "title": METRICS[name].title, "better": METRICS[name].better, "main": name in main,
         "definition": METRICS[name].definition}
        for name in [*main, *second_scores(board)]
    ]  # fmt: skip


def _scale(rows: "pd.DataFrame", name: str) -> tuple[float, float]:
    known = rows["kind"] == "calibration" if "kind" in rows else rows["loss"].isna()
    rows = rows[~known | (rows["loss"] == "floor")]
    means = rows[f"{name}_mean"].dropna()
    if means.empty:
        return 0.0, 1.0
    low, high = float(means.min()), float(means.max())
    span = high - low or abs(high) or 1.0
    least, most = METRICS[name].range
    edge_low = float(np.nanmin([*rows[f"{name}_low"], low]))
    edge_high = float(np.nanmax([*rows[f"{name}_high"], high]))
    return max(edge_low, low - span, least), min(edge_high, high + span, most)


def _board_row(row: "pd.Series[Any]", names: Sequence[str]) -> dict[str, Any]:
    known = row.get("kind") == "calibration"
    facts: dict[str, Any] = {"loss": row["loss"], "known": known}
    facts |= {"seeds": None if known else int(row["num_seeds"])}
    facts |= {"diverged": None if known else int(row["num_diverged"])}
    facts["interval"] = None if known else (row["share_diverged_low"], row["share_diverged_high"])
    facts["scores"] = {
        name: None
        if np.isnan(row[f"{name}_mean"])
        else {part: float(row[f"{name}_{part}"]) for part in ("mean", "low", "high")}
        | {"judge_sd": finite(row.get(f"{name}{JUDGE_SD}"))}
        for name in names
    }
    return facts


def made_with(details: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What the runs were made with: versions, commit, machine and device, each with the number of its runs."""
    counts: dict[str, int] = {}
    for one in details.values():
        facts = one["provenance"]
        known = {name: facts[name] for name in ("versions", "git", "machine", "device") if name in facts}
        text = json.dumps(known, sort_keys=True)
        counts[text] = counts.get(text, 0) + 1
    return [{"runs": count, **json.loads(text)} for text, count in sorted(counts.items(), key=lambda one: -one[1])]


def words_on_reading(board: "pd.DataFrame") -> tuple[str, list[str]]:
    """How to read the leaderboard, and what to beware of in it."""
    return (explanation(board), cautions(board)) if not board.empty else ("", [])
