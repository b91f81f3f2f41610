"""The architecture page holds: imports point one way, and only `losses` knows a loss by name."""

import ast
import functools
import graphlib
from pathlib import Path

import pytest

import rnngan_cli
from rnngan_cli.losses import VARIANTS

ROOT = Path(rnngan_cli.__file__).parent

LAYERS = (
    ("errors", "lazy", "words", "rnngan_cli"),
    ("guard", "npz", "memory", "sheets", "toml_text"),
    ("config",),
    ("options", "shards", "device", "files", "randomness", "provenance", "optimizers", "layers", "scan"),
    ("linearised",),
    ("data", "records", "scorebook", "seal", "store", "lock", "estimate", "recurrent"),
    ("networks",),
    ("losses",),
    ("evaluation", "history", "sampling", "steering", "footprint"),
    ("plan", "loop"),
    ("training",),
    ("statistics", "comparisons", "aggregates", "runner", "catalogue"),
    ("engines", "cautions", "boards", "tables", "evaluating", "tuning"),
    ("driver", "pace", "progress", "figures", "comparing", "reports", "trials"),
    (
        "sweeping",
        "frames",
        "standing",
        "template",
        "checkup",
        "generation",
        "tune_files",
        "reproducing",
        "report",
        "exports",
    ),
    ("tune", "verifying"),
    ("library",),
    ("cli",),
    ("__main__",),
)
"""From the foundation up: a module imports from its own layer or from those before it."""
RANKS = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}


def module_name(path: Path) -> str:
    parts = ("rnngan_cli", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Every module of the package, parsed."""
    return {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def running_nodes(node: ast.AST) -> list[ast.AST]:
    """All nodes below `node`, without what only a type checker reads."""
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        found += [child, *running_nodes(child)]
    return found


def imported(module: str) -> set[str]:
    """Modules of the package that `module` imports, at its top or inside a function."""
    known = trees()
    names: set[str] = set()
    for node in running_nodes(known[module]):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name in known}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                names |= {full} if full in known else {str(node.module)} & set(known)
    return names - {module}


def layer(module: str) -> int:
    part = module.split(".")[1] if "." in module else module
    assert part in RANKS, f"`{part}` has no place in the layers of this test"
    return RANKS[part]


def test_the_graph_is_seen() -> None:
    """The tests below would pass on an empty graph."""
    assert {"rnngan_cli.config", "rnngan_cli.store"} <= imported("rnngan_cli.sweeping")
    assert "rnngan_cli.runner" in imported("rnngan_cli.engines.worker")  # inside a function
    assert "rnngan_cli.data" in imported("rnngan_cli.plan")  # as `from rnngan_cli import data`


def test_only_what_is_installed_is_imported() -> None:
    """Not the benchmarks, the tests or the documentation's generator, which a wheel leaves out."""
    for module, tree in trees().items():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"benchmarks", "tests", "docs"}, module


def test_imports_have_no_cycle() -> None:
    graph = {module: imported(module) for module in trees()}
    order = list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError, which names the cycle
    assert set(order) == set(graph)


@pytest.mark.parametrize("module", sorted(trees()))
def test_imports_point_down(module: str) -> None:
    above = {other for other in imported(module) if layer(other) > layer(module)}
    assert not above


def test_the_package_only_hands_names_on() -> None:
    """At the foundation, it names modules above it in words; they are imported when one of the names is asked for."""
    assert imported("rnngan_cli") == set()
    told = [node for node in ast.walk(trees()["rnngan_cli"]) if isinstance(node, ast.ImportFrom) and node.level == 0]
    typed = {str(node.module): tuple(alias.name for alias in node.names) for node in told}
    given = {f"rnngan_cli.{home}": names for home, names in rnngan_cli._HOMES.items()}
    assert {home: names for home, names in typed.items() if home != "typing"} == given  # what a type checker is told
    assert sorted(name for names in given.values() for name in names) == sorted(rnngan_cli.__all__)
    for name in rnngan_cli.__all__:
        assert callable(getattr(rnngan_cli, name)) and name in dir(rnngan_cli)
    with pytest.raises(AttributeError, match="no attribute `nothing`"):
        rnngan_cli.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_the_package_itself_uses_none_of_these_names() -> None:
    """Or an import could point up without being seen; and no module has one of these names."""
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "rnngan_cli":
                assert {alias.name for alias in node.names} <= {*RANKS, "__version__"}, module
    assert not {*RANKS} & {*rnngan_cli.__all__}


@pytest.mark.parametrize(
    ("part", "forbidden"),
    [
        ("losses", ("training", "store", "cli", "sweeping", "runner", "data", "evaluation")),
        ("data", ("losses", "training", "networks", "store", "evaluation")),
        ("evaluation", ("losses", "training", "store")),
        ("statistics", ("store", "training", "losses", "figures")),
        ("figures", ("training", "networks", "sweeping", "cli")),
        ("training", ("store", "files", "evaluation")),
    ],
)
def test_parts_that_must_not_know_each_other(part: str, forbidden: tuple[str, ...]) -> None:
    names = {name for module in trees() if f"{module}.".startswith(f"rnngan_cli.{part}.") for name in imported(module)}
    assert not [name for name in names if name.split(".")[1:2] and name.split(".")[1] in forbidden]


def test_only_the_command_line_imports_the_command_line() -> None:
    users = {module for module in trees() if any(name.startswith("rnngan_cli.cli") for name in imported(module))}
    assert {user for user in users if not user.startswith("rnngan_cli.cli")} == {"rnngan_cli.__main__"}


def test_the_page_names_every_module() -> None:
    page = ast.get_docstring(trees()["rnngan_cli"]) or ""
    modules = [
        "config",
        "plan",
        "networks",
        "training",
        "shards",
        "sweeping",
        "statistics",
        "cautions",
        "comparing",
        "reports",
    ]
    assert [module for module in modules if f"{module}.py" not in page] == []
    assert all(
        f"{part}/" in page for part in ("data", "losses", "evaluation", "store", "engines", "report", "exports", "cli")
    )


def compared_constants(tree: ast.Module) -> set[object]:
    """Constants that something is compared with, alone or in a tuple, list or set."""
    sides = [
        side for node in ast.walk(tree) if isinstance(node, ast.Compare) for side in (node.left, *node.comparators)
    ]
    sides += [pattern.value for pattern in ast.walk(tree) if isinstance(pattern, ast.MatchValue)]
    return {part.value for side in sides for part in ast.walk(side) if isinstance(part, ast.Constant)}


@pytest.mark.parametrize("module", sorted(name for name in trees() if not f"{name}.".startswith("rnngan_cli.losses.")))
def test_no_branch_on_a_loss(module: str) -> None:
    assert not compared_constants(trees()[module]) & set(VARIANTS)
