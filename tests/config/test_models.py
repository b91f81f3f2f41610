"""Records of runs and sweeps: what is refused, and what makes two runs the same run."""

import hashlib
import json
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rnngan_cli.cli.settings import merge
from rnngan_cli.config import (
    DataConfig,
    RunConfig,
    SweepConfig,
    build,
    canonical_json,
    identity,
    of_older_run,
    parse_seeds,
    read_experiment,
    run_name,
    shape_key,
)
from rnngan_cli.config.hashing import DATA_ADDED_LATER, RUN_ADDED_LATER
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.plan import plan
from tests.support.places import ROOT

OTHER_DATA: dict[str, Any] = {
    "name": "stocks",
    "file": "my.csv",
    "sha256": "ab" * 32,
    "window": 12,
    "stride": 2,
    "columns": ("open", "close"),
    "drop_columns": ("note",),
    "sheet": "January",
    "axes": ("series", "steps"),
    "array": "x",
    "id_column": "id",
    "label_column": "label",
    "time_column": "time",
    "labels": "none",
    "missing": "drop",
    "short": "drop",
    "time_format": "%d/%m/%Y",
    "layout": "wide",
    "encoding": "latin-1",
    "delimiter": ";",
    "header": False,
    "decimal": ",",
    "missing_marks": ("-200",),
    "transform": "diff",
    "transform_columns": ("open",),
    "forms": "numbers",
    "gaps": "ignore",
    "scaling": "standard",
    "blocks": 1,
    "options": {"series": 100},
}
"""Another value than the default for every field of the data part."""
OTHER_THAN_BEFORE = {"forms": "file", "gaps": "split"}
"""The same for fields whose default is not what older runs had."""
OTHER_RUN: dict[str, Any] = {
    "loss": "wgan",
    "cell": "lstm",
    "seed": 1,
    "data": {"name": "stocks"},
    "steps": 2001,
    "batch_size": 64,
    "critic_steps": 5,
    "layers": 2,
    "units": 25,
    "latent_series": 4,
    "latent_steps": 4,
    "readout": "last",
    "first_state": "noise",
    "average": 0.9,
    "average_half_life": 0.1,
    "d_schedule": "cosine",
    "g_schedule": "linear",
    "penalty_at": "views",
    "penalty_every": 2,
    "views": "differences",
    "view_size": 0.4,
    "d_learning_rate": 1e-3,
    "g_learning_rate": 2e-3,
    "d_optimizer": "sgd",
    "g_optimizer": "rmsprop",
    "d_beta_1": 0.0,
    "g_beta_1": 0.1,
    "d_beta_2": 0.99,
    "g_beta_2": 0.98,
    "d_momentum": 0.5,
    "g_momentum": 0.4,
    "spectral_norm": True,
    "d_bidirectional": True,
    "d_output_bias": False,
    "penalty": "gp",
    "penalty_weight": 1.0,
    "precision": "mixed_bfloat16",
    "options": {"labels": "pearson"},
    "history_every": 10,
    "checkpoint_every": 100,
}
"""The same for a run."""


def test_every_field_has_another_value() -> None:
    assert set(OTHER_DATA) == set(DataConfig.model_fields)
    assert set(OTHER_RUN) == set(RunConfig.model_fields) - {"schema_version"}


@pytest.mark.parametrize("field", sorted(set(OTHER_RUN) - {"checkpoint_every"}))
def test_identity_depends_on_each_field_of_a_run(field: str) -> None:
    assert identity(RunConfig.model_validate({field: OTHER_RUN[field]})) != identity(RunConfig())


@pytest.mark.parametrize("field", sorted(set(OTHER_DATA) - {"file"}))
def test_identity_depends_on_each_field_of_the_data(field: str) -> None:
    own = DataConfig(file="my.csv")
    other = DataConfig.model_validate({"file": "my.csv", field: OTHER_DATA[field]})
    assert identity(RunConfig(data=other)) != identity(RunConfig(data=own))


@pytest.mark.parametrize("values", [{"checkpoint_every": 1}, {"data": {"file": "elsewhere/my.csv"}}])
def test_identity_ignores_what_does_not_change_a_result(values: dict[str, Any]) -> None:
    base = {"data": {"file": "my.csv"}}
    assert identity(RunConfig.model_validate({**base, **values})) == identity(RunConfig.model_validate(base))


@pytest.mark.parametrize("field", sorted(DATA_ADDED_LATER))
def test_an_older_run_on_an_own_file_keeps_its_name(field: str) -> None:
    """A stored config without the field has the identity of one with the value that was in effect before."""
    stored: dict[str, Any] = {"file": "my.csv", "sha256": "ab" * 32}
    older = RunConfig.model_validate(of_older_run({"data": stored}))
    content = older.model_dump(mode="json", exclude={"checkpoint_every": True, "data": {"file": True}})
    for name in RUN_ADDED_LATER:
        del content[name]
    assert field in content["data"]
    for name in DATA_ADDED_LATER:
        del content["data"][name]
    assert identity(older) == hashlib.sha256(canonical_json(content).encode()).hexdigest()
    other = {**stored, field: OTHER_THAN_BEFORE.get(field, OTHER_DATA[field])}
    newer = RunConfig.model_validate(of_older_run({"data": other}))
    assert identity(newer) != identity(older)


def test_a_field_that_was_added_later_leaves_the_names_of_older_results_alone() -> None:
    """The names of published runs, which were made before these were fields."""
    runs = list(SweepFolder(ROOT / "results" / "before-recipe").runs())
    assert len(runs) == 60
    for run in runs:
        values = json.loads(run.files.read("config.json"))
        assert not set(RUN_ADDED_LATER) & set(values)
        assert run_name(run.config()) == run.path.name


@pytest.mark.parametrize("field", sorted(RUN_ADDED_LATER))
def test_a_field_added_later_is_part_of_the_identity_of_newer_runs(field: str) -> None:
    older = of_older_run({"loss": "bce"})
    assert older[field] == RUN_ADDED_LATER[field]
    assert identity(RunConfig.model_validate({**older, field: OTHER_RUN[field]})) != identity(
        RunConfig.model_validate(older)
    )


def test_identity_is_the_same_whatever_the_order_of_keys() -> None:
    values = RunConfig.model_validate({**OTHER_RUN, "data": OTHER_DATA}).model_dump(mode="json")
    backwards = {key: values[key] for key in reversed(values)}
    backwards["data"] = {key: values["data"][key] for key in reversed(values["data"])}
    assert list(backwards) != list(values)
    assert identity(RunConfig.model_validate(backwards)) == identity(RunConfig.model_validate(values))


def test_the_folder_is_named_after_what_the_run_is() -> None:
    config = RunConfig(loss="wgan", cell="lstm", seed=3, data=DataConfig(name="stocks"))
    assert run_name(config) == f"wgan-lstm-stocks-s3-{identity(config)[:8]}"


def test_a_number_written_in_two_ways_is_one_run() -> None:
    whole = RunConfig.model_validate({"steps": 7, "d_learning_rate": 1})
    same = RunConfig.model_validate({"steps": 7.0, "d_learning_rate": 1.0})
    assert identity(whole) == identity(same)


def test_canonical_json_has_one_form() -> None:
    assert canonical_json({"b": [1, 2.5], "a": "ä"}) == '{"a":"\\u00e4","b":[1,2.5]}'
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})


FREE = {"seed", "steps", "d_learning_rate", "g_learning_rate", "history_every", "checkpoint_every"}


@pytest.mark.parametrize("field", sorted(FREE))
def test_runs_of_one_shape_may_differ_in_seed_length_and_rates(field: str) -> None:
    assert shape_key(RunConfig.model_validate({field: OTHER_RUN[field]})) == shape_key(RunConfig())


@pytest.mark.parametrize("field", sorted(set(OTHER_RUN) - FREE))
def test_runs_of_other_shapes_do_not_share_compiled_steps(field: str) -> None:
    """Nor those of other optimisers: their settings are part of the compiled update."""
    assert shape_key(RunConfig.model_validate({field: OTHER_RUN[field]})) != shape_key(RunConfig())


WORDS = st.text(string.ascii_letters + string.digits + "_ äπ", min_size=1, max_size=12)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,39}", fullmatch=True)
OPTIONS = st.dictionaries(
    WORDS,
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    max_size=3,
)
DATA = st.builds(
    DataConfig,
    name=NAMES,
    file=st.none() | WORDS,
    window=st.none() | st.integers(1, 100_000),
    columns=st.lists(WORDS, max_size=3).map(tuple),
    labels=st.sampled_from(["auto", "given", "derived", "none"]),
    options=OPTIONS,
)
RUNS = st.builds(
    RunConfig,
    loss=NAMES,
    cell=st.sampled_from(["gru", "lstm"]),
    seed=st.integers(0, 2**31 - 1),
    data=DATA,
    average=st.floats(0, 1, exclude_max=True),
    d_learning_rate=st.floats(0, exclude_min=True, allow_infinity=False),
    penalty_weight=st.none() | st.floats(0, allow_infinity=False),
    options=OPTIONS,
)


@settings(deadline=None)
@given(RUNS)
def test_a_run_survives_json(config: RunConfig) -> None:
    again = build(RunConfig, json.loads(config.model_dump_json()), "run")
    assert again == config
    assert identity(again) == identity(config)
    assert identity(build(RunConfig, json.loads(canonical_json(config.model_dump(mode="json"))), "run")) == identity(
        config
    )


def test_records_are_frozen() -> None:
    with pytest.raises(ValidationError):
        RunConfig().steps = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("model", "values", "told"),
    [
        (RunConfig, {"uints": 3}, "unknown key `uints`: did you mean `units`?"),
        (RunConfig, {"data": {"windw": 3}}, "unknown key `windw`: did you mean `window`?"),
        (SweepConfig, {"loses": ["bce"]}, "unknown key `loses`: did you mean `losses`?"),
        (SweepConfig, {"zzz": 1}, "unknown key `zzz`: Known: "),
        (RunConfig, {"units": "abc"}, "`units = 'abc'`: input should be a valid integer"),
        (RunConfig, {"units": 0}, "`units = 0`: input should be greater than or equal to 1"),
        (RunConfig, {"average": 1}, "`average = 1`: input should be less than 1"),
        (RunConfig, {"d_learning_rate": float("inf")}, "finite"),
        (RunConfig, {"d_optimizer": "adamw"}, "`d_optimizer = 'adamw'`: input should be 'adam', 'sgd' or 'rmsprop'"),
        (RunConfig, {"readout": "median"}, "input should be 'mean', 'last', 'step' or 'probability'"),
        (RunConfig, {"g_momentum": 1}, "`g_momentum = 1`: input should be less than 1"),
        (RunConfig, {"d_beta_2": -0.1}, "`d_beta_2 = -0.1`: input should be greater than or equal to 0"),
        (RunConfig, {"spectral_norm": "perhaps"}, "`spectral_norm = 'perhaps'`"),
        (RunConfig, {"beta_1": 0.5}, "unknown key `beta_1`: did you mean `"),
        (SweepConfig, {"profile": "papr"}, "`profile = 'papr'`: input should be 'shared', 'recipe' or 'paper'"),
        (RunConfig, {"cell": "rnn"}, "`cell = 'rnn'`: input should be 'gru' or 'lstm'"),
        (RunConfig, {"units": 0, "steps": 0}, "(and 1 more)"),
        (RunConfig, {"data": {"name": "../up"}}, "`data.name = '../up'`"),
        (RunConfig, {"data": {"name": "/etc"}}, "`data.name = '/etc'`"),
        (RunConfig, {"schema_version": 2}, "`schema_version = 2`"),
        (SweepConfig, {"seeds": ["x"]}, "`seeds.0 = 'x'`"),
        (SweepConfig, {"seeds": True}, "`seeds = True`"),
        (SweepConfig, {"seeds": [-1]}, "`seeds.0 = -1`"),
        (SweepConfig, {"losses": 3}, "`losses = 3`"),
        (SweepConfig, {"grid": {"units": 3}}, "`grid.units = 3`"),
        (SweepConfig, {"override": {"bce": 3}}, "`override.bce = 3`"),
        (RunConfig, {"readout": "x" * 1000 + "\n"}, "..."),
    ],
)
def test_one_line_says_what_is_wrong(model: type[RunConfig], values: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        build(model, values, "my.toml")
    assert str(caught.value).startswith("my.toml: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given_seeds", "seeds"),
    [
        ("5", (0, 1, 2, 3, 4)),
        (2, (0, 1)),
        ("0..4", (0, 1, 2, 3, 4)),
        ("7..7", (7,)),
        ("0,3,7", (0, 3, 7)),
        (" 3 , 1 ", (3, 1)),
    ],
)
def test_seeds(given_seeds: str | int, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(given_seeds) == seeds
    assert SweepConfig.model_validate({"seeds": given_seeds}).seeds == seeds


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "abc", "4..0", "1..2..3", "1,1", "1,,2", "1.5", "0..", "0..99999999999999", "99999999999999"],
)
def test_seeds_refused(text: str) -> None:
    """The long ones must be refused before a list of them is made."""
    with pytest.raises(UserError, match=r"expected a count \(5\), a range"):
        parse_seeds(text)


def test_lists_may_be_words_with_commas() -> None:
    sweep = SweepConfig.model_validate({"losses": "bce, wgan", "cells": "all", "datasets": "sines"})
    assert (sweep.losses, sweep.cells, sweep.datasets) == (("bce", "wgan"), ("all",), ("sines",))


def test_an_experiment_is_read(tmp_path: Path) -> None:
    path = tmp_path / "e.toml"
    path.write_text('losses = ["bce"]\nseeds = 2\n[run]\nunits = 3\n[override.wgan]\ncritic_steps = 5\n')
    sweep = build(SweepConfig, read_experiment(path), str(path))
    assert (sweep.losses, sweep.seeds, sweep.run) == (("bce",), (0, 1), {"units": 3})
    assert sweep.override == {"wgan": {"critic_steps": 5}}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"losses = [", "is not TOML"),
        (b"losses = ['bce']\nseeds 3", "at line 2"),
        (b"# caf\xe9", "is not UTF-8 text (byte 5)"),
        (b"\x00", "is not TOML"),
    ],
)
def test_a_broken_experiment_is_told_in_one_line(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "e.toml"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_experiment(path)
    assert told in str(caught.value)
    assert "e.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.toml", "folder"])
def test_an_experiment_that_cannot_be_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match=r"cannot be read .*give a TOML file"):
        read_experiment(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"#" * (2**20 + 1), "has 1,048,577 bytes; expected at most 1,048,576"),
        (b"a = " + b"[" * 9000, "too deep"),
        (b"a = " + b"[" * 40 + b"]" * 40, "more than 32 tables or lists deep"),
        (b".".join([b"a"] * 100_000) + b" = 1", "a key of ten parts or more"),
        (b"[" + b".".join([b'"a b"'] * 100_000) + b"]", "a key of ten parts or more"),
        (b"a = 1" + b"0" * 5000, "e.toml"),
        (b"a = 1" + b"0" * 50, "a whole number of 167 bits"),
        (b"a = nan", "the number nan"),
        (b"a = 1e999", "the number inf"),
    ],
)
def test_a_hostile_experiment_is_refused_in_one_line(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "e.toml"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_experiment(path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "content",
    [
        b"run = 3", b"data = []", b"override = {wgan = 3}", b"grid = {units = 3}", b"losses = 3", b"seeds = {}",
        b"losses = [3]", b"seeds = ['a']", b"[data]\noptions = 3", b"[data]\nfile = 3",
        b"[run]\nunits = 1979-05-27", b"[run]\noptions = [1]", b"[grid]\nunits = [[]]", b"[grid]\na = [{b = 1}]",
        b"[override.sines]\nseries = 07:32:00", b"[override]\nwgan = {options = 3}", b"profile = 3", b"protocol = []",
    ],
)  # fmt: skip
def test_values_of_other_types_are_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "e.toml"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        plan(merge(path, {}, {}, []))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "setting",
    ["units=1e400", "units=" + "9" * 5000, "=3", "a=", "a.b.c=1", "data.options=3", "wgan.units=\x1b[2J",
     "grid.units=3", "units=nan", "batch_size=-1", "batch_size=99999999999999999999", "../../x=1",
     "\0=1", "data.file=/dev/zero"],
)  # fmt: skip
def test_hostile_settings_are_told_in_one_line(setting: str) -> None:
    with pytest.raises(UserError) as caught:
        plan(merge(None, {}, {}, [setting]))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 2100


def test_an_error_tells_a_few_of_many_names() -> None:
    message = str(unknown("column", "x" * 10**6, [f"column {number}" for number in range(10_000)]))
    assert message.endswith("column 49 and 9950 more")
    assert len(message) < 1000


def test_paths_of_windows_in_an_experiment(tmp_path: Path) -> None:
    r"""As 'C:\data' they are read as they are; as "C:\data" they are no TOML, and the way out is told."""
    path = tmp_path / "e.toml"
    path.write_text("[data]\nfile = 'C:\\data\\my.csv'\n")
    assert read_experiment(path)["data"]["file"] == r"C:\data\my.csv"
    path.write_text('[data]\nfile = "C:\\data\\my.csv"\n')
    with pytest.raises(UserError, match=r"is not TOML: .*; a path with \\ goes between 'single quotes'$"):
        read_experiment(path)
