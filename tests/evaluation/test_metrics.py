import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from rnngan_cli.evaluation.metrics import METRICS, Direction, Metric

JUDGED = (
    "discriminative",
    "discriminative_auc",
    "discriminative_accuracy",
    "discriminative_weak",
    "predictive",
    "predictive_real",
    "predictive_weak",
    "predictive_weak_real",
    "classification_tstr",
    "classification_trts",
    "classification_real",
)
MEASURED = (
    "mmd2",
    "sliced_wasserstein",
    "marginal_difference",
    "autocorrelation_difference",
    "cross_correlation_difference",
    "skewness_difference",
    "kurtosis_difference",
    "frechet_distance",
)
CLASSIFIED = ("hiding_noise", "c2st_auc", "c2st_auc_noise_01", "c2st_auc_noise_1", "c2st_p")
COVERAGE = ("precision", "recall", "density", "coverage", "code_coverage", "spread_ratio", "duplicates")
MEMORISATION = ("nearest_training", "copies")
TRAINING = ("generator_updates", "discriminator_updates", "training_seconds", "share_diverged")


def test_every_score_is_registered() -> None:
    groups = {
        "classifier": CLASSIFIED,
        "judges": JUDGED,
        "distances": MEASURED,
        "coverage": COVERAGE,
        "memorisation": MEMORISATION,
        "training": TRAINING,
    }
    assert tuple(METRICS) == sum(groups.values(), ())
    for group, names in groups.items():
        assert tuple(name for name, row in METRICS.items() if row.group == group) == names


@pytest.mark.parametrize("row", METRICS.values(), ids=lambda row: row.name)
def test_rows_are_complete(row: Metric) -> None:
    assert METRICS[row.name] is row
    for text in (row.title, row.definition, row.source):
        assert text.strip() == text
        assert text
        assert "\n" not in text
    assert row.range[0] < row.range[1]
    assert any(f"({year})" in row.source for year in range(1930, 2027))
    assert row.direction in ("lower", "higher", "to 0.5", "to 1")
    assert row.definition not in [other.definition for other in METRICS.values() if other is not row]


def test_scores_carry_their_function() -> None:
    for row in METRICS.values():
        function = row.function or row.beside_training or row.jointly
        judged = row.group in ("judges", "training") or row.name == "code_coverage"
        assert (function is None) == (judged or row.retired)
        assert (row.beside_training is not None) == (row.group == "memorisation" and not row.retired)
        # By name, not identity: collecting doctests imports a module a second time.
        assert function is None or function.__name__ == ("two_sample_scores" if row.jointly else row.name)


def test_scores_lie_in_their_range() -> None:
    drawn = np.random.Generator(np.random.Philox(0)).random((40, 6, 3))
    for row in METRICS.values():
        if row.function:
            for generated in (drawn, drawn[::-1] ** 4 * 9, np.zeros_like(drawn)):
                assert row.range[0] <= row.function(drawn, generated) <= row.range[1], row.name
        if row.beside_training:
            assert row.range[0] <= row.beside_training(drawn, drawn[:9], drawn[9:]) <= row.range[1]
        if row.jointly:
            for generated in (drawn[::-1] ** 4 * 9, np.zeros_like(drawn)):
                assert row.range[0] <= row.jointly(drawn, generated)[row.name] <= row.range[1], row.name


@pytest.mark.parametrize(
    "name", ["mmd2", "sliced_wasserstein", "frechet_distance", "coverage", "recall", "spread_ratio"]
)
def test_worse_data_never_scores_better(name: str) -> None:
    """Waves against waves with ever more noise, ever fewer of them, and at last one copied: badness never falls."""
    row = METRICS[name]
    assert row.function is not None
    random = np.random.Generator(np.random.Philox(0))
    waves = (1 + np.sin(random.random((400, 1, 2)) * np.arange(12)[:, None] + random.random((400, 1, 2)))) / 2
    real, other = waves[:200], waves[200:]
    noise = random.standard_normal(other.shape)
    orders = [
        # noise spreads series and makes their balls large: these two do not see it, as their docstrings say
        [other + size * noise for size in (0.0, 0.1, 0.4, 1.6) if name not in ("spread_ratio", "recall")],
        [other, np.resize(other[:20], other.shape), np.resize(other[:1], other.shape)],
    ]
    for order in orders:
        badness = [float(row.badness(np.array(row.function(real, one)))) for one in order]
        assert badness == sorted(badness), badness


def test_the_leaderboard_shows_a_few_of_each_group() -> None:
    shown = [row.group for row in METRICS.values() if row.primary]
    assert 1 <= shown.count("judges") <= 3
    assert METRICS["discriminative_weak"].primary  # the weak judge beside the strong one
    assert 1 <= shown.count("distances") <= 3
    assert not METRICS["predictive_real"].primary  # a reference: it does not depend on the generator


def test_rows_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        METRICS["mmd2"].title = "other"  # type: ignore[misc]


def test_badness_turns_every_direction_to_lower_is_better() -> None:
    lower, coin = METRICS["mmd2"], METRICS["discriminative_accuracy"]
    higher = dataclasses.replace(lower, direction=Direction.HIGHER)
    scores = np.array([0.25, 0.5, 1.0, np.nan])
    np.testing.assert_array_equal(lower.badness(scores), scores)
    np.testing.assert_array_equal(higher.badness(scores), -scores)
    np.testing.assert_array_equal(coin.badness(scores), [0.25, 0, 0.5, np.nan])
    np.testing.assert_array_equal(METRICS["spread_ratio"].badness(scores), [0.75, 0.5, 0, np.nan])


def test_listing_metrics_imports_nothing_heavy() -> None:
    code = (
        "import sys, rnngan_cli.evaluation.metrics;"
        "sys.exit(str({'scipy', 'ot', 'tensorflow', 'keras', 'pandas', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "set()\n"
