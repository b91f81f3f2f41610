import io
import subprocess
import sys
from collections.abc import Sequence
from math import inf, nan
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from rnngan_cli import data
from rnngan_cli.config import DataConfig, RunConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.errors import EnvironmentFaultError
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.losses import VARIANTS
from rnngan_cli.results.figures import (
    FIGURES,
    OF_A_SWEEP,
    OF_SOME_LOSSES,
    controls,
    draw_sweep,
    embeddings,
    profiles,
    style,
)
from rnngan_cli.results.groups import RunGroup, read_groups, read_values
from rnngan_cli.store import Calibration, RunFolder, SampleGrid, Samples, SweepFolder
from rnngan_cli.store.scores import ScoreKey

SORT_BY = "sliced_wasserstein"

PRIMARY = [name for name, metric in METRICS.items() if metric.primary]
NUM_SAMPLES = 20


@pytest.fixture(scope="module")
def stocks() -> Dataset:
    return data.load(DataConfig(name="stocks", labels="none"))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return data.load(DataConfig(name="digits", labels="none"))


def new_sweep(folder: Path, *datasets: Dataset) -> SweepFolder:
    """A sweep without runs, with real series to draw."""
    sweep = SweepFolder(folder / "sweep")
    sweep.create(SweepConfig())
    for dataset in datasets:
        sweep.write_reference(
            f"{dataset.name}-{dataset.sha256[:12]}",
            {
                "series": dataset.scaler.inverse(dataset.test.series).astype(np.float32),
                "feature_names": np.array(dataset.format.column_names),
                "image": np.array(dataset.format.image),
            },
        )
    return sweep


def add_run(
    sweep: SweepFolder,
    dataset: Dataset,
    loss: str = "bce",
    seed: int = 0,
    *,
    state: str = "done",
    d_loss: Sequence[float] = (1.4, 1.3, 1.2, 1.1),
    g_loss: Sequence[float] = (0.7, 0.8, 0.9, 1.0),
    jitter: float = 0.05,
    scores: dict[str, float] | None = None,
    grids: dict[str, tuple[list[str], np.ndarray]] | None = None,
    **fields: Any,
) -> RunFolder:
    """Adds an ended run: a row of history every 20 updates, and real series with noise as generated ones."""
    config = RunConfig(loss=loss, seed=seed, data=DataConfig(name=dataset.name, labels="none"), **fields)
    run = sweep.run(config)
    run.create(config)
    rows = enumerate(zip(d_loss, g_loss, strict=True), start=1)
    run.write_history([(20 * number, {"d_loss": d, "g_loss": g}) for number, (d, g) in rows])
    run.write_status(state, 20 * len(d_loss))
    if state == "done":
        random = np.random.default_rng([seed, len(loss)])
        series = dataset.test.series[random.permutation(len(dataset.test))[:NUM_SAMPLES]]
        noise = jitter * random.standard_normal(series.shape)
        kept = {name: SampleGrid(tuple(values), drawn) for name, (values, drawn) in (grids or {}).items()}
        run.write_samples(Samples(dataset.scaler.inverse(series + noise), kept))
        given = dict.fromkeys(PRIMARY, 0.1 + 0.01 * seed) if scores is None else scores
        run.write_scores(ScoreKey("standard", dataset.sha256), given)
    return run


def calibrate(sweep: SweepFolder, dataset: Dataset, floor: float = 0.0, ceiling: float = 0.3) -> None:
    """Tells how bad the leaderboard's score is of real series and of noise."""
    known = {"floor": {SORT_BY: floor}, "ceiling": {SORT_BY: ceiling}}
    sweep.write_calibration(f"{dataset.name}-{dataset.sha256[:12]}-standard", Calibration(candidates=known))


def by_value(dataset: Dataset, num_values: int, num_draws: int) -> tuple[list[str], np.ndarray]:
    """Real series as if they were made from so many values of a label or code, with so many draws of noise each."""
    series = dataset.scaler.inverse(dataset.test.series[: num_values * num_draws])
    words = [f"value {number}" for number in range(num_values)]
    return words, series.reshape(num_values, num_draws, *series.shape[1:])


def only_group(sweep: SweepFolder) -> RunGroup:
    groups, notes = read_groups(sweep)
    assert len(groups) == 1
    assert not notes
    return groups[0]


def drawn(sweep: SweepFolder, kind: str) -> Any:
    """One picture of a sweep's only group, as a `Figure` laid out."""
    with style.look():
        figure = FIGURES[kind](only_group(sweep))
        if figure is not None:
            figure.draw_without_rendering()
    return figure


def texts(figure: Any) -> list[str]:
    import matplotlib.text

    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


# --- draw_sweep


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory, stocks: Dataset) -> tuple[SweepFolder, list[Path]]:
    """All losses with three seeds on stocks, of which some diverged."""
    sweep = new_sweep(tmp_path_factory.mktemp("ten"), stocks)
    for place, loss in enumerate(VARIANTS):
        for seed in range(3):
            gone = loss == "gan" or (loss == "kld" and seed == 1)
            values = dict.fromkeys(PRIMARY, 0.03 * (place + 1) + 0.01 * seed)
            grids = {"label": by_value(stocks, 4, 3)} if loss == "cgan" else None
            add_run(sweep, stocks, loss, seed, state="diverged" if gone else "done", scores=values, grids=grids)
    calibrate(sweep, stocks)
    result = draw_sweep(sweep)
    assert result.notes == ()
    return sweep, list(result.paths)


def test_every_kind_of_picture_is_written(
    ten: tuple[SweepFolder, list[Path]],
) -> None:
    sweep, paths = ten
    names = [*(f"{kind}-stocks-gru" for kind in FIGURES), *OF_A_SWEEP]
    expected = {f"{name}.{end}" for name in names for end in ("png", "svg")}
    assert {path.name for path in paths} == expected
    assert {path.name for path in sweep.figures.iterdir()} == expected


def test_pictures_are_whole_and_not_blank(ten: tuple[SweepFolder, list[Path]]) -> None:
    for path in ten[1]:
        if path.suffix == ".svg":
            assert ElementTree.fromstring(path.read_text(encoding="utf-8")).tag.endswith("svg")
            continue
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("L"))
        assert 900 <= pixels.shape[1] <= 1500
        assert 300 <= pixels.shape[0] <= 2400
        assert 0.01 < (pixels < 200).mean() < 0.8, path.name


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "loss-curves",
            ["updates of the generator", "each in its own unit", "not comparable", "discriminator"],
        ),
        (
            "scores",
            ["lower is better", "95 % interval", "3 seeds a loss", "1 of 3 diverged", "3 of 3 diverged"],
        ),
        ("samples", ["volume", "step", "own units", "seed 0", "3 runs diverged, the first at step 80"]),
        ("pca", ["first axis (", "of the real series' variance", "20 real and as many generated", "seed 0"]),
        ("tsne", ["distances between clusters", "20 real and as many generated", "seed 0"]),
    ],
)
def test_pictures_say_what_they_show(ten: tuple[SweepFolder, list[Path]], kind: str, words: list[str]) -> None:
    root = ElementTree.fromstring((ten[0].figures / f"{kind}-stocks-gru.svg").read_text(encoding="utf-8"))
    found = " ".join(" ".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
    found = " ".join(found.split())
    for word in ("stocks, gru", *VARIANTS, *words):
        assert word in found


@pytest.mark.parametrize("kind", [*FIGURES, *OF_A_SWEEP])
def test_no_text_is_cut_off_and_no_titles_overlap(ten: tuple[SweepFolder, list[Path]], kind: str) -> None:
    groups, _ = read_groups(ten[0])
    with style.look():
        figure = OF_A_SWEEP[kind](read_values(ten[0], groups)) if kind in OF_A_SWEEP else FIGURES[kind](groups[0])
        assert figure is not None
        figure.draw_without_rendering()
        panels = [axes.get_tightbbox() for axes in figure.axes]  # with titles, labels and marks
        headings = [text.get_window_extent() for text in (*figure.texts, *figure.legends)]
        for box in (*panels, *headings):
            assert box is not None
            assert box.x0 >= 0
            assert box.y0 >= 0
            assert box.x1 <= figure.bbox.x1
            assert box.y1 <= figure.bbox.y1
        boxes = [box for box in (*panels, *headings) if box is not None]
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_a_second_drawing_gives_the_same_bytes_and_leaves_matplotlib_as_it_was(tmp_path: Path, stocks: Dataset) -> None:
    import matplotlib

    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks)
    calibrate(sweep, stocks)
    before = dict(matplotlib.rcParams)
    first = {path: path.read_bytes() for path in draw_sweep(sweep).paths}
    assert dict(matplotlib.rcParams) == before
    matplotlib.rcParams["font.size"] = 30
    try:
        second = {path: path.read_bytes() for path in draw_sweep(sweep).paths}
    finally:
        matplotlib.rcParams["font.size"] = before["font.size"]
    assert len(first) == 14
    assert first == second


def test_settings_are_never_drawn_together(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path)
    for units in (24, 48):
        for loss in ("bce", "wgan"):
            add_run(sweep, stocks, loss, units=units).path.joinpath("samples.npz").unlink()
    names = {path.name for path in draw_sweep(sweep).paths if path.suffix == ".png"}
    kinds = ("loss-curves", "scores")
    assert names == {f"{kind}-stocks-gru-units-{units}.png" for kind in kinds for units in (24, 48)}


def test_settings_of_a_single_loss_are_drawn_side_by_side(tmp_path: Path, stocks: Dataset) -> None:
    """Then they are what is compared: a panel each, in the colour of the loss."""
    sweep = new_sweep(tmp_path, stocks)
    for optimizer in ("adam", "sgd"):
        add_run(sweep, stocks, d_optimizer=optimizer, g_optimizer="adam")
    settings = ("bce optimizer=adam/adam", "bce optimizer=sgd/adam")
    assert only_group(sweep).losses == settings
    for kind in ("loss-curves", "scores", "samples", "pca"):
        shown = texts(drawn(sweep, kind))
        assert all(words.replace(" ", "\n") in shown for words in settings), kind
    assert style.loss_style(settings[0]) == style.loss_style("bce")


def test_a_sweep_without_runs_draws_nothing(tmp_path: Path) -> None:
    result = draw_sweep(new_sweep(tmp_path))
    assert result.paths == ()
    assert result.notes == ()


def test_a_disk_that_refuses_is_told(tmp_path: Path, stocks: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(EnvironmentFaultError, match="cannot be written"):
        draw_sweep(sweep)


def test_importing_is_light_and_drawing_needs_neither_tensorflow_nor_pyplot(tmp_path: Path) -> None:
    heavy = "('matplotlib', 'scipy', 'sklearn', 'pandas', 'tensorflow')"
    code = (
        "import sys; from rnngan_cli.results.figures import draw_sweep\n"
        f"print([name for name in {heavy} if name in sys.modules])\n"
        "from pathlib import Path; from rnngan_cli.results.figures import style\n"
        "with style.look():\n"
        "    style.rendered(style.new_figure(2.0, 'a', 'b', 'c', legend=False))\n"
        "print([name for name in ('tensorflow', 'matplotlib.pyplot') if name in sys.modules])\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n[]\n"


# --- group: what cannot be read


def test_what_is_damaged_is_left_out_and_told(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks, "bce")
    broken = add_run(sweep, stocks, "wgan")
    (broken.path / "samples.npz").write_bytes(b"no archive")
    (broken.path / "history.csv").write_text("step,d_loss,g_loss\n20,1.0,one\n", encoding="utf-8")
    group = only_group(sweep)
    assert list(group.samples) == ["bce"]
    assert group.gaps == {"wgan": "samples cannot be read"}
    assert [len(group.curves[loss]) for loss in ("bce", "wgan")] == [1, 0]
    assert len(group.notes) == 2
    assert all(broken.path.name in note for note in group.notes)
    for kind in ("samples", "pca", "tsne"):
        assert any("samples cannot be read" in text for text in texts(drawn(sweep, kind)))
    assert "history cannot be read" in texts(drawn(sweep, "loss-curves"))


@pytest.mark.parametrize(
    "arrays",
    [
        {"other": np.zeros((4, 24, 5))},
        {"series": np.zeros((4, 24))},
        {"series": np.zeros((0, 24, 5))},
        {"series": np.zeros((4, 23, 5))},
        {"series": np.full((4, 24, 5), nan)},
        {"series": np.full((4, 24, 5), "x")},
    ],
)
def test_samples_of_another_shape_are_left_out(tmp_path: Path, stocks: Dataset, arrays: dict[str, np.ndarray]) -> None:
    from rnngan_cli.system.atomic import npz_bytes

    sweep = new_sweep(tmp_path, stocks)
    run = add_run(sweep, stocks)
    (run.path / "samples.npz").write_bytes(npz_bytes(arrays))
    group = only_group(sweep)
    assert group.samples == {}
    assert len(group.notes) == 1
    assert drawn(sweep, "samples") is None


def test_a_missing_reference_leaves_out_the_pictures_that_need_it(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path)
    add_run(sweep, stocks)
    result = draw_sweep(sweep)
    kinds = {path.name.removesuffix(f"-stocks-gru{path.suffix}") for path in result.paths}
    assert kinds == {"loss-curves", "scores"}
    assert len(result.notes) == 4
    assert result.notes[0].startswith("real series of stocks, gru: left out")
    assert [note.split(" ")[0] for note in result.notes[1:]] == ["samples", "pca", "tsne"]


def test_a_hash_that_is_none_never_becomes_part_of_a_path(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    run = add_run(sweep, stocks)
    run.write_scores(ScoreKey("standard", "../../../x"), {})
    group = only_group(sweep)
    assert group.reference is None
    assert "no run has scores that name their data" in group.notes[0]


def test_the_lowest_finished_seed_is_shown(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks, "bce", 0, state="diverged")
    add_run(sweep, stocks, "bce", 2)
    add_run(sweep, stocks, "bce", 1)
    add_run(sweep, stocks, "mse", 0)
    group = only_group(sweep)
    assert {loss: found.seed for loss, found in group.samples.items()} == {"bce": 1, "mse": 0}
    found = texts(drawn(sweep, "samples"))
    assert {"bce\nseed 1", "mse\nseed 0"} <= set(found)
    assert any("the lowest seed that finished" in text for text in found)


def test_unregistered_losses_are_drawn_last(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    for loss in ("another", "wgan", "bce"):
        add_run(sweep, stocks, loss)
    assert only_group(sweep).losses == ("bce", "wgan", "another")


# --- style


def test_losses_differ_in_colour_and_marker() -> None:
    looks = [style.loss_style(loss) for loss in VARIANTS]
    assert len({colour for colour, _ in looks}) == len({marker for _, marker in looks}) == len(VARIANTS) == 10


@pytest.mark.parametrize("title", ["../../etc/passwd", "/abs", "a\\b", "", "..", "ünï", "x" * 500])
def test_file_names_stay_in_the_folder(title: str) -> None:
    (name,) = style.file_names([title])
    assert name.replace("-", "").isalnum()
    assert name.isascii()
    assert len(name) <= 100


def test_file_names_that_would_be_the_same_are_numbered() -> None:
    assert style.file_names(["a 0.1", "a 0-1", "a 0 1"]) == ["a-0-1", "a-0-1-2", "a-0-1-3"]


@pytest.mark.parametrize("values", [[], [nan], [3.0], [0.0, 0.0], [-2.0] * 5, [inf, 1.0, 2.0], [1e-300, 1e300]])
def test_limits_are_finite_and_apart(values: list[float]) -> None:
    low, high = style.robust_limits(np.array(values))
    assert np.isfinite([low, high]).all()
    assert low < high


# --- curves


def test_curves_are_the_mean_and_the_band_is_least_to_greatest(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks, seed=0, d_loss=(1, 2, 3, 4), g_loss=(5, 5, 5, 5))
    add_run(sweep, stocks, seed=1, d_loss=(3, 2, 1, 6), g_loss=(6, 7, 8, 9))
    axes = drawn(sweep, "loss-curves").axes[0]
    d_line, g_line = axes.lines
    assert d_line.get_xdata().tolist() == [20, 40, 60, 80]
    assert d_line.get_ydata().tolist() == [2, 2, 2, 5]
    assert g_line.get_ydata().tolist() == [5.5, 6, 6.5, 7]
    assert d_line.get_linestyle() == "-"
    assert g_line.get_linestyle() == "--"
    band = axes.collections[0].get_paths()[0].vertices
    for step, low, high in ((20, 1, 3), (40, 2, 2), (60, 1, 3), (80, 4, 6)):
        heights = band[band[:, 0] == step, 1]
        assert (heights.min(), heights.max()) == (low, high)


def test_a_diverged_run_is_drawn_to_its_end_and_is_not_in_the_mean(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks, seed=0, d_loss=[1.0] * 40, g_loss=[1.0] * 40)
    add_run(sweep, stocks, seed=1, d_loss=(1.0, 2.0, nan), g_loss=(1.0, inf, 3e9), state="diverged")
    axes = drawn(sweep, "loss-curves").axes[0]
    mean, d_broken, d_cross, _, g_broken, g_cross = axes.lines
    assert set(mean.get_ydata()) == {1.0}
    assert d_broken.get_xdata().tolist() == [20, 40]
    assert d_cross.get_marker() == g_cross.get_marker() == "X"
    assert d_cross.get_xdata() == [40]
    assert g_broken.get_xdata().tolist() == [20, 60]
    low, high = axes.get_ylim()
    assert high < 100
    assert low < g_cross.get_ydata()[0] < high
    assert axes.get_title(loc="right") == "1 of 2 diverged; cut: goes up to 3e9"


def test_one_spike_does_not_hide_the_curve(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    values = np.linspace(2.0, 1.0, 50)
    values[30] = -5000.0
    add_run(sweep, stocks, d_loss=values.tolist(), g_loss=np.linspace(1.0, 1.5, 50).tolist())
    axes = drawn(sweep, "loss-curves").axes[0]
    assert axes.get_ylim()[0] > -2
    assert axes.get_title(loc="right") == "cut: goes down to −5e3"


def test_a_history_of_one_row_is_a_point(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks, d_loss=[1.0], g_loss=[1.0])
    axes = drawn(sweep, "loss-curves").axes[0]
    assert [line.get_marker() for line in axes.lines] == ["o", "o"]
    assert axes.get_ylim()[0] < 1 < axes.get_ylim()[1]


def test_runs_that_did_not_end_are_not_drawn(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    for state in ("failed", "interrupted", "running", "pending"):
        add_run(sweep, stocks, seed=len(state), state=state)
    assert only_group(sweep).gaps == {"bce": "no run finished"}
    result = draw_sweep(sweep)
    assert result.paths == ()
    assert [note.split(" of ")[0] for note in result.notes[1:]] == [
        kind for kind in FIGURES if kind not in OF_SOME_LOSSES
    ]
    add_run(sweep, stocks, "wgan")
    assert "no run finished" in texts(drawn(sweep, "loss-curves"))


def test_a_panel_without_curves_leaves_the_others_their_marks(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks)
    add_run(sweep, stocks, "wgan", state="failed")
    for kind in ("loss-curves", "samples"):
        figure = drawn(sweep, kind)
        bottom = figure.axes[0] if kind == "loss-curves" else figure.axes[-1]
        marks = [label for label in bottom.get_xticklabels() if label.get_visible() and label.get_text()]
        assert len(marks) > 1
        assert all(label.get_color() != "none" for label in marks)


def test_a_history_without_the_losses_is_told(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks).write_history([(20, {"other": 1.0})])
    assert "history.csv has no 'd_loss'" in only_group(sweep).notes[0]
    assert drawn(sweep, "loss-curves") is None


# --- scores


def labels(axes: Any) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def test_scores_are_sorted_and_seeds_are_dots(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    for loss, values in {"bce": (0.3, 0.4), "mse": (0.1, 0.3), "wgan": (0.5,)}.items():
        for seed, value in enumerate(values):
            add_run(sweep, stocks, loss, seed, scores={"sliced_wasserstein": value})
    add_run(sweep, stocks, "gan", state="diverged")
    (axes,) = drawn(sweep, "scores").axes  # one panel, as there is one score
    assert labels(axes) == ["mse", "bce", "wgan", "gan"]
    assert axes.get_xlabel() == "sliced_wasserstein (lower is better)"
    drawn_dots = [line.get_xdata() for line in axes.lines if line.get_markersize() == 3.6]
    assert [dots.tolist() for dots in drawn_dots] == [[0.1, 0.3], [0.3, 0.4], [0.5]]
    assert {"1 of 1 diverged", "no finished run with this score"} <= {text.get_text() for text in axes.texts}


def test_wide_intervals_do_not_squash_the_axis(tmp_path: Path, stocks: Dataset) -> None:
    # Two runs: t = 12.7, so that the interval of 0.2 and 0.4 is 0.3 -+ 1.27, cut at 0 by the score's range.
    sweep = new_sweep(tmp_path, stocks)
    for seed, value in enumerate((0.2, 0.4)):
        add_run(sweep, stocks, "bce", seed, scores={"predictive": value})
    (axes,) = drawn(sweep, "scores").axes
    low, high = axes.get_xlim()
    assert -0.1 < low < 0.2
    assert 0.4 < high < 0.6
    assert [line.get_marker() for line in axes.lines if line.get_marker() in ("<", ">")][-1] == ">"


def test_a_loss_that_is_far_off_gets_its_number_at_the_edge(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    for place, loss in enumerate(VARIANTS):
        value = 500.0 if loss == "wgan" else 0.1 * (place + 1)
        add_run(sweep, stocks, loss, scores={"sliced_wasserstein": value})
    (axes,) = drawn(sweep, "scores").axes
    assert axes.get_xlim()[1] < 2
    assert "mean 500" in [text.get_text() for text in axes.texts]


def test_a_score_of_real_series_is_a_line(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    for seed, value in enumerate((0.04, 0.06)):
        add_run(sweep, stocks, seed=seed, scores={"predictive": 0.1, "predictive_real": value})
    figure = drawn(sweep, "scores")
    assert 0.05 in [pytest.approx(line.get_xdata()[0]) for line in figure.axes[0].lines]
    assert "the same score of real series" in texts(figure)


@pytest.mark.parametrize(("values", "num_panels"), [({"predictive": 0.1}, 1), ({}, 0), ({"unheard_of": 1.0}, 0)])
def test_scores_that_are_missing_are_left_out(
    tmp_path: Path, stocks: Dataset, values: dict[str, float], num_panels: int
) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks, scores=values)
    figure = drawn(sweep, "scores")
    assert len(figure.axes if figure else []) == num_panels


def test_a_score_that_is_no_number_is_damage_of_its_run(tmp_path: Path, stocks: Dataset) -> None:
    """NaN is no JSON, but Python reads it."""
    sweep = new_sweep(tmp_path, stocks)
    run = add_run(sweep, stocks, scores={})
    text = (run.path / "scores.json").read_text(encoding="utf-8")
    (run.path / "scores.json").write_text(text.replace('"scores": {', '"scores": {"mmd2": NaN'), encoding="utf-8")
    groups, notes = read_groups(sweep)
    assert groups == []
    assert "the number nan; expected finite ones" in notes[0]


@pytest.mark.parametrize("value", [0.0, 0.25, -0.001])
def test_constant_scores_are_drawn(tmp_path: Path, stocks: Dataset, value: float) -> None:
    sweep = new_sweep(tmp_path, stocks)
    for seed in range(3):
        add_run(sweep, stocks, seed=seed, scores={"sliced_wasserstein": value})
    low, high = drawn(sweep, "scores").axes[0].get_xlim()
    assert low < value < high


# --- series


def test_series_are_drawn_in_their_own_units_on_shared_axes(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks)
    add_run(sweep, stocks, "wgan", jitter=50.0)
    figure = drawn(sweep, "samples")
    panels = np.reshape(figure.axes, (3, 5))
    assert [axes.get_title() for axes in panels[0]] == list(stocks.format.column_names)
    real = only_group(sweep).reference
    assert real is not None
    assert panels[0, 4].lines[0].get_ydata().tolist() == real.series[0, :, 4].tolist()
    assert len(panels[1, 0].lines) == 12
    for column in range(5):
        low, high = panels[0, column].get_ylim()
        span = np.ptp(real.series[..., column])
        assert all(axes.get_ylim() == (low, high) for axes in panels[:, column])
        assert span < high - low < 2.1 * span  # wild series do not stretch the axis


def test_images_are_drawn_as_images(tmp_path: Path, digits: Dataset) -> None:
    sweep = new_sweep(tmp_path, digits)
    add_run(sweep, digits)
    add_run(sweep, digits, "wgan", state="diverged")
    figure = drawn(sweep, "samples")
    strips = [axes.images[0] for axes in figure.axes if axes.images]
    assert len(strips) == 2
    assert len({strip.get_clim() for strip in strips}) == 1
    pixels = strips[0].get_array()
    reference = only_group(sweep).reference
    assert reference is not None
    assert pixels.shape == (8, 12 * 9 - 1)
    assert np.array_equal(pixels[:, :8], reference.series[0])
    assert "diverged at step 80" in texts(figure)


# --- shapes that are out of the ordinary, for every kind of picture


@pytest.mark.parametrize(("steps", "features", "count"), [(24, 1, 20), (1, 1, 5), (3, 7, 3), (6, 2, 2)])
def test_small_data_is_drawn(tmp_path: Path, stocks: Dataset, steps: int, features: int, count: int) -> None:
    sweep = new_sweep(tmp_path)
    run = add_run(sweep, stocks)
    random = np.random.default_rng(0)
    series = random.standard_normal((count, steps, features))
    sweep.write_reference(f"stocks-{stocks.sha256[:12]}", {"series": series, "image": np.array(False)})
    run.write_samples(Samples(series + 0.1))
    figures = {kind: drawn(sweep, kind) for kind in ("samples", "pca", "tsne")}
    assert [kind for kind in figures if figures[kind] is None] == ([] if count >= 3 else ["pca", "tsne"])
    found = " ".join(" ".join(texts(figures["samples"])).split())
    assert "feature 1" in found
    assert ("2 more features are not shown" in found) == (features == 7)


@pytest.mark.parametrize(("real", "generated"), [(0.0, 0.0), (0.0, 1.0), (None, 2.0)])
def test_constant_series_are_drawn(tmp_path: Path, stocks: Dataset, real: float | None, generated: float) -> None:
    sweep = new_sweep(tmp_path)
    run = add_run(sweep, stocks)
    shape = (10, 6, 2)
    series = np.random.default_rng(0).standard_normal(shape) if real is None else np.full(shape, real)
    sweep.write_reference(f"stocks-{stocks.sha256[:12]}", {"series": series})
    run.write_samples(Samples(np.full(shape, generated)))
    for kind in ("samples", "pca", "tsne"):
        assert len(drawn(sweep, kind).axes) == (4 if kind == "samples" else 1)


# --- embeddings


def test_the_plane_is_that_of_the_real_series_alone(tmp_path: Path, stocks: Dataset) -> None:
    from sklearn.decomposition import PCA

    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks)
    axes = drawn(sweep, "pca").axes[0]
    real, generated = (points.get_offsets() for points in axes.collections)
    assert len(real) == len(generated) == NUM_SAMPLES
    group = only_group(sweep)
    assert group.reference is not None
    series = group.reference.series
    flat = [
        ((part - series.mean(axis=(0, 1))) / series.std(axis=(0, 1))).reshape(len(part), -1)
        for part in (series, group.samples["bce"].series)
    ]
    model = PCA(2).fit(flat[0])
    assert np.abs(model.transform(flat[1])) == pytest.approx(np.abs(generated), rel=1e-6, abs=1e-6)
    assert axes.get_xlabel() == f"first axis ({100 * model.explained_variance_ratio_[0]:.0f} %)"
    assert axes.get_ylabel() == f"second axis ({100 * model.explained_variance_ratio_[1]:.0f} %)"


def test_points_beyond_are_at_the_edge_and_counted(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks)
    add_run(sweep, stocks, "wgan").write_samples(Samples(np.full((12, 24, 5), 1e7)))
    near, far = drawn(sweep, "pca").axes
    assert [text.get_text() for text in near.texts] == []
    assert [text.get_text() for text in far.texts] == ["12 beyond"]
    points = far.collections[1].get_offsets()
    low, high = np.array([far.get_xlim(), far.get_ylim()]).T
    assert ((points > low) & (points < high)).all()


def test_maps_keep_apart_what_is_apart_and_are_the_same_each_time() -> None:
    random = np.random.default_rng(0)
    points = np.concatenate([random.standard_normal((20, 6)), 50 + random.standard_normal((20, 6))])
    found = embeddings._tsne(points)
    assert np.array_equal(found, embeddings._tsne(points))
    centers = found[:20].mean(axis=0), found[20:].mean(axis=0)
    nearer = [np.linalg.norm(found - center, axis=1) for center in centers]
    assert ((nearer[0] < nearer[1]) == (np.arange(40) < 20)).all()


def test_a_picture_is_the_same_size_as_its_figure() -> None:
    with style.look():
        contents = style.rendered(style.new_figure(2.0, "title", "subtitle", "caption", legend=False, width=6.5))
    with Image.open(io.BytesIO(contents["png"])) as image:
        assert image.size[0] == 975  # 6.5 inches at 150 dpi
    assert b"<dc:date>" not in contents["svg"]


# --- labels and codes


def test_labels_are_rows_and_codes_are_columns(tmp_path: Path, digits: Dataset) -> None:
    """Every picture on the sheet is the one of its value and draw."""
    sweep = new_sweep(tmp_path, digits)
    grids = {name: by_value(digits, 3, 4) for name in ("label", "c0")}
    add_run(sweep, digits, "infogan", grids=grids)
    figure = drawn(sweep, "controls")
    sheets = {part.get_suptitle(): part.axes[0] for part in figure.subfigs}
    assert set(sheets) == {"infogan: label", "infogan: code c0"}
    series = np.asarray(grids["c0"][1], np.float32)
    for title, axes in sheets.items():
        (image,) = axes.get_images()
        sheet = np.asarray(image.get_array())
        for value in range(3):
            for draw in range(4):
                row, column = (value, draw) if title.endswith("label") else (draw, value)
                cell = sheet[9 * row : 9 * row + 8, 9 * column : 9 * column + 8]
                np.testing.assert_array_equal(cell, series[value, draw])
    assert labels(sheets["infogan: label"]) == ["value 0", "value 1", "value 2"]
    assert [one.get_text() for one in sheets["infogan: code c0"].get_xticklabels()] == ["value 0", "value 1", "value 2"]


def test_series_by_code_are_lines_a_panel_a_value(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    words, series = by_value(stocks, 5, 3)
    add_run(sweep, stocks, "infogan", grids={"c0": (words, series)})
    (part,) = drawn(sweep, "controls").subfigs
    assert len(part.axes) == 3 * 5  # three features of five are shown
    for column, axes in enumerate(part.axes[:5]):
        assert axes.get_title() == words[column]
        for draw, line in enumerate(axes.get_lines()):
            np.testing.assert_allclose(line.get_ydata(), series[column, draw, :, 0], rtol=1e-6)
    assert part.axes[5].get_ylabel() == stocks.format.column_names[1]


def test_losses_without_labels_or_codes_have_no_such_picture_and_no_note(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    add_run(sweep, stocks)
    assert drawn(sweep, "controls") is None
    result = draw_sweep(sweep)
    assert result.notes == ()
    assert not any("controls" in path.name for path in result.paths)


@pytest.mark.parametrize("shape", [(3, 4, 8, 7), (2, 4, 8, 8), (3, 8, 8)], ids=["features", "values", "axes"])
def test_grids_that_do_not_fit_are_left_out(tmp_path: Path, digits: Dataset, shape: tuple[int, ...]) -> None:
    sweep = new_sweep(tmp_path, digits)
    add_run(sweep, digits, "cgan", grids={"label": (["a", "b", "c"], np.zeros(shape))})
    assert drawn(sweep, "controls") is None


@pytest.mark.parametrize("count", [1, 5, 50, 300])
@pytest.mark.parametrize("image", [True, False])
def test_any_number_of_series_can_be_drawn(count: int, image: bool) -> None:
    series = np.random.default_rng(0).random((1, count, 4, 3))
    pictures = controls.draw_generated(controls.Grid("", ("",), series, image), "bce", ("a", "b", "c"))
    assert pictures["png"].startswith(b"\x89PNG")
    assert b"Generated series: bce" in pictures["svg"]


# --- profiles and aggregates


def lines_of(axes: Any, colour: str) -> list[Any]:
    return [line for line in axes.lines if line.get_color() == colour]


def test_profiles_are_the_share_of_runs_at_or_below(tmp_path: Path, stocks: Dataset) -> None:
    """Between 0 and 0.3: bce 0.1, 0.2, 0.4 of the scale and one diverged, so as bad as noise; wgan 0.5 four times."""
    sweep = new_sweep(tmp_path, stocks)
    for seed, value in enumerate((0.03, 0.06, 0.12)):
        add_run(sweep, stocks, "bce", seed, scores={SORT_BY: value})
    add_run(sweep, stocks, "bce", 3, state="diverged")
    for seed in range(4):
        add_run(sweep, stocks, "wgan", seed, scores={SORT_BY: 0.15})
    assert read_values(sweep, read_groups(sweep)[0]) == {}  # nothing says what 0 and 1 are
    assert {path.stem for path in draw_sweep(sweep).paths} & set(OF_A_SWEEP) == set()
    calibrate(sweep, stocks)
    values = read_values(sweep, read_groups(sweep)[0])
    assert list(values) == ["bce", "wgan"]
    with style.look():
        figure = OF_A_SWEEP["performance-profiles"](values)
        figure.draw_without_rendering()
    shares = {}
    for axes in figure.axes:
        (line,) = lines_of(axes, style.loss_style(axes.get_title(loc="left"))[0])
        marks, heights = line.get_data()
        shares[axes.get_title(loc="left")] = np.interp([0.05, 0.15, 0.3, 0.45, 0.55, 1.05], marks, heights).tolist()
    assert shares == {"bce": [0, 0.25, 0.5, 0.75, 0.75, 1], "wgan": [0, 0, 0, 0, 1, 1]}


def test_aggregates_are_sorted_and_have_their_interval(tmp_path: Path, stocks: Dataset) -> None:
    """Of the scale 0 to 0.3: bce 0.5 whatever the seed; wgan 0.1, 0.2, 0.3, 0.9, whose middle half is 0.2, 0.3."""
    sweep = new_sweep(tmp_path, stocks)
    for seed, value in enumerate((0.03, 0.06, 0.09, 0.27)):
        add_run(sweep, stocks, "wgan", seed, scores={SORT_BY: value})
        add_run(sweep, stocks, "bce", seed, scores={SORT_BY: 0.15})
    calibrate(sweep, stocks)
    with style.look():
        figure = OF_A_SWEEP["aggregates"](read_values(sweep, read_groups(sweep)[0]))
        figure.draw_without_rendering()
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["wgan", "bce"]
    interval, mean = lines_of(axes, style.loss_style("wgan")[0])
    assert mean.get_xdata() == [pytest.approx(0.25)]
    low, high = interval.get_xdata()
    assert 0.1 - 1e-9 <= low < 0.25 < high <= 0.9 + 1e-9
    low, high = axes.get_xlim()
    assert low < 0 < 1 < high


def test_where_all_runs_lie_near_the_floor_the_axis_ends_before_the_ceiling(tmp_path: Path, stocks: Dataset) -> None:
    """Of the scale 0 to 0.3, none of the runs lies above a tenth."""
    sweep = new_sweep(tmp_path, stocks)
    for seed, value in enumerate((0.003, 0.006, 0.03)):
        add_run(sweep, stocks, "bce", seed, scores={SORT_BY: value})
        add_run(sweep, stocks, "wgan", seed, scores={SORT_BY: 0.012})
    calibrate(sweep, stocks)
    values = read_values(sweep, read_groups(sweep)[0])
    for draw in (profiles.draw_profiles, profiles.draw_aggregates):
        with style.look():
            figure = draw(values)
            shown = " ".join(texts(figure)).replace("\n", " ")
        assert all(0.1 <= axes.get_xlim()[1] < 0.13 for axes in figure.axes), draw
        assert "1 the ceiling (noise), beyond the end of the axis" in shown


def test_settings_have_a_panel_each_in_profiles(tmp_path: Path, stocks: Dataset) -> None:
    sweep = new_sweep(tmp_path, stocks)
    for units in (24, 48, 96):
        add_run(sweep, stocks, units=units, scores={SORT_BY: 0.001 * units})
    calibrate(sweep, stocks)
    values = read_values(sweep, read_groups(sweep)[0])
    for draw in (profiles.draw_profiles, profiles.draw_aggregates):
        with style.look():
            shown = texts(draw(values))
        assert all(f"bce\nunits={units}" in shown for units in (24, 48, 96))
