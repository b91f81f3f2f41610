"""Tables derived from a sweep's runs: one row a run, and the leaderboard. They can be made anew at any time."""

import json
from math import fsum, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnngan_cli.boards import JUDGE_SD, SORT_BY, markdown
from rnngan_cli.cautions import places, tells_apart
from rnngan_cli.config import SCHEMA_VERSION, run_name
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.files import DamagedFileError, write_text
from rnngan_cli.sheets import frame_csv
from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.words import printable

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("dataset", "cell", "loss", "seed")
FACTS = ("status", "protocol", "data", "folder", "step", "reason")


def runs_table(sweep: SweepFolder) -> "tuple[pd.DataFrame, list[str]]":
    """One row a run: what it is, how it ended, its scores.

    Where a sweep's folder holds runs of one loss that differ in more than the seed, what differs is told after the
    cell (`gru units=48`), so that only runs of one setting are ever averaged or compared. With a single loss, what is
    not about the data is told after the loss (`bce units=48`): then the settings are what is compared.

    Returns:
        A frame sorted by `KEYS`, with the columns `KEYS`, `FACTS`, one per score, and of the judges' scores one more
        with their spread; and a line for every run that could not be read.
    """
    import pandas as pd

    rows, fields = [], []
    damage: list[str] = []
    for folder in sweep.runs():
        try:
            row, setting = _row(folder, damage)
        except DamagedFileError as error:
            damage.append(str(error))
            continue
        rows.append(row)
        fields.append(setting)
    if not rows:
        return pd.DataFrame(columns=[*KEYS, *FACTS]), damage
    frame = pd.DataFrame(rows)
    of_run, of_data = (pd.Series(words) for words in _settings(frame, fields))
    alone = frame.groupby(["dataset", "cell"])["loss"].transform("nunique") == 1
    frame["loss"] = (frame["loss"] + " " + of_run.where(alone, "")).str.strip()
    frame["cell"] = (frame["cell"] + " " + of_run.where(~alone, "")).str.strip()
    frame["cell"] = (frame["cell"] + " " + of_data).str.strip()
    return frame.sort_values(list(KEYS), ignore_index=True), damage


def score_names(runs: "pd.DataFrame") -> list[str]:
    """The columns of a runs table that hold scores."""
    return [str(name) for name in runs.columns if name not in (*KEYS, *FACTS) and not name.endswith(JUDGE_SD)]


def _row(folder: RunFolder, damage: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """A run's line, and its settings; what is damaged beside its results is added to `damage`."""
    config, status, scores = folder.config(), folder.status(), folder.scores()
    if folder.path.name != run_name(config):
        raise DamagedFileError(f"`{folder.path / 'config.json'}` does not fit the folder's name; passed over")
    spread = {name + JUDGE_SD: value for name, value in judge_spread(scores).items()}
    row = {
        "dataset": config.data.name,
        "cell": config.cell,
        "loss": config.loss,
        "seed": config.seed,
        "status": status.get("state", "pending"),
        "protocol": printable(scores.get("protocol", "")),
        "data": printable(scores.get("data_sha256", "")[:12]),
        "folder": folder.path.name,
        "step": status.get("step", 0),
        "reason": printable(status.get("reason", "")),
        **{name: float(value) for name, value in scores.get("scores", {}).items()},
        **_costs(folder, damage),
        **spread,
    }
    return row, _setting_fields(config.model_dump(mode="json"))


def judge_spread(scores: dict[str, Any]) -> dict[str, float]:
    """By score, the standard deviation over the judges of one generator, where there are several."""
    return {name: _deviation(values) for name, values in scores.get("judges", {}).items() if len(values) > 1}


def _deviation(values: list[float]) -> float:
    """The standard deviation of a sample; of a few values it is quicker so than by NumPy, of which there are many."""
    mean = fsum(values) / len(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _costs(folder: RunFolder, damage: list[str]) -> dict[str, float]:
    """What an ended run took: updates of each side, seconds of training; nothing where its provenance is damaged."""
    try:
        facts = folder.provenance()
    except DamagedFileError as error:
        damage.append(str(error))  # where a result came from is no part of it: the scores stay
        return {}
    updates = {f"{side}_updates": float(count) for side, count in facts.get("updates", {}).items()}
    seconds = facts.get("seconds", {}).get("training")
    return updates if seconds is None else {**updates, "training_seconds": float(seconds)}


def _setting_fields(config: dict[str, Any]) -> dict[str, str]:
    """What may differ between runs of one loss, cell and data set, flat."""
    named = ("schema_version", "checkpoint_every", "loss", "cell", "seed", "data", "options")
    flat = {key: value for key, value in config.items() if key not in named}
    flat |= {f"data.{key}": value for key, value in config["data"].items() if key not in ("name", "file", "options")}
    flat |= {f"{config['loss']}.{key}": value for key, value in config["options"].items()}
    flat |= {f"{config['data']['name']}.{key}": value for key, value in config["data"]["options"].items()}
    return _paired({key: printable(str(value)) for key, value in flat.items()})


def _paired(fields: dict[str, str]) -> dict[str, str]:
    """Settings that both sides have told as one: `d_optimizer` and `g_optimizer` as `optimizer=sgd/adam`, D's first."""
    both = {name[2:] for name in fields if name.startswith("d_") and f"g_{name[2:]}" in fields}
    paired = {name: f"{fields[f'd_{name}']}/{fields[f'g_{name}']}" for name in sorted(both)}
    return {name: value for name, value in fields.items() if name[2:] not in both} | paired


def _settings(frame: "pd.DataFrame", fields: list[dict[str, str]]) -> tuple[list[str], list[str]]:
    """For every run, the fields that take several values among runs of one loss, cell and data set, as words.

    Returns:
        Those of the run, and those of its data.
    """
    import pandas as pd

    flat = pd.DataFrame(fields)
    places = [frame["dataset"], frame["cell"]]
    counts = flat.groupby([*places, frame["loss"]]).transform("nunique")
    varies = (counts > 1).groupby(places).transform("any")  # all losses of a data set and cell are told in one way
    of_run, of_data = [], []
    for number, (row, differs) in enumerate(zip(fields, varies.to_numpy(), strict=True)):
        names = [str(name) for name in varies.columns[differs] if name in row]
        about_data = [name for name in names if name.startswith(("data.", f"{frame['dataset'][number]}."))]
        of_run.append(" ".join(f"{name}={row[name]}" for name in names if name not in about_data))
        of_data.append(" ".join(f"{name}={row[name]}" for name in about_data))
    return of_run, of_data


def render(sweep: SweepFolder, runs: "pd.DataFrame", board: "pd.DataFrame") -> dict[Path, str]:
    """The text of runs.csv and leaderboard.csv, .json and .md, by path."""
    records = json.loads(board.to_json(orient="records", double_precision=12))
    return {
        sweep.path / "runs.csv": frame_csv(runs),
        sweep.path / "leaderboard.csv": frame_csv(board),
        sweep.path / "leaderboard.json": json.dumps({"schema_version": SCHEMA_VERSION, "rows": records}, indent=2)
        + "\n",
        sweep.path / "leaderboard.md": markdown(board),
    }


def calibrated(sweep: SweepFolder, runs: "pd.DataFrame", board: "pd.DataFrame") -> "tuple[pd.DataFrame, list[str]]":
    """The leaderboard with the scores of series of known quality below the losses of each data set.

    Returns:
        The board with a column `kind` (`loss` or `calibration`), and a line for every file that could not be read.
    """
    import pandas as pd

    board, damage = board.assign(kind="loss"), []
    parts = []
    for dataset, cell in places(board):
        parts.append(board[(board["dataset"] == dataset) & (board["cell"] == cell)])
        here = runs[(runs["dataset"] == dataset) & (runs["cell"] == cell) & (runs["data"] != "")]
        for data, protocol in here[["data", "protocol"]].drop_duplicates().itertuples(index=False):
            try:
                scores = sweep.calibration(f"{dataset}-{data}-{protocol}")
            except DamagedFileError as error:
                damage.append(str(error))
                continue
            place = {"dataset": dataset, "cell": cell, "kind": "calibration"}
            lines = [{**place, "loss": name, **_means(values, board)} for name, values in scores.items()]
            if lines:
                parts.append(pd.DataFrame(lines).reindex(columns=board.columns))
    whole = pd.concat(parts, ignore_index=True) if parts else board
    counts = [name for name in whole.columns if name.startswith("num_") or name.endswith("_count")]
    return whole.astype(dict.fromkeys(counts, "Int64")), damage  # with room for none: known series have no seeds


def scales(sweep: SweepFolder, runs: "pd.DataFrame", score: str) -> dict[tuple[str, str], tuple[float, float]]:
    """By data set and cell, how bad a score's floor and ceiling are there; only where it tells them apart."""
    import numpy as np

    found = {}
    scored = runs.loc[runs["data"] != "", ["dataset", "cell", "data", "protocol"]].drop_duplicates()
    for dataset, cell, data, protocol in scored.itertuples(index=False, name=None):
        try:
            known = sweep.calibration(f"{dataset}-{data}-{protocol}")
        except DamagedFileError:
            continue  # `calibrated` tells
        edges = [known.get(name, {}).get(score) for name in ("floor", "ceiling")]
        if None not in edges:
            floor, ceiling = (float(METRICS[score].badness(np.array(edge))) for edge in edges)
            if tells_apart(floor, ceiling):
                found[dataset, cell] = (floor, ceiling)
    return found


def _means(scores: dict[str, float], board: "pd.DataFrame") -> dict[str, float]:
    return {f"{name}_mean": value for name, value in scores.items() if f"{name}_mean" in board.columns}


def derive(sweep: SweepFolder) -> tuple[dict[Path, str], list[str]]:
    """The tables as the runs give them, by path, unwritten; and a line for every run that could not be read."""
    runs, board, damage = read(sweep)
    return render(sweep, runs, board), damage


def refresh(sweep: SweepFolder) -> "tuple[pd.DataFrame, pd.DataFrame, list[str]]":
    """Makes the derived tables anew from the runs and writes them.

    Returns:
        The runs, the leaderboard, and a line for every run that could not be read.
    """
    runs, board, damage = read(sweep)
    for path, text in render(sweep, runs, board).items():
        write_text(path, text)
    return runs, board, damage


def read(sweep: SweepFolder) -> "tuple[pd.DataFrame, pd.DataFrame, list[str]]":
    """As `refresh`, and nothing is written."""
    runs, damage = runs_table(sweep)
    board, more = calibrated(sweep, runs, leaderboard_of(runs))
    return runs, board, damage + more


def leaderboard_of(runs: "pd.DataFrame") -> "pd.DataFrame":
    """The leaderboard of runs that have ended, on every score they have; empty where none has.

    Of the judges' scores it has their spread too, over the judges of one generator: the root of the mean square over
    generators. The interval beside a mean is over generators.
    """
    from rnngan_cli.statistics import leaderboard

    ended = runs[runs["status"].isin(["done", "diverged"])]
    scores = score_names(runs)
    if SORT_BY not in scores:
        return ended.iloc[:0]
    board = leaderboard(ended, scores, sort_by=SORT_BY)
    spread = [str(name) for name in ended.columns if name.endswith(JUDGE_SD)]
    if not spread:
        return board
    place = ["dataset", "cell", "loss"]
    squares = ended[spread].pow(2).groupby([ended[name] for name in place], observed=True).mean()
    return board.merge(squares.pow(0.5).reset_index(), on=place, how="left")
