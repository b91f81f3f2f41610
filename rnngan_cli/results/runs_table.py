"""Tables derived from a sweep's runs: one row a run, and the leaderboard. They can be made anew at any time."""

from math import fsum, sqrt
from typing import TYPE_CHECKING

from rnngan_cli.config import RunConfig, run_name
from rnngan_cli.errors import DamagedFileError, printable
from rnngan_cli.evaluation.metrics import JUDGE_SD
from rnngan_cli.store import RunFolder, StoredScores, SweepFolder

if TYPE_CHECKING:
    import pandas as pd


RunRow = dict[str, str | int | float]
"""A run's line by column."""
SettingWords = dict[str, str]
"""Settings of a run by name, as words."""

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
            row, setting, found = _row(folder)
        except DamagedFileError as error:
            damage.append(str(error))
            continue
        damage += found
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


def _row(folder: RunFolder) -> tuple[RunRow, SettingWords, list[str]]:
    """A run's line, and its settings; and a line for what is damaged beside its results."""
    config, status, scores = folder.config(), folder.status(), folder.scores()
    if folder.path.name != run_name(config):
        raise DamagedFileError(f"`{folder.path / 'config.json'}` does not fit the folder's name; passed over")
    spread = {name + JUDGE_SD: value for name, value in judge_spread(scores).items()}
    costs, damage = _costs(folder)
    row: RunRow = {
        "dataset": config.data.name,
        "cell": config.cell,
        "loss": config.loss,
        "seed": config.seed,
        "status": status.state.value,
        "protocol": printable(scores.protocol),
        "data": printable(scores.data_sha256[:12]),
        "folder": folder.path.name,
        "step": status.step,
        "reason": printable(status.reason),
        **scores.scores,
        **costs,
        **spread,
    }
    return row, _setting_fields(config), damage


def judge_spread(scores: StoredScores) -> dict[str, float]:
    """By score, the standard deviation over the judges of one generator, where there are several."""
    return {name: _deviation(values) for name, values in scores.judges.items() if len(values) > 1}


def _deviation(values: list[float]) -> float:
    """The standard deviation of a sample; of a few values it is quicker so than by NumPy, of which there are many."""
    mean = fsum(values) / len(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _costs(folder: RunFolder) -> tuple[dict[str, float], list[str]]:
    """The updates of each side and the seconds of training of an ended run; or none, and why, if they are damaged."""
    try:
        facts = folder.provenance()
    except DamagedFileError as error:
        return {}, [str(error)]  # where a result came from is no part of it: the scores stay
    updates = {f"{side}_updates": float(count) for side, count in facts.updates.items()}
    seconds = facts.seconds.training
    return updates if seconds is None else {**updates, "training_seconds": seconds}, []


def _setting_fields(run: RunConfig) -> SettingWords:
    """The settings in which runs of one loss, cell and data set may differ, by name, as words."""
    config = run.model_dump(mode="json")
    named = ("schema_version", "checkpoint_every", "loss", "cell", "seed", "data", "options")
    flat = {key: value for key, value in config.items() if key not in named}
    flat |= {f"data.{key}": value for key, value in config["data"].items() if key not in ("name", "file", "options")}
    flat |= {f"{config['loss']}.{key}": value for key, value in config["options"].items()}
    flat |= {f"{config['data']['name']}.{key}": value for key, value in config["data"]["options"].items()}
    return _paired({key: printable(str(value)) for key, value in flat.items()})


def _paired(fields: SettingWords) -> SettingWords:
    """Settings that both sides have told as one: `d_optimizer` and `g_optimizer` as `optimizer=sgd/adam`, D's first."""
    both = {name[2:] for name in fields if name.startswith("d_") and f"g_{name[2:]}" in fields}
    paired = {name: f"{fields[f'd_{name}']}/{fields[f'g_{name}']}" for name in sorted(both)}
    return {name: value for name, value in fields.items() if name[2:] not in both} | paired


def _settings(frame: "pd.DataFrame", fields: list[SettingWords]) -> tuple[list[str], list[str]]:
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
