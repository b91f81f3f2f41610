"""Tables of pages, written from what make targets left in results/."""

import json
import sys
import textwrap
from pathlib import Path

from rnngan_cli.results.comparison import compared_tables
from rnngan_cli.results.derived import read_tables
from rnngan_cli.results.leaderboard_text import leaderboard_markdown
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.text import markdown_table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # `benchmarks` is not installed


def benchmark_table() -> str:
    """The leaderboards of the published benchmark, with the number of runs and core hours behind them."""
    from benchmarks.boards import leaderboard

    sweep = SweepFolder(ROOT / "results" / "benchmark")
    facts = [folder.provenance() for folder in sweep.runs()]
    machine, versions = facts[0].machine, facts[0].versions
    seconds = sum((fact.seconds.training or 0) + (fact.seconds.scoring or 0) for fact in facts)
    note = (
        f"{len(facts)} runs, {seconds / 3600:.1f} core hours of training and scoring on {machine['cores']} cores "
        f"({machine['processor']}), TensorFlow {versions['tensorflow']}, Keras {versions['keras']}."
    )
    return f"{leaderboard_markdown(leaderboard(sweep)).strip()}\n\n{note}"


def study_text() -> str:
    """What the study found, without its title."""
    page = (ROOT / "results" / "study" / "study.md").read_text(encoding="utf-8")
    return page.split("\n", 1)[1].strip().replace("\n## ", "\n### ")


def summary_table() -> str:
    """The table of README.md: mean scores of every loss by the recipe on the data sets of the study."""
    _, _, found = study_text().partition("(`weak`)")
    return next(part for part in found.split("\n\n") if part.startswith("| loss |"))


def answer_text() -> str:
    """The answer of the published benchmark: what `rnngan compare` says first."""
    from benchmarks.study.text import answer_lines

    sweep = SweepFolder(ROOT / "results" / "benchmark")
    return "\n".join(answer_lines(compared_tables(sweep, read_tables(sweep))))


def optimisers_table() -> str:
    """The leaderboard of the study of optimisers."""
    from benchmarks.boards import leaderboard

    return leaderboard_markdown(leaderboard(SweepFolder(ROOT / "results" / "adam-vs-sgd"))).strip()


TUNED = ("sines", "digits")
"""The data sets of which a tune is published, in the order of the page."""


def tune_table() -> str:
    """The results of tuning on equal budgets, as the tunes wrote them, without the lists of settings."""
    parts = []
    for name in TUNED:
        page = (ROOT / "results" / "tune" / name / "outcome.md").read_text(encoding="utf-8")
        parts += [f"### {name}", page.split("\n", 1)[1].split("The settings:")[0].strip()]
    return "\n\n".join(parts)


def speed_table() -> str:
    """Runs per hour of whole sweeps, and their ratios to Keras and PyTorch, from results/speed."""
    from benchmarks.facts import facts
    from benchmarks.ledger import read
    from benchmarks.tables import machine_line, ratio_lines

    measured = read(ROOT / "results" / "speed")
    return "\n".join([*ratio_lines(facts(measured["raw"])), "", machine_line(measured["settings"]["sweeps"])])


PROMISES = (
    (
        "a sweep or a choice killed anywhere ends with the same bytes",
        "SIGKILL at random moments to workers, the scheduler, both or all; ten losses in two cells, and choices; "
        "`make torture`",
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
        "13 kinds of write by a worker, 9 by a scheduler, 6 by a choice, pictures",
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


def tried_table() -> str:
    """What half an hour of `rnngan choose` said on four data sets, beside the study, from results/choices."""
    return (ROOT / "results" / "choices" / "choices.md").read_text(encoding="utf-8").strip()


def before_after_table() -> str:
    """What the recipe brings on `sines`, from results/before-recipe and results/recipe."""
    from benchmarks.before_after import against_normal, before_and_after

    before, after = (ROOT / "results" / name for name in ("before-recipe", "recipe"))
    return "\n".join([*before_and_after(before, after), "", *textwrap.wrap(against_normal(after), 120)])


def levers_text() -> str:
    """What each setting of the recipe brings, from results/levers."""
    from benchmarks.levers import levers_sentence, levers_table

    folder = SweepFolder(ROOT / "results" / "levers")
    return "\n".join([*levers_table(folder), "", *textwrap.wrap(levers_sentence(folder), 120)])


def equal_time_text() -> str:
    """What the recipe brings for equal time on four data sets, from results/plain and results/study/weak."""
    from benchmarks.equal_time import equal_time_sentence, equal_time_table

    plain, recipe = (SweepFolder(ROOT / "results" / name) for name in ("plain", "study/weak"))
    sentence = textwrap.wrap(equal_time_sentence(plain, recipe), 120)
    return "\n".join([*equal_time_table(plain, recipe), "", *sentence])


def reached_text() -> str:
    """How near the recipe comes to real series on each data set of the study, from results/study/weak."""
    from benchmarks.equal_time import reached_lines

    return "\n".join(reached_lines(SweepFolder(ROOT / "results" / "study" / "weak")))


def promises_table() -> str:
    """The promises with the measured figures, from results/torture.json, fuzz.json and the recorded bits."""
    fuzz = json.loads((ROOT / "results" / "fuzz.json").read_text("utf-8"))
    path, survived = ROOT / "results" / "torture.json", "20 kills in every run of the tests"
    if path.exists():
        torture = json.loads(path.read_text("utf-8"))
        equal = "all equal" if torture["all_bytes_equal"] else f"{len(torture['different'])} different"
        states = ", ".join(f"{count} {state}" for state, count in torture["by_state"].items())
        survived = f"{torture['kills']} kills ({states}), {torture['files_compared']} files compared, {equal}"
        if "choices" in torture:
            chosen = torture["choices"]
            alike = "all equal" if chosen["all_bytes_equal"] else f"{len(chosen['different'])} different"
            survived += f"; {chosen['kills']} kills of `rnngan choose`, {chosen['files_compared']} files, {alike}"
    fuzzed = f"{fuzz['inputs']:,} inputs of {len(fuzz['by_target'])} kinds, {len(fuzz['findings'])} findings"
    kinds = json.loads((ROOT / "tests" / "golden" / "runs.json").read_text("utf-8"))["kinds"]
    portable = [kind for kind in kinds if kind["arithmetic"]["bits"] == "portable"]
    golden = f"{sum(len(kind['runs']) for kind in portable)} runs, 2 emulated processors"
    rows = [[*words, figures.format(survived=survived, fuzzed=fuzzed, golden=golden)] for *words, figures in PROMISES]
    return "\n".join(markdown_table(["promise", "how it is tested", "figures"], rows))
