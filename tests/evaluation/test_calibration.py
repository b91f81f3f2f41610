"""Series of known quality: what they are, in which order scores put them, and that they are the same every time."""

from pathlib import Path

import numpy as np
import pytest

from rnngan_cli import data
from rnngan_cli.config import DataConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.evaluation import PROTOCOLS, Scorer
from rnngan_cli.evaluation.calibration import CANDIDATES, calibrate
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.derived import refresh
from rnngan_cli.results.leaderboard import calibrated, leaderboard_of
from rnngan_cli.results.leaderboard_text import blind_scores, leaderboard_markdown, print_leaderboard
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.rescore import rescore
from rnngan_cli.sweeps.run import Bench, execute
from rnngan_cli.system.randomness import random_generator


@pytest.fixture(scope="module")
def sines() -> Dataset:
    return data.load(DataConfig(name="sines", options={"series": 600}))


@pytest.fixture(scope="module")
def scores(sines: Dataset) -> dict[str, dict[str, float]]:
    return {name: scored.values for name, scored in calibrate(sines, Scorer(), PROTOCOLS["quick"]).items()}


def made(name: str, dataset: Dataset, count: int = 300) -> np.ndarray:
    return CANDIDATES[name].make(dataset, count, random_generator(0, "test"))[0]


@pytest.mark.parametrize("name", list(CANDIDATES))
@pytest.mark.parametrize("count", [3, 900])
def test_candidates_make_any_number_of_series(name: str, count: int, sines: Dataset) -> None:
    found = made(name, sines, count)
    assert found.shape == (count, sines.steps, sines.features)
    assert np.isfinite(found).all()
    assert len(np.unique(found.reshape(count, -1), axis=0)) >= min(count, len(sines.train))


def test_floor_and_bootstrap_are_training_series(sines: Dataset) -> None:
    train = {one.tobytes() for one in sines.train.series}
    assert {one.tobytes() for one in made("floor", sines)} <= train
    noisy, plain = made("bootstrap", sines, 400), made("floor", sines, 400)
    assert (noisy - plain).std() == pytest.approx(0.05 * sines.train.series.std(), rel=0.05)


def test_shuffled_series_keep_their_values_and_lose_their_order(sines: Dataset) -> None:
    shuffled, plain = made("shuffle", sines), made("floor", sines)
    np.testing.assert_array_equal(np.sort(shuffled, axis=1), np.sort(plain, axis=1))
    rows = [{step.tobytes() for step in one} for one in plain]  # whole steps are moved: features stay together
    assert all({step.tobytes() for step in one} == row for one, row in zip(shuffled, rows, strict=True))
    assert not np.array_equal(shuffled, plain)


def test_the_normal_distribution_has_the_mean_and_covariance_of_the_training_series(sines: Dataset) -> None:
    flat, drawn = sines.train.series.reshape(len(sines.train), -1), made("gaussian", sines, 20_000).reshape(20_000, -1)
    np.testing.assert_allclose(drawn.mean(axis=0), flat.mean(axis=0), atol=4 * flat.std(axis=0).max() / np.sqrt(20_000))
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(flat.T), atol=0.05 * flat.var(axis=0).max())


def test_noise_fills_the_range_of_each_feature(sines: Dataset) -> None:
    noise = made("ceiling", sines, 2000)
    for edge in (np.min, np.max):
        np.testing.assert_allclose(edge(noise, axis=(0, 1)), edge(sines.train.series, axis=(0, 1)), atol=0.01)


def test_calibration_is_a_function_of_data_and_protocol(sines: Dataset, scores: dict[str, dict[str, float]]) -> None:
    again = calibrate(sines, Scorer(), PROTOCOLS["quick"])
    assert {name: scored.values for name, scored in again.items()} == scores
    assert list(scores) == list(CANDIDATES)
    assert all(np.isfinite(list(one.values())).all() for one in scores.values())


@pytest.mark.parametrize("name", ["mmd2", "sliced_wasserstein", "frechet_distance", "precision", "coverage"])
def test_the_floor_is_best_and_noise_is_far_worse(name: str, scores: dict[str, dict[str, float]]) -> None:
    badness = {one: float(METRICS[name].badness(np.array(row[name]))) for one, row in scores.items()}
    for worse in ("shuffle", "untrained", "ceiling"):
        assert badness["floor"] < badness[worse]
    assert badness["floor"] <= badness["gaussian"]


def test_labels_follow_their_series(sines: Dataset) -> None:
    """Real series keep their classes, noise gets some, and what is not made for a class has none."""
    by_series = {one.tobytes(): int(label) for one, label in zip(sines.train.series, sines.train.labels, strict=True)}  # type: ignore[arg-type]
    series, labels = CANDIDATES["floor"].make(sines, 50, random_generator(0, "test"))
    assert labels is not None
    assert [by_series[one.tobytes()] for one in series] == labels.tolist()
    for name in ("bootstrap", "shuffle", "ceiling"):
        found = CANDIDATES[name].make(sines, 50, random_generator(0, "test"))[1]
        assert found is not None
        assert set(found.tolist()) <= set(range(sines.num_labels))
    for name in ("gaussian", "untrained"):
        assert CANDIDATES[name].make(sines, 50, random_generator(0, "test"))[1] is None


def test_copies_are_distinguished_from_new_series(scores: dict[str, dict[str, float]]) -> None:
    assert scores["floor"]["copies"] == 1
    assert scores["ceiling"]["copies"] == 0


# A sweep, scored and calibrated


@pytest.fixture
def sweep(tmp_path: Path) -> SweepFolder:
    config = SweepConfig.model_validate(
        {
            "losses": "bce",
            "seeds": [0],
            "protocol": "quick",
            "run": {"steps": 2, "history_every": 1, "units": 3, "batch_size": 8},
            "override": {"sines": {"series": 200}},
        }
    )
    folder = SweepFolder(tmp_path / "sweep")
    folder.create(config)
    for run in plan(config):
        execute(run, folder.run(run), protocol="quick", bench=Bench())
    return folder


def only_run(sweep: SweepFolder) -> RunFolder:
    (run,) = sweep.runs()
    return run


def test_a_sweep_is_calibrated_once_and_its_leaderboard_tells(sweep: SweepFolder) -> None:
    reported: list[str] = []
    done = rescore(sweep, PROTOCOLS["quick"], reported.append)
    assert (done.runs, done.datasets, done.notes) == (0, 1, ())
    assert reported == ["calibrating sines"]
    again = rescore(sweep, PROTOCOLS["quick"])
    assert (again.runs, again.datasets) == (0, 0)
    runs, leaderboard, damage = refresh(sweep)
    assert damage == []
    assert leaderboard["loss"].tolist() == ["bce", *CANDIDATES]
    assert leaderboard["kind"].tolist() == ["loss", *["calibration"] * len(CANDIDATES)]
    assert leaderboard["num_seeds"].tolist()[0] == 1
    assert leaderboard["num_seeds"].isna().tolist() == [False, *[True] * len(CANDIDATES)]
    kept = sweep.calibration(f"sines-{runs['data'][0]}-quick")
    assert leaderboard["mmd2_mean"].tolist()[1:] == pytest.approx([row["mmd2"] for row in kept.candidates.values()])
    text = leaderboard_markdown(leaderboard)
    assert "| (floor) | - | - |" in text
    assert "In brackets, series of known quality" in text


def test_a_terminal_shows_known_series_below_a_gap(sweep: SweepFolder, capsys: pytest.CaptureFixture[str]) -> None:
    rescore(sweep, PROTOCOLS["quick"])
    print_leaderboard(refresh(sweep)[1])
    lines = capsys.readouterr().out.splitlines()
    names = [[*line.split(), ""][0] for line in lines]
    place = names.index("floor")
    assert names[place - 2 : place] == ["bce", ""]
    assert names[place : place + len(CANDIDATES)] == list(CANDIDATES)
    assert all(len(line) <= 80 for line in lines)


def test_another_protocol_scores_runs_anew_from_their_weights(
    sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rnngan_cli.evaluation import Protocol

    before = only_run(sweep).scores()
    again = Protocol("again", "The same distances under another name.")
    monkeypatch.setitem(PROTOCOLS, "again", again)
    done = rescore(sweep, again)
    after = only_run(sweep).scores()
    assert (done.runs, done.datasets) == (1, 1)
    assert (before.protocol, after.protocol) == ("quick", "again")
    assert after.scores == before.scores  # the same generator, drawn from in the same way
    rescore(sweep, PROTOCOLS["quick"])  # calibrates by it
    rescore(sweep, again)
    monkeypatch.setattr(Scorer, "score", None)  # not called: the first scores are called up again
    back = rescore(sweep, PROTOCOLS["quick"])
    assert (back.runs, only_run(sweep).scores().protocol) == (0, "quick")
    assert rescore(sweep, again).runs == 0


def test_a_run_without_weights_keeps_its_scores(sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    from rnngan_cli.evaluation import Protocol

    run = only_run(sweep)
    (run.path / "weights" / "average.npz").unlink()
    again = Protocol("again", "The same distances under another name.")
    monkeypatch.setitem(PROTOCOLS, "again", again)
    done = rescore(sweep, again)
    assert done.runs == 0
    assert len(done.notes) == 1
    assert "keeps its scores" in done.notes[0]
    assert run.scores().protocol == "quick"


def test_a_damaged_calibration_is_reported_and_the_losses_stay(sweep: SweepFolder) -> None:
    rescore(sweep, PROTOCOLS["quick"])
    (path,) = (sweep.path / "calibration").iterdir()
    path.write_text("{", encoding="utf-8")
    _, leaderboard, damage = refresh(sweep)
    assert leaderboard["loss"].tolist() == ["bce"]
    assert len(damage) == 1
    assert path.name in damage[0]


def test_a_calibration_of_earlier_versions_gets_the_spread_of_real_series(sweep: SweepFolder) -> None:
    rescore(sweep, PROTOCOLS["quick"])
    (path,) = (sweep.path / "calibration").glob("*.json")
    whole = sweep.calibration(path.stem)
    assert whole.real_spread["sliced_wasserstein"] > 0
    sweep.write_calibration(path.stem, whole.model_copy(update={"real_spread": {}}))
    assert rescore(sweep, PROTOCOLS["quick"]).datasets == 1
    assert sweep.calibration(path.stem) == whole
    assert rescore(sweep, PROTOCOLS["quick"]).datasets == 0


def test_a_score_that_cannot_tell_noise_from_real_series_is_named(sweep: SweepFolder) -> None:
    rescore(sweep, PROTOCOLS["quick"])
    runs, _ = runs_table(sweep)
    leaderboard, _ = calibrated(sweep, runs, leaderboard_of(runs))
    assert blind_scores(leaderboard) == {}
    equal = leaderboard.copy()
    column = "sliced_wasserstein_mean"
    equal.loc[equal["loss"] == "floor", column] = equal.loc[equal["loss"] == "ceiling", column].item()
    assert blind_scores(equal) == {"sines, gru": ["Sliced Wasserstein distance"]}
    assert "Does not tell real series from noise: Sliced Wasserstein distance on sines, gru" in leaderboard_markdown(
        equal
    )
