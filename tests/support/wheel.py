"""The wheel as a new user has it: in an environment and a folder that hold nothing else. `make try-wheel`.

The wheel of dist/ is held against what it should contain and against one built from the source tree, installed into an
empty environment, and used from a CSV to a report. Every command has to end well and to have written what it promises.
"""

import argparse
import csv
import math
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE_DATA = (
    "data/sources/NOTICE.md",
    "data/sources/goog.csv.gz",
    "evaluation/reliability.csv",
    "py.typed",
    "results/report/page.css",
    "results/report/page.html.j2",
    *(f"results/report/{name}.js" for name in ("base", "curves", "looks", "navigation", "series", "spread", "tables")),
)
"""Everything in the wheel that is no module."""
SOURCE_TREE = ("benchmarks", "tests")  # clevercsv installs a package `docs` of its own
"""Folders beside the package, which is not to need them."""
SIZES = ("--steps", "40", "-s", "units=8")
SCORING = ("--protocol", "quick")
EXPECTED = (
    "results/sweep/sweep.json",
    "results/sweep/runs.csv",
    "results/sweep/leaderboard.md",
    "results/sweep/figures/loss-curves-my-gru.png",
    "results/sweep/figures/loss-curves-my-gru.svg",
    "results/sweep/figures/samples-my-gru.png",
    "results/sweep/report.html",
    "new.csv",
    "new.npz",
    "new.png",
)
"""What is there when all commands have ended."""


class BrokenWheelError(Exception):
    """Something a new user would stumble over."""


def check(holds: bool, words: str) -> None:
    """Goes on if it holds.

    Raises:
        BrokenWheelError: it does not.
    """
    if not holds:
        raise BrokenWheelError(words)


def contents(wheel: Path) -> dict[str, bytes]:
    """What is in it, by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check_contents(wheel: Path) -> None:
    """Holds the wheel against the package's folder and against a wheel of the source tree itself."""
    found = contents(wheel)
    tops = {name.split("/")[0] for name in found}
    check(len(tops) == 2 and "rnngan_cli" in tops, f"{wheel.name} installs {', '.join(sorted(tops))}")
    package = {name.removeprefix("rnngan_cli/") for name in found if name.startswith("rnngan_cli/")}
    modules = {str(path.relative_to(ROOT / "rnngan_cli")) for path in (ROOT / "rnngan_cli").rglob("*.py")}
    different = sorted(package ^ (modules | set(PACKAGE_DATA)))
    check(not different, f"in the wheel or in the source tree alone: {', '.join(different)}")
    with tempfile.TemporaryDirectory() as folder:
        words = (sys.executable, "-m", "build", "--no-isolation", "--quiet", "--wheel", "--outdir", folder, str(ROOT))
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        (other,) = Path(folder).glob("*.whl")
        check(contents(other) == found, "the wheel of the sdist is not the wheel of the source tree")


@dataclass(frozen=True)
class NewUser:
    """Somebody with an environment, a home, and a folder to work in.

    Attributes:
        home: holds all of it.
    """

    home: Path

    @property
    def folder(self) -> Path:
        """Where the commands run."""
        return self.home / "work"

    @property
    def programs(self) -> Path:
        """What the environment has installed."""
        return self.home / "environment" / "bin"

    def install(self, wheel: Path, constraints: Path) -> None:
        """Makes the environment and the folder."""
        self.folder.mkdir()
        venv.create(self.programs.parent, with_pip=True)
        words = (self.programs / "pip", "install", "--quiet", "--disable-pip-version-check")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        subprocess.run((*words, "--constraint", constraints, wheel), check=True, cwd=self.folder, env=environment)

    def run(self, *words: str) -> str:
        """Runs a program of the environment, which finds nothing of the caller's; gives what it printed.

        Raises:
            BrokenWheelError: it ended with another code than 0, or with a traceback.
        """
        path = os.pathsep.join((str(self.programs), "/usr/bin", "/bin"))
        environment = {"PATH": path, "HOME": str(self.home), "LANG": "C.UTF-8"}
        begun = time.monotonic()
        ended = subprocess.run(words, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        print(f"{time.monotonic() - begun:5.1f} s  {' '.join(words)}", flush=True)  # noqa: T201
        said = ended.stdout + ended.stderr
        check(ended.returncode == 0 and "Traceback" not in said, f"`{' '.join(words)}`: {ended.returncode}\n{said}")
        return ended.stdout

    def check_import(self) -> None:
        """The package comes from the environment, and nothing else of the source tree can be had."""
        place = self.run("python", "-c", "import rnngan_cli; print(rnngan_cli.__file__)").strip()
        check(Path(place).is_relative_to(self.programs.parent), f"rnngan_cli is imported from {place}")
        script = "from importlib.util import find_spec; import sys; print([n for n in sys.argv[1:] if find_spec(n)])"
        found = self.run("python", "-c", script, *SOURCE_TREE).strip()
        check(found == "[]", f"of the source tree can be imported: {found}")

    def write_csv(self) -> None:
        """A record of a user's own: 600 days, three columns that follow each other."""
        with (self.folder / "my.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("load", "sun", "wind"))
            for day in range(600):
                sun = 10 + 8 * math.sin(day / 7) + math.sin(day * 1.7)
                writer.writerow((f"{50 - sun:.3f}", f"{sun:.3f}", f"{5 + 3 * math.cos(day / 11 + sun / 9):.3f}"))

    def walk(self) -> None:
        """From a look around to series from a trained generator."""
        self.run("rnngan", "doctor")
        for loss in ("bce", "wgan"):
            check(loss in self.run("rnngan", "losses"), f"`rnngan losses` does not tell {loss}")
        check("train 1393" in self.run("rnngan", "datasets", "stocks"), "the stocks record is another one")
        sweep = (
            "rnngan",
            "sweep",
            "--losses",
            "bce,wgan",
            "--data",
            "my.csv",
            "--window",
            "24",
            "--seeds",
            "2",
            *SIZES,
            *SCORING,
        )
        self.run(*sweep)
        self.run(*sweep)  # continues where it stopped: there is nothing to do
        results = "results/sweep"
        for command in ("status", "plot", "report", "compare"):
            self.run("rnngan", command, results)
        self.run("rnngan", "evaluate", results, *SCORING)
        run = next(iter(sorted((self.folder / results / "runs").glob("wgan-*"))))
        for name in ("new.csv", "new.npz", "new.png"):
            self.run("rnngan", "generate", str(run.relative_to(self.folder)), "-n", "4", "-o", name)
        self.run("rnngan", "verify", results)

    def check_written(self) -> None:
        """What the commands were for."""
        missing = [name for name in EXPECTED if not (self.folder / name).stat().st_size]
        check(not missing, f"empty: {', '.join(missing)}")
        report = (self.folder / "results/sweep/report.html").read_text(encoding="utf-8")
        for part in (r"prefers-color-scheme: dark", r"function sortable", r"[Pp]lotly\.js v", r'id="leaderboard"'):
            check(re.search(part, report) is not None, f"the report is without {part}")
        with (self.folder / "new.csv").open(newline="") as file:
            rows = list(csv.reader(file))
        check(rows[0][-3:] == ["load", "sun", "wind"], f"new.csv has the columns {rows[0]}")
        check(len(rows) == 1 + 4 * 24, f"new.csv has {len(rows)} lines")
        load = [float(row[-3]) for row in rows[1:]]
        check(30 < min(load) <= max(load) < 52, f"new.csv is not in the units of the data: {min(load)} to {max(load)}")


def main() -> None:
    """Goes through all of it; one line and code 1 if something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dist", type=Path, help="The folder with one wheel in it.")
    (wheel,) = parser.parse_args().dist.resolve().glob("rnngan-*.whl")
    try:
        check_contents(wheel)
        with tempfile.TemporaryDirectory(prefix="rnngan-new-user-") as home:
            user = NewUser(Path(home))
            user.install(wheel, ROOT / "constraints.txt")
            user.check_import()
            user.write_csv()
            user.walk()
            user.check_written()
    except BrokenWheelError as error:
        raise SystemExit(f"The wheel does not do: {error}") from error
    print(f"{wheel.name}: all a new user does works outside the repository")  # noqa: T201


if __name__ == "__main__":
    main()
