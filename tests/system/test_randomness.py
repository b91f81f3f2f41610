"""Every draw is a function of (seed, stream, counter) and of nothing else."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rnngan_cli.system.randomness import batch_indices, key, normal, random_generator, stream_number, uniform

Draw = Callable[[tf.Tensor, list[int]], tf.Tensor]
STREAMS = ("batches", "d-batches", "g-batches", "d-noise/series", "d-noise/steps", "g-noise/series", "alpha", "sample")


def epoch(num_series: int, batch_size: int, number: int, seed: int, stream: str = "batches") -> np.ndarray:
    """Epoch `number`, put together from the batches that touch it."""
    first, last = number * num_series // batch_size, -(-(number + 1) * num_series // batch_size)
    joined = np.concatenate([batch_indices(num_series, batch_size, one, seed, stream) for one in range(first, last)])
    start = number * num_series - first * batch_size
    return joined[start : start + num_series]


def test_streams_have_numbers_of_their_own_that_fit_an_int32() -> None:
    numbers = [stream_number(stream) for stream in STREAMS]
    assert len(set(numbers)) == len(STREAMS)
    assert all(0 <= number < 2**31 for number in numbers)


def test_a_stream_number_is_the_same_in_every_process() -> None:
    # SHA-256 of "abc" starts with ba7816bf (FIPS 180-2, appendix B.1); half of it fits in 31 bits. Python's own
    # hash() of a string differs from process to process.
    assert stream_number("abc") == 0xBA7816BF // 2


def test_a_generator_starts_anew_for_every_seed_stream_and_counter() -> None:
    first = random_generator(3, "sample", 7).random(5)
    random_generator(3, "other").random(1000)  # what else is drawn plays no part
    assert (random_generator(3, "sample", 7).random(5) == first).all()
    for other in (random_generator(4, "sample", 7), random_generator(3, "score", 7), random_generator(3, "sample", 8)):
        assert not (other.random(5) == first).any()


@settings(max_examples=100, deadline=None)
@given(
    num_series=st.integers(1, 60),
    batch_size=st.integers(1, 90),
    number=st.integers(0, 5),
    seed=st.integers(0, 2**31 - 1),
)
def test_an_epoch_is_a_permutation(num_series: int, batch_size: int, number: int, seed: int) -> None:
    assert sorted(epoch(num_series, batch_size, number, seed)) == list(range(num_series))


@settings(max_examples=50, deadline=None)
@given(num_series=st.integers(1, 40), batch_size=st.integers(1, 60), number=st.integers(0, 20))
def test_a_batch_has_its_size_and_needs_none_before_it(num_series: int, batch_size: int, number: int) -> None:
    alone = batch_indices(num_series, batch_size, number, seed=5)
    assert alone.shape == (batch_size,)
    for before in range(number):
        batch_indices(num_series, batch_size, before, seed=5)
    assert (batch_indices(num_series, batch_size, number, seed=5) == alone).all()


def test_a_batch_larger_than_the_data_holds_whole_epochs() -> None:
    counts = np.bincount(batch_indices(5, 13, 0, seed=1), minlength=5)
    assert counts.sum() == 13
    assert set(counts) <= {2, 3}  # two whole epochs and three series of a third


def test_epochs_seeds_and_streams_are_shuffled_differently() -> None:
    reference = epoch(100, 10, 0, seed=1)
    assert not (reference == np.arange(100)).all()
    for other in (epoch(100, 10, 1, seed=1), epoch(100, 10, 0, seed=2), epoch(100, 10, 0, 1, "d-batches")):
        assert np.mean(other == reference) < 0.1  # one place in a hundred agrees by chance


@pytest.mark.parametrize("draw", [normal, uniform])
def test_a_tensorflow_draw_is_a_function_of_seed_stream_and_counter(draw: Draw) -> None:
    def values(seed: int, stream: str, counter: int) -> np.ndarray:
        return np.asarray(draw(key(tf.constant(seed), stream, tf.constant(counter)), [4, 3]))

    first = values(1, "d-noise", 2)
    draw(key(tf.constant(9), "else", tf.constant(9)), [100])
    assert (values(1, "d-noise", 2) == first).all()
    for other in (values(2, "d-noise", 2), values(1, "g-noise", 2), values(1, "d-noise", 3), values(2, "d-noise", 1)):
        assert not (other == first).any()


@pytest.mark.parametrize("draw", [normal, uniform])
def test_a_compiled_draw_equals_an_eager_one_bit_for_bit(draw: Draw) -> None:
    def values(seed: tf.Tensor, counter: tf.Tensor) -> tf.Tensor:
        return draw(key(seed, "d-noise", counter), [8, 5])

    compiled = tf.function(values, autograph=False)
    for seed, counter in ((0, 0), (1, 0), (2**31 - 1, 99_999)):
        arguments = tf.constant(seed), tf.constant(counter)
        assert (np.asarray(compiled(*arguments)) == np.asarray(values(*arguments))).all()
    assert compiled.experimental_get_tracing_count() == 1  # one compiled step serves every seed and counter


def test_normal_values_are_standard_normal() -> None:
    values = np.asarray(normal(key(tf.constant(0), "d-noise", tf.constant(0)), [100_000]), dtype=np.float64)
    # Standard errors with n = 1e5: mean 1/sqrt(n) = 0.0032, variance sqrt(2/n) = 0.0045, E x^4 sqrt(96/n) = 0.031
    assert abs(values.mean()) < 4 * 0.0032
    assert abs(values.var() - 1) < 4 * 0.0045
    assert abs(np.mean(values**4) - 3) < 4 * 0.031
    assert float(stats.kstest(values, "norm").pvalue) > 1e-3


def test_uniform_values_are_uniform_from_zero_to_below_one() -> None:
    values = np.asarray(uniform(key(tf.constant(0), "alpha", tf.constant(0)), [100_000]), dtype=np.float64)
    assert 0 <= values.min() < 1e-3
    assert 1 - 1e-3 < values.max() < 1
    assert abs(values.mean() - 0.5) < 4 * np.sqrt(1 / 12 / 1e5)
    assert stats.kstest(values, "uniform").pvalue > 1e-3


def test_neighbouring_counters_are_not_correlated() -> None:
    rows = [np.asarray(normal(key(tf.constant(0), "d-noise", tf.constant(step)), [2000])) for step in range(20)]
    correlations = np.corrcoef(rows)[np.triu_indices(20, 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(2000)  # 190 pairs, standard error 1/sqrt(2000)
