"""The table of published generators beside presets, on made-up scores."""

from pathlib import Path

from benchmarks.presets import TABLE, presets_table
from rnngan_cli.config import SweepConfig
from rnngan_cli.store import SweepFolder
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.sweeps.plan import plan
from tests.support.places import ROOT


def write(path: Path, loss: str, values: list[float | None]) -> None:
    """A sweep of a loss with a discriminative score for each seed; None diverged."""
    config = SweepConfig.model_validate({"losses": loss, "seeds": len(values), "noise": {"sines": (13, 0)}})
    sweep = SweepFolder(path)
    sweep.create(config)
    for run, value in zip(plan(config), values, strict=True):
        folder = sweep.run(run)
        folder.create(run)
        if value is not None:
            scores = {"discriminative_weak": value, "predictive_weak": 0.1, "hiding_noise": value / 10}
            folder.write_scores(ScoreKey("timegan", ""), scores)
        folder.end("diverged" if value is None else "done", run.steps)


def test_presets_stand_below_what_is_published_of_them(tmp_path: Path) -> None:
    write(tmp_path / "rcgan", "cgan", [0.1, 0.2, 0.3, None])
    lines = presets_table(tmp_path)
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    assert [row[0] for row in cells if row[0]] == [one.name for one in TABLE]
    (place,) = [number for number, row in enumerate(cells) if row[0] == "RCGAN"]
    assert cells[place][1:5] == ["as published", "1", "0.022", "0.097"]
    # Three scores of 0.1, 0.2, 0.3: sd 0.1, t(2) = 4.303, half-width 4.303 * 0.1 / sqrt(3) = 0.248
    assert cells[place + 1][1:] == [
        "here: its settings (`cgan`)",
        "3, 1 diverged",
        "0.200 ± 0.248",
        "0.100 ± 0.000",
        "0.020 ± 0.025",
    ]
    assert cells[place + 2][0] == "C-RNN-GAN"


def test_published_scores_are_those_of_the_page_on_scoring() -> None:
    page = (ROOT / "docs" / "evaluation.md").read_text()
    for one in TABLE[:3]:
        assert f"| {one.name} | {one.discriminative:.3f} / {one.predictive:.3f} |".replace("0.", ".") in page
