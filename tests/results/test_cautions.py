"""What to beware of: each sentence exactly where the numbers call for it."""

import pandas as pd
import pytest

from rnngan_cli.results.cautions import cautions, run_remarks, separates_noise

KNOWN = {
    "floor": {"coverage": 0.9, "duplicates": 0.0, "nearest_training": 1.0},
    "bootstrap": {"coverage": 0.9, "duplicates": 0.0, "nearest_training": 0.9},
}
GOOD = {"coverage": 0.5, "duplicates": 0.04, "nearest_training": 0.6}


def leaderboard(known: dict[str, dict[str, float]], **losses: dict[str, float]) -> pd.DataFrame:
    rows = [("loss", loss, scores) for loss, scores in losses.items()]
    rows += [("calibration", name, scores) for name, scores in known.items()]
    return pd.DataFrame([
        {"dataset": "sines", "cell": "gru", "loss": name, "kind": kind}
        | {f"{score}_mean": value for score, value in scores.items()}
        for kind, name, scores in rows
    ])  # fmt: skip


def test_no_caution_without_cause() -> None:
    assert cautions(leaderboard(KNOWN, bce=GOOD)) == []
    assert cautions(leaderboard({}, bce=GOOD)) == []
    assert cautions(leaderboard({}, bce={"mmd2": 0.1})) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"coverage": 0.44},  # half of 0.9 is 0.45
            "sines, gru: modes are missing; real series cover 0.90 of the unseen ones, less than half as much: "
            "bad 0.44.",
        ),
        ({"duplicates": 0.06}, "sines, gru: generators repeat themselves; share of duplicates: bad 0.06."),
        (
            {"nearest_training": 0.71},  # half-way from 0.5 to 0.9 is 0.7
            "sines, gru: training series may be copied; chance to lie nearer to them than an unseen series, which has "
            "0.50 (noisy copies 0.90): bad 0.71.",
        ),
        (
            {"copies": 0.06},
            "sines, gru: some series may be copies; share that lies nearer to training series than 99 % of unseen real "
            "ones do: bad 0.06.",
        ),
    ],
)
def test_each_caution_names_the_loss_and_its_number(changed: dict[str, float], sentence: str) -> None:
    assert cautions(leaderboard(KNOWN, good=GOOD, bad=GOOD | changed)) == [sentence]


@pytest.mark.parametrize(("noise", "told"), [(0.0, False), (0.009, False), (0.011, True), (float("nan"), False)])
def test_training_series_that_differ_from_test_series_are_told(noise: float, told: bool) -> None:
    known = {"floor": KNOWN["floor"] | {"hiding_noise": noise}}
    found = cautions(leaderboard(known, bce=GOOD))
    expected = (
        "sines, gru: the training series differ from the test series, as the parts of a record that changes do: real "
        "ones have 0.011 in hiding noise, so losses are to be compared with that, not with 0."
    )
    assert found == ([expected] if told else [])


@pytest.mark.parametrize(
    ("noise", "covered", "told"),
    [(0.004, 0.44, True), (0.006, 0.44, False), (0.004, 0.46, False), (float("nan"), 0.44, False)],
)
def test_a_score_that_a_normal_distribution_passes_is_told(noise: float, covered: float, told: bool) -> None:
    """Real series cover 0.9, so half is 0.45; a difference in noise of 0.005 is nothing that one would act on."""
    known = {
        "floor": KNOWN["floor"] | {"hiding_noise": 0.0},
        "gaussian": {"coverage": covered, "hiding_noise": noise},
    }
    expected = (
        "sines, gru: hiding noise does not tell a fitted normal distribution (0.004) from real series (0.000), "
        "coverage does (0.44 and 0.90): compare losses by coverage too."
    )
    assert cautions(leaderboard(known, bce=GOOD | {"hiding_noise": 0.001})) == ([expected] if told else [])


@pytest.mark.parametrize(
    "changed",
    [{"coverage": 0.46}, {"duplicates": 0.05}, {"nearest_training": 0.69}, {"nearest_training": 0.0}, {"copies": 0.05}],
)
def test_just_below_the_bound_nothing_is_told(changed: dict[str, float]) -> None:
    assert cautions(leaderboard(KNOWN, bce=GOOD | changed)) == []


def test_bounds_follow_the_known_series() -> None:
    """Copies that score 0.58 make 0.55 a caution; data full of twins allow as many and one in twenty more."""
    low = {"floor": KNOWN["floor"], "bootstrap": {"nearest_training": 0.58}}
    assert "copied" in cautions(leaderboard(low, bce=GOOD | {"nearest_training": 0.55}))[0]
    twins = {"floor": {"coverage": 0.9, "duplicates": 0.3}}
    assert cautions(leaderboard(twins, bce=GOOD | {"duplicates": 0.34})) == []
    assert "repeat" in cautions(leaderboard(twins, bce=GOOD | {"duplicates": 0.36}))[0]


def test_what_has_no_reference_is_not_judged() -> None:
    """No floor, no bootstrap row, or copies that score as unseen series do; duplicates need none."""
    bad = {"coverage": 0.0, "duplicates": 0.5, "nearest_training": 1.0}
    assert len(cautions(leaderboard({}, bce=bad))) == 1
    blind = {"bootstrap": {"nearest_training": 0.52}}
    assert not separates_noise(0.5, 0.52)
    assert len(cautions(leaderboard(blind, bce=bad))) == 1


def test_groups_are_judged_apart_and_without_numbers_not_at_all() -> None:
    first = leaderboard(KNOWN, bce=GOOD | {"coverage": 0.1})
    second = leaderboard(KNOWN, bce=GOOD, wgan=dict.fromkeys(GOOD, float("nan"))).assign(dataset="stocks")
    assert [line.split(":")[0] for line in cautions(pd.concat([first, second]))] == ["sines, gru"]
    assert [line.split(":")[0] for line in cautions(pd.concat([second, first]))] == ["sines, gru"]


def test_remarks_on_runs_are_one_sentence_a_loss() -> None:
    runs = pd.DataFrame(
        [
            ("bce", "done", ""),
            ("bce", "done", "losses have run away"),
            ("bce", "done", "nearly collapsed"),
            ("bce", "diverged", "`kl` was inf"),
            ("gan", "done", "modes are missing"),
            ("wgan", "done", ""),
            ("vae", "failed", "its worker is gone"),
        ],
        columns=["loss", "status", "reason"],
    ).assign(dataset="sines", cell="gru")
    assert run_remarks(runs) == [
        "sines, gru, bce: 2 of 3 runs, the first: losses have run away.",
        "sines, gru, gan: modes are missing.",
    ]
    assert run_remarks(runs[:0]) == []
