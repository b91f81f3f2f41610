"""Writes the pages of docs/ and the tables of README.md that are generated from registries and results.

Run it as `python docs/generate.py` (`make docs`). With `--check` it writes nothing and exits with 1 if a file is stale.
"""

import json
import re
import sys
import textwrap
from pathlib import Path

from pydantic import BaseModel

from rnngan_cli.config import DataConfig, RunConfig
from rnngan_cli.config.options import Option
from rnngan_cli.data import SOURCES
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.losses import VARIANTS
from rnngan_cli.results.leaderboard import calibrated, leaderboard_of
from rnngan_cli.results.leaderboard_text import leaderboard_markdown
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.catalogue import LossFacts, describe_loss
from rnngan_cli.sweeps.profiles import starting_settings
from rnngan_cli.system.text import markdown_table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # `benchmarks` is not installed


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


def benchmark_table() -> str:
    """The leaderboards of the published benchmark, with the number of runs and core hours behind them."""
    sweep = SweepFolder(ROOT / "results" / "benchmark")
    runs, _ = runs_table(sweep)
    facts = [folder.provenance() for folder in sweep.runs()]
    machine, versions = facts[0].machine, facts[0].versions
    seconds = sum((fact.seconds.training or 0) + (fact.seconds.scoring or 0) for fact in facts)
    note = (
        f"{len(facts)} runs, {seconds / 3600:.1f} core hours of training and scoring on {machine['cores']} cores "
        f"({machine['processor']}), TensorFlow {versions['tensorflow']}, Keras {versions['keras']}."
    )
    return f"{leaderboard_markdown(calibrated(sweep, runs, leaderboard_of(runs))[0]).strip()}\n\n{note}"


def summary_table() -> str:
    """The main scores of the benchmark on its first data set."""
    return benchmark_table().split("\n\n**")[0].split("**\n\n", 1)[1]


def study_table() -> str:
    """The leaderboard of the study of optimisers."""
    sweep = SweepFolder(ROOT / "results" / "adam-vs-sgd")
    runs, _ = runs_table(sweep)
    return leaderboard_markdown(calibrated(sweep, runs, leaderboard_of(runs))[0]).strip()


def tune_table() -> str:
    """The result of tuning on equal budgets, as the tune wrote it, without the list of settings."""
    page = (ROOT / "results" / "tune" / "sines" / "outcome.md").read_text(encoding="utf-8")
    return page.split("\n", 1)[1].split("The settings:")[0].strip()


def speed_table() -> str:
    """Runs per hour of whole sweeps, and their ratios to Keras and PyTorch, from results/speed."""
    from benchmarks.facts import facts
    from benchmarks.ledger import read
    from benchmarks.tables import machine_line, ratio_lines

    measured = read(ROOT / "results" / "speed")
    return "\n".join([*ratio_lines(facts(measured["raw"])), "", machine_line(measured["settings"]["sweeps"])])


PROMISES = (
    (
        "a sweep killed anywhere ends with the same bytes",
        "SIGKILL at random moments to workers, the scheduler, both or all; ten losses, two cells; `make torture`",
        "{survived}",
    ),
    (
        "with `--bits portable`, the same bits on every x86-64 processor with AVX2",
        "short runs of every loss and cell against recorded bits, and on emulated Intel and AMD processors",
        "{golden}",
    ),
    (
        "a full disk loses nothing that was complete",
        "no space at every kind of write, on a small disk and by a limit on file sizes",
        "13 kinds of write by a worker, 9 by a scheduler, pictures",
    ),
    (
        "a broken worker fails only its own run",
        "out of memory, hanging, crashing, killed, sending nonsense, in one sweep",
        "11 ways to break",
    ),
    (
        "altered files are named",
        "every file of a run and of a sweep emptied, truncated, bit-flipped, made unreadable or replaced",
        "11 kinds of damage to 13 files",
    ),
    ("hostile files are refused in one line", "properties, and a fuzzer; `make fuzz`", "{fuzzed}"),
    (
        "a lost machine loses only the work since a checkpoint",
        "a Ray cluster of two nodes, with a node removed and a process killed on the other",
        "bytes equal to those of local workers",
    ),
    (
        "each run is done once",
        "locks of the operating system; two concurrent shards; a run held by another process",
        "bytes equal to those of one sweep",
    ),
)
"""Each promise with its test and the figures; those in braces are filled in from results/."""


ROUNDED = ("sliced_wasserstein", "coverage", "nearest_training", "discriminative_weak", "predictive")
"""Scores in the short table of docs/evaluation.md on rounding."""


def rounding_table() -> str:
    """The ratio of deviations over nudges and over seeds, for some scores and each loss, from results/rounding."""
    rows, loss = [], ""
    for line in (ROOT / "results" / "rounding" / "rounding.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            loss = line.removeprefix("## ").partition(":")[0]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] in ROUNDED:
            rows.append([loss, *cells])
    return "\n".join(markdown_table(["loss", "score", "mean", "sd over seeds", "sd over nudges", "ratio"], rows))


def rates_table() -> str:
    """How often each kind of statement of `rnngan compare` is false, from results/verdicts."""
    from benchmarks.verdict_rates import error_table, read

    return "\n".join(error_table(read(ROOT / "results" / "verdicts")))


def found_table() -> str:
    """How often `rnngan compare` finds a better loss, beside the older rule, from results/verdicts."""
    from benchmarks.verdict_rates import power_table, read

    return "\n".join(power_table(read(ROOT / "results" / "verdicts")))


def choices_table() -> str:
    """How often each kind of statement of `rnngan choose` is false, from results/verdicts."""
    from benchmarks.choice_rates import error_table, read

    return "\n".join(error_table(read(ROOT / "results" / "verdicts")))


def chosen_table() -> str:
    """How often `rnngan choose` finds the best loss, beside equal seeds for all, from results/verdicts."""
    from benchmarks.choice_rates import power_table, read

    return "\n".join(power_table(read(ROOT / "results" / "verdicts")))


def before_after_table() -> str:
    """What the recipe brings on `sines`, from results/benchmark and results/recipe."""
    from benchmarks.before_after import against_normal, before_and_after

    before, after = (ROOT / "results" / name for name in ("benchmark", "recipe"))
    return "\n".join([*before_and_after(before, after), "", *textwrap.wrap(against_normal(after), 120)])


def promises_table() -> str:
    """The promises with the measured figures, from results/torture.json, fuzz.json and the recorded bits."""
    fuzz = json.loads((ROOT / "results" / "fuzz.json").read_text("utf-8"))
    path, survived = ROOT / "results" / "torture.json", "30 kills in every run of the tests"
    if path.exists():
        torture = json.loads(path.read_text("utf-8"))
        equal = "all equal" if torture["all_bytes_equal"] else f"{len(torture['different'])} different"
        states = ", ".join(f"{count} {state}" for state, count in torture["by_state"].items())
        survived = f"{torture['kills']} kills ({states}), {torture['files_compared']} files compared, {equal}"
    fuzzed = f"{fuzz['inputs']:,} inputs of {len(fuzz['by_target'])} kinds, {len(fuzz['findings'])} findings"
    kinds = json.loads((ROOT / "tests" / "golden" / "runs.json").read_text("utf-8"))["kinds"]
    portable = [kind for kind in kinds if kind["arithmetic"]["bits"] == "portable"]
    golden = f"{sum(len(kind['runs']) for kind in portable)} runs, 2 emulated processors"
    rows = [[*words, figures.format(survived=survived, fuzzed=fuzzed, golden=golden)] for *words, figures in PROMISES]
    return "\n".join(markdown_table(["promise", "how it is tested", "figures"], rows))


PARTS = {
    "promises": promises_table,
    "rounding": rounding_table,
    "rates": rates_table,
    "power": found_table,
    "choices": choices_table,
    "chosen": chosen_table,
    "before-after": before_after_table,
    "losses": losses_table,
    "summary": summary_table,
    "benchmark": benchmark_table,
    "tune": tune_table,
    "study": study_table,
    "speed": speed_table,
}
PAGES = {
    "README.md": ("summary", "losses", "speed", "promises"),
    "docs/benchmark.md": ("benchmark",),
    "docs/studies.md": ("tune", "study"),
    "docs/promises.md": ("promises",),
    "docs/evaluation.md": ("rounding", "rates", "power"),
    "docs/choosing.md": ("choices", "chosen"),
    "docs/training.md": ("before-after",),
}
"""Pages written by hand, with the names of their generated parts."""


def filled(page: str) -> str:
    """The text of a page with its generated parts replaced by current ones.

    Raises:
        SystemExit: the page lacks the markers of a part.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    for name in PAGES[page]:
        begin, end = f"<!-- {name}: written by docs/generate.py -->", f"<!-- end of {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{page} has no part `{begin}` ... `{end}`")
        part = f"{begin}\n\n{PARTS[name]()}\n\n{end}"
        text = pattern.sub(lambda _, part=part: part, text)
    return text


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


def pages() -> dict[Path, str]:
    """The current text of every generated file, by path."""
    losses = map(describe_loss, VARIANTS.values())
    return {
        **{ROOT / page: filled(page) for page in PAGES},
        **{ROOT / "docs" / "losses" / f"{facts.name}.md": loss_page(facts) for facts in losses},
        ROOT / "docs" / "losses.md": losses_page(),
        ROOT / "docs" / "scores.md": scores_page(),
        ROOT / "docs" / "settings.md": settings_page(),
    }


def main() -> int:
    """Writes the files, or with `--check` only reports by the exit code whether any is stale."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        return int(bool(stale))
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
