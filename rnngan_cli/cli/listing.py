"""Commands that list what there is: `losses`, `datasets`, `metrics`."""

import json
import shutil
import textwrap
from typing import Annotated, Any

import typer

from rnngan_cli.cli import completion

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def losses(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One loss; default all.",
            show_default=False,
            autocompletion=completion.one_of(completion.loss_names),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the losses: what each minimises, what to expect, where it comes from, options, profiles.

    Examples:
      rnngan losses wgan
      rnngan losses --json
    """
    from rnngan_cli.losses import VARIANTS, variant
    from rnngan_cli.sweeps.catalogue import describe_loss

    chosen = [variant(name)] if name else list(VARIANTS.values())
    facts = [describe_loss(row) for row in chosen]
    if as_json:
        typer.echo(json.dumps(facts[0] if name else facts, indent=2))
    elif name:
        _print_loss(facts[0])
    else:
        width = max(len(fact["name"]) for fact in facts)
        for fact in facts:
            _print_fact(fact["name"], f"{fact['title']}. {fact['divergence']}", width)
        typer.echo("\nE batch mean, s sigmoid, sp softplus, D logits. More: `rnngan losses NAME`.")


def datasets(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One data set; default all.",
            show_default=False,
            autocompletion=completion.one_of(completion.dataset_names),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the built-in data sets: shape, labels, origin, licence.

    Example:
      rnngan datasets stocks
    """
    from rnngan_cli import data

    facts = [data.describe_dataset(one) for one in ([name] if name else data.SOURCES)]
    if as_json:
        typer.echo(json.dumps(facts[0] if name else facts, indent=2))
    elif name:
        print_facts(facts[0])
    else:
        width = max(len(fact["name"]) for fact in facts)
        for fact in facts:
            series = "/".join(str(count) for count in fact["series"].values())
            shape = f"{series} series of {fact['steps']} x {fact['features']}, labels {fact['labels']}"
            typer.echo(f"{fact['name']:{width}}  {shape}\n{'':{width}}  {fact['summary']}")
        typer.echo("\nSeries are train/validation/test. Your own file: `rnngan sweep --data FILE --window 24`.")


def metrics(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One score; default all.",
            show_default=False,
            autocompletion=completion.one_of(completion.scores),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the scores: definition, which way is better, range, source.

    Example:
      rnngan metrics mmd2
    """
    from rnngan_cli.errors import unknown
    from rnngan_cli.evaluation.metrics import METRICS

    if name and name not in METRICS:
        raise unknown("score", name, METRICS)
    facts = [_metric_facts(METRICS[one]) for one in ([name] if name else METRICS)]
    if as_json:
        typer.echo(json.dumps(facts[0] if name else facts, indent=2))
    elif name:
        print_facts(facts[0])
    else:
        width = max(len(fact["name"]) for fact in facts)
        for fact in facts:
            typer.echo(f"{fact['name']:{width}}  {fact['definition']} (better: {fact['direction']})")


COMMANDS = (losses, datasets, metrics)


def _metric_facts(metric: Any) -> dict[str, Any]:
    low, high = metric.range
    bounds = [bound if abs(bound) != float("inf") else None for bound in (low, high)]
    names = ("name", "title", "definition", "direction", "source", "group", "primary")
    return {**{key: getattr(metric, key) for key in names}, "range": bounds}


def _print_loss(facts: dict[str, Any]) -> None:
    """Everything about one loss, wrapped to the terminal."""
    from rnngan_cli.sweeps.catalogue import changed

    typer.echo(f"{facts['name']}: {facts['title']}\n")
    named = {"discriminator": "D minimises", "generator": "G minimises", "divergence": "divergence"}
    for key, title in {**named, "expect": "expect", "source": "source"}.items():
        _print_fact(title, facts[key], 11)
    for departure in facts["departures"]:
        _print_fact("departure", departure, 11)
    _print_fact("readouts", ", ".join(facts["readouts"]), 11)
    _print_fact("penalties", f"{', '.join(facts['penalties'])}; auto is {facts['penalty']}", 11)
    typer.echo("\nE mean over the batch, s sigmoid, sp(u) = log(1 + exp(u)), D logits.")
    if facts["options"]:
        typer.echo("\noptions (-s " + facts["name"] + ".NAME=VALUE)")
        width = max(len(option["name"]) for option in facts["options"])
        for option in facts["options"]:
            _print_fact(f"  {option['name']}", f"{option['default']}: {option['help']}", width + 2)
    shared, paper = (facts["profiles"][name] for name in ("shared", "paper"))
    typer.echo("\nprofile shared, the same for all losses but for penalty and options")
    _print_fact(" ", _words(shared["settings"]), 1)
    typer.echo("\nprofile paper (--profile paper), as shared but for")
    _print_fact(" ", _words(changed(facts)) or "nothing: its source is not written up here", 1)
    for departure in paper["departures"]:
        _print_fact("  departure", departure, 11)


def _words(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _print_fact(title: str, text: str, width: int) -> None:
    """A title and its text, which is wrapped and hangs beside it."""
    indent = " " * (width + 2)
    columns = min(shutil.get_terminal_size().columns, 110)
    lines = textwrap.wrap(text, columns, initial_indent=f"{title:{width}}  ", subsequent_indent=indent)
    typer.echo("\n".join(lines))


def print_facts(facts: dict[str, Any]) -> None:
    """A line a fact, lists and tables indented."""
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
