"""A sweep's losses, cells and data sets compared: one way through, the scale where data differ, claims."""

import pandas as pd
import pytest

from rnngan_cli.config import DataConfig, RunConfig
from rnngan_cli.errors import UserError
from rnngan_cli.results.comparison import Claim, compared
from rnngan_cli.store import Calibration, SweepFolder
from rnngan_cli.store.scores import ScoreKey

SORT_BY = "sliced_wasserstein"

EDGES = {"floor": {SORT_BY: 0.0}, "ceiling": {SORT_BY: 2.0}}
HASHES = {"sines": "ab" * 32, "stocks": "cd" * 32}


def add(
    sweep: SweepFolder, value: float | None, seed: int, loss: str = "bce", cell: str = "gru", **data: object
) -> None:
    """An ended run; without a value a diverged one."""
    source = DataConfig.model_validate({"name": "sines", **data})
    config = RunConfig.model_validate({"loss": loss, "seed": seed, "cell": cell, "data": source})
    folder = sweep.run(config)
    folder.create(config)
    if value is not None:
        digest = HASHES[source.name] if source.window is None else f"{source.window:02}" * 32
        folder.write_scores(ScoreKey("quick", digest), {SORT_BY: value})
    folder.write_status("diverged" if value is None else "done", 5)


@pytest.fixture
def cells(sweep: SweepFolder) -> SweepFolder:
    """Two losses, two cells, four seeds: every gru is before every lstm; bce 1 apart, wgan diverges once as lstm."""
    for loss in ("bce", "wgan"):
        for seed in range(4):
            add(sweep, 0.1 + 0.01 * seed, seed, loss)
            add(sweep, None if (loss, seed) == ("wgan", 3) else 1.1 + 0.01 * seed, seed, loss, "lstm")
    sweep.write_calibration(f"sines-{'ab' * 6}-quick", Calibration(candidates=EDGES))
    return sweep


def test_cells_are_compared_within_data_set_and_loss(cells: SweepFolder) -> None:
    found = compared(cells, SORT_BY, by="cell")
    assert (found.by, found.baseline, found.score) == ("cell", "gru", SORT_BY)
    table = found.verdicts[["dataset", "loss", "cell", "baseline", "num_pairs", "num_diverged", "shown"]]
    assert table.values.tolist() == [
        ["sines", "bce", "lstm", "gru", 4, 0, True],
        ["sines", "wgan", "lstm", "gru", 3, 1, True],
    ]
    assert found.verdicts["paired_difference"].tolist() == [pytest.approx(1.0)] * 2
    assert found.verdicts["verdict"][0].startswith("`lstm` is worse than `gru` on sliced_wasserstein")
    # Of the scale (0, 2): gru 0.05 to 0.065; lstm 0.55 to 0.565, and 1 for the diverged run.
    rows = {row.name: row for row in found.aggregates}
    assert rows["gru"].mean.value == pytest.approx(0.0575)
    assert rows["lstm"].mean.value == pytest.approx(
        ((0.55 + 0.555 + 0.56 + 0.565) / 4 + (0.55 + 0.555 + 0.56 + 1) / 4) / 2
    )
    assert found.improvement == {"gru": {"lstm": 1.0}, "lstm": {"gru": 0.0}}
    assert found.profiles == {"gru": [0.125 * 2, 1, 1, 1, 1], "lstm": [0, 0, 0, 0, 1]}


def test_losses_are_compared_within_data_set_and_cell(cells: SweepFolder) -> None:
    found = compared(cells, SORT_BY)
    assert found.baseline == "bce"
    assert found.verdicts[["dataset", "cell", "loss"]].values.tolist() == [
        ["sines", "gru", "wgan"],
        ["sines", "lstm", "wgan"],
    ]
    assert not found.verdicts["shown"].any()


def test_every_pair_has_no_baseline(cells: SweepFolder) -> None:
    for seed in range(4):
        add(cells, 3.0 + seed, seed, "mse")
        add(cells, 3.0 + seed, seed, "mse", "lstm")
    found = compared(cells, SORT_BY, every_pair=True)
    assert found.baseline is None
    pairs = [["bce", "mse"], ["bce", "wgan"], ["mse", "wgan"]]
    assert found.verdicts[["loss", "baseline"]].values.tolist() == pairs * 2
    assert set(found.verdicts["fewest_seeds"]) == {5}


def test_data_sets_are_compared_between_floor_and_ceiling_alone(sweep: SweepFolder) -> None:
    """Raw scores of stocks are ten times those of sines; on their scales they are the lower ones."""
    for seed in range(4):
        add(sweep, 0.5 + 0.01 * seed, seed)
        add(sweep, 5.0 + 0.1 * seed, seed, name="stocks")
    sweep.write_calibration(f"sines-{'ab' * 6}-quick", Calibration(candidates=EDGES))
    message = "stocks, gru has none that `sliced_wasserstein` tells apart; run `rnngan evaluate"
    with pytest.raises(UserError, match=message) as caught:
        compared(sweep, SORT_BY, by="dataset")
    assert "\n" not in str(caught.value)
    far = {"floor": {SORT_BY: 0.0}, "ceiling": {SORT_BY: 100.0}}
    sweep.write_calibration(f"stocks-{'cd' * 6}-quick", Calibration(candidates=far))
    found = compared(sweep, SORT_BY, by="dataset")
    (line,) = found.verdicts.to_dict("records")
    assert (line["cell"], line["loss"], line["dataset"], line["baseline"]) == ("gru", "bce", "stocks", "sines")
    assert line["score"] == "normalised sliced_wasserstein"
    assert line["difference"] == pytest.approx(0.0515 - 0.2575)
    assert (line["probability_better"], line["shown"]) == (1.0, True)
    assert [row.name for row in found.aggregates] == ["stocks", "sines"]
    assert found.shows(Claim("sines", "worse", "stocks")) == [
        f"gru, bce ({verdict_of(compared(sweep, SORT_BY, 'stocks', by='dataset').verdicts)})"
    ]


def verdict_of(table: pd.DataFrame) -> str:
    return str(table["verdict"].item())


def test_cells_that_differ_in_their_data_need_the_scale_too(sweep: SweepFolder) -> None:
    """Windows of 6 and 12 steps are other data, so raw scores say nothing of which is learned better."""
    for loss in ("bce", "wgan"):
        for seed in range(2):
            add(sweep, 0.1, seed, loss, name="stocks", window=6)
            add(sweep, 0.2, seed, loss, name="stocks", window=12)
    assert list(compared(sweep, SORT_BY).verdicts["loss"]) == ["wgan", "wgan"]
    with pytest.raises(UserError, match=r"stocks, gru data.window=12; stocks, gru data.window=6 has none"):
        compared(sweep, SORT_BY, by="cell")


def test_a_run_that_diverges_makes_no_data_set_better(sweep: SweepFolder) -> None:
    for seed in range(3):
        add(sweep, 0.5, seed)
        add(sweep, None if seed == 2 else 0.1, seed, name="stocks")
    for name, digest in HASHES.items():
        sweep.write_calibration(f"{name}-{digest[:12]}-quick", Calibration(candidates=EDGES))
    (line,) = compared(sweep, SORT_BY, by="dataset").verdicts.to_dict("records")
    assert line["probability_better"] == pytest.approx(2 / 3)  # the diverged run loses to all three
    assert (line["num_runs"], line["num_diverged"]) == (3, 1)


def test_one_cell_alone_is_told(sweep: SweepFolder) -> None:
    add(sweep, 0.5, 0)
    with pytest.raises(UserError, match="has one cell alone, `gru`; expected two"):
        compared(sweep, SORT_BY, by="cell")
    assert len(compared(sweep, SORT_BY).verdicts) == 0
    with pytest.raises(UserError, match="unknown score `mmd3`"):
        compared(sweep, "mmd3")


def test_the_baseline_is_the_default_if_it_is_there_or_the_first(sweep: SweepFolder) -> None:
    for loss in ("wgan", "mse"):
        add(sweep, 0.5, 0, loss)
    assert compared(sweep, SORT_BY).baseline == "mse"
    add(sweep, 0.5, 0, "bce")
    assert compared(sweep, SORT_BY).baseline == "bce"
    add(sweep, 0.5, 0, "bce", "lstm")
    assert compared(sweep, SORT_BY, by="cell").baseline == "gru"
    assert compared(sweep, SORT_BY, "wgan").baseline == "wgan"


@pytest.mark.parametrize(
    ("claim", "places"),
    [
        ("lstm worse than gru", 2),
        ("gru better than lstm", 2),
        ("gru worse than lstm", 0),
        ("lstm better than gru", 0),
    ],
)
@pytest.mark.parametrize("every_pair", [False, True])
def test_claims_hold_whichever_side_is_named_first(
    cells: SweepFolder, claim: str, places: int, every_pair: bool
) -> None:
    found = compared(cells, SORT_BY, by="cell", every_pair=every_pair)
    assert len(found.shows(Claim.read(claim))) == places


def test_a_claim_in_several_tasks_takes_its_share_of_the_level(cells: SweepFolder) -> None:
    """Four seeds of each, apart: p = 2 / 70 = 0.029 in each of two tasks; for one of two, 0.025 is asked."""
    found = compared(cells, SORT_BY, by="cell")
    assert found.shows(Claim.read("lstm worse than gru"), tasks=2) == []
    for loss in ("bce", "wgan"):
        add(cells, 0.15, 4, loss)
        add(cells, 1.15, 4, loss, "lstm")
    assert len(compared(cells, SORT_BY, by="cell").shows(Claim.read("lstm worse than gru"), tasks=2)) == 2


def test_claims_of_every_pair_are_corrected_for_all(cells: SweepFolder) -> None:
    """Four seeds show a difference of one pair, not of two or three."""
    for seed in range(4):
        add(cells, 9.0 + seed, seed, "mse")
    claim = Claim.read("mse worse than bce")
    assert compared(cells, SORT_BY, every_pair=True).shows(claim) == []
    assert compared(cells, SORT_BY).shows(claim) == []
    with pytest.raises(UserError, match="unknown loss `kld`"):
        compared(cells, SORT_BY).shows(Claim("bce", "worse", "kld"))
