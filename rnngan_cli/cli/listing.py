"""Commands that list what there is: `losses`, `datasets`, `metrics`."""

import json
import shutil
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from rnngan_cli.cli.choices import AsJson, DatasetArgument, LossArgument, ScoreArgument

if TYPE_CHECKING:
    from rnngan_cli.data import DatasetFacts
    from rnngan_cli.evaluation.metrics import Metric
    from rnngan_cli.sweeps.catalogue import LossFacts

EntryFacts = Mapping[str, Any]
"""Facts about one entry, ready for JSON."""
Entry = TypeVar("Entry")


def losses(name: LossArgument = None, as_json: AsJson = False) -> None:
    """List the losses: what each minimises, what to expect, where it comes from, options, profiles.

    Examples:
      rnngan losses wgan
      rnngan losses --json
    """
    from rnngan_cli.losses import VARIANTS, variant
    from rnngan_cli.sweeps.catalogue import describe_loss

    rows = [variant(name)] if name else list(VARIANTS.values())
    described = [describe_loss(row) for row in rows]

    def print_line(facts: "LossFacts", width: int) -> None:
        _print_fact(facts.name, f"{facts.title}. {facts.divergence}", width)

    more = "E batch mean, s sigmoid, sp softplus, D logits. More: `rnngan losses NAME`."
    _list(described, asdict, _print_loss, print_line, more, one=bool(name), as_json=as_json)


def datasets(name: DatasetArgument = None, as_json: AsJson = False) -> None:
    """List the built-in data sets: shape, labels, origin, licence, and the extra that some need.

    Example:
      rnngan datasets stocks
    """
    from rnngan_cli import data
    from rnngan_cli.system.checkup import install

    described = [data.describe_dataset(source) for source in ([name] if name else data.SOURCES)]

    def print_one(facts: "DatasetFacts") -> None:
        known = {name: fact for name, fact in asdict(facts).items() if fact not in (None, [], {})}
        print_facts(known if facts.installed else {**known, "install": install(str(facts.extra))})

    def print_line(facts: "DatasetFacts", width: int) -> None:
        series = "/".join(str(count) for count in facts.series.values())
        shape = f"{series} series of {facts.steps} x {facts.features}, labels {facts.labels}"
        if facts.extra is not None:
            shape = f"{shape} (extra {facts.extra})" if facts.installed else f"not installed: {install(facts.extra)}"
        typer.echo(f"{facts.name:{width}}  {shape}\n{'':{width}}  {facts.summary}")

    more = (
        "Series are train/validation/test; `--datasets all` is every set without extra.\n"
        "Your own file: `rnngan sweep --data FILE --window 24`."
    )
    _list(described, asdict, print_one, print_line, more, one=bool(name), as_json=as_json)


def metrics(name: ScoreArgument = None, as_json: AsJson = False) -> None:
    """List the scores: definition, which way is better, range, source, and which damages each sees.

    Example:
      rnngan metrics mmd2
    """
    from rnngan_cli.errors import unknown
    from rnngan_cli.evaluation.metrics import METRICS

    if name and name not in METRICS:
        raise unknown("score", name, METRICS)
    rows = [METRICS[metric] for metric in ([name] if name else METRICS)]

    def print_one(metric: "Metric") -> None:
        print_facts(_metric_facts(metric))

    def print_line(metric: "Metric", width: int) -> None:
        typer.echo(f"{metric.name:{width}}  {metric.definition} (better: {metric.direction})")

    _list(rows, _metric_facts, print_one, print_line, "", one=bool(name), as_json=as_json)


COMMANDS = (losses, datasets, metrics)


def _list(
    rows: Sequence[Entry],
    describe: Callable[[Entry], EntryFacts],
    print_one: Callable[[Entry], None],
    print_line: Callable[[Entry, int], None],
    more: str,
    *,
    one: bool,
    as_json: bool,
) -> None:
    """Prints entries of a registry.

    Args:
        rows: the entries.
        describe: gives the facts of an entry, its name among them.
        print_one: prints everything about an entry.
        print_line: prints an entry in a line or two, its name in a column of this width.
        more: printed below the lines; may be empty.
        one: whether one entry was asked for by its name.
        as_json: whether to print JSON.
    """
    if as_json:
        facts = [describe(row) for row in rows]
        typer.echo(json.dumps(facts[0] if one else facts, indent=2))
    elif one:
        print_one(rows[0])
    else:
        width = max(len(describe(row)["name"]) for row in rows)
        for row in rows:
            print_line(row, width)
        if more:
            typer.echo(f"\n{more}")


def _metric_facts(metric: "Metric") -> EntryFacts:
    from rnngan_cli.evaluation.reliability import by_score, in_words, published

    bounds = [bound if abs(bound) != float("inf") else None for bound in metric.range]
    names = ("name", "title", "definition", "direction", "source", "group", "primary")
    sight = by_score(published()).get(metric.name, {})
    return {
        **{key: getattr(metric, key) for key in names},
        "range": bounds,
        "reliability": {damage: round(share, 2) for damage, share in sight.items()},
        "sight": in_words(sight) if sight else "not measured",
    }


def _print_loss(facts: "LossFacts") -> None:
    """Prints everything about one loss, wrapped to the terminal."""
    typer.echo(f"{facts.name}: {facts.title}\n")
    named = {"D minimises": facts.discriminator, "G minimises": facts.generator, "divergence": facts.divergence}
    for title, text in {**named, "expect": facts.expect, "source": facts.source}.items():
        _print_fact(title, text, 11)
    for departure in facts.departures:
        _print_fact("departure", departure, 11)
    _print_fact("readouts", ", ".join(facts.readouts), 11)
    _print_fact("penalties", f"{', '.join(facts.penalties)}; auto is {facts.penalty}", 11)
    typer.echo("\nE mean over the batch, s sigmoid, sp(u) = log(1 + exp(u)), D logits.")
    if facts.options:
        typer.echo(f"\noptions (-s {facts.name}.NAME=VALUE)")
        width = max(len(str(option["name"])) for option in facts.options)
        for option in facts.options:
            _print_fact(f"  {option['name']}", f"{option['default']}: {option['help']}", width + 2)
    shared, paper = (facts.profiles[name] for name in ("shared", "paper"))
    typer.echo("\nprofile shared, the same for all losses but for penalty and options")
    _print_fact(" ", _words(shared.settings), 1)
    typer.echo("\nprofile recipe, the default: as shared but for noise by the data and")
    _print_fact(" ", _words(facts.changed("recipe")), 1)
    typer.echo("\nprofile paper (--profile paper), as shared but for")
    _print_fact(" ", _words(facts.changed("paper")) or "nothing: its source is not written up here", 1)
    for departure in paper.departures:
        _print_fact("  departure", departure, 11)


def _words(settings: EntryFacts) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _print_fact(title: str, text: str, width: int) -> None:
    """Prints a title and its text, which is wrapped and hangs beside it."""
    indent = " " * (width + 2)
    columns = min(shutil.get_terminal_size().columns, 110)
    lines = textwrap.wrap(text, columns, initial_indent=f"{title:{width}}  ", subsequent_indent=indent)
    typer.echo("\n".join(lines))


def print_facts(facts: EntryFacts) -> None:
    """Prints a line for each fact, lists and tables indented."""
    width = max((len(key) for key in facts), default=0)
    for key, value in facts.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            typer.echo(f"{key}:")
            for item in value:
                typer.echo("  " + ", ".join(f"{k} {v}" for k, v in item.items() if v is not None))
        elif isinstance(value, dict):
            typer.echo(f"{key:{width}}  " + ", ".join(f"{k} {v}" for k, v in value.items()))
        elif isinstance(value, list | tuple):
            typer.echo(f"{key:{width}}  {', '.join(str(item) for item in value)}")
        else:
            typer.echo(f"{key:{width}}  {value}")
