"""The documentation against the program: generated pages, named commands, links, the page of the architecture."""

import re
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

import rnngan_cli
from rnngan_cli.cli import app
from rnngan_cli.config import SweepConfig, build, read_experiment
from rnngan_cli.losses import VARIANTS
from rnngan_cli.results.statistics.best import fewest_to_rule_out
from rnngan_cli.sweeps.plan import plan
from tests.support.docs import docs_module
from tests.support.places import ROOT

PAGES = [
    ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *map(str, (ROOT / "docs").glob("*.md")))
]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    return docs_module("generate")


def test_generated_pages_are_current(generate: ModuleType) -> None:
    for path, text in generate.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `make docs`"


def test_readme_lists_every_loss_as_the_registry_has_it() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    rows = {line.split("`")[1]: line for line in lines if re.match(r"\| `\w+` \| `", line)}
    assert list(rows) == list(VARIANTS)
    for name, row in VARIANTS.items():
        assert row.text.d_formula.replace("|", "\\|") in rows[name] and row.text.source in rows[name]


def test_every_command_is_named_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "")
        assert f"rnngan {name}" in text or f"`{name}`" in text, name


def commands() -> list[str]:
    """Returns every `rnngan ...` line in a shell block of the pages."""
    blocks = [block for page in PAGES for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return sorted({line for line in lines if line.startswith("rnngan ")})


@pytest.mark.parametrize("line", commands())
def test_commands_in_the_pages_have_options_that_exist(line: str) -> None:
    words = line.split()[1:]
    shown = CliRunner().invoke(app, [words[0], "--help"])
    assert shown.exit_code == 0, line
    for word in words[1:]:
        if word.startswith("-"):
            assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", shown.output), f"{line}: no `{word}`"


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("**/*.toml")), ids=lambda path: path.stem)
def test_experiments_can_be_planned(path: Path) -> None:
    assert plan(build(SweepConfig, read_experiment(path), path.name))


def test_the_benchmark_is_ten_losses_two_data_sets_six_seeds_by_the_recipe() -> None:
    runs = plan(build(SweepConfig, read_experiment(ROOT / "experiments" / "benchmark.toml"), "benchmark"))
    assert len(runs) == 120
    assert {run.loss for run in runs} == set(VARIANTS)
    by_loss = {"loss", "seed", "data", "options"}  # and what the recipe makes of the data, and of losses without r1r2
    noise, critic = {"latent_series", "latent_steps"}, {"penalty", "penalty_weight", "d_output_bias"}
    assert len({run.model_dump_json(exclude=by_loss | noise) for run in runs if run.loss != "wgan"}) == 1
    assert len({run.model_dump_json(exclude=by_loss | noise | critic) for run in runs}) == 1
    assert {3 * run.steps for run in runs} == {one.steps for one in plan(SweepConfig(losses=["bce"], profile="recipe"))}
    assert fewest_to_rule_out(10) <= len({run.seed for run in runs})


def test_nothing_of_a_machine_is_published() -> None:
    for path in [path for kind in ("json", "csv", "md") for path in ROOT.glob(f"results/**/*.{kind}")]:
        assert str(Path.home()) not in path.read_text(encoding="utf-8")


def test_the_page_of_the_architecture_equals_the_map_of_the_package() -> None:
    page, package_map = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"), rnngan_cli.__doc__ or ""
    table = page[page.index("| room |") : page.index("Beside the rooms")]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE)
    rooms = re.findall(r"^    ([a-z]+)  +(\S.*)$", package_map, re.MULTILINE)
    assert len(rooms) == 12
    assert [(room, line.replace("`", "")) for room, line in rows] == rooms
    flow = package_map[package_map.index("    experiment (TOML)") : package_map.index("The rooms")]
    assert flow in page


def test_the_pages_of_the_architecture_name_files_that_exist() -> None:
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in ("docs/architecture.md", "CONTRIBUTING.md")]
    paths = set(re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py)?)`", "".join(pages)))
    assert len(paths) > 10
    for path in paths:
        assert (ROOT / "rnngan_cli" / path).exists() or (ROOT / path).exists(), path
