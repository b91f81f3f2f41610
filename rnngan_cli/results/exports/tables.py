"""Three tidy tables of a sweep: runs (a row a run), histories (a row a value), and the leaderboard with intervals."""

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnngan_cli.errors import printable
from rnngan_cli.results import derived, runs_table
from rnngan_cli.results.exports.source import EndedRun, ExportSource, Written, ended_runs, target_folder
from rnngan_cli.store import remarks
from rnngan_cli.store.schemas import Provenance, plain
from rnngan_cli.system.atomic import write_bytes
from rnngan_cli.system.csv_text import frame_csv
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    import pandas as pd

_IDENTITY = ("loss", "cell", "dataset", "seed")
_LEFT_OUT = ("schema_version", "checkpoint_every", "data.name", "data.file")
"""Fields of a config without a column: shown elsewhere, without effect on results, or specific to the machine."""


def write_csv(source: ExportSource, target: Path) -> Written:
    """Writes the tables as CSV in which no cell is a formula to a spreadsheet."""
    return _write(source, target, ".csv", lambda frame: frame_csv(frame).encode())


def write_parquet(source: ExportSource, target: Path) -> Written:
    """Writes the tables as Parquet, which keeps the types of columns."""
    return _write(source, target, ".parquet", _parquet_bytes)


def _write(source: ExportSource, target: Path, suffix: str, encode: "Callable[[pd.DataFrame], bytes]") -> Written:
    frames, notes = tidy_frames(source)
    folder = target_folder(target)
    for name, frame in frames.items():
        write_bytes(folder / f"{name}{suffix}", encode(frame))
    return Written(f"{', '.join(frames)} of {counted(len(frames['runs']), 'run')}", notes)


def _parquet_bytes(frame: "pd.DataFrame") -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def tidy_frames(source: ExportSource) -> "tuple[dict[str, pd.DataFrame], list[str]]":
    """Makes the tables `runs`, `histories` and `leaderboard` by name, and a note for everything that cannot be read.

    Raises:
        UserError: no run has ended.
    """
    import pandas as pd

    runs, notes = ended_runs(source)
    table, leaderboard, damage = derived.read_tables(source.sweep)
    notes += [line for line in damage if not any(line in note for note in notes)]
    named = {str(row.folder): (str(row.loss), str(row.cell)) for row in table.itertuples()}
    # Runs whose config does not match the name of their folder are left out.
    rows = [run_row(run, *named[run.name]) for run in runs if run.name in named]
    lines = [
        (run.name, step, term, value)
        for run in runs
        if run.name in named
        for step, values in run.history
        for term, value in values.items()
    ]
    histories = pd.DataFrame(lines, columns=["run", "step", "term", "value"])
    return {"runs": _frame(rows), "histories": histories, "leaderboard": leaderboard}, notes


def run_row(run: EndedRun, leaderboard_loss: str, leaderboard_cell: str) -> dict[str, object]:
    """Makes the row of a run: identity, state, settings, scores and costs.

    Settings have their names on the command line, with the prefix `data_` for settings of the data, and `option_` and
    the name of the loss or data set for its options. Scores have the prefix `score_`, because `precision` is a setting
    too.
    """
    settings = flat_config(run.config.model_dump(mode="json"))
    head = {name: settings.pop(name) for name in _IDENTITY}
    scores = {f"score_{name}": value for name, value in run.scores.scores.items()}
    spread = {f"judge_sd_{name}": value for name, value in runs_table.judge_spread(run.scores).items()}
    return {
        "run": run.name,
        **head,
        "state": run.status.state.value,
        "reason": printable(remarks(run.status, run.scores)),
        "last_step": run.status.step,
        "leaderboard_loss": leaderboard_loss,
        "leaderboard_cell": leaderboard_cell,
        **settings,
        "protocol": printable(run.scores.protocol),
        "scored_data_sha256": printable(run.scores.data_sha256),
        **scores,
        **spread,
        **_costs(run.provenance),
    }


def flat_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Flattens the config of a run to plain values by column; lists are joined by commas.

    >>> flat_config({"loss": "bce", "options": {"labels": 1}, "data": {"name": "a", "columns": ["b", "c"]}})
    {'loss': 'bce', 'option_bce_labels': 1, 'data_columns': 'b,c', 'dataset': 'a'}
    """
    data = config["data"]
    flat = {name: value for name, value in config.items() if name not in ("data", "options")}
    flat |= {f"option_{config['loss']}_{name}": value for name, value in config.get("options", {}).items()}
    flat |= {f"data.{name}": value for name, value in data.items() if name != "options"}
    flat |= {f"data.option_{data['name']}_{name}": value for name, value in data.get("options", {}).items()}
    settings = {name.replace(".", "_"): _plain(value) for name, value in flat.items() if name not in _LEFT_OUT}
    return {**settings, "dataset": data["name"]}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return printable(value) if isinstance(value, str) else value


def _costs(provenance: Provenance) -> dict[str, float]:
    """Updates of each network, seconds of training and scoring, and peak memory, by column."""
    found: dict[str, float | None] = {"peak_memory_mib": provenance.peak_memory_mib}
    found |= {f"updates_{name}": count for name, count in provenance.updates.items()}
    found |= {f"seconds_{name}": value for name, value in plain(provenance.seconds).items()}
    return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}


def _frame(rows: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    """Makes a frame of typed columns; integers stay integers if some runs lack them, and mixed types become text."""
    import pandas as pd

    names = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame({name: _column([row.get(name) for row in rows]) for name in names})


def _column(values: list[Any]) -> "pd.Series[Any]":
    import pandas as pd

    types = {type(value) for value in values if value is not None}
    if types <= {int, float} and types != {int}:  # also columns without any value
        return pd.Series(values, dtype="float64")
    kinds = {frozenset({bool}): "boolean", frozenset({int}): "Int64"}
    if frozenset(types) in kinds:
        return pd.Series(values, dtype=kinds[frozenset(types)])
    return pd.Series([None if value is None else str(value) for value in values], dtype="str")
