"""Pages and tables written from what the program registers: losses, scores, settings."""

import textwrap

from pydantic import BaseModel

from rnngan_cli.config import DataConfig, RunConfig
from rnngan_cli.config.options import Option
from rnngan_cli.data import SOURCES
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.losses import VARIANTS
from rnngan_cli.sweeps.catalogue import LossFacts, describe_loss
from rnngan_cli.sweeps.profiles import starting_settings
from rnngan_cli.system.text import markdown_table


def losses_table() -> str:
    """The ten losses as a Markdown table."""
    lines = ["| name | discriminator minimises | generator minimises | source |", "| --- | --- | --- | --- |"]
    for facts in map(describe_loss, VARIANTS.values()):
        cells = (f"`{facts.name}`", f"`{facts.discriminator}`", f"`{facts.generator}`", facts.source)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


SIGNS = (
    "D returns logits; s is the sigmoid, sp(u) = log(1 + exp(u)), E the mean over a batch; everything is minimised. "
    "Loss values of different losses are not comparable."
)
"""How to read the formulas."""


PROFILES_TEXT = (
    "There are three profiles. `recipe`, the default, is the same for all losses, with what brings generators near",
    "the data ([training settings](training.md)). `--profile shared` is plain, and the same for all losses except",
    "for the penalty and a loss's own options. `--profile paper` starts from the settings in the source of a loss,",
    "as far as they are available here. Settings on the command line and in `[run]`, `[grid]` or",
    "`[override.NAME]` override all of them. The shared settings:",
    "",
)
"""What the profiles are, before the settings of the one called shared."""


def losses_page() -> str:
    """The page that lists the losses by their definitions, followed by the settings they share."""
    facts = [describe_loss(row) for row in VARIANTS.values()]
    shared = facts[0].profiles["shared"].settings
    common = ", ".join(f"{name} {value}" for name, value in shared.items() if not name.startswith("penalty"))
    table = markdown_table(
        ["loss", "what it is", "divergence", "penalty by default", "needs labels"],
        [
            [
                f"[`{loss.name}`](losses/{loss.name}.md)",
                loss.title,
                loss.divergence,
                loss.penalty,
                "yes" if loss.needs_labels else "no",
            ]
            for loss in facts
        ],
    )
    lines = [
        "# The losses",
        "",
        "docs/generate.py writes this page and the page of each loss from the registry that `rnngan losses` reads.",
        SIGNS,
        "",
        *table,
        "",
        *PROFILES_TEXT,
        common + ".",
        "",
        "The recipe differs from them in the following, and in noise that follows from the data; a loss that is not",
        "defined with the penalty r1r2 has lp with a weight of 10:",
        "",
        ", ".join(f"{name} {value}" for name, value in facts[0].changed("recipe").items()) + ".",
        "",
        f"Of single losses: {'; '.join(_own_recipe(facts))}.",
    ]
    return "\n".join(lines) + "\n"


def _own_recipe(facts: list[LossFacts]) -> list[str]:
    """What the recipe sets for some losses alone, besides penalties, in words."""
    common = facts[0].changed("recipe").items()
    own = {loss.name: dict(loss.changed("recipe").items() - common) for loss in facts}
    return [
        f"`{loss}` has {name} {value}"
        for loss, settings in own.items()
        for name, value in settings.items()
        if not name.startswith("penalty")
    ]


NEEDS = {
    True: "Needs labels: where the data has none, they are derived by k-means; `--labels none` is refused.",
    False: "Needs no labels.",
}
"""The line of a page on labels, by whether the loss needs them."""


def loss_page(facts: LossFacts) -> str:
    """The page of a loss, with everything that `rnngan losses NAME` prints."""
    name, paper = facts.name, facts.profiles["paper"]
    settings = [f"`{setting}` {value}" for setting, value in facts.changed("paper").items()]
    options = [
        [f"`{name}.{option['name']}`", str(option["default"]), option["expected"], option["help"]]
        for option in facts.options
    ]
    own = ["", "## Options", "", *markdown_table(["option", "default", "expected", "meaning"], options)]
    lines = [
        f"# {name}: {facts.title}",
        "",
        f"{facts.expect}",
        "",
        "## Objectives",
        "",
        "The discriminator minimises:",
        *_formula(facts.discriminator),
        "The generator minimises:"
        if not facts.generator.startswith("G:")
        else "The generator and the encoder minimise:",
        *_formula(facts.generator),
        f"{SIGNS}",
        "",
        f"- Divergence: {facts.divergence}",
        f"- Source: {facts.source}",
        *(f"- Departure from it: {departure}" for departure in facts.departures),
        f"- {NEEDS[facts.needs_labels]}",
        f"- Supported readouts: {', '.join(facts.readouts)}",
        f"- Supported penalties: {', '.join(facts.penalties)}; `auto` is {facts.penalty}",
        *(own if options else []),
        "",
        "## Settings of its paper",
        "",
        f"`rnngan sweep --losses {name} --profile paper` differs from the shared settings in:",
        f"{', '.join(settings)}.",
        "",
        "Differences from the paper that remain:",
        "",
        *(f"- {departure}" for departure in paper.departures),
        "",
        "[All losses](../losses.md). docs/generate.py writes this page.",
    ]
    return "\n".join(lines) + "\n"


def _formula(text: str) -> list[str]:
    """The formula as a code block, with a line for each of its parts."""
    return ["", "```text", *text.split("; "), "```", ""]


def scores_page() -> str:
    """The page of scores, with everything that `rnngan metrics NAME` prints."""
    lines = [
        "# Scores",
        "",
        "docs/generate.py writes this page from the registry that `rnngan metrics` reads. How scores are computed is",
        "described in [evaluation.md](evaluation.md). The first table of a leaderboard has the scores marked with a",
        "star, the second those of coverage and memorisation, and leaderboard.csv has all of them.",
    ]
    for group in dict.fromkeys(metric.group for metric in METRICS.values()):
        lines += [
            "",
            f"## {group}",
            "",
            "| score | definition | better | range | source |",
            "| --- | --- | --- | --- | --- |",
        ]
        for metric in METRICS.values():
            if metric.group == group:
                low, high = (f"{bound:g}".replace("inf", "∞") for bound in metric.range)
                name = f"`{metric.name}`{' *' if metric.primary else ''}"
                lines.append(
                    f"| {name} | {metric.definition} | {metric.direction} | {low} to {high} | {metric.source} |"
                )
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """The page of settings: fields of a run and of its data, and options of losses and data sets."""
    own = [(row.name, row.options) for row in (*VARIANTS.values(), *SOURCES.values()) if row.options]
    lines = [
        "# Settings",
        "",
        "docs/generate.py writes this page from the program itself. Set a value with `-s key=value`, and a grid with",
        "several values (`-s units=24,48`). A prefix limits a setting to one loss or data set",
        "(`-s wgan.critic_steps=5`, `-s vae.gamma=0.1`); `-s data.stride=2` is a setting of the data. In an experiment",
        "file, use the tables `[run]`, `[grid]`, `[data]` and `[override.wgan]`.",
        *_run_table(),
        *_field_table("Data: `[data]`", DataConfig, ("name", "sha256", "options")),
        "",
        "## Options of a loss or data set: `[override.NAME]`",
        "",
        "| setting | default | expected | meaning |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{name}.{key}` | {_default(name, key, option)} | {option.expected} | {option.help} |"
            for name, options in own
            for key, option in options.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _default(name: str, key: str, option: Option) -> str:
    """The default of an option, and its value by the recipe if that is another."""
    by_recipe = VARIANTS[name].recipe if name in VARIANTS else {}
    return f"{option.default}; recipe {by_recipe[key]}" if key in by_recipe else str(option.default)


def _run_table() -> list[str]:
    """The fields of a run, with what the default profile starts from beside the default of the profile `shared`."""
    recipe = {**starting_settings("recipe", VARIANTS["bce"], {}), "latent_series": "data", "latent_steps": "data"}
    recipe["average"] = ""  # follows from the half-life
    left_out = ("schema_version", "loss", "cell", "seed", "data", "options")
    rows = [
        f"| `{name}` | {recipe.get(name, plain)} | {plain} | {field.description} |"
        for name, field in RunConfig.model_fields.items()
        if name not in left_out
        for plain in ["" if field.default is None else field.default]
    ]
    text = (
        "The column `recipe` is where a sweep starts from: the default profile, for every loss defined with the "
        "penalty r1r2. `data`: chosen by the training series ([training settings](training.md)). Column `shared` is "
        "for `--profile shared`, and for what `--profile paper` leaves open."
    )
    head = ["| setting | recipe | shared | meaning |", "| --- | --- | --- | --- |"]
    return ["", "## Run: `[run]`", "", *textwrap.wrap(text, 120), "", *head, *rows]


def _field_table(title: str, model: type[BaseModel], left_out: tuple[str, ...]) -> list[str]:
    rows = [
        f"| `{name}` | {'' if field.default in (None, ()) else field.default} | {field.description} |"
        for name, field in model.model_fields.items()
        if name not in left_out
    ]
    return ["", f"## {title}", "", "| setting | default | meaning |", "| --- | --- | --- |", *rows]
