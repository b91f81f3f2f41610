"""A sweep turned into runs: which, in what order, with what filled in; and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rnngan_cli.config import SweepConfig, build, identity
from rnngan_cli.data import INCLUDED, SOURCES
from rnngan_cli.errors import UserError
from rnngan_cli.losses import VARIANTS
from rnngan_cli.losses.penalties import GRADIENT_PENALTIES, PENALTIES
from rnngan_cli.sweeps.checks import check_resolved, check_run
from rnngan_cli.sweeps.plan import expand, plan


def sweep(**fields: Any) -> SweepConfig:
    return build(SweepConfig, {"seeds": "1", "profile": "shared", **fields}, "sweep")


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


def test_all_and_a_set_of_an_extra() -> None:
    names = [run.data.name for run in plan(sweep(losses="bce", datasets="chorales,all,sines", seeds=1))]
    assert names == [*INCLUDED, "chorales"]


def test_all_is_every_one() -> None:
    runs = plan(sweep(losses="all", cells="all", datasets="all"))
    assert len(runs) == len(VARIANTS) * 2 * len(INCLUDED) == 120
    assert {run.loss for run in runs} == set(VARIANTS)
    assert {run.data.name for run in runs} == set(INCLUDED)  # those that need no extra
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


@pytest.mark.parametrize(
    ("loss", "fields"),
    [
        ("igan", {"minibatch": 5, "penalty": "none"}),
        ("vae", {"layer": 2, "layers": 2}),
        ("vae", {"layer": 0}),
        ("infogan", {"categorical": 0, "continuous": 1}),
        ("infogan", {"categorical": 1, "continuous": 0}),
        ("wgan", {"penalty": "clip", "penalty_weight": 1e-3}),
        ("wgan", {"penalty": "gp", "spectral_norm": True}),
    ],
)
def test_what_lies_just_within_the_rules_is_planned(loss: str, fields: dict[str, Any]) -> None:
    (run,) = plan(sweep(losses=loss, override={loss: fields}))
    assert {name: run.options.get(name, getattr(run, name, None)) for name in fields} == fields


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
        ({"losses": "wgan", "run": {"penalty": "clip", "penalty_weight": 0}}, "every weight would be 0"),
        ({"losses": "wgan", "run": {"penalty": "clip", "spectral_norm": True}}, "leave out one of them"),
        ({"losses": "wgan", "profile": "paper", "run": {"spectral_norm": True}}, "`penalty = clip`"),
        (
            {"losses": "igan", "override": {"igan": {"minibatch": 5}}},
            "`igan.minibatch = 5` and `penalty = r1`: a gradient penalty is for one series at a time",
        ),
        (
            {"losses": "igan", "run": {"penalty": "gp"}, "override": {"igan": {"minibatch": 5}}},
            "set `igan.penalty=none`",
        ),
        (
            {"losses": "vae", "override": {"vae": {"layer": 2}}},
            "`vae.layer = 2`: the discriminator has `layers = 1`; expected -1 to 1",
        ),
        ({"losses": "vae", "override": {"vae": {"layer": -2}}}, "expected a whole number from -1 to 16"),
        (
            {"losses": "infogan", "override": {"infogan": {"categorical": 0, "continuous": 0}}},
            "there is no code to inform about",
        ),
        ({"losses": "kld", "override": {"kld": {"form": "papr"}}}, "one of paper, alternative, reverse"),
        ({"losses": "infogan", "override": {"infogan": {"categories": 2.5}}}, "a whole number from 2"),
        ({"run": {"d_optimizer": "sgd", "d_beta_1": 0.9}}, "`d_beta_1 = 0.9`: sgd has no beta_1"),
        ({"override": {"bce": {"g_momentum": 0.9}}}, "`g_momentum = 0.9`: adam has no momentum"),
        ({"grid": {"tied": [{"uints": 3}]}}, "unknown key `uints`: did you mean `units`?"),
        ({"grid": {"tied": [{"units": 3}, 4]}}, "unknown key `tied`"),
        ({"data": {"file": "no-such.csv"}}, "`no-such.csv`: no such file"),
    ],
)
def test_refused_in_one_line(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        plan(sweep(**fields))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("readout", "names", "why"),
    [
        ("step", {"kld", "mae", "vae", "wgan", "infogan"}, "needs one number a series"),
        ("probability", {"kld", "mse", "wgan"}, "has logits that do not stand for a probability"),
    ],
)
def test_a_readout_is_refused_for_losses_it_makes_no_sense_for(readout: str, names: set[str], why: str) -> None:
    for name, row in VARIANTS.items():
        asked = sweep(losses=name, run={"readout": readout})
        if name not in names:
            assert [run.readout for run in plan(asked)] == [readout]
            continue
        with pytest.raises(UserError) as caught:
            plan(asked)
        readouts = ", ".join(row.discriminator.readouts)
        assert str(caught.value) == f"`readout = {readout}`: {name} is defined with {readouts}, as it {why}"


def test_a_loss_of_ones_own_may_have_any_readouts() -> None:
    (run,) = plan(sweep(losses="bce"))
    bce = VARIANTS["bce"]
    rules = replace(bce.discriminator, readouts=("last",))
    row = replace(bce, text=replace(bce.text, name="mine"), discriminator=rules)
    with pytest.raises(UserError, match=r"^`readout = mean`: mine is defined with last$"):
        check_run(run, row)
    assert check_run(run.model_copy(update={"readout": "last"}), row).readout == "last"


@pytest.mark.parametrize("penalty", [name for name, row in PENALTIES.items() if row is not None])
@pytest.mark.parametrize("name", VARIANTS)
def test_clipping_is_for_wgan_and_gradient_penalties_are_for_all_but_r1_there(name: str, penalty: str) -> None:
    asked = sweep(losses=name, run={"penalty": penalty})
    if (penalty == "clip") == (name == "wgan") or penalty in ("gp", "lp"):
        row = PENALTIES[penalty]
        assert row is not None
        assert [(run.penalty, run.penalty_weight) for run in plan(asked)] == [(penalty, row.weight)]
        return
    with pytest.raises(UserError, match=f"`penalty = {penalty}`: {name} is defined with "):
        plan(asked)


# Profiles


@pytest.mark.parametrize("profile", ["shared", "paper"])
def test_every_loss_can_be_planned_under_both_profiles(profile: str) -> None:
    runs = plan(sweep(losses="all", cells="all", profile=profile))
    assert len({identity(run) for run in runs}) == 20


def test_the_shared_profile_differs_among_losses_in_penalty_and_options_alone() -> None:
    runs = plan(sweep(losses="all"))
    own = {"loss", "penalty", "penalty_weight", "options"}
    assert len({run.model_dump_json(exclude=own) for run in runs}) == 1


PAPERS: dict[str, dict[str, Any]] = {
    "bce": {"d_optimizer": "sgd", "g_optimizer": "sgd", "d_momentum": 0.5, "d_learning_rate": 0.1, "batch_size": 100},
    "gan": {"d_optimizer": "sgd", "g_optimizer": "sgd", "g_momentum": 0.5, "g_learning_rate": 0.1, "batch_size": 100},
    "mse": {"d_optimizer": "adam", "d_learning_rate": 1e-3, "d_beta_1": 0.5, "batch_size": 64},
    "mae": {"d_learning_rate": 2e-4, "g_learning_rate": 2e-4},
    "kld": {"d_learning_rate": 2e-4, "g_learning_rate": 2e-4},
    "vae": {"d_optimizer": "rmsprop", "g_optimizer": "rmsprop", "d_learning_rate": 3e-4, "batch_size": 64},
    "wgan": {"d_optimizer": "rmsprop", "d_learning_rate": 5e-5, "critic_steps": 5, "penalty": "clip"},
    "igan": {"d_learning_rate": 3e-4, "d_beta_1": 0.5, "d_beta_2": 0.999, "batch_size": 100},
    "cgan": {"d_optimizer": "sgd", "d_learning_rate": 0.1, "g_optimizer": "adam", "units": 100, "readout": "step"},
    "infogan": {"d_learning_rate": 2e-4, "g_learning_rate": 1e-3, "d_beta_1": 0.5},
}
"""What the papers say of their training, as far as a run can say it."""


@pytest.mark.parametrize("name", VARIANTS)
def test_the_settings_of_a_paper_land_in_the_run(name: str) -> None:
    (run,) = plan(sweep(losses=name, profile="paper"))
    settings = VARIANTS[name].paper.settings
    fields = {key: value for key, value in settings.items() if key not in VARIANTS[name].options}
    for key, value in {**fields, **PAPERS[name]}.items():
        assert getattr(run, key) == value, key
    assert {key: run.options[key] for key in settings if key in VARIANTS[name].options} == {
        key: value for key, value in settings.items() if key in VARIANTS[name].options
    }
    assert run.average == 0  # no paper samples from a moving average
    assert run.penalty == ("clip" if name == "wgan" else "none")


def test_options_of_papers_are_set_too() -> None:
    options = {run.loss: run.options for run in plan(sweep(losses="vae,infogan", profile="paper"))}
    assert options["vae"]["anneal_steps"] == 0
    assert (options["infogan"]["prior"], options["infogan"]["deviation"]) == ("uniform", "learned")


def test_a_paper_gives_way_to_the_run_the_run_to_the_grid_and_the_grid_to_an_override() -> None:
    """units: 100 in the paper of cgan."""

    def units(**fields: Any) -> set[int]:
        return {run.units for run in plan(sweep(losses="cgan", profile="paper", **fields))}

    run, grid, override = {"units": 5}, {"units": [6, 7]}, {"cgan": {"units": 8}}
    assert units() == {100}
    assert units(run=run) == {5}
    assert units(run=run, grid=grid) == units(grid=grid) == {6, 7}
    assert units(run=run, grid=grid, override=override) == units(override=override) == {8}


def test_options_give_way_in_the_same_order() -> None:
    """anneal_steps: 0 in the paper of vae."""

    def steps(**fields: Any) -> set[object]:
        return {run.options["anneal_steps"] for run in plan(sweep(losses="vae", profile="paper", **fields))}

    run, grid = {"options": {"anneal_steps": 5}}, {"options": [{"anneal_steps": 6}, {"anneal_steps": 7}]}
    override = {"vae": {"anneal_steps": 8}}
    assert steps() == {0}
    assert steps(run=run) == {5}
    assert steps(run=run, grid=grid) == steps(grid=grid) == {6, 7}
    assert steps(run=run, grid=grid, override=override) == {8}


# Grids of settings that go together


def test_a_table_in_a_grid_stands_for_settings_that_go_together() -> None:
    pairs = [{"d_optimizer": "sgd", "g_optimizer": "adam", "d_momentum": 0.5}, {"d_learning_rate": 0.01}]
    runs = plan(sweep(losses="bce", grid={"optimizer": pairs, "units": [3, 4]}))
    assert [(run.d_optimizer, run.d_momentum, run.d_learning_rate, run.units) for run in runs] == [
        ("sgd", 0.5, 0.1, 3),
        ("sgd", 0.5, 0.1, 4),
        ("adam", 0.0, 0.01, 3),
        ("adam", 0.0, 0.01, 4),
    ]


def test_options_in_a_grid_are_tables_of_their_own() -> None:
    runs = plan(sweep(losses="vae", grid={"options": [{"gamma": 0.1}, {"gamma": 1.0, "layer": 0}]}))
    assert [(run.options["gamma"], run.options["layer"]) for run in runs] == [(0.1, -1), (1.0, 0)]


def test_of_two_parts_of_a_grid_the_later_wins() -> None:
    runs = plan(sweep(losses="bce", grid={"size": [{"units": 3, "layers": 2}], "units": [5]}))
    assert [(run.units, run.layers) for run in runs] == [(5, 2)]


# Optimisers


def test_rates_follow_the_optimiser_unless_given() -> None:
    (run,) = plan(sweep(losses="bce", run={"d_optimizer": "sgd"}))
    assert (run.d_learning_rate, run.g_learning_rate) == (0.1, 1e-3)
    (run,) = plan(sweep(losses="bce", run={"d_optimizer": "sgd", "d_learning_rate": 0.3}))
    assert (run.d_learning_rate, run.g_learning_rate) == (0.3, 1e-3)


def test_the_default_rate_and_the_same_rate_given_are_one_run() -> None:
    one, other = (plan(sweep(losses="bce", run=run))[0] for run in ({}, {"d_learning_rate": 0.002}))
    assert identity(one) == identity(other)


def test_there_are_losses_on_both_sides_of_that_rule() -> None:
    stepwise = [row.name for row in VARIANTS.values() if "step" in row.discriminator.readouts]
    assert "kld" not in stepwise
    assert len(plan(sweep(losses=stepwise, run={"readout": "step"}))) == len(stepwise) > 0


def test_a_file_and_data_sets_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("a\n1\n")
    with pytest.raises(UserError, match="`--data` and `--datasets` were both given"):
        plan(sweep(data={"file": str(path)}, datasets="sines"))


def test_a_grid_without_end_is_refused_before_it_is_built() -> None:
    """Of 40 fields of 10 values each: 10^40 combinations of them."""
    grid = {f"tied{number}": [{"units": value} for value in range(1, 11)] for number in range(40)}
    with pytest.raises(UserError, match=r"6\.00e\+40 runs: expected at most 100,000; .*10 of tied0") as caught:
        plan(SweepConfig.model_validate({"grid": grid}))
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match=r"110,000 runs: expected at most 100,000"):
        plan(SweepConfig.model_validate({"losses": "bce", "seeds": 10_000, "grid": {"units": list(range(1, 12))}}))


def test_a_history_that_memory_could_not_hold_is_refused() -> None:
    fields = {"steps": 2_000_000, "history_every": 1}
    with pytest.raises(UserError, match=r"2,000,000 rows of history\.csv; expected at most 500,000; set it to 4"):
        plan(SweepConfig.model_validate({"run": fields}))
    assert plan(SweepConfig.model_validate({"run": {**fields, "history_every": 4}}))


@pytest.mark.parametrize("field", ["batch_size", "steps", "latent_steps", "history_every"])
def test_counts_beyond_those_of_tensorflow_are_refused(field: str) -> None:
    for value in (2**31, 10**400):
        with pytest.raises(UserError, match=f"`{field}` should be at most 2147483647"):
            plan(SweepConfig.model_validate({"run": {field: value}}))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"loss": "nothing"}, "unknown loss"),
        ({"penalty": "auto"}, "`penalty = auto`"),
        ({"penalty_weight": None}, "`penalty_weight = null`"),
        ({"d_learning_rate": None}, "`d_learning_rate = null`"),
        ({"options": {}}, "`options`: `smoothing` of igan is missing"),
        ({"options": {"smoothing": 7, "minibatch": 0, "minibatch_dims": 5, "historical": 0.0}}, "`igan.smoothing = 7`"),
        ({"latent_series": 0, "latent_steps": 0}, "the generator needs noise"),
    ],
)
def test_a_config_that_no_plan_made_is_refused(fields: dict[str, Any], message: str) -> None:
    (run,) = plan(SweepConfig.model_validate({"losses": "igan", "seeds": 1}))
    check_resolved(run)
    with pytest.raises(UserError) as caught:
        check_resolved(run.model_copy(update=fields))
    assert message in str(caught.value)


@pytest.mark.parametrize(("share", "steps"), [(0.1, 800), (0.05, 20), (1.0, 3)])
def test_a_half_life_sets_the_decay_by_which_the_average_is_half_forgotten(share: float, steps: int) -> None:
    (run,) = plan(sweep(losses="bce", seeds=1, run={"average_half_life": share, "steps": steps}))
    assert run.average_half_life is None  # resolved
    assert run.average ** (share * steps) == pytest.approx(0.5, rel=1e-3)
    (same,) = plan(sweep(losses="bce", seeds=1, run={"average": run.average, "steps": steps}))
    assert identity(same) == identity(run)


def test_a_half_life_and_a_decay_exclude_each_other() -> None:
    with pytest.raises(UserError, match="leave out one of them"):
        plan(sweep(losses="bce", run={"average_half_life": 0.1, "average": 0.9}))
