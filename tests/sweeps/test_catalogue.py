"""What is listed of the losses: every fact there, both profiles, the same in JSON, on the terminal and in the docs."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from rnngan_cli.cli import app
from rnngan_cli.losses import VARIANTS
from rnngan_cli.losses.rows import ROWS
from rnngan_cli.sweeps.catalogue import describe_loss
from tests.support.places import ROOT

NAMES = ("bce", "mse", "mae", "kld", "vae", "gan", "wgan", "igan", "cgan", "infogan")
FIELDS = {
    *("name", "title", "discriminator", "generator", "divergence", "expect", "source", "departures", "readouts"),
    *("penalty", "penalties", "needs_labels", "options", "profiles"),
}


@pytest.fixture(scope="module")
def listed() -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["losses", "--json"])
    assert result.exit_code == 0, result.output
    facts: list[dict[str, Any]] = json.loads(result.stdout)
    return facts


def test_exactly_the_ten_are_listed_with_every_field(listed: list[dict[str, Any]]) -> None:
    assert tuple(fact["name"] for fact in listed) == NAMES
    for fact in listed:
        assert set(fact) == FIELDS
        for name in ("title", "discriminator", "generator", "divergence", "expect", "source"):
            assert len(fact[name]) > 5, (fact["name"], name)
        assert set(fact["profiles"]) == {"shared", "recipe", "paper"}
        for option in fact["options"]:
            assert set(option) == {"name", "default", "expected", "help"}


def test_the_shared_profile_is_the_same_for_all_but_penalty_and_options(listed: list[dict[str, Any]]) -> None:
    own = {fact["name"]: {"penalty", "penalty_weight", *(one["name"] for one in fact["options"])} for fact in listed}
    shared = [
        {name: value for name, value in fact["profiles"]["shared"]["settings"].items() if name not in own[fact["name"]]}
        for fact in listed
    ]
    assert all(one == shared[0] for one in shared)
    assert len(shared[0]) > 10


@pytest.mark.parametrize("name", NAMES)
def test_the_paper_profile_is_what_the_row_says_and_names_what_it_leaves_out(name: str) -> None:
    row = VARIANTS[name]
    facts = describe_loss(row)
    assert list(facts.profiles["paper"].departures) == list(row.paper.departures) != []
    settings = facts.profiles["paper"].settings
    assert {key: settings[key] for key in row.paper.settings} == dict(row.paper.settings)
    shared = facts.profiles["shared"].settings
    assert facts.changed("paper") == {key: value for key, value in settings.items() if value != shared[key]}
    assert set(facts.changed("paper")) <= {*row.paper.settings, "penalty_weight", "d_learning_rate", "g_learning_rate"}


# Figures of the papers, by hand from their experiments sections
PAPERS = {
    "wgan": {"d_optimizer": "rmsprop", "d_learning_rate": 5e-5, "penalty": "clip", "penalty_weight": 0.01}
    | {"critic_steps": 5, "batch_size": 64},
    "bce": {"d_optimizer": "sgd", "g_optimizer": "sgd", "d_momentum": 0.5, "penalty": "none"},
    "gan": {"d_optimizer": "sgd", "g_optimizer": "sgd", "d_momentum": 0.5, "penalty": "none"},
    "cgan": {"d_optimizer": "sgd", "d_learning_rate": 0.1, "g_optimizer": "adam", "readout": "step", "units": 100},
    "vae": {"d_optimizer": "rmsprop", "g_learning_rate": 3e-4, "batch_size": 64, "anneal_steps": 0},
    "infogan": {"d_learning_rate": 2e-4, "g_learning_rate": 1e-3, "prior": "uniform", "categories": 10},
}


@pytest.mark.parametrize("name", list(PAPERS))
def test_papers_are_quoted(name: str) -> None:
    settings = describe_loss(VARIANTS[name]).profiles["paper"].settings
    assert {key: settings[key] for key in PAPERS[name]} == PAPERS[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_terminal_and_the_docs_tell_the_same_as_the_json(name: str, listed: list[dict[str, Any]]) -> None:
    (fact,) = (one for one in listed if one["name"] == name)
    result = CliRunner().invoke(app, ["losses", name], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    flat = " ".join(result.output.split())
    section = (ROOT / "docs" / "losses" / f"{name}.md").read_text(encoding="utf-8")
    texts = [fact[key] for key in ("discriminator", "generator", "divergence", "expect", "source")]
    texts += [*fact["departures"], *fact["profiles"]["paper"]["departures"]]
    texts += [option["help"] for option in fact["options"]]
    for text in texts:
        assert text in flat
        assert all(part in section for part in text.split("; ")), text  # a formula has a line for each part
    for option in fact["options"]:
        assert f"{option['name']} {option['default']}: " in flat
        assert f"`{name}.{option['name']}` | {option['default']} |" in section


def test_the_short_list_has_a_line_or_two_a_loss() -> None:
    result = CliRunner().invoke(app, ["losses"], env={"COLUMNS": "80"})
    starts = [line.split()[0] for line in result.output.splitlines() if line and not line.startswith(" ")]
    assert starts[: len(ROWS)] == list(NAMES)
    assert max(map(len, result.output.splitlines())) <= 80
