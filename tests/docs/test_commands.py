"""Runs every command in README and docs/, in the order of its page, in a folder with the files that the page uses.

Commands that train are made small by settings appended to them, since the last value counts. Commands that are not run
are listed here with the reason; tests/docs/test_docs.py checks their options all the same.
"""

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support.places import ROOT

Rnngan = Callable[..., tuple[int, str, str]]

SMALL = "--steps 6 --seeds 1 -s units=4 -s batch_size=8 -s history_every=2 --protocol quick"
SHORT = "--steps 3 --budget 12runs --losses bce,gan -s units=4 -s batch_size=8 -j 1"
AFTER = {"choose": SHORT, "sweep": SMALL, "evaluate": "--protocol quick"}
"""Words appended to a command."""
PLANNED = {
    "rnngan choose my.csv --budget 30m": "long, even if small; the tutorial has one",
    "rnngan choose stocks --losses bce,wgan,vae --budget 2h": "as above",
    "rnngan choose my.csv --budget 2h": "as above",
    "rnngan tune --losses bce,wgan": "a tune is long, however small; tests/tuning/test_tune.py has one",
    "rnngan tune --losses bce,wgan --trials 12 --steps 600": "as above",
    "rnngan tune --datasets sines,stocks -s batch_size=64": "as above",
    "rnngan sweep --losses all --data my.csv --window 24": "compiles ten losses; tests/losses train them",
    "rnngan sweep experiments/tuned/sines.toml": "as above",
    "rnngan sweep experiments/study/weak.toml --datasets digits --bits portable --output results/digits": "as above",
}
"""Commands run with `--dry-run` appended, which reads and checks all their input, and the reasons."""
NOT_RUN = {
    "rnngan evaluate --self-check": "minutes; tests/evaluation/test_reimplementation.py does it, marked slow",
    "rnngan sweep experiments/benchmark.toml --engine ray --ray-address auto": "a cluster; tests/sweeps/engines",
    "ray start": "as above",
    "rnngan verify --reproduce results/study/weak/runs/NAME": "minutes; tests/sweeps/test_reproduce.py has short ones",
    "make ": "targets of the Makefile, which call what is run here, or measure for hours",
    "pip install": "needs a registry",
    "tensorboard --logdir": "a server that never ends; tests/results/exports/test_events.py reads what it shows",
    "mlflow ui": "as above; tests/results/exports/test_tracking.py",
    "python3.11 -m venv": "makes the environment that this runs in",
    ".venv/bin/python -m benchmarks": "measures; tests/benchmarks run its parts",
}
"""Beginnings of lines, also after settings of the environment, that are not run, and the reasons."""
QUICK = ("README.md", "docs/index.md")
TUTORIAL = "docs/tutorial.md"


def pages() -> list[object]:
    """Returns the pages with commands but the tutorial; all but README and the first page are marked slow."""
    names = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
    having = [name for name in names if cells(name) and name != TUTORIAL]
    return [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in having]


def cells(page: str) -> list[tuple[str, str]]:
    """Returns the shell and Python cells of a page in order; none if it has no shell cell, as docs/library.md."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"```(sh|python)\n(.*?)```", text, re.DOTALL)
    return found if any(kind == "sh" for kind, _ in found) else []


def lines(cell: str) -> Iterator[str]:
    """Yields the commands of a shell cell, without comments."""
    for line in cell.splitlines():
        command = re.sub(r"\s+#.*", "", line).strip()
        if command:
            yield command


def not_run(line: str) -> bool:
    """Returns whether a line is listed in `NOT_RUN`."""
    return any(line.startswith(start) or f" {start}" in line.split("rnngan", maxsplit=1)[0] for start in NOT_RUN)


def words_of(line: str) -> list[str]:
    """Returns the arguments of the program, with real names for placeholders and small settings."""
    command, *words = shlex.split(line)
    assert command == "rnngan", f"`{line}`: is neither an `rnngan` command nor listed in NOT_RUN"
    if line in PLANNED:
        return [*words, "--dry-run"]
    kind = {"--label": "cgan-", "--code": "infogan-"}
    start = next((name for option, name in kind.items() if option in words), "")
    words = [word.replace("/NAME", f"/{start}*") for word in words]
    for number, word in enumerate(words):
        if "*" in word:
            matches = sorted(map(str, Path().glob(word)))
            assert matches, f"`{line}`: nothing matches"
            words[number] = matches[0]
    to_add_to = Path(words[1]).is_dir() if len(words) > 1 else False
    own = "--data" in words or any(word.endswith(".toml") for word in words) or to_add_to
    sines = "-s sines.series=150" if words[0] == "sweep" and not own else ""
    return [*words, *AFTER.get(words[0], "").split(), *sines.split()]


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A folder with the files that pages use: a record of 40 customers, as tables and arrays; experiments; a tune."""
    clock = np.arange(40 * 24)
    features = {"customer": clock // 24, "sea": np.sin(0.3 * clock), "air": np.cos(0.2 * clock)}
    pd.DataFrame(features).to_csv(tmp_path / "customers.csv", index=False)
    pd.DataFrame(features).drop(columns="customer").to_csv(tmp_path / "my.csv", index=False)
    series = np.stack([features["sea"], features["air"]], axis=1).reshape(40, 24, 2)
    np.savez(tmp_path / "my.npz", series=series, labels=np.arange(40) % 3)
    np.save(tmp_path / "my.npy", series.transpose(0, 2, 1))
    rows = [":".join(",".join(f"{value:.4f}" for value in column) for column in one.T) for one in series]
    header = "@problemName JapaneseVowels\n@timeStamps false\n@univariate false\n@classLabel true 0 1 2\n@data"
    text = "\n".join([header, *(f"{row}:{number % 3}" for number, row in enumerate(rows))])
    (tmp_path / "JapaneseVowels.ts").write_text(text + "\n", encoding="utf-8")
    shutil.copytree(ROOT / "experiments", tmp_path / "experiments")
    for published in ("results/tune/sines/after", "results/study/weak"):
        shutil.copytree(ROOT / published, tmp_path / published)
    return tmp_path


def run_page(page: str, rnngan: Rnngan) -> dict[str, str]:
    """Runs the cells of a page in their order; returns what each command printed."""
    printed: dict[str, str] = {}
    for kind, cell in cells(page):
        if kind == "python":
            exec(compile(cell, page, "exec"), {"__name__": "cell"})
            continue
        for line in lines(cell):
            if not_run(line):
                continue
            code, printed[line], errors = rnngan(*words_of(line))
            assert code == 0, f"{page}: `{line}`: {printed[line]}{errors}"
    return printed


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("page", pages())
def test_the_commands_of_a_page_run(page: str, rnngan: Rnngan) -> None:
    assert run_page(page, rnngan) or page == "docs/speed.md"


def test_the_tutorial_runs_and_ends_with_what_it_promises(prepared: Path, rnngan: Rnngan) -> None:
    """It promises an answer, and new series in the units of the record."""
    printed = run_page(TUTORIAL, rnngan)
    record = pd.read_csv(prepared / "my.csv", encoding="cp1252", sep=";", decimal=",", skiprows=1, na_values="-200,0")
    assert len(record) == 1500 and record["Sea °C"].isna().sum() == 16
    (answer,) = [said for line, said in printed.items() if "--budget" in line]
    assert "\nTake " in answer and "\n| bce " in answer and "\n| gan " in answer
    assert (prepared / "results/choose/my/report.html").exists()
    new = pd.read_csv(prepared / "new.csv")
    assert list(new.columns) == ["series", *record.columns]
    assert new["series"].nunique() == 1000 and new["Date"].unique().tolist() == ["01/06/2024"]
    assert set(new["Sky"]) <= {"clear", "rain"} and new["Ships"].dtype.kind == "i"
    for name in ("Sea °C", "Air °C", "Ships"):
        assert record[name].min() <= new[name].min() <= new[name].max() <= record[name].max()
