"""Sizes of noise by the data: known series, the built-in data sets, and sweeps that keep what was found."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnngan_cli import data
from rnngan_cli.config import DataConfig, SweepConfig
from rnngan_cli.sweeps import noise
from rnngan_cli.sweeps.noise import FEWEST, MOST, SERIES_IF_ROUGH, STEPS_IF_ROUGH, NoiseSizes, noise_sizes
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.sweep import prepare_sweep

Array = np.ndarray
RANDOM = np.random.default_rng(3)


def spanned(directions: int, count: int = 500, steps: int = 20, features: int = 2) -> Array:
    """Smooth series in a space of few dimensions, all of them of like variance."""
    times = np.linspace(0, np.pi, steps)
    waves = np.stack([np.cos(number * times[:, None] + np.arange(features)) for number in range(1, directions + 1)])
    return np.einsum("nd,dsf->nsf", RANDOM.normal(size=(count, directions)), waves)


@pytest.mark.parametrize(("directions", "expected"), [(1, FEWEST), (6, 6), (3, FEWEST)])
def test_smooth_series_get_a_value_for_every_degree_of_freedom(directions: int, expected: int) -> None:
    assert noise_sizes(spanned(directions)) == NoiseSizes(expected, 0)


def test_white_noise_is_drawn_from_at_every_step() -> None:
    white = RANDOM.normal(size=(400, 24, 3))
    assert noise_sizes(white) == NoiseSizes(SERIES_IF_ROUGH, STEPS_IF_ROUGH)
    assert noise_sizes(np.cumsum(white, axis=1)).steps == 0  # a random walk


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_sizes_do_not_depend_on_units(factor: float) -> None:
    for series in (RANDOM.normal(size=(200, 24, 2)), spanned(6)):
        assert noise_sizes(factor * series + 7 * factor) == noise_sizes(series)


@pytest.mark.parametrize("series", [np.zeros((5, 9, 1)), np.ones((5, 2, 3)), RANDOM.normal(size=(5, 1, 2))], ids=str)
def test_series_without_changes_are_smooth(series: Array) -> None:
    found = noise_sizes(series)
    assert found.steps == 0 and FEWEST <= found.series <= MOST


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sines", NoiseSizes(13, 0)),
        ("stocks-returns", NoiseSizes(8, 2)),
        ("digits", NoiseSizes(16, 0)),
        ("ar-gaussian", NoiseSizes(16, 0)),
    ],
)
def test_sizes_of_built_in_data(name: str, expected: NoiseSizes) -> None:
    """Sines have a frequency and a phase for each of five features: ten unknowns, 13 components."""
    assert noise_sizes(data.load(DataConfig(name=name)).train.series) == expected


RECIPE = {"losses": "bce", "seeds": 1, "profile": "recipe", "override": {"sines": {"series": 300}}}


def test_a_prepared_sweep_keeps_the_sizes_so_that_its_plan_needs_no_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare_sweep(SweepConfig.model_validate(RECIPE), tmp_path)
    found = noise_sizes(prepared.datasets["sines"].train.series)
    assert prepared.sweep.noise == {"sines": (found.series, found.steps)}
    (job,) = prepared.jobs
    assert (job.config.latent_series, job.config.latent_steps) == (found.series, found.steps)

    def no_data(*_: object) -> None:
        raise AssertionError("the data was loaded")

    monkeypatch.setattr(noise.data, "load", no_data)
    noise._planned_noise.cache_clear()
    assert plan(prepared.sweep) == [job.config]


@pytest.mark.parametrize("given", [{"latent_series": 3}, {"latent_steps": 1}])
def test_a_size_that_is_given_is_kept_and_the_other_follows_from_the_data(given: dict[str, int]) -> None:
    (run,) = plan(SweepConfig.model_validate({**RECIPE, "noise": {"sines": [13, 0]}, "run": given}))
    by_data = {"latent_series": 13, "latent_steps": 0}
    assert {name: getattr(run, name) for name in by_data} == {**by_data, **given}


def test_no_data_is_loaded_where_both_sizes_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    no_load: Callable[..., None] = lambda *_: pytest.fail("the data was loaded")  # noqa: E731 - one line says it
    monkeypatch.setattr(noise.data, "load", no_load)
    given = {"latent_series": 3, "latent_steps": 1}
    (run,) = plan(SweepConfig.model_validate({**RECIPE, "run": given, "override": {}}))
    assert {name: getattr(run, name) for name in given} == given
