"""Choices held against a full comparison: a made-up sweep in which bce is the best and infogan the worst."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.choices import held_against
from benchmarks.synthetic import write_sweep
from rnngan_cli.results.comparison import compared
from rnngan_cli.store import SweepFolder
from tests.support.places import ROOT


def answer(take: str, *better_than: str) -> dict[str, object]:
    return {"dataset": "sines", "take": take, "better_than": list(better_than), "runs": 63, "updates": 540}


def test_a_choice_agrees_with_the_runs_in_part_or_not_at_all(tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path / "weak", 160)
    full = next(one for one in compared(sweep).answers if one.place == ("sines", "gru"))
    assert "bce" in full.best.kept and "infogan" not in full.best.kept
    assert held_against(answer("bce", "infogan"), full).agrees == "yes"
    assert held_against(answer("infogan"), full).agrees == "in part: infogan is not among the best"
    assert held_against(answer("infogan", "bce", "igan"), full).agrees.startswith("no: bce and igan are better")
    for name, found in (("sines", answer("bce", "infogan")), ("sines-again", answer("mse"))):
        (tmp_path / "choices" / name).mkdir(parents=True)
        (tmp_path / "choices" / name / "answer.json").write_text(json.dumps(found))
    words = ["--choices", str(tmp_path / "choices"), "--sweep", str(SweepFolder(tmp_path / "weak").path)]
    subprocess.run([sys.executable, "-m", "benchmarks.choices", *words], cwd=ROOT, check=True)
    lines = (tmp_path / "choices" / "choices.md").read_text().splitlines()
    assert len(lines) == 4
    assert lines[3].startswith("| sines | 63 | 540 | `mse` | - | bce")  # nothing was shown
    assert lines[2].startswith("| sines | 63 | 540 | `bce` | infogan | bce")
    behind = full.means["bce"] - min(full.means.values())
    assert lines[2].endswith(f"| {behind:.2g} | {full.best.costs['bce']:.2g} | yes |")
