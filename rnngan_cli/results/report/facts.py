"""The content of a report, read once from the folder of the sweep, for the page and its charts."""

import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnngan_cli.config import ENDED, RunState
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.comparison import Compared, compared_tables
from rnngan_cli.results.derived import refresh
from rnngan_cli.results.figures.style import COLOURS, loss_style
from rnngan_cli.results.groups import Reference, RunSamples, ordered, read_reference, read_samples
from rnngan_cli.results.report.charts import MOST_SERIES, Room, finite, history_facts, reference_facts, sample_facts
from rnngan_cli.results.report.recipe import recipe
from rnngan_cli.results.report.shapes import Charts, HistoryChart, LossLook, ReferenceChart, RunChart, ScoreWords
from rnngan_cli.results.runs_table import headline, score_names
from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.store.schemas import plain
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system.arithmetic import Arithmetic
from rnngan_cli.system.text import command_line

if TYPE_CHECKING:
    import pandas as pd

JsonView = Mapping[str, Any]
"""The content of a JSON file of a run or a sweep."""
Row = Mapping[Hashable, Any]
"""A row of the table of runs."""
_DASHES = ("solid", "dash", "dot")
MOST_DETAILED = 600
"""Most runs whose curve, series, settings and provenance a page holds, about; their scores it holds for all runs."""


@dataclass(frozen=True)
class Details:
    """The details of a run.

    Attributes:
        config: the config of the run.
        provenance: its provenance; empty if it cannot be read.
        command: the command that repeats the run; empty if the command line cannot express it.
    """

    config: JsonView
    provenance: JsonView
    command: str


@dataclass(frozen=True)
class ReportFacts:
    """The content of a report of a sweep.

    Attributes:
        name: the name of the folder of the sweep.
        compared: verdicts and aggregates; None if no run has scores yet.
        leaderboard: means with intervals, one row for each data set, cell and loss.
        runs: the table of runs.
        details: the details of the runs with the lowest seeds of each loss, by the names of their folders; of all runs
            where these are few.
        charts: the data of all charts.
        sweep: the resolved config of the sweep; empty if it cannot be read.
        notes: a line for everything that is left out, with the reason.
    """

    name: str
    compared: Compared | None
    leaderboard: "pd.DataFrame"
    runs: "pd.DataFrame"
    details: Mapping[str, Details]
    charts: Charts
    sweep: JsonView
    notes: tuple[str, ...] = ()


def gather(sweep: SweepFolder, score: str | None = None, baseline: str | None = None) -> ReportFacts:
    """Reads the content of a report, and rewrites the derived tables of the sweep.

    Args:
        sweep: the sweep.
        score: the score that losses are compared by; None for the one that orders leaderboards.
        baseline: the loss that the rest is compared with; None is the default of a run if the sweep has it, else the
            first by name.

    Raises:
        UserError: the score or the baseline is unknown, if any run has scores.
        EnvironmentFaultError: the disk refused a write.
    """
    runs, leaderboard, damage = refresh(sweep)
    found = None if leaderboard.empty else compared_tables(sweep, (runs, leaderboard, damage), score, baseline)
    references, reference_notes = _references(sweep, runs)
    detailed = _detailed(runs)
    details, detail_notes = _details_of(sweep, detailed)
    drawn, references_drawn, drawing_notes = _drawn(sweep, runs, frozenset(detailed["folder"]), references)
    charts: Charts = {
        "runs": drawn,
        "references": references_drawn,
        "score": score or headline(runs),
        "scores": _score_words(runs),
        "losses": _loss_looks(list(runs["loss"])),
    }
    notes = [*damage, *reference_notes, *detail_notes, *drawing_notes]
    if left_out := len(runs) - len(detailed):
        notes.append(
            f"curves, series, settings and provenance of {left_out} runs, those of higher seeds, are in their folders; "
            "with them this page would not open at once"
        )
    try:
        config = sweep.config()
        plan(config)
        resolved: JsonView = config.model_dump(mode="json")
    except (DamagedFileError, UserError) as error:
        notes.append(f"how to make the whole sweep again: left out, {error}")
        resolved = {}
    return ReportFacts(sweep.path.resolve().name, found, leaderboard, runs, details, charts, resolved, tuple(notes))


def _detailed(runs: "pd.DataFrame") -> "pd.DataFrame":
    """The runs of which a page holds everything: as many of the lowest seeds of each loss as there is room for."""
    groups = runs.sort_values("seed", kind="stable").groupby(["dataset", "cell", "loss"], sort=False)
    kept = groups.head(max(1, MOST_DETAILED // max(1, groups.ngroups)))
    return runs if len(runs) <= MOST_DETAILED else runs.loc[sorted(kept.index)]


def _title(dataset: object, cell: object) -> str:
    return f"{dataset}, {cell}"


def _references(sweep: SweepFolder, runs: "pd.DataFrame") -> tuple[dict[str, Reference | None], list[str]]:
    """The real series of every data set and cell, by its title, and a note for those that cannot be read."""
    found, notes = {}, []
    for (dataset, cell), rows in runs.groupby(["dataset", "cell"], sort=False):
        found[_title(dataset, cell)], left_out = read_reference(sweep, rows)
        notes += left_out
    return found, notes


def _drawn(
    sweep: SweepFolder, runs: "pd.DataFrame", detailed: frozenset[str], references: Mapping[str, Reference | None]
) -> tuple[list[RunChart], dict[str, ReferenceChart], list[str]]:
    """The charts of runs and of real series, and notes. Low seeds come first, in case there is no room for all runs.

    Runs that are not `detailed` have scores alone.
    """
    room, notes, drawn = Room(), list[str](), list[RunChart]()
    real = {title: reference_facts(series, room) for title, series in references.items() if series is not None}
    num_series, left_out = _series_a_run(references, len(detailed)), 0
    scores = [name for name in score_names(runs) if name in METRICS]
    for row in runs.sort_values("seed", kind="stable").to_dict("records"):
        title, shown = _title(row["dataset"], row["cell"]), row["folder"] in detailed
        history, history_notes = _history(sweep, row, len(detailed)) if shown else (None, [])
        samples, sample_notes = _samples(sweep, row, references[title]) if shown else (None, [])
        kept = sample_facts(samples, room, num_series) if samples else None
        left_out += kept is not None and not kept["series"]
        notes += [*history_notes, *sample_notes]
        drawn.append(
            {
                "loss": str(row["loss"]),
                "place": title,
                "state": str(row["status"]),
                "seed": int(row["seed"]),
                "step": int(row["step"]),
                "scores": {name: finite(row[name]) for name in scores},
                "history": history,
                "samples": kept,
            }
        )
    done = runs.loc[(runs["status"] == RunState.DONE) & runs["folder"].isin(detailed), "folder"]
    if published_without := sum(sweep.named(str(name)).is_without_samples() for name in done):
        notes.append(f"generated series of {published_without} runs are not here, as published copies leave them out")
    if left_out:
        notes.append(f"generated series of {left_out} runs are left out, for a page that still opens at once")
    return drawn, real, notes


def _samples(sweep: SweepFolder, row: Row, reference: Reference | None) -> tuple[RunSamples | None, list[str]]:
    """The generated series of a run, and a note if they cannot be read; none if it has none or they are left out."""
    if row["status"] != RunState.DONE or sweep.named(str(row["folder"])).is_without_samples():
        return None, []
    return read_samples(sweep, str(row["folder"]), int(row["seed"]), reference)


def _series_a_run(references: Mapping[str, Reference | None], num_runs: int) -> int:
    """The number of generated series of each run that there is room for, at least one."""
    sizes = [reference.series[0].size for reference in references.values() if reference is not None]
    most = Room().left // max(1, num_runs * max(sizes, default=1))
    return max(1, min(MOST_SERIES, most))


def _history(sweep: SweepFolder, row: Row, num_runs: int) -> tuple[HistoryChart | None, list[str]]:
    if row["status"] not in ENDED:
        return None, []
    try:
        return history_facts(_folder(sweep, row).history(), num_runs), []
    except DamagedFileError as error:
        return None, [f"loss curve of {row['folder']}: left out, {error}"]


def _folder(sweep: SweepFolder, row: Row) -> RunFolder:
    return sweep.named(str(row["folder"]))


def _details_of(sweep: SweepFolder, runs: "pd.DataFrame") -> tuple[dict[str, Details], list[str]]:
    """The details of each run by its folder's name, and a note for provenance that cannot be read."""
    found, notes = {}, []
    for row in runs.to_dict("records"):
        folder = _folder(sweep, row)
        config = folder.config()  # readable, because the table of runs has read it
        try:
            provenance: JsonView = plain(folder.provenance())
        except DamagedFileError as error:
            notes.append(f"{row['folder']}: {error}")
            provenance = {}
        command = command_line(recipe(config, str(row["protocol"])))
        found[str(row["folder"])] = Details(config.model_dump(mode="json"), provenance, command)
    return found, notes


def _score_words(runs: "pd.DataFrame") -> dict[str, ScoreWords]:
    """The texts in charts about every score that a run has."""
    return {
        name: {"title": METRICS[name].title, "better": METRICS[name].better, "definition": METRICS[name].definition}
        for name in METRICS
        if name in runs.columns and runs[name].notna().any()
    }


def _loss_looks(losses: Sequence[str]) -> dict[str, LossLook]:
    """The style of every loss, in the order of the registry: the colour that it has in every picture.

    Settings of one loss would share a colour, but are drawn in one panel here. Then colours are assigned by position,
    and repeat with another line style.
    """
    names = ordered(losses)
    own = [loss_style(name)[0] for name in names]
    if len(set(own)) == len(own):
        return {name: {"colour": colour, "dash": "solid"} for name, colour in zip(names, own, strict=True)}
    looks: dict[str, LossLook] = {}
    for number, name in enumerate(names):
        turn, place = divmod(number, len(COLOURS))
        looks[name] = {"colour": COLOURS[place], "dash": _DASHES[min(turn, len(_DASHES) - 1)]}
    return looks


def made_with(details: Mapping[str, Details]) -> list[JsonView]:
    """Groups runs by versions, commit, machine, bits and device; returns each group with its number of runs."""
    counts: Counter[str] = Counter()
    for run in details.values():
        facts = run.provenance
        known = {name: facts[name] for name in ("versions", "git", "machine", "device") if name in facts}
        bits = [str(Arithmetic.model_validate(one)) for one in facts.get("arithmetic", ())]
        known["bits"] = ", then ".join(bits) or "bits of this processor"
        counts[json.dumps(known, sort_keys=True)] += 1
    return [{"runs": count, **json.loads(text)} for text, count in counts.most_common()]
