"""A sweep turned into runs: which, in what order, with what filled in; and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from rnngan_cli.config import SweepConfig, build, identity
from rnngan_cli.data import SOURCES
from rnngan_cli.errors import UserError
from rnngan_cli.losses import VARIANTS
from rnngan_cli.losses.penalties import GRADIENT_PENALTIES, PENALTIES
from rnngan_cli.plan import expand, plan


def sweep(**fields: Any) -> SweepConfig:
    return build(SweepConfig, {"seeds": "1", **fields}, "sweep")


def test_the_default_sweep() -> None:
    runs = plan(SweepConfig())
    assert [(run.loss, run.cell, run.data.name, run.seed) for run in runs] == [
        ("bce", "gru", "sines", 0),
        ("bce", "gru", "sines", 1),
        ("bce", "gru", "sines", 2),
        ("wgan", "gru", "sines", 0),
        ("wgan", "gru", "sines", 1),
        ("wgan", "gru", "sines", 2),
    ]


def test_all_is_every_one() -> None:
    runs = plan(sweep(losses="all", cells="all", datasets="all"))
    assert len(runs) == len(VARIANTS) * 2 * len(SOURCES) == 100
    assert {run.loss for run in runs} == set(VARIANTS)
    assert {run.data.name for run in runs} == set(SOURCES)
    assert len({identity(run) for run in runs}) == len(runs)


def test_names_keep_their_order_and_repeats_are_dropped() -> None:
    runs = plan(sweep(losses="wgan,bce,wgan", cells="lstm,gru,lstm", datasets="stocks,sines,stocks", seeds=[4, 2, 4]))
    assert [(run.data.name, run.cell, run.loss, run.seed) for run in runs] == [
        (data, cell, loss, seed)
        for data in ("stocks", "sines")
        for cell in ("lstm", "gru")
        for loss in ("wgan", "bce")
        for seed in (4, 2)
    ]


def test_all_beside_a_name_is_all() -> None:
    assert expand("cell", ["lstm", "all"], ["gru", "lstm"]) == ["gru", "lstm"]


def test_a_grid_is_every_combination() -> None:
    runs = plan(sweep(losses="bce", run={"layers": 2}, grid={"units": [3, 4], "batch_size": [8, 16]}))
    assert [(run.units, run.batch_size) for run in runs] == [(3, 8), (3, 16), (4, 8), (4, 16)]
    assert {run.layers for run in runs} == {2}
    assert len({identity(run) for run in runs}) == 4


def test_points_of_a_grid_that_are_one_run_are_done_once() -> None:
    runs = plan(sweep(losses="bce", grid={"penalty_weight": [1.0, 1, 2.0]}, run={"penalty": "gp"}))
    assert [run.penalty_weight for run in runs] == [1.0, 2.0]


def test_a_setting_for_one_loss_wins_over_the_common_one() -> None:
    runs = plan(sweep(run={"critic_steps": 2}, override={"wgan": {"critic_steps": 5}}))
    assert {run.loss: run.critic_steps for run in runs} == {"bce": 2, "wgan": 5}


def test_options_of_one_loss_are_checked_and_filled_in() -> None:
    runs = plan(sweep(losses="bce,mse,igan", override={"igan": {"smoothing": 1}}))
    options = {run.loss: run.options for run in runs}
    defaults = {name: option.default for name, option in VARIANTS["igan"].options.items()}
    assert options == {"bce": {}, "mse": {"labels": "zero-one"}, "igan": {**defaults, "smoothing": 1.0}}


def test_a_setting_for_one_data_set() -> None:
    runs = plan(sweep(losses="bce", datasets="sines,sines-paper", override={"sines": {"series": 200}}))
    series = {run.data.name: run.data.options["series"] for run in runs}
    assert series["sines"] == 200
    assert series["sines-paper"] == SOURCES["sines-paper"].options["series"].default


def test_defaults_filled_in_and_defaults_given_are_one_run() -> None:
    given = plan(sweep(losses="wgan", run={"penalty": "gp", "penalty_weight": 10}, datasets="sines"))
    assert [identity(run) for run in given] == [identity(run) for run in plan(sweep(losses="wgan"))]


@pytest.mark.parametrize("name", VARIANTS)
def test_auto_is_the_penalty_of_the_loss(name: str) -> None:
    (run,) = plan(sweep(losses=name))
    assert (run.penalty, run.penalty_weight) == (("gp", 10.0) if name == "wgan" else ("r1", 0.1))


@pytest.mark.parametrize("penalty", GRADIENT_PENALTIES)
def test_a_penalty_comes_with_its_own_weight(penalty: str) -> None:
    (own,) = plan(sweep(losses="bce", run={"penalty": penalty}))
    (given,) = plan(sweep(losses="bce", run={"penalty": penalty, "penalty_weight": 3}))
    row = PENALTIES[penalty]
    assert row is not None
    assert (own.penalty_weight, given.penalty_weight) == (row.weight, 3.0)


def test_the_weight_of_no_penalty_is_no_second_run() -> None:
    (plain,) = plan(sweep(losses="bce", run={"penalty": "none"}))
    (weighted,) = plan(sweep(losses="bce", run={"penalty": "none", "penalty_weight": 3}))
    assert identity(plain) == identity(weighted)


def test_an_own_file_has_its_hash_and_name(tmp_path: Path) -> None:
    path = tmp_path / "My Data.csv"
    path.write_text("a,b\n1,2\n")
    (run,) = plan(sweep(losses="bce", data={"file": str(path)}))
    assert run.data.name == "my-data"
    assert run.data.sha256 is not None
    path.write_text("a,b\n1,3\n")
    (changed,) = plan(sweep(losses="bce", data={"file": str(path)}))
    assert identity(run) != identity(changed)


def test_an_own_file_elsewhere_is_the_same_run(tmp_path: Path) -> None:
    names = []
    for folder in ("one", "two"):
        path = tmp_path / folder / "my.csv"
        path.parent.mkdir()
        path.write_text("a,b\n1,2\n")
        names.append(identity(plan(sweep(losses="bce", data={"file": str(path)}))[0]))
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"losses": "wgna"}, "unknown loss `wgna`: did you mean `wgan`?"),
        ({"losses": ""}, "no loss given: expected one or more of bce,"),
        ({"losses": []}, "no loss given"),
        ({"losses": "bce,"}, "unknown loss ``"),
        ({"cells": "gruu"}, "unknown cell `gruu`: did you mean `gru`?"),
        ({"datasets": "sine"}, "unknown data set `sine`: did you mean `sines`?"),
        ({"seeds": []}, "no seed given"),
        ({"protocol": "qick"}, "unknown protocol `qick`: did you mean `quick`?"),
        ({"run": {"uints": 3}}, "unknown key `uints`: did you mean `units`?"),
        ({"run": {"seed": 3}}, "unknown key `seed`"),
        ({"run": {"data": {"window": 3}}}, "unknown key `data`"),
        ({"run": {"options": 3}}, "`options = 3`: expected a table"),
        ({"run": {"units": "x"}}, "`units = 'x'`"),
        ({"grid": {"uints": [3]}}, "unknown key `uints`: did you mean `units`?"),
        ({"grid": {"units": [3, 0]}}, "`units = 0`"),
        ({"grid": {"units": []}}, "`grid.units` is empty"),
        ({"override": {"mse": {"units": 3}}}, "unknown loss or data set of this sweep `mse`"),
        ({"override": {"bce": {"uints": 3}}}, "`bce` has no options: leave out `uints`"),
        ({"losses": "mse", "override": {"mse": {"lables": "pearson"}}}, "did you mean `labels`?"),
        (
            {"losses": "mse", "override": {"mse": {"labels": "x"}}},
            "`mse.labels = x`: expected one of zero-one, pearson",
        ),
        ({"losses": "igan", "override": {"igan": {"smoothing": 2}}}, "expected a number from 0.5 to 1"),
        ({"losses": "vae", "override": {"vae": {"gamma": float("inf")}}}, "`vae.gamma = inf`: expected a number"),
        ({"losses": "vae", "override": {"vae": {"gamma": 10**400}}}, "expected a number"),
        ({"override": {"sines": {"serie": 3}}}, "did you mean `series`?"),
        ({"data": {"windw": 3}}, "unknown key `windw`: did you mean `window`?"),
        ({"data": {"window": 0}}, "`window = 0`"),
        (
            {"losses": "wgan", "run": {"penalty": "r1"}},
            "`penalty = r1`: wgan is defined with gp, lp, clip; leave it at auto",
        ),
        ({"losses": "wgan", "run": {"penalty": "none"}}, "`penalty = none`: wgan is defined with gp, lp"),
        ({"losses": "cgan", "data": {"labels": "none"}}, "`--labels none`: cgan needs labels"),
        ({"run": {"latent_series": 0, "latent_steps": 0}}, "the generator needs noise"),
        ({"data": {"file": "no-such.csv"}}, "`no-such.csv`: no such file"),
    ],
)
def test_refused_in_one_line(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        plan(sweep(**fields))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", [row.name for row in VARIANTS.values() if "step" not in row.readouts])
def test_divergences_need_one_number_a_series(name: str) -> None:
    readouts = ", ".join(VARIANTS[name].readouts)
    said = f"`readout = step`: {name} is defined with {readouts}, as it needs one number a series"
    with pytest.raises(UserError, match=said):
        plan(sweep(losses=name, run={"readout": "step"}))


def test_there_are_losses_on_both_sides_of_that_rule() -> None:
    stepwise = [row.name for row in VARIANTS.values() if "step" in row.readouts]
    assert "kld" not in stepwise
    assert len(plan(sweep(losses=stepwise, run={"readout": "step"}))) == len(stepwise) > 0


def test_a_file_and_data_sets_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("a\n1\n")
    with pytest.raises(UserError, match="`--data` and `--datasets` were both given"):
        plan(sweep(data={"file": str(path)}, datasets="sines"))
