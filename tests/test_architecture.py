"""The architecture page holds: imports point one way, and only `losses` knows a loss by name."""

import ast
import functools
import graphlib
import re
from pathlib import Path

import pytest

import rnngan_cli
from rnngan_cli import cli
from rnngan_cli.config import RunState
from rnngan_cli.losses import VARIANTS

ROOT = Path(rnngan_cli.__file__).parent

ROOMS = (
    *("errors", "lazy"),
    *("system", "config", "networks", "data", "losses", "store", "evaluation", "training"),
    *("sweeps", "testing", "results", "tuning", "cli", "__main__"),
)
"""From the foundation up: a room, or a file beside the rooms, imports from those before it alone."""
RANKS = {name: rank for rank, name in enumerate(ROOMS)}
PLACES = {
    "data": (
        *(
            "packages",
            "forms",
            "transforms",
            "dataset",
            "source",
            "advice",
            "missing",
            "labels",
            "smoothness",
            "enough",
        ),
        *("formats", "values", "times", "tables", "folders", "split", "lengths", "prepare", "sources", "registry"),
        *("files", "inspection", "reference"),
    ),
    "sweeps": (
        *(
            "noise",
            "profiles",
            "checks",
            "plan",
            "shards",
            "cost",
            "messages",
            "scoring",
            "run",
            "catalogue",
            "template",
            "status",
            "rescore",
        ),
        *("agreement", "engines", "reproduce", "jobs", "eta", "progress", "survey", "scheduler", "sweep"),
    ),
    "results": (
        *(
            "statistics",
            "standing",
            "cautions",
            "runs_table",
            "leaderboard",
            "leaderboard_text",
            "derived",
            "groups",
            "frames",
        ),
        *(
            "further_runs",
            "answers",
            "claims",
            "comparison",
            "comparison_table",
            "comparison_text",
            "figures",
            "generated_table",
            "generation",
            "verify",
            "report",
            "exports",
            "conclude",
        ),
    ),
}
"""The same inside the three largest rooms."""


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


def room(module: str) -> str:
    """The room a module lies in, or the file's own name; empty for the package itself."""
    return [*module.split("."), ""][1]


def rank(module: str) -> int:
    part = room(module)
    assert part in RANKS, f"`{part}` has no place among the rooms of this test"
    return RANKS[part]


def test_the_graph_is_seen() -> None:
    """The tests below would pass on an empty graph."""
    assert {"rnngan_cli.config", "rnngan_cli.store"} <= imported("rnngan_cli.sweeps.sweep")
    assert "rnngan_cli.sweeps.run" in imported("rnngan_cli.sweeps.engines.worker")  # inside a function
    assert "rnngan_cli.data" in imported("rnngan_cli.sweeps.plan")  # as `from rnngan_cli import data`


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


@pytest.mark.parametrize("module", sorted(set(trees()) - {"rnngan_cli"}))
def test_imports_point_down(module: str) -> None:
    assert not {other for other in imported(module) if rank(other) > rank(module)}


@pytest.mark.parametrize("name", sorted(PLACES))
def test_imports_point_down_inside_a_room(name: str) -> None:
    places = {place: number for number, place in enumerate(PLACES[name])}
    inside = {module: module.split(".")[2] for module in trees() if module.startswith(f"rnngan_cli.{name}.")}
    assert set(inside.values()) == set(places), "every file and folder of the room has a place in this test"
    for module, place in inside.items():
        above = {other for other in imported(module) & inside.keys() if places[inside[other]] > places[place]}
        assert not above, module


def test_the_package_only_hands_names_on() -> None:
    """It names modules of its rooms in words; they are imported when one of the names is asked for."""
    assert imported("rnngan_cli") == {"rnngan_cli.system.version"}
    told = [node for node in ast.walk(trees()["rnngan_cli"]) if isinstance(node, ast.ImportFrom)]
    told = [node for node in told if node.module != "rnngan_cli.system.version"]
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
                assert {alias.name for alias in node.names} <= {*RANKS}, module
    assert not {*RANKS} & {*rnngan_cli.__all__}


@pytest.mark.parametrize(
    ("part", "forbidden"),
    [
        ("losses", ("training", "store", "data", "evaluation")),
        ("data", ("losses", "training", "networks", "store", "evaluation")),
        ("evaluation", ("losses", "training", "store")),
        ("training", ("store", "evaluation")),
        ("networks", ("data", "losses")),
        ("results.statistics", ("store", "training", "losses", "sweeps")),
        ("results.figures", ("training", "networks", "sweeps")),
    ],
)
def test_parts_that_must_not_know_each_other(part: str, forbidden: tuple[str, ...]) -> None:
    names = {name for module in trees() if f"{module}.".startswith(f"rnngan_cli.{part}.") for name in imported(module)}
    assert not [name for name in names if name.split(".")[1:2] and name.split(".")[1] in forbidden]


def test_only_the_command_line_imports_the_command_line() -> None:
    users = {module for module in trees() if any(name.startswith("rnngan_cli.cli") for name in imported(module))}
    assert {user for user in users if not user.startswith("rnngan_cli.cli")} == {"rnngan_cli.__main__"}


def test_the_map_has_one_line_a_room() -> None:
    """Over all entries of the package: every room has its line, in the order of the imports, and nothing else does."""
    page = ast.get_docstring(trees()["rnngan_cli"]) or ""
    lines = re.findall(r"^    ([a-z]+)  +\S", page, re.MULTILINE)
    rooms = [name for name in reversed(ROOMS) if (ROOT / name).is_dir()]
    assert lines == rooms
    assert {room(module) for module in trees()} - {""} == {*rooms, *(name for name in ROOMS if name not in rooms)}
    assert [name for name in ROOMS if f"{name}.py" not in page and (ROOT / f"{name}.py").exists()] == ["__main__"]


def test_a_newcomer_finds_few_entries() -> None:
    entries = {path.name for path in ROOT.iterdir()} - {"__pycache__"}
    assert len(entries) <= 18, sorted(entries)


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


def help_texts() -> dict[str, str]:
    """What the program prints about every command and option, examples and defaults aside, by command and option."""
    from typer.main import get_command

    found = {}
    for name, command in getattr(get_command(cli.app), "commands").items():  # noqa: B009 - a group has commands
        found[name] = (command.help or "").partition("Example")[0]
        found |= {f"{name} {option.name}": getattr(option, "help", None) or "" for option in command.params}
    return {name: re.sub(r"\[default: [^]]*\]|`[^`]*`", "", text) for name, text in found.items()}


def test_help_texts_name_no_loss() -> None:
    """A loss of another package with labels or codes would be left out."""
    named = re.compile(rf"\b({'|'.join(VARIANTS)})\b(?!,)")
    assert {name: text for name, text in help_texts().items() if named.search(text)} == {}


def test_help_texts_name_nothing_of_the_code() -> None:
    """No type or constant of the package stands where a word should."""
    names = {name for tree in trees().values() for node in tree.body for name in defined(node)}
    names = {name for name in names if re.search(r"[a-z][A-Z]|_", name)} - {"TensorBoard"}  # also a product
    found = {name: {*re.findall(r"\w+", text)} & names for name, text in help_texts().items()}
    assert {name: words for name, words in found.items() if words} == {}


# Names and sizes

OVERLOADS = {
    "COMMANDS": "the commands of a module of the command line",
    "CONTROLS": "what a user can set on a generator of a loss",
    "OPTIONS": "the options of a loss",
    "SOURCES": "rows of the registry of data sets",
    "check": "refuses settings that do not fit: of a loss, of an engine",
    "choose": "a command, and the same as a function",
    "d_loss": "a loss of the discriminator",
    "draw": "draws one kind of figure",
    "export": "a command, and the function it calls",
    "g_loss": "a loss of the generator",
    "generate": "a command, and the same as a function",
    "head_widths": "widths of the recognizer's outputs of a loss",
    "load": "loads a data set",
    "main": "what a process runs",
    "sweep": "a command, and the same as a function",
    "train": "a command, and the same as a function",
    "verify": "a command, and the function it calls",
}
"""Public names that several modules define on purpose, each with its one meaning."""
REGISTRIES = {"rnngan_cli.losses.rows", "rnngan_cli.evaluation.metrics"}
"""Modules of one long table, which may be longer than others."""
UNTYPED_LINES = 40
"""Lines of the package that may say `dict[str, Any]`: values whose shape somebody else decides."""


def defined(node: ast.stmt) -> list[str]:
    """Names that a statement of a module binds by definition or assignment."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def test_no_public_name_has_two_meanings() -> None:
    homes: dict[str, list[str]] = {}
    for module, tree in trees().items():
        for name in {name for node in tree.body for name in defined(node) if not name.startswith("_")}:
            homes.setdefault(name, []).append(module)
    several = {name: places for name, places in homes.items() if len(places) > 1}
    assert {name: places for name, places in several.items() if name not in OVERLOADS} == {}
    assert set(OVERLOADS) <= set(several), "the list of overloads names only what there is"


def test_modules_have_one_subject_and_a_length_that_shows_it() -> None:
    lengths = {
        module: len((ROOT.parent / path_of(module)).read_text(encoding="utf-8").splitlines()) for module in trees()
    }
    assert {module: length for module, length in lengths.items() if length > 300 and module not in REGISTRIES} == {}


def test_values_have_types() -> None:
    """`dict[str, Any]` is for JSON and tables of a shape that is not this program's, and for little else."""
    lines = [
        f"{module}: {line.strip()}"
        for module in trees()
        for line in (ROOT.parent / path_of(module)).read_text(encoding="utf-8").splitlines()
        if "dict[str, Any]" in line
    ]
    assert len(lines) <= UNTYPED_LINES, "\n".join(lines)


def test_states_of_a_run_are_words_in_one_module() -> None:
    """Elsewhere they are members of `RunState`; docstrings aside, and headings of tables, which are no states."""
    words, headings = (
        {state.value for state in RunState},
        {"rnngan_cli.results.leaderboard_text", "rnngan_cli.tuning.report"},
    )
    users = set()
    for module, tree in trees().items():
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in said]
        users |= {module for node in constants if node.value in words}
    assert users - headings == {"rnngan_cli.config.states"}


def path_of(module: str) -> Path:
    """A module's file, relative to the folder the package lies in."""
    path = Path(*module.split("."))
    return path / "__init__.py" if (ROOT.parent / path).is_dir() else path.with_suffix(".py")
