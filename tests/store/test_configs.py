"""Configs that differ in the seed alone are validated once, and read as if each were validated for itself."""

import json
from typing import Any

import pytest

from rnngan_cli.config import RunConfig, SweepConfig, build, of_older_run
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import configs
from rnngan_cli.store.configs import parse_config
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system.atomic import json_bytes
from rnngan_cli.system.reading import parse_json

RUN = plan(SweepConfig(losses=("mse",), seeds=(7,), profile="shared"))[0].model_dump(mode="json")


def alone(content: bytes) -> RunConfig | str:
    """The config as a file without another one beside it gives it, or the error."""
    try:
        return build(RunConfig, of_older_run(parse_json("config.json", content)), "config.json")
    except (UserError, DamagedFileError) as error:
        return str(error)


def parsed(content: bytes) -> RunConfig | str:
    try:
        return parse_config("config.json", content)
    except DamagedFileError as error:
        return str(error)


def changed(**fields: Any) -> bytes:
    return json_bytes({**RUN, **fields})


def without(name: str) -> bytes:
    return json_bytes({key: value for key, value in RUN.items() if key != name})


SEED_OF_DATA = {**RUN["data"], "options": {"seed": 7}}
CONTENTS = {
    "as written": changed(),
    "another seed": changed(seed=0),
    "the largest seed": changed(seed=2**31 - 1),
    "a seed too large": changed(seed=2**31),
    "a negative seed": changed(seed=-1),
    "a seed that is no number": changed(seed="7"),
    "a seed that is true": changed(seed=True),
    "no seed": without("seed"),
    "an older run": without("d_output_bias"),
    "another loss": changed(loss="bce"),
    "an unknown key": changed(sead=7),
    "a wrong value": changed(units=0),
    "the seed of something else": json_bytes({"data": SEED_OF_DATA, **{key: RUN[key] for key in RUN if key != "data"}}),
    "the seed of something else in its line": (
        changed(data=SEED_OF_DATA)
        .replace(b'\n  "seed": 7,', b' "seed": 7,')
        .replace(b'\n      "seed": 7', b'\n  "seed": 7,')
    ),
    "that alone": changed(data={**SEED_OF_DATA, "options": {"seed": 7, "x": 1}})
    .replace(b'\n  "seed": 7,', b' "seed": 5,')
    .replace(b'\n      "seed": 7,', b'\n  "seed": 7,'),
    "two seeds": changed().replace(b'\n  "seed": 7,', b'\n  "seed": 7,\n  "seed": 8,'),
    "a zero in front": changed().replace(b'"seed": 7,', b'"seed": 07,'),
    "no line of its own": json.dumps(RUN).encode(),
    "cut off": changed()[:-20],
    "not UTF-8": changed().replace(b"sines", b"sin\xffs"),
    "empty": b"",
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_config_is_what_it_is_alone_whatever_was_read_before(name: str) -> None:
    for content in (changed(), CONTENTS[name], changed(), CONTENTS[name]):
        found = parsed(content)
        assert found == alone(content)
        if isinstance(found, RunConfig):
            expected = alone(content)
            assert isinstance(expected, RunConfig)
            assert found.model_fields_set == expected.model_fields_set


def test_configs_of_other_seeds_are_validated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    validated: list[type[RunConfig]] = []

    def counted(model: type[RunConfig], *values: Any) -> RunConfig:
        validated.append(model)
        return build(model, *values)

    monkeypatch.setattr(configs, "build", counted)
    configs._of_seed_0.cache_clear()
    found = [parse_config("config.json", changed(seed=seed)) for seed in range(100)]
    assert validated == [RunConfig]
    assert [config.seed for config in found] == list(range(100))
