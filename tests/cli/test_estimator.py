"""`RecurrentGAN`: fitted to a frame and to an array, drawn from, scored, kept; scikit-learn's conventions."""

import gc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from rnngan_cli import RecurrentGAN, UserError, generate, sweep
from rnngan_cli.store import find_run

SMALL = {"steps": 20, "units": 4, "history_every": 10}


def waves(series: int = 60, steps: int = 8) -> pd.DataFrame:
    """Short sines with a phase of their own, as a long table with an id and whole numbers."""
    phases = np.random.default_rng(0).uniform(0, 6, series)
    rows = [
        {"buoy": place, "sea": np.sin(phase + step / 2), "gulls": int(3 + 2 * np.cos(phase + step))}
        for place, phase in enumerate(phases)
        for step in range(steps)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def fitted() -> RecurrentGAN:
    return RecurrentGAN("mse", seed=3, data={"id_column": "buoy"}, run=SMALL).fit(waves())


def test_a_fit_to_a_frame_gives_frames_of_the_same_columns(fitted: RecurrentGAN) -> None:
    drawn = fitted.sample(5)
    assert [name for name in drawn.columns if name != "step"] == ["buoy", "sea", "gulls"]
    assert len(drawn) == 5 * 8
    assert drawn["gulls"].dtype.kind == "i"
    pd.testing.assert_frame_equal(fitted.sample(5), drawn)
    assert not fitted.sample(5, stream="other").equals(drawn)


def test_what_fit_finds_is_that_of_the_run(fitted: RecurrentGAN) -> None:
    folder = find_run(fitted.run_)
    assert (folder.config().loss, folder.config().seed) == ("mse", 3)
    assert fitted.scores_ == folder.scores().scores
    assert fitted.n_features_in_ == 2
    assert set(fitted.history_["step"]) == {10, 20}
    assert {"d_loss", "g_loss"} <= set(fitted.history_["term"])


def test_what_is_doubtful_in_a_table_is_told() -> None:
    """To the object that was fitted, and to whoever asks for reports."""
    said: list[str] = []
    table = waves()
    table.loc[table.index % 31 == 0, "sea"] = -200
    model = RecurrentGAN("mse", data={"id_column": "buoy"}, run=SMALL | {"steps": 2}).fit(table)
    (note,) = model.notes_
    assert note.startswith("`sea`: -200 occurs 16 times, far from all other values")
    sweep(model.run_.parents[1], report=said.append)
    assert said[0] == f"fitted: {note}"


def test_scores_are_minus_the_hiding_noise_and_better_for_its_own_series(fitted: RecurrentGAN) -> None:
    """A generator of twenty updates is far from the data, and near what it draws itself."""
    own = fitted.sample(60, stream="another")
    assert fitted.score(waves()) < fitted.score(own.drop(columns="step")) <= 0


def test_saved_and_loaded_it_draws_the_same(fitted: RecurrentGAN, tmp_path: Path) -> None:
    fitted.save(tmp_path / "kept")
    loaded = RecurrentGAN.load(tmp_path / "kept")
    pd.testing.assert_frame_equal(loaded.sample(4), fitted.sample(4))
    assert loaded.get_params() == fitted.get_params()
    assert generate(tmp_path / "kept" / "run", 2).series.shape == (2, 8, 2)
    with pytest.raises(UserError, match="is there already"):
        fitted.save(tmp_path / "kept")
    with pytest.raises(UserError, match="holds no saved RecurrentGAN"):
        RecurrentGAN.load(tmp_path)


def test_a_fit_to_an_array_gives_arrays_and_leaves_nothing_behind() -> None:
    values = np.random.default_rng(1).normal(size=(60, 5, 2))
    made = RecurrentGAN("cgan", run=SMALL).fit(values, np.arange(60) % 2)
    assert made.sample(3).shape == (3, 5, 2)
    assert made.sample(3, label="1").shape == (3, 5, 2)
    assert made.score(values) <= 0
    with pytest.raises(UserError, match=r"series of \(5, 1\) \(steps, columns\); expected \(5, 2\)"):
        made.score(values[..., :1])
    place = made.run_
    del made
    gc.collect()
    assert not place.exists()


def test_two_fits_into_one_folder_leave_both_runs(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(60, 5, 2))
    made = [RecurrentGAN(seed=seed, run=SMALL, output=tmp_path / "kept").fit(values) for seed in (0, 1)]
    assert made[0].run_ != made[1].run_
    assert not np.array_equal(made[0].sample(3), made[1].sample(3))
    assert made[0].run_.is_dir()


def test_it_is_cloned_changed_and_written_as_scikit_learn_does() -> None:
    made = RecurrentGAN("wgan", window=12, run=SMALL)
    copy = clone(made)
    assert copy is not made
    assert copy.get_params() == made.get_params()
    assert repr(copy.set_params(loss="bce", seed=4)) == f"RecurrentGAN(seed=4, window=12, run={SMALL})"
    with pytest.raises(UserError, match="`losses`: expected one of loss, cell, seed"):
        copy.set_params(losses="bce")


@pytest.mark.parametrize(
    ("given", "labels", "said"),
    [
        (np.zeros((3, 4)), None, "an array of 2 axes; expected 3"),
        (waves(), np.zeros(60), "`y` goes with an array"),
        ([1, 2], None, "a list; expected a frame, an array"),
    ],
    ids=["axes", "labels", "kind"],
)
def test_mistakes_are_told_in_a_line(given: object, labels: np.ndarray | None, said: str) -> None:
    with pytest.raises(UserError, match=said):
        RecurrentGAN(run=SMALL).fit(given, labels)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="has no generator yet; call `fit` or `load` first"):
        RecurrentGAN().sample()
