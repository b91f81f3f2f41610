"""The table of a sweep's runs, one row a run, read from the folders of the runs."""

from collections.abc import Sequence
from math import fsum, sqrt
from typing import TYPE_CHECKING

from rnngan_cli.config import RunConfig, RunState, run_name
from rnngan_cli.errors import DamagedFileError, printable
from rnngan_cli.evaluation.metrics import HEADLINES, JUDGE_SD
from rnngan_cli.store import RunFolder, StoredScores, SweepFolder, remarks

if TYPE_CHECKING:
    import pandas as pd


RunRow = dict[str, str | int | float]
"""A row of the table, by column."""
SettingWords = dict[str, str]
"""Settings of a run by name, as text."""
NO_SETTINGS = {"schema_version", "checkpoint_every", "seed"}
"""Fields of a run in which runs of the same settings may differ."""

ARITHMETIC = "arithmetic"
"""Column with the names of the kinds of arithmetic that a run was computed with; absent if no run has recorded it."""
KEYS = ("dataset", "cell", "loss", "seed")
FACTS = ("status", "protocol", "data", "folder", "step", "reason")


def runs_table(sweep: SweepFolder) -> "tuple[pd.DataFrame, list[str]]":
    """Reads the runs of a sweep into a table.

    If runs of a loss differ in settings and not only in the seed, the settings follow the name of the cell
    (`gru units=48`), so that only runs of the same settings are averaged. If a data set and cell has a single loss,
    settings of the run follow the name of the loss (`bce units=48`), because then the settings are compared.

    Returns:
        A frame sorted by `KEYS`, with the columns `KEYS`, `FACTS` and, if it is known, `ARITHMETIC`; a column for every
        score, and for scores by judges another column with the deviation between judges; and a line for every run
        that cannot be read.
    """
    import pandas as pd

    rows, described = [], []
    damage: list[str] = []
    for folder in sweep.runs(at_once=True):
        try:
            row, config, found = _row(folder)
        except DamagedFileError as error:
            damage.append(str(error))
            continue
        damage += found
        rows.append(row)
        described.append(config.model_dump_json(exclude=NO_SETTINGS))
    if not rows:
        return pd.DataFrame(columns=[*KEYS, *FACTS]), damage
    frame = pd.DataFrame(rows)
    of_run, of_data = (pd.Series(words) for words in _settings(described))
    alone = frame.groupby(["dataset", "cell"])["loss"].transform("nunique") == 1
    frame["loss"] = (frame["loss"] + " " + of_run.where(alone, "")).str.strip()
    frame["cell"] = (frame["cell"] + " " + of_run.where(~alone, "")).str.strip()
    frame["cell"] = (frame["cell"] + " " + of_data).str.strip()
    return frame.sort_values(list(KEYS), ignore_index=True), damage


def score_names(runs: "pd.DataFrame") -> list[str]:
    """Lists the columns of a table of runs that hold scores."""
    return [
        str(name) for name in runs.columns if name not in (*KEYS, *FACTS, ARITHMETIC) and not name.endswith(JUDGE_SD)
    ]


def headline(runs: "pd.DataFrame") -> str:
    """Returns the score that runs are ordered and compared by: the first of `HEADLINES` that all scored runs have."""
    scored = runs[runs["status"] == RunState.DONE]
    scored = scored[scored[[name for name in HEADLINES if name in runs.columns]].notna().any(axis=1)]
    full = [name for name in HEADLINES if name in runs.columns and len(scored) and scored[name].notna().all()]
    return full[0] if full else HEADLINES[-1]


def _row(folder: RunFolder) -> tuple[RunRow, RunConfig, list[str]]:
    """The row of a run, its config, and a line for every damaged file that the row can do without."""
    config, status, scores = folder.config(), folder.status(), folder.scores()
    if folder.path.name != run_name(config):
        raise DamagedFileError(f"`{folder.path / 'config.json'}` does not fit the folder's name; passed over")
    spread = {name + JUDGE_SD: value for name, value in judge_spread(scores).items()}
    facts, damage = _facts(folder)
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
        "reason": printable(remarks(status, scores)),
        **scores.scores,
        **facts,
        **spread,
    }
    return row, config, damage


def judge_spread(scores: StoredScores) -> dict[str, float]:
    """Computes the standard deviation of each score over the judges of one generator, where there are several."""
    return {name: _deviation(values) for name, values in scores.judges.items() if len(values) > 1}


def _deviation(values: list[float]) -> float:
    """The standard deviation of a sample; for the many short lists of judges this is faster than NumPy."""
    mean = fsum(values) / len(values)
    return sqrt(fsum([(value - mean) ** 2 for value in values]) / (len(values) - 1))


def _facts(folder: RunFolder) -> tuple[RunRow, list[str]]:
    """The arithmetic, updates of each side and seconds of training of a run; a line instead if they cannot be read."""
    try:
        facts = folder.provenance()
    except DamagedFileError as error:
        return {}, [str(error)]  # the scores are valid without the provenance
    row: RunRow = {ARITHMETIC: " ".join(one.name for one in facts.arithmetic)} if facts.arithmetic else {}
    row |= {f"{side}_updates": float(count) for side, count in facts.updates.items()}
    seconds = facts.seconds.training
    return row if seconds is None else {**row, "training_seconds": seconds}, []


def _setting_fields(run: RunConfig) -> SettingWords:
    """The settings in which runs of one loss, cell and data set can differ."""
    config = run.model_dump(mode="json")
    named = (*NO_SETTINGS, "loss", "cell", "data", "options")
    flat = {key: value for key, value in config.items() if key not in named}
    flat |= {f"data.{key}": value for key, value in config["data"].items() if key not in ("name", "file", "options")}
    flat |= {f"{config['loss']}.{key}": value for key, value in config["options"].items()}
    flat |= {f"{config['data']['name']}.{key}": value for key, value in config["data"]["options"].items()}
    return _paired({key: printable(str(value)) for key, value in flat.items()})


def _paired(fields: SettingWords) -> SettingWords:
    """Joins settings of both networks: `d_optimizer` and `g_optimizer` become `optimizer=sgd/adam`, D's value first."""
    both = {name[2:] for name in fields if name.startswith("d_") and f"g_{name[2:]}" in fields}
    paired = {name: f"{fields[f'd_{name}']}/{fields[f'g_{name}']}" for name in sorted(both)}
    return {name: value for name, value in fields.items() if name[2:] not in both} | paired


def _settings(described: Sequence[str]) -> tuple[list[str], list[str]]:
    """Writes, for every run, the settings that differ among the runs of its loss, cell and data set.

    Args:
        described: for every run its config without `NO_SETTINGS`, as JSON. Mostly many runs have the same, so that
            settings are looked at once for each text.

    Returns:
        Settings of the run, and settings of its data; a text for each run.
    """
    import pandas as pd

    kinds = {text: RunConfig.model_validate_json(text) for text in dict.fromkeys(described)}
    fields = [_setting_fields(config) for config in kinds.values()]
    frame = pd.DataFrame([(config.data.name, config.cell, config.loss) for config in kinds.values()])
    counts = pd.DataFrame(fields).groupby([frame[0], frame[1], frame[2]]).transform("nunique")
    varies = (
        (counts > 1).groupby([frame[0], frame[1]]).transform("any")
    )  # a table shows the same settings of all losses
    of_run, of_data = {}, {}
    for (text, config), row, differs in zip(kinds.items(), fields, varies.to_numpy(), strict=True):
        names = [str(name) for name in varies.columns[differs] if name in row]
        about_data = [name for name in names if name.startswith(("data.", f"{config.data.name}."))]
        of_run[text] = " ".join(f"{name}={row[name]}" for name in names if name not in about_data)
        of_data[text] = " ".join(f"{name}={row[name]}" for name in about_data)
    return [of_run[text] for text in described], [of_data[text] for text in described]
